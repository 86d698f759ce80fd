"""CSV files are read row by row, and every refusal says where, what came and what is allowed."""

import datetime as dt

import pytest

from stance.codebook import Label, StanceError
from stance.tables import as_cell, choice, filled, from_cell, number, parse_date, read_rows, whole_number, write_rows

COLUMNS = ("party", "claim")


@pytest.fixture
def table(tmp_path):
    """Writes bytes or text to a file and reads it as a table with ``COLUMNS``."""

    def read(content):
        path = tmp_path / "claims.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_rows(path, COLUMNS))

    return read


def test_each_row_comes_with_its_file_and_line(table, tmp_path):
    rows = table("party,claim\nArdania,the delta\nBelmark,the port\n")
    assert rows == [
        (f"{tmp_path}/claims.csv:2", {"party": "Ardania", "claim": "the delta"}),
        (f"{tmp_path}/claims.csv:3", {"party": "Belmark", "claim": "the port"}),
    ]


def test_a_table_with_a_header_alone_has_no_rows(table):
    assert table("party,claim\n") == []


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_values(table):
    assert [row for _, row in table("\ufeffparty,claim\r\nArdania,the delta\r\n")] == [
        {"party": "Ardania", "claim": "the delta"}
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_table_is_in_what_its_byte_order_mark_says(table, encoding):
    assert [row["claim"] for _, row in table("party,claim\nArdania,Côte\n".encode(encoding))] == ["Côte"]


def test_what_is_not_what_its_mark_says_is_refused_with_its_byte_in_the_file(table):
    with pytest.raises(StanceError, match=r"claims\.csv: byte 4 is not UTF-16-LE; save the file as UTF-8"):
        table(b"\xff\xfea\0b")
    with pytest.raises(StanceError, match=r"claims\.csv: byte 4 is not UTF-8"):
        table(b"\xef\xbb\xbfa\xe4b")


def test_quoted_commas_quotes_and_line_breaks_belong_to_the_value(table):
    (_, row), (where, _) = table('party,claim\nArdania,"the delta, ""ours""\nfor ever"\nBelmark,no\n')
    assert row["claim"] == 'the delta, "ours"\nfor ever'
    assert where.endswith(":4")


def test_unusual_line_separators_within_a_value_start_no_row(table):
    assert [row["claim"] for _, row in table("party,claim\nArdania,the\u2028del\x85ta\n")] == ["the\u2028del\x85ta"]


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("party", "party"),
        ("claim,party", "claim, party"),
        ("party,claim,claim", "party, claim, claim"),
        ("Party,claim", "Party, claim"),
        ("party,claim,", "party, claim, "),
    ],
)
def test_missing_swapped_doubled_or_misspelt_columns_are_refused(table, header, named):
    with pytest.raises(StanceError, match=rf"claims\.csv:1: the columns are {named}; they must be party, claim"):
        table(f"{header}\nArdania,the delta\n")


def test_an_empty_file_has_no_columns_and_is_refused(table):
    with pytest.raises(StanceError, match=r"claims\.csv:1: .* they must be party, claim"):
        table("")


@pytest.mark.parametrize(("row", "n_fields"), [("Ardania", 1), ("Ardania,the delta,ours", 3), ("", 0)])
def test_a_row_with_too_few_or_too_many_fields_is_refused(table, row, n_fields):
    with pytest.raises(StanceError, match=rf"claims\.csv:3: {n_fields} fields; every row must have 2"):
        table(f"party,claim\nBelmark,no\n{row}\n")


def test_the_rows_before_a_bad_one_are_read(tmp_path):
    path = tmp_path / "claims.csv"
    path.write_text("party,claim\nArdania,the delta\nBelmark\n")
    assert next(iter(read_rows(path, COLUMNS)))[1]["party"] == "Ardania"


@pytest.mark.parametrize("broken", ['Ardania,"the delta\n', 'Ardania,"the" delta\n'])
def test_an_unclosed_or_misplaced_quote_is_refused(table, broken):
    with pytest.raises(StanceError, match=r"claims\.csv:2: .*; the file must be a well-formed CSV"):
        table(f"party,claim\n{broken}")


def test_text_in_another_encoding_is_refused_with_the_byte(table):
    with pytest.raises(StanceError, match=r"claims\.csv: byte 15 is not UTF-8; save the file as UTF-8"):
        table("party,claim\nArd\xe4nia,no\n".encode("latin-1"))


