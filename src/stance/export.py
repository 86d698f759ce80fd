"""A fine-tuned transformer to the int8 ONNX model that is released."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from stance.codebook import Candidate, Example
from stance.encoding import pad
from stance.runtime import MODEL_FILE
from stance.transformer import Transformer

_TRACED = [
    Example("Belmark refused to leave.", "Ardania asked.", (Candidate("Belmark", ((0, 7),)), Candidate("Ardania"))),
    Example("Ardania would pay."),
]


def export_onnx(model: Transformer, folder: Path, *, quantised: bool = True) -> Path:
    """Write ``model.onnx`` and ``tokenizer.json`` into ``folder``, which is made.

    Weights are int8 per channel, activations are quantised as they come. The range is reduced to 7 bits, for
    processors without VNNI instructions overflow at 8; so scores are the same on every processor. One scale
    serves a whole batch, so a probability can move by some hundredths with the sentences that share its batch.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch, _quiet():
        full = Path(scratch) / "full.onnx"
        _export_full(model, full)
        if quantised:
            quantize_dynamic(
                full, folder / MODEL_FILE, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8
            )
        else:
            full.replace(folder / MODEL_FILE)
    model.encoder.tokenizer.save(str(folder / "tokenizer.json"))
    return folder / MODEL_FILE


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporters' warnings, which concern packages and steps that play no part here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


def _export_full(model: Transformer, path: Path) -> None:
    model.network.eval()
    inputs = {name: torch.from_numpy(array) for name, array in pad(model.encoder.encode(_TRACED)).items()}
    n_examples, n_tokens, n_queries = (torch.export.Dim(name) for name in ("n_examples", "n_tokens", "n_queries"))
    tokens = {0: n_examples, 1: n_tokens}
    torch.onnx.export(
        model.network,
        kwargs=inputs,
        f=str(path),
        input_names=list(inputs),
        output_names=["label_logits", "issue_logits"],
        dynamic_shapes=dict.fromkeys(inputs, tokens) | {"query_weights": {0: n_examples, 1: n_queries, 2: n_tokens}},
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    graph = onnx.load(path)
    del graph.graph.value_info[:]  # shapes recorded while tracing contradict those that quantisation infers
    onnx.helper.set_model_props(graph, {"max_context_tokens": str(model.config.max_context_tokens)})
    onnx.save(graph, path)
