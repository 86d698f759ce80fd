"""Files that are whole or not there."""

import pytest

from stance.placing import place


def half(error):
    yield b"Ardania "
    raise error


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_new_file_is_whole(tmp_path):
    path = tmp_path / "talks.txt"
    path.write_bytes(b"Belmark refused.")
    assert place(path, iter([b"Ardania ", b"", "agreed \u2013 \n".encode()])) == path
    assert contents(tmp_path) == {"talks.txt": b"Ardania agreed \xe2\x80\x93 \n"}


@pytest.mark.parametrize("error", [OSError("the disk is full"), KeyboardInterrupt("the disk is full")])
def test_an_error_half_way_leaves_the_old_file_alone_in_its_place(tmp_path, error):
    path = tmp_path / "talks.txt"
    path.write_bytes(b"Belmark refused.")
    with pytest.raises(type(error), match="the disk is full"):
        place(path, half(error))
    assert contents(tmp_path) == {"talks.txt": b"Belmark refused."}


def test_an_error_half_way_through_a_first_file_leaves_nothing(tmp_path):
    with pytest.raises(OSError, match="the disk is full"):
        place(tmp_path / "talks.txt", half(OSError("the disk is full")))
    assert contents(tmp_path) == {}


def test_a_file_cannot_take_the_place_of_a_folder_and_is_removed(tmp_path):
    (tmp_path / "talks").mkdir()
    with pytest.raises(OSError, match="talks"):
        place(tmp_path / "talks", [b"Belmark refused."])
    assert [path.name for path in tmp_path.iterdir()] == ["talks"]


def test_while_it_is_written_no_reader_of_parquet_takes_it_for_a_part(tmp_path):
    def pieces():
        yield b"PAR1"
        assert [path.name for path in tmp_path.iterdir()] == ["_part.parquet.unfinished"]

    place(tmp_path / "part.parquet", pieces())
    assert contents(tmp_path) == {"part.parquet": b"PAR1"}
