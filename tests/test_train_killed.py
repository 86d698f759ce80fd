"""``train.py`` killed at any moment: models whole and of one run, reports whole, nothing left over for good."""

import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from toy_corpus import arguments, write_toy

from stance import evaluation
from stance.artefacts import load_model
from stance.codebook import StanceError
from stance.metrics import estimate, paired_difference

TESTS = Path(__file__).parent
N_KILLS = int(os.environ.get("KILLS", "12"))
MOMENTS = ("run", "swap", "reports")  # from the start, from where the models are staged, from the first report
MODELS = ("checkpoint", "tfidf", "transformer")
SLOWLY = 0.01  # seconds


def late(function):
    """A disk on which most of the time goes by before and after a change."""

    def changed(*arguments, **more):
        time.sleep(SLOWLY)
        result = function(*arguments, **more)
        time.sleep(SLOWLY)
        return result

    return changed


def in_halves(place):
    """A disk on which a file is half written for most of the time."""

    def halves(content):
        yield content[: len(content) // 2]
        time.sleep(10 * SLOWLY)
        yield content[len(content) // 2 :]

    return lambda path, pieces: place(path, halves(b"".join(pieces)))


def three_models(stage):
    """The TF-IDF model under the names of all models, so that there is something to keep together."""

    def staged(contender, data, settings, folder):
        stage(contender, data, settings, folder)
        if contender.name == "TF-IDF":
            for name in ("checkpoint", "transformer"):
                shutil.copytree(folder / "tfidf", folder / name)

    return staged


def telling(function, pipe, moment):
    """``function``, which says into a pipe that its moment has come."""

    def told(*arguments, **more):
        os.write(pipe, f"{moment} {time.monotonic()}\n".encode())
        return function(*arguments, **more)

    return told


def slow_training(pipe):
    """``train.main`` on that disk, with intervals of few resamples, which tells when its moments come."""
    import train

    from stance import chart_files, evaluation_report, report

    evaluation.estimate = partial(estimate, n_resamples=5)
    evaluation.paired_difference = partial(paired_difference, n_resamples=5)
    for module in (chart_files, evaluation_report, report):
        module.place = in_halves(module.place)
    Path.rename, Path.replace, shutil.rmtree = late(Path.rename), late(Path.replace), late(shutil.rmtree)
    train.stage = three_models(train.stage)
    train.main = telling(train.main, pipe, "run")
    train.comparisons = telling(train.comparisons, pipe, "swap")
    train.write_evaluation = telling(train.write_evaluation, pipe, "reports")
    return train.main


class Trainings:
    """Runs of ``train.py`` in processes of their own, one after another, each with the next seed."""

    def __init__(self, home):
        self.toy, self.out = home / "toy", home / "out"
        self.toy.mkdir()
        write_toy(self.toy)
        self.seed = 0
        self.told, pipe = os.pipe()
        self.main = slow_training(pipe)

    def start(self):
        self.seed += 1
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(1, 2)
            os._exit(self.main(arguments(self.toy, self.out, "--fast", "--seed", str(self.seed))))
        return child

    def whole(self):
        """A run that nobody kills; returns the seconds of the run, of the swap and of the reports."""
        _, status = os.waitpid(self.start(), 0)
        end = time.monotonic()
        assert os.waitstatus_to_exitcode(status) == 0
        began = {
            moment: float(when) for moment, when in map(str.split, os.read(self.told, 1_000).decode().splitlines())
        }
        return {"run": end - began["run"], "swap": began["reports"] - began["swap"], "reports": end - began["reports"]}

    def killed(self, moment, seconds):
        """A run killed some seconds after a moment; True unless it was over before."""
        child, heard = self.start(), b""
        while moment.encode() not in heard:
            assert select.select([self.told], [], [], 60)[0], f"no {moment} within a minute"
            heard += os.read(self.told, 1_000)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        while select.select([self.told], [], [], 0)[0]:
            os.read(self.told, 1_000)
        return os.WIFSIGNALED(status)


def models_of(out):
    """Where the models lie, which may be beside their place, and of which run each is or what is wrong with it."""
    home = next((folder for folder in (out / "models", out / ".models.retired") if folder.exists()), out)
    runs = {}
    for name in {*MODELS, *(folder.name for folder in home.iterdir())}:
        try:
            runs[name] = load_model(home / name).meta["settings"]["seed"]
        except StanceError as error:
            runs[name] = str(error)
    return home.name, runs


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def damaged(reports, alike):
    """The reports that are not whole: ``alike`` in all runs, but for the evaluation, which has its seed at the end."""
    found = {name: content for name, content in files(reports).items() if not name.endswith(".unfinished")}
    if not re.search(rb'"seed": \d+.*}`\s*$', found.pop("evaluation.md")):
        return ["evaluation.md"]
    try:
        json.loads(found.pop("evaluation.json"))
    except ValueError:
        return ["evaluation.json"]
    return [name for name in found | alike if found.get(name) != alike.get(name)]


def kill_often(home, n_kills):
    """Print what was found after each kill as JSON, and at last which files a run that nobody killed leaves over."""
    trainings, rng = Trainings(home), random.Random(8)  # noqa: S311
    lasts, expected = trainings.whole(), set(files(trainings.out))
    reports = trainings.out / "reports"
    alike = {name: content for name, content in files(reports).items() if "evaluation" not in name}
    before = trainings.seed
    for moment in islice(cycle(MOMENTS), n_kills):
        was_killed = trainings.killed(moment, rng.uniform(0, 0.8 * lasts[moment]))
        place, models = models_of(trainings.out)
        kill = {"moment": moment, "killed": was_killed, "before": before, "run": trainings.seed, "place": place}
        print(json.dumps(kill | {"models": models, "damaged": damaged(reports, alike)}), flush=True)
        before = models["tfidf"]
    trainings.whole()
    print(json.dumps(sorted(set(files(trainings.out)) ^ expected)))


def test_killed_at_any_moment_it_leaves_models_of_one_run_and_whole_reports_and_the_next_run_clears_up(tmp_path):
    script = f"import pathlib, test_train_killed as t; t.kill_often(pathlib.Path({str(tmp_path)!r}), {N_KILLS})"
    path = os.pathsep.join(map(str, (TESTS.parent, TESTS.parent / "src", TESTS)))
    environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, check=True)
    *kills, left_over = map(json.loads, done.stdout.splitlines())
    print(Counter((kill["moment"], kill["place"], kill["models"]["tfidf"] == kill["run"]) for kill in kills))
    for kill in kills:
        assert set(kill["models"]) == set(MODELS), kill
        assert list(kill["models"].values()) in ([kill["before"]] * 3, [kill["run"]] * 3), kill
        assert kill["damaged"] == [], kill
    assert sum(kill["killed"] for kill in kills) >= N_KILLS // 2
    assert left_over == []
