"""Train the baseline and the transformer, evaluate both, release the models and write the reports.

python train.py            # the whole protocol, about 30 minutes on 2 cores
python train.py --fast     # a shorter training and the main tests only, under 8 minutes
"""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from stance.artefacts import put_back, replace_folder
from stance.baseline import CueWords, Majority, TfidfBaseline
from stance.codebook import DatedStance, Stance, StanceError
from stance.config import FAST_EPOCHS, FAST_FROZEN_LAYERS, FAST_PROTOCOL, FAST_SHARE, ProtocolConfig, TransformerConfig
from stance.dataset import LabelledExample
from stance.evaluation import annotator_agreement, as_json, compare
from stance.evaluation_report import summary_table, write_evaluation
from stance.labels import read_labels
from stance.paths import ACTORS, HOME
from stance.protocol import SEEDS, TEST, Contender, Data, develop, load_data, run, share_of_reports
from stance.reading import coded_reports, read_by_classifier
from stance.release import TRANSFORMER, stage
from stance.report import write_report
from stance.reports import read_reports

SCRATCH = ".models.new"  # beside the models, for they are put in place by renaming


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options; they are saved in ``meta.json`` and ``evaluation.json``."""
    default = TransformerConfig()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, default=HOME / "data/labels.csv", help="labelled seeds (CSV)")
    parser.add_argument("--corpus", type=Path, default=HOME / "data/corpus.csv", help="labelled training corpus (CSV)")
    parser.add_argument(
        "--splits", type=Path, default=HOME / "data/splits.csv", help="split of each corpus report (CSV)"
    )
    parser.add_argument("--seeds", type=Path, default=HOME / "seeds/manifest.csv", help="manifest of the seed reports")
    parser.add_argument("--actors", type=Path, action="append", default=[], help="further parties and aliases (CSV)")
    parser.add_argument("--out", type=Path, default=Path(), help="folder for models/ and reports/ (default: here)")
    parser.add_argument(
        "--backbone", default=default.backbone, help="encoder: a folder or Hugging Face id (%(default)s)"
    )
    parser.add_argument(
        "--epochs", type=positive, help=f"passes over the training data ({default.n_epochs}; fast {FAST_EPOCHS})"
    )
    parser.add_argument("--seed", type=int, default=default.seed, help="of all randomness (%(default)s)")
    parser.add_argument(
        "--fast", action="store_true", help="fewer reports, epochs and learning layers; no seed folds or learning curve"
    )
    parser.add_argument("--no-transformer", action="store_true", help="baselines only")
    parser.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="any setting of config.TransformerConfig"
    )
    parser.add_argument(
        "--develop",
        action="store_true",
        help="an experiment: train on the training reports, print the scores on the development reports, write nothing",
    )
    return parser.parse_args(arguments)


def positive(value: str) -> int:
    """A whole number from 1."""
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"{value!r} is not a whole number from 1")
    return int(value)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the protocol; returns the exit code."""
    options = parse(arguments)
    warnings.filterwarnings("ignore", category=FutureWarning)
    start = time.perf_counter()
    try:
        data = load_data(
            labels=options.labels, corpus=options.corpus, splits=options.splits, actors=[ACTORS, *options.actors]
        )
        if options.fast:
            data = replace(data, train=share_of_reports(data.train, FAST_SHARE))
        contenders = prepare(options)
        settings = saved_settings(options)
        sources = seed_sources(data, options.seeds)
        if options.develop:
            evaluations = [as_json(develop(contender, data)) for contender in contenders]
            print(summary_table(evaluations))
            return 0
        models = cleared_place((options.out / "models").resolve())
        for contender in contenders:
            run(contender, data, protocol_config(options))
        write_results(contenders, data, settings, sources, options, models, start)
    except StanceError as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("train.py: interrupted; what lies in models/ is whole", file=sys.stderr)
        return 130
    return 0


