"""Many at once, for long, and stopped in the middle."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stance import classify
from stance.cli import INTERRUPTED

TESTS = Path(__file__).parent
ENVIRONMENT = os.environ | {"PYTHONPATH": f"{TESTS.parent / 'src'}{os.pathsep}{TESTS}"}
TEXTS = [
    f"{actor} {verb} {number} times."
    for actor in ("Russia", "Ukraine", "The Kremlin and Kyiv")
    for verb in ("refused to withdraw its army", "agreed to talks", "met only if the truce held")
    for number in (2, 30)
]


def script(text):
    return [sys.executable, "-c", text]


def told(result):
    """What a classification says, with the digits of probabilities that do not depend on the machine's load."""
    stances = [[one.actor, one.label, one.issue, round(one.probability, 4)] for one in result.stances]
    return [result.label, list(result.labels), stances]


@pytest.mark.parametrize("model", ["transformer", "tfidf"])
def test_sixteen_threads_get_the_answers_that_one_gets(model):
    alone = [told(classify(text, model=model)) for text in TEXTS]
    assert len({json.dumps(answer) for answer in alone}) > 3
    with ThreadPoolExecutor(16) as pool:
        rounds = pool.map(lambda text: told(classify(text, model=model)), TEXTS * 8)
        assert list(rounds) == alone * 8


def test_four_processes_get_the_answers_that_one_gets():
    ask = script("import json, test_load as t; print(json.dumps([t.told(t.classify(text)) for text in t.TEXTS]))")
    processes = [subprocess.Popen(ask, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = [json.loads(process.communicate()[0]) for process in processes]
    assert answers == [[told(classify(text)) for text in TEXTS]] * 4


MEASURE = """import resource
from stance.classify import load_classifier
classifier = load_classifier(n_threads=1)
sizes = []
for first in range(0, 20_000, 500):
    list(classifier.texts([f"Kyiv refused {n}." for n in range(first, first + 500)], None))
    sizes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(sizes[7], sizes[-1])
"""


def test_memory_stays_flat_over_twenty_thousand_sentences():
    done = subprocess.run(script(MEASURE), env=ENVIRONMENT, capture_output=True, text=True, check=True)
    early, late = map(int, done.stdout.split())
    assert late < early + 30_000  # kB


COMMAND = """import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that runs tests in the background ignores it
from stance import archive, cli
archive.PART_CHARACTERS = 400
archive.classify_archive.__kwdefaults__["part_characters"] = 400
sys.exit(cli.main(sys.argv[1:]))
"""


def test_an_interrupt_stops_the_command_which_says_what_is_kept_and_how_to_go_on(tmp_path):
    rows = [
        {"report_id": f"r{n}", "text": f"Russia rejected truce {n}. Ukraine demands {n} prisoners."}
        for n in range(4000)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    out = tmp_path / "out"
    command = [*script(COMMAND), "classify", str(tmp_path / "a.jsonl"), "--out", str(out), "--model", "tfidf"]
    process = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while len(list(out.glob("part-*"))) < 3 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    message = process.communicate()[1]
    assert process.returncode == INTERRUPTED
    n_parts = len(list(out.glob("part-*.parquet")))
    assert f"stance: {n_parts} parts kept in {out}; the same command with --resume goes on" in message
    assert message.rstrip().endswith("stance: interrupted")
    assert "Traceback" not in message
    assert not (out / "_done.json").exists()


KILLED = """import datetime as dt, io, itertools, os, random, select, signal, sys, time
from pathlib import Path
from stance.codebook import DatedStance, Issue, Label
from stance.reading import coded_reports
from stance.report import write_report
def write(folder, title):
    stances = [
        DatedStance(f"r{n}", dt.date(2030, 1, 1), n, f"{title} {n}", f"Actor {n}", Label.DEMAND, Issue.TALKS)
        for n in range(40)
    ]
    write_report(folder, coded_reports(stances), title=title)
begun, begins = os.pipe()
class Slow(io.FileIO):  # a disk on which most of the time goes by in the middle of a file
    def write(self, text):
        os.write(begins, b"!")
        for first in range(0, len(text), len(text) // 20 + 1):
            super().write(text[first : first + len(text) // 20 + 1])
            time.sleep(0.001)
        return len(text)
usual = Path.open
def slowly(path, mode="r", *rest, **more):
    return Slow(path, "w") if mode == "wb" else usual(path, mode, *rest, **more)
home, rng = Path(sys.argv[1]), random.Random(7)
for title in ("old", "new"):
    write(home / title, title)
for attempt in range(20):
    write(home / f"killed-{attempt}", "old")
    child = os.fork()
    if not child:
        Path.open = slowly
        for title in itertools.cycle(("new", "old")):
            write(home / f"killed-{attempt}", title)
    select.select([begun], [], [], 10)
    time.sleep(rng.uniform(0, 0.3))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.read(begun, 1_000)
"""


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def unfinished(name):
    path = Path(name)
    return path.with_name(f"_{path.name}.unfinished").as_posix()


def test_killed_at_any_moment_a_report_leaves_the_old_or_the_new_of_each_file_whole(tmp_path):
    subprocess.run([*script(KILLED), str(tmp_path)], env=ENVIRONMENT, check=True, timeout=300)
    names = files(tmp_path / "old")
    allowed = {name: [(tmp_path / title / name).read_bytes() for title in ("old", "new")] for name in names}
    assert {name for name in names if len(set(allowed[name])) == 2} == {
        "shifts.html", "shifts.md", "stances.csv", "stances.parquet",
    }  # fmt: skip
    for folder in tmp_path.glob("killed-*"):
        found = files(folder)
        assert names <= found <= names | set(map(unfinished, names))
        assert [name for name in names if (folder / name).read_bytes() not in allowed[name]] == []