def test_a_bad_byte_far_into_a_file_is_named_by_its_place_in_the_file(table):
    good = b"party,claim\n" + b"Ardania,the delta\n" * 10_000
    with pytest.raises(StanceError, match=f"byte {len(good)} is not UTF-8"):
        table(good + b"\xff,no\n")


def test_a_missing_file_is_refused_with_the_columns_it_should_have(tmp_path):
    with pytest.raises(StanceError, match=r"none\.csv: no such file; expected a CSV with the columns party, claim"):
        list(read_rows(tmp_path / "none.csv", COLUMNS))


def test_a_folder_is_no_table(tmp_path):
    with pytest.raises(StanceError, match="no such file; expected a CSV"):
        list(read_rows(tmp_path, COLUMNS))


def test_an_empty_date_is_unknown():
    assert parse_date("claims.csv:2", "") is None
    assert parse_date("claims.csv:2", "2022-03-16") == dt.date(2022, 3, 16)


@pytest.mark.parametrize("value", ["2022-02-30", "16.3.2022", "2022-3-16", "2022-03-16T10:00", " ", "２０２２-03-16"])
def test_a_date_that_is_none_is_refused(value):
    with pytest.raises(StanceError, match=rf"claims\.csv:2: date '{value}' is not an ISO date such as 2022-03-16"):
        parse_date("claims.csv:2", value)


def test_a_required_value_may_not_be_blank():
    assert filled("claims.csv:2", {"party": " Ardania"}, "party") == " Ardania"
    for blank in ("", " \t", "\u00a0"):
        with pytest.raises(StanceError, match=r"claims\.csv:2: party is empty; it must be filled"):
            filled("claims.csv:2", {"party": blank}, "party")


def test_a_choice_is_taken_as_it_is_spelt():
    assert choice("claims.csv:2", "label", "demand", Label) is Label.DEMAND


@pytest.mark.parametrize("value", ["demnad", "Demand", " demand", ""])
def test_a_choice_that_does_not_exist_is_refused_with_those_that_do(value):
    with pytest.raises(
        StanceError,
        match=rf"claims\.csv:2: label '{value}' is not one of demand, concession, rejection, precondition, none$",
    ):
        choice("claims.csv:2", "label", value, Label, also="none")


@pytest.mark.parametrize("value", [3, 3.0, "3", "3.0", "3e0"])
def test_a_whole_number_may_be_written_as_any_number(value):
    assert whole_number("claims.csv:2", "position", value) == 3


@pytest.mark.parametrize("value", [2.7, "2.7", 1e-9])
def test_no_number_is_made_whole(value):
    with pytest.raises(StanceError, match=rf"claims\.csv:2: position {value!r} is not a whole number"):
        whole_number("claims.csv:2", "position", value)


@pytest.mark.parametrize("value", [-1, "-0.1", "x", "", None, True, float("nan"), "inf", 10**400, [1]])
def test_what_is_no_number_is_refused(value):
    for read in (number, whole_number):
        with pytest.raises(StanceError, match=r"claims\.csv:2: share .* is not a number from 0"):
            read("claims.csv:2", "share", value)


def test_a_number_has_its_bounds():
    assert (number("claims.csv:2", "share", "0", 1.0), number("claims.csv:2", "share", 1, 1.0)) == (0.0, 1.0)
    with pytest.raises(StanceError, match=r"claims\.csv:2: share '1\.5' is not a number from 0 to 1$"):
        number("claims.csv:2", "share", "1.5", 1.0)


FORMULAS = (
    "=HYPERLINK(1)", "+7 said no", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1",
    "\uff1d1", "\uff0b1", "\uff0d1", "\uff201", "'=1", "''-x", "'\n1",
)  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe_and_loses_it_again(text):
    assert as_cell(text) == f"'{text}"
    assert from_cell(f"'{text}") == text


@pytest.mark.parametrize("value", ["-0.25", "+3", "-1e-05", -0.25, 7, None, "", "'tis said.", "Belmark = Ardania", "–"])
def test_numbers_and_other_text_stay_as_they_are(value):
    assert as_cell(value) is value


def test_a_carriage_return_in_a_cell_does_not_end_its_row(tmp_path):
    path = tmp_path / "claims.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        write_rows(file, [COLUMNS, ("Ardania\r", "the delta"), ("Belmark", 1)])
    rows = [row for _, row in read_rows(path, COLUMNS)]
    assert rows == [{"party": "Ardania\r", "claim": "the delta"}, {"party": "Belmark", "claim": "1"}]
    assert path.read_text().splitlines()[0] == "party,claim"