def prepare(options: argparse.Namespace) -> list[Contender]:
    """The classifiers that are to go through the protocol, the main one first."""
    contenders = [
        Contender("TF-IDF", lambda small: TfidfBaseline(seed=options.seed)),
        Contender("cue words", lambda small: CueWords()),
        Contender("majority", lambda small: Majority()),
    ]
    if not options.no_transformer:
        from stance.transformer import Transformer

        config = transformer_config(options)
        folds = replace(config, n_epochs=protocol_config(options).fold_epochs)
        contenders.insert(0, Contender(TRANSFORMER, lambda small: Transformer(folds if small else config)))
    return contenders


def protocol_config(options: argparse.Namespace) -> ProtocolConfig:
    """The parts of the protocol that these options ask for."""
    return FAST_PROTOCOL if options.fast else ProtocolConfig()


def transformer_config(options: argparse.Namespace) -> TransformerConfig:
    """The transformer's settings under these options."""
    config = TransformerConfig(backbone=options.backbone, seed=options.seed)
    if options.fast:
        config = replace(config, n_epochs=FAST_EPOCHS, n_frozen_layers=FAST_FROZEN_LAYERS)
    if options.epochs:
        config = replace(config, n_epochs=options.epochs)
    for setting in options.set:
        name, _, value = setting.partition("=")
        kind: Any = type(getattr(config, name, None))
        try:
            config = replace(config, **{name: kind(value)})
        except (TypeError, ValueError) as error:
            allowed = ", ".join(asdict(config))
            raise StanceError(
                f"--set {setting!r}: not a setting with a fitting value ({error}); settings are {allowed}"
            ) from error
    return config


def write_results(
    contenders: Sequence[Contender],
    data: Data,
    settings: Mapping[str, Any],
    sources: Mapping[str, str],
    options: argparse.Namespace,
    models: Path,
    start: float,
) -> None:
    """Write the models into a scratch folder and put them in their place together; then write the reports."""
    reports = options.out / "reports"
    with tempfile.TemporaryDirectory(dir=models.parent, prefix=f"{SCRATCH}-") as scratch:
        new = Path(scratch, models.name)
        for contender in contenders:
            stage(contender, data, settings, new)
        record = evaluation_record(contenders, data, settings, options.labels)
        keep_others(models, new)
        replace_folder(new, models)
    write_evaluation(reports, {**record, "total_seconds": round(time.perf_counter() - start, 1)})
    write_shift_report(contenders[0], data, sources, reports)
    print(summary_table(record["evaluations"]))
    print(f"\nmodels in {models}, reports in {reports.resolve()}")


