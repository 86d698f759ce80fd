"""How many sentences a second, how soon and in how much memory: the released model beside other ways to classify.

python benchmarks/speed.py               # 4 minutes alone on 2 cores; writes benchmarks/speed.md and speed.json

All contenders read the same sentences, whole reports of the development split, and take turns, once each in every
round, so that a machine that grows slower does so for all. Run it alone: beside other work torch falls back far more
than onnxruntime, so goals are then not judged. Needs Linux, the checkpoint that `make train` leaves, and the extra
[bench].
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from itertools import cycle, groupby, islice, product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm
from transformers import AutoConfig, AutoTokenizer, BertForSequenceClassification, pipeline

from stance import __version__, classify
from stance.actors import ActorTable, build_examples
from stance.classify import StanceClassifier, load_classifier
from stance.codebook import LABELS, NONE, Example, Stance, StanceError
from stance.context import answers_in_context
from stance.dataset import Split, read_splits
from stance.encoding import ExampleEncoder
from stance.export import export_onnx
from stance.labels import LabelledSentence, read_labels
from stance.paths import HOME, MODELS
from stance.runtime import OnnxClassifier
from stance.transformer import PACKAGED_BACKBONE, Transformer, backbone_folder

HERE: Final = Path(__file__).parent
OURS: Final = "stance, batch"
PIPELINE: Final = "transformers pipeline, default"
BEST: Final = "transformers pipeline, best batch"
BATCH_SIZES: Final = (4, 8, 16, 32, 64)  # of the pipeline; the best of them is the one to beat
N_FITTED: Final = 200  # sentences that SetFit's head is fitted on
N_CALLS: Final = 1000  # with one sentence each, for the latency
N_STARTS: Final = 5  # new processes, for the cold start
N_PRODUCTS: Final = 12  # of matrices, in a run of the graph that measures the ceiling
N_RUNS: Final = 5  # of that graph in a round, the fastest of which counts
MAX_OTHERS: Final = (
    0.03  # share of the cores' time that other processes may take; above it no goal counts as met or missed
)
PRODUCT_TOKENS: Final = (256, 512, 1024, 2048)  # rows of the matrices
ALONE, WHOLE = "network alone", "sentences to stances"
PACKAGES: Final = "numpy onnxruntime tokenizers scikit-learn torch transformers sentence-transformers setfit"
INSTRUCTIONS: Final = {
    "AVX2": {"avx2"}, "AVX-512": {"avx512f"}, "VNNI": {"avx512_vnni", "avx_vnni"}, "AMX": {"amx_int8"}
}  # fmt: skip
SENTENCE: Final = "Belmark refused to leave the delta."
STANCE_START: Final = f"from stance import classify; classify({SENTENCE!r})"
PIPELINE_START: Final = (
    f"from transformers import pipeline; pipeline('text-classification', model={{!r}}, device='cpu')({SENTENCE!r})"
)
WATCHER: Final = """
import resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run([sys.executable, "-c", sys.argv[1]], check=True)
seconds, kibibytes = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(seconds, kibibytes * 1024 / 1e6)
"""  # small, since a new process counts the memory of the one that started it as its own
HEAD: Final = """\
| contender | sentences/s: median (lowest to highest round) | times the pipeline's default | times its best batch |
| --- | ---: | ---: | ---: |"""

Reports = Sequence[Sequence[LabelledSentence]]  # the sentences of each report in order
Contender = Callable[[Reports], object]
_Name = TypeVar("_Name")


def main() -> int:
    """Measure everything and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sentences", type=int, default=1000, help="whole reports until there are so many, or no more")
    parser.add_argument("--checkpoint", type=Path, default=MODELS / "checkpoint", help="what `make train` leaves there")
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    if not (options.checkpoint / "model.safetensors").is_file():
        raise StanceError(f"{options.checkpoint}: no checkpoint there; run `make train` first")
    before = core_seconds()
    with TemporaryDirectory() as folder:
        record = measured(development_reports(options.sentences), options, Path(folder))
    others, passed = core_seconds() - before
    record["other_processes_share"] = others / passed
    record["goals"] = goals(record)
    (options.out / "speed.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    text = markdown(record)
    (options.out / "speed.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


def development_reports(n_sentences: int) -> list[list[LabelledSentence]]:
    """Whole reports of the development split, until they hold ``n_sentences`` or there are no more."""
    corpus = read_labels(HOME / "data/corpus.csv")
    splits = read_splits(HOME / "data/splits.csv", corpus)
    reports: list[list[LabelledSentence]] = []
    for report_id, sentences in groupby(corpus, key=lambda sentence: sentence.report_id):
        if splits[report_id] is Split.DEVELOPMENT and sum(map(len, reports)) < n_sentences:
            reports.append(list(sentences))
    return reports


def measured(reports: Reports, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All measurements; ``folder`` is for what they need on disk."""
    released = load_classifier()
    examples = asked(released.table, reports)
    write_bert(options.checkpoint, folder / "bert")
    bert: Any = pipeline("text-classification", model=str(folder / "bert"), device="cpu")
    in_floats = export_floats(released, options.checkpoint, examples, folder / "floats")
    setfit = setfit_predict(reports)
    by_size = {size: partial(through_pipeline, bert, batch_size=size) for size in BATCH_SIZES}
    sweep = {size: max(found) for size, found in rates(by_size, reports, 2).items()}
    best = max(sweep, key=lambda size: sweep[size])
    contenders: dict[str, Contender] = {
        OURS: partial(stance_batch, released),
        "stance, network in 32-bit floats": partial(stance_batch, in_floats),
        PIPELINE: partial(through_pipeline, bert),
        BEST: by_size[best],
        "SetFit predict": setfit,
        "TF-IDF": partial(stance_batch, load_classifier("tfidf")),
    }
    encoder = ExampleEncoder(MODELS / "transformer/tokenizer.json")
    n_tokens = {
        "stance": [len(one.input_ids) for one in encoder.encode(examples)],
        "pipeline": [len(ids) for ids in bert.tokenizer(texts(reports))["input_ids"]],
    }
    return {
        "machine": machine(),
        "n_reports": len(reports),
        "n_sentences": len(examples),
        "tokens_a_sentence": {name: float(np.mean(lengths)) for name, lengths in n_tokens.items()},
        "best_batch_size": best,
        "batch_size_sweep": sweep,
        "sentences_a_second": rates(contenders, reports, options.rounds),
        "int8": int8_share(released, reports, options, sum(n_tokens["stance"])),
        "latency_ms": latency(texts(reports)),
        "cold_start": cold_start(folder / "bert"),
    }


def texts(reports: Reports) -> list[str]:
    """The sentences of all reports as text."""
    return [sentence.text for report in reports for sentence in report]


def asked(table: ActorTable, reports: Reports) -> list[Example]:
    """What a classifier is asked about the sentences of all reports."""
    return [
        example
        for report in reports
        for example in build_examples(texts([report]), table, report[0].date, report[0].outlet)
    ]


def stance_batch(classifier: StanceClassifier, reports: Reports) -> list[dict[Stance, float]]:
    """The stances in each sentence: candidates are found, tokens made, the network asked, the decision rule applied."""
    examples = asked(classifier.table, reports)
    answers = answers_in_context(classifier.model.classifier, examples)
    rule = classifier.model.rule
    return [rule.stances(example, rule.calibrate(answer)) for example, answer in zip(examples, answers, strict=True)]


def export_floats(
    released: StanceClassifier, checkpoint: Path, examples: Sequence[Example], folder: Path
) -> StanceClassifier:
    """The released classifier with its network before it was compressed to integers."""
    export_onnx(Transformer.load(checkpoint), folder, examples, in_integers=False)
    return StanceClassifier(replace(released.model, classifier=OnnxClassifier.load(folder)), released.table)


def write_bert(checkpoint: Path, folder: Path) -> None:
    """The checkpoint's encoder under a new head of four labels, as the transformers library stores it."""
    network = BertForSequenceClassification(AutoConfig.from_pretrained(checkpoint, num_labels=len(LABELS)))
    weights = load_file(checkpoint / "model.safetensors").items()
    encoder = {name.removeprefix("encoder."): tensor for name, tensor in weights if name.startswith("encoder.")}
    network.bert.load_state_dict(encoder)  # raises if a weight is missing or too many
    network.save_pretrained(folder)
    AutoTokenizer.from_pretrained(checkpoint).save_pretrained(folder)


def through_pipeline(bert: Any, reports: Reports, **settings: int) -> None:
    """The sentences through a transformers pipeline."""
    bert(texts(reports), **settings)
    os.environ.pop("TOKENIZERS_PARALLELISM", None)  # the pipeline sets it, which would slow the others' tokenizers down


def setfit_predict(reports: Reports) -> Contender:
    """SetFit with the packaged encoder as it comes and a logistic head, fitted on a few of the sentences."""
    try:
        from sentence_transformers import SentenceTransformer
        from setfit import SetFitModel
    except ImportError as error:
        raise StanceError(
            f'{error}; for SetFit run: pip install --constraint constraints.txt --editable ".[bench]"'
        ) from error
    body = SentenceTransformer(str(backbone_folder(PACKAGED_BACKBONE)), device="cpu")
    model = SetFitModel(body, LogisticRegression())
    labels = [str(s.stances[0].label) if s.stances else NONE for report in reports for s in report]
    model.fit(texts(reports)[:N_FITTED], labels[:N_FITTED], num_epochs=1)
    return lambda reports: model.predict(texts(reports))


def core_seconds() -> Any:
    """Seconds of all cores since the machine started: those of processes not started here, and all."""
    ticks = Path("/proc/stat").read_text(encoding="utf-8").split(maxsplit=9)[1:9]
    user, nice, system, idle, waiting, *rest = (int(tick) / os.sysconf("SC_CLK_TCK") for tick in ticks)
    busy = user + nice + system + sum(rest)
    return np.array([busy - sum(os.times()[:4]), busy + idle + waiting])


def rates(contenders: Mapping[_Name, Contender], reports: Reports, n_rounds: int) -> dict[_Name, list[float]]:
    """Sentences a second of each contender in every round, after one report that is not timed."""
    for run in contenders.values():
        run(reports[:1])
    found: dict[_Name, list[float]] = {name: [] for name in contenders}
    turns = list(product(range(n_rounds), contenders.items()))
    for _, (name, run) in tqdm(turns, unit="run", disable=None):
        found[name].append(sum(map(len, reports)) / seconds(partial(run, reports)))
    return found


def seconds(run: Callable[[], object]) -> float:
    """How long ``run`` takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def int8_share(
    released: StanceClassifier, reports: Reports, options: argparse.Namespace, n_tokens: int
) -> dict[str, Any]:
    """How many int8 operations a second the cores reach at best, and what share of them the network puts to use.

    Of the network, only the encoder's linear layers count as work, and no padding. ``n_tokens`` is that of all reports.
    """
    config = AutoConfig.from_pretrained(options.checkpoint)
    n_units, n_wide = config.hidden_size, config.intermediate_size
    multiply_adds = config.num_hidden_layers * (4 * n_units**2 + 2 * n_units * n_wide)
    session = product_session(n_units, n_wide)
    predict = partial(released.model.classifier.predict_proba, asked(released.table, reports))
    ceilings = dict.fromkeys(PRODUCT_TOKENS, 0.0)
    spent: dict[str, list[float]] = {ALONE: [], WHOLE: []}
    for _ in tqdm(range(options.rounds), unit="round", disable=None):
        for rows in PRODUCT_TOKENS:
            inputs = {str(n_in): np.full((rows, n_in), 100, dtype=np.uint8) for n_in in (n_units, n_wide)}
            best = min(seconds(partial(session.run, None, inputs)) for _ in range(N_RUNS))
            ceilings[rows] = max(ceilings[rows], 2 * rows * n_units * n_wide * N_PRODUCTS / best)
        stance_batch(released, reports[:1])  # what runs right after the products is slower
        spent[ALONE].append(seconds(predict))
        spent[WHOLE].append(seconds(partial(stance_batch, released, reports)))
    ceiling = max(ceilings.values())
    reached = {name: 2 * multiply_adds * n_tokens / median(times) for name, times in spent.items()}
    return {
        "multiply_adds_a_token": multiply_adds,
        "operations_a_second_by_rows": ceilings,
        "operations_a_second": {"ceiling": ceiling} | reached,
        "share": {name: rate / ceiling for name, rate in reached.items()},
        "seconds": spent,
    }


def product_session(n_units: int, n_wide: int) -> ort.InferenceSession:
    """Products of 8-bit matrices as in the encoder, each with weights of its own, and nothing else."""
    random = np.random.default_rng(1)
    constants: dict[str, Any] = {"scale": np.float32(1e-4), "zero": np.uint8(128), "weight zero": np.int8(0)}
    nodes = []
    for number in range(N_PRODUCTS):
        n_in, n_out = (n_wide, n_units) if number % 2 else (n_units, n_wide)
        constants[f"weight {number}"] = random.integers(-63, 64, (n_in, n_out), dtype=np.int8)
        operands = [str(n_in), f"weight {number}", "scale", "scale", "zero", "weight zero"]
        nodes.append(helper.make_node("MatMulIntegerToFloat", operands, [f"product {number}"], domain="com.microsoft"))
    graph = helper.make_graph(
        nodes,
        "products",
        [helper.make_tensor_value_info(str(n), TensorProto.UINT8, ["n_tokens", n]) for n in (n_units, n_wide)],
        [helper.make_tensor_value_info(f"product {N_PRODUCTS - 1}", TensorProto.FLOAT, ["n_tokens", n_units])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    versions = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=versions, ir_version=10)
    settings = ort.SessionOptions()
    settings.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL  # keeps products nobody asks for
    return ort.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])


def latency(sentences: Sequence[str]) -> dict[str, float]:
    """Milliseconds of ``classify`` with a single sentence: the 50th and the 99th percentile."""
    classify(SENTENCE)
    calls = [1000 * seconds(partial(classify, text)) for text in islice(cycle(sentences), N_CALLS)]
    return {f"p{percentile}": float(np.percentile(calls, percentile)) for percentile in (50, 99)}


def cold_start(bert: Path) -> dict[str, dict[str, list[float]]]:
    """Seconds, and megabytes of memory at their peak, of new processes that classify one sentence."""
    programs = {"stance": STANCE_START, "transformers pipeline": PIPELINE_START.format(str(bert))}
    found: dict[str, dict[str, list[float]]] = {name: {"seconds": [], "megabytes": []} for name in programs}
    for _, (name, program) in product(range(N_STARTS), programs.items()):
        command = [sys.executable, "-c", WATCHER, program]
        process = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 - our own programs
        if process.returncode:
            raise StanceError(f"cold start of {name}: {process.stderr}")
        for values, value in zip(found[name].values(), process.stdout.split()[-2:], strict=True):
            values.append(float(value))
    return found


def machine() -> dict[str, Any]:
    """The processor, what it can do with integers, and the versions of what ran."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    fields = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = set(fields.get("flags", "").split())
    return {
        "processor": fields.get("model name", platform.machine()),
        "n_cores": len(os.sched_getaffinity(0)),
        "instructions": {name: bool(flags & any_of) for name, any_of in INSTRUCTIONS.items()},
        "versions": {"Python": platform.python_version(), "stance": __version__}
        | {name: version(name) for name in PACKAGES.split()},
    }


def goals(record: Mapping[str, Any]) -> list[tuple[str, str, float, str]]:
    """What the released model is asked to reach, what was measured, and whether that is enough."""
    rate = {name: median(rounds) for name, rounds in record["sentences_a_second"].items()}
    share, latency_ms, start = record["int8"]["share"], record["latency_ms"], record["cold_start"]["stance"]
    at_least = (
        ("times the pipeline's default", 10, rate[OURS] / rate[PIPELINE]),
        ("times its best batch", 7, rate[OURS] / rate[BEST]),
        (f"share of the int8 ceiling, {ALONE}", 0.5, share[ALONE]),
        (f"share of the int8 ceiling, {WHOLE}", 0.5, share[WHOLE]),
    )
    under = (
        ("latency, p50, ms", 2, latency_ms["p50"]),
        ("latency, p99, ms", 5, latency_ms["p99"]),
        ("cold start, s", 0.5, median(start["seconds"])),
        ("cold start, peak memory, MB", 150, median(start["megabytes"])),
    )
    rows = [(goal, f"at least {asked}", found, found >= asked) for goal, asked, found in at_least]
    rows += [(goal, f"under {asked}", found, found < asked) for goal, asked, found in under]
    words = ("disturbed",) * 2 if record["other_processes_share"] > MAX_OTHERS else ("missed", "met")
    return [(goal, asked, found, words[enough]) for goal, asked, found, enough in rows]


def markdown(record: Mapping[str, Any]) -> str:
    """The tables, with what was run on which machine."""
    found = record["sentences_a_second"]
    rate = {name: median(rounds) for name, rounds in found.items()}
    lines = ["# Speed", "", described(record), "", HEAD]
    for name, rounds in found.items():
        spread = f"{rate[name]:,.0f} ({min(rounds):,.0f} to {max(rounds):,.0f})"
        lines.append(f"| {name} | {spread} | {rate[name] / rate[PIPELINE]:.1f} | {rate[name] / rate[BEST]:.1f} |")
    lines += ["", *other_measures(record), "", "| goal | asked | measured | met? |", "| --- | --- | ---: | --- |"]
    lines += [f"| {goal} | {asked} | {value:.3g} | {met} |" for goal, asked, value, met in record["goals"]]
    return "\n".join([*lines, ""])


def described(record: Mapping[str, Any]) -> str:
    """What was run, and on which machine."""
    on, tokens = record["machine"], record["tokens_a_sentence"]
    instructions = ", ".join(f"{name} {'yes' if has else 'no'}" for name, has in on["instructions"].items())
    return (
        f"`python benchmarks/speed.py`: {record['n_sentences']:,} sentences of {record['n_reports']} development "
        f"reports, {tokens['stance']:.1f} tokens each with the outlet and what is carried over from the sentences "
        f"before, which only stance reads, and "
        f"{tokens['pipeline']:.1f} without. The pipeline's best batch size is {record['best_batch_size']}. "
        f"{on['processor']}, {on['n_cores']} cores ({instructions}), of whose time other processes took "
        f"{record['other_processes_share']:.1%} (goals are judged up to {MAX_OTHERS:.0%}). "
        f"{', '.join(f'{name} {number}' for name, number in on['versions'].items())}."
    )


def other_measures(record: Mapping[str, Any]) -> list[str]:
    """Ceiling, latency and cold start, a line each."""
    share, rate = record["int8"]["share"], record["int8"]["operations_a_second"]
    reached = ", ".join(f"{name} {rate[name] / 1e9:,.0f} ({share[name]:.0%})" for name in share)
    milliseconds = ", ".join(f"{name} {value:.2f} ms" for name, value in record["latency_ms"].items())
    starts = ", ".join(
        f"{name} {median(found['seconds']):.2f} s and {median(found['megabytes']):,.0f} MB"
        for name, found in record["cold_start"].items()
    )
    return [
        f"* int8 ceiling: {rate['ceiling'] / 1e9:,.0f} billion operations a second, in products of matrices as large "
        f"as the encoder's and nothing else. Reached by {OURS}: {reached}.",
        f"* Latency of `classify` with one sentence, {N_CALLS:,} calls: {milliseconds}.",
        f"* Cold start of a process that classifies one sentence, median of {N_STARTS}: {starts}.",
    ]


if __name__ == "__main__":
    sys.exit(main())
