"""A fine-tuned transformer to the int8 ONNX model that is released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import onnxruntime as ort

from stance.arrays import Float32s
from stance.codebook import Example, StanceError
from stance.encoding import pad
from stance.graph import IN_FLOATS, Shape, linear_layers, network_graph
from stance.int8 import Int8Linear, quantised
from stance.runtime import MODEL_FILE, OnnxClassifier, session_options
from stance.transformer import Transformer

N_CALIBRATION: Final = 160  # examples whose tokens the scales of the integer layers are chosen on
TOLERANCE: Final = 1e-3  # between the probabilities of the network and of its graph in floats


def export_onnx(model: Transformer, folder: Path, examples: Sequence[Example], *, in_integers: bool = True) -> Path:
    """Write ``model.onnx`` and ``tokenizer.json`` into ``folder``, which is made.

    Args:
        model: what is exported.
        folder: where to.
        examples: like those that it will read, on some of which the integer layers are fitted (``int8``).
        in_integers: whether linear layers and word embeddings become integers; else all stays in floats.

    Raises:
        StanceError: if the graph does not answer ``examples`` as the network does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    examples = examples[:: max(1, len(examples) // N_CALIBRATION)]
    weights = {name: tensor.numpy() for name, tensor in model.network.state_dict().items()}
    shape = _shape(model)
    graph, linear_inputs = network_graph(weights, shape)
    _check(model, graph, examples)
    if in_integers:
        layers = linear_layers(weights, shape.n_layers)
        values = _values(model, graph, sorted(set(linear_inputs.values())), examples)
        int8: Mapping[str, Int8Linear] = {
            name: quantised(layers[name].weight, values[value])
            for name, value in linear_inputs.items()
            if name not in IN_FLOATS
        }
        graph, _ = network_graph(weights, shape, int8)
    onnx.helper.set_model_props(graph, {"max_context_tokens": str(model.config.max_context_tokens)})
    onnx.save(graph, folder / MODEL_FILE)
    model.encoder.tokenizer.save(str(folder / "tokenizer.json"))
    return folder / MODEL_FILE


def _shape(model: Transformer) -> Shape:
    encoder = model.network.encoder.config
    return Shape(
        encoder.num_hidden_layers,
        encoder.num_attention_heads,
        model.config.n_attention_heads,
        encoder.layer_norm_eps,
        model.config.ngram_weight,
    )


def _check(model: Transformer, graph: onnx.ModelProto, examples: Sequence[Example]) -> None:
    answers = OnnxClassifier(_session(graph), model.encoder).predict_proba(examples)
    for expected, found in zip(model.predict_proba(examples), answers, strict=True):
        difference = float(np.abs(expected.labels - found.labels).max())
        if difference > TOLERANCE:
            raise StanceError(
                f"export: the ONNX graph answers {difference:.4f} off the network; at most {TOLERANCE} is allowed"
            )


def _values(
    model: Transformer, graph: onnx.ModelProto, names: Sequence[str], examples: Sequence[Example]
) -> dict[str, Float32s]:
    """What flows through the graph at ``names``: for each, vectors of all tokens or queries, shape (n, n_units)."""
    open_graph = onnx.ModelProto()
    open_graph.CopyFrom(graph)
    open_graph.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = _session(open_graph)
    seen: dict[str, list[Float32s]] = {name: [] for name in names}
    for encoded in model.encoder.encode(examples):  # one by one, so that nothing is padding
        for name, value in zip(names, session.run(names, pad([encoded])), strict=True):
            seen[name].append(value.reshape(-1, value.shape[-1]))
    return {name: np.concatenate(vectors) for name, vectors in seen.items()}


def _session(graph: onnx.ModelProto) -> ort.InferenceSession:
    return ort.InferenceSession(graph.SerializeToString(), session_options(), providers=["CPUExecutionProvider"])