def cleared_place(models: Path) -> Path:
    """``models``, which a run replaces as a whole, without what a run that was killed left beside it.

    Raises:
        StanceError: if it cannot be replaced, for a disk is mounted there or nothing can be written beside it.
    """
    if models.is_mount():
        raise StanceError(f"{models}: a disk is mounted there; mount it at {models.parent} or above, or choose --out")
    try:
        models.parent.mkdir(parents=True, exist_ok=True)
        put_back(models)
        for left_over in models.parent.glob(f"{SCRATCH}-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        tempfile.TemporaryDirectory(dir=models.parent, prefix=f"{SCRATCH}-").cleanup()
    except OSError as error:
        raise StanceError(f"{models.parent}: models cannot be written there ({error}); choose --out") from error
    return models


def keep_others(models: Path, new: Path) -> None:
    """Copy into ``new`` what this run did not make: with ``--no-transformer`` the transformer stays."""
    for old in models.glob("[!.]*"):
        if not (new / old.name).exists():
            (shutil.copytree if old.is_dir() else shutil.copy2)(old, new / old.name)


def seed_sources(data: Data, manifest: Path) -> dict[str, str]:
    """What to call each seed report.

    Raises:
        StanceError: if the manifest lacks one, or one has no date.
    """
    sources = {report.report_id: report.reference for report in read_reports(manifest)}
    for item in data.seeds:
        if item.sentence.report_id not in sources or item.sentence.date is None:
            raise StanceError(
                f"{item.sentence.report_id}: not in {manifest}, or labelled without a date; both are needed"
            )
    return sources


def evaluation_record(
    contenders: Sequence[Contender], data: Data, settings: Mapping[str, Any], labels: Path
) -> dict[str, Any]:
    """Everything that was measured, as plain JSON data."""
    evaluations = [as_json(evaluation) for contender in contenders for evaluation in contender.evaluations]
    passes = [labels.parent / "annotation" / f"seeds_pass_{name}.csv" for name in "ab"]
    return {
        "settings": settings,
        "data": {"hash": data.hash}
        | {f"n_{part}": len(getattr(data, part)) for part in ("train", "development", "test", "seeds")},
        "tests": list(dict.fromkeys(evaluation["test"] for evaluation in evaluations)),
        "evaluations": evaluations,
        "comparisons": comparisons(contenders, data),
        "annotators": annotator_agreement(*map(read_labels, passes)) if all(map(Path.is_file, passes)) else None,
        "contender_names": [contender.name for contender in contenders],
        "curve": [asdict(point) | {"macro_f1": point.macro_f1._asdict()} for c in contenders for point in c.curve],
        "seconds": {contender.name: contender.seconds for contender in contenders},
    }


def comparisons(contenders: Sequence[Contender], data: Data) -> list[dict[str, Any]]:
    """The first classifier less each other one on every test that both took."""
    first = contenders[0]
    return [
        {
            "test": test,
            "first": first.name,
            "second": other.name,
            "scores": {
                name: difference._asdict()
                for name, difference in compare(
                    data.test if test == TEST else data.seeds,
                    (first.answers[test], first.rules[test]),
                    (other.answers[test], other.rules[test]),
                ).items()
            },
        }
        for other in contenders[1:]
        for test in first.answers
    ]


def write_shift_report(contender: Contender, data: Data, sources: Mapping[str, str], reports: Path) -> None:
    """The shift report on the seeds, from predictions of a model that never saw them."""
    answered = zip(data.seeds, contender.answers[SEEDS], strict=True)
    read = [
        read_by_classifier(
            report_id,
            date,
            sources[report_id],
            [(item.sentence.position, item.example, answer) for item, answer in group],
            contender.rules[SEEDS],
        )
        for (report_id, date), group in groupby(answered, key=lambda pair: seed_report(pair[0]))
    ]
    write_report(
        reports,
        read,
        title="Ukraine peace talks in five reports, 2022 to 2025",
        errors=contender.errors,
        quality=next(evaluation for evaluation in contender.evaluations if evaluation.test == SEEDS),
        gold=coded_reports((dated(item, stance) for item in data.seeds for stance in item.sentence.stances), sources),
    )


def dated(item: LabelledExample, stance: Stance) -> DatedStance:
    """A stance in a labelled seed with its place in the series."""
    report_id, date = seed_report(item)
    sentence = item.sentence
    return DatedStance(
        report_id, date, sentence.position, sentence.text, stance.actor, stance.label, stance.issue
    )  # fmt: skip


def seed_report(item: LabelledExample) -> tuple[str, dt.date]:
    """Id and date of the report that a labelled seed sentence is from."""
    sentence = item.sentence
    if sentence.date is None:
        raise StanceError(f"{sentence.report_id}: no date; every seed report must have one")
    return sentence.report_id, sentence.date


def saved_settings(options: argparse.Namespace) -> dict[str, Any]:
    """The options and what follows from them, as plain JSON data without paths of this machine."""
    paths = {name: getattr(options, name).name for name in ("labels", "corpus", "splits")}
    actors = [path.name for path in options.actors]
    return {
        **asdict(transformer_config(options)),
        **asdict(protocol_config(options)),
        **paths,
        "actors": actors,
        "fast": options.fast,
    }


if __name__ == "__main__":
    sys.exit(main())
