"""``StanceNetwork`` as an ONNX graph of onnxruntime's fused operators, in 32-bit floats or with integer layers.

Written node by node, since the exporters trace a graph of small operators that onnxruntime cannot fuse again: twice as
many nodes, half of the time spent on moving numbers (LOG.md). The encoder must be BERT's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from stance.arrays import Float32s
from stance.codebook import ISSUES, LABELS
from stance.int8 import Int8Linear, quantised_rows
from stance.ngrams import CARRIED, FACTOR, N_BUCKETS, OF_PARTY, OWN, START, TINY

Weights = Mapping[str, Float32s]

FUSED: Final = "com.microsoft"  # the domain of onnxruntime's own operators
IN_FLOATS: Final = frozenset({"label", "issue"})  # layers that stay so: small, and the last before the answer
OUTPUTS: Final = ("label_logits", "issue_logits")


@dataclass(frozen=True, slots=True)
class Shape:
    """What the weights alone do not tell of a network."""

    n_layers: int
    n_encoder_heads: int
    n_query_heads: int
    layer_norm_epsilon: float
    ngram_weight: float


@dataclass(frozen=True, slots=True)
class Linear:
    """``x @ weight + bias``. *Shape:* ``weight`` (n_in, n_out), ``bias`` (n_out,)."""

    weight: Float32s
    bias: Float32s


def linear_layers(weights: Weights, n_layers: int) -> dict[str, Linear]:
    """The linear layers of the graph by name, from the network's ``weights``."""

    def joined(*names: str) -> Linear:
        weight = np.concatenate([weights[f"{name}.weight"].T for name in names], axis=1)
        return Linear(weight, np.concatenate([weights[f"{name}.bias"] for name in names]))

    layers: dict[str, Linear] = {}
    for number in range(n_layers):
        layer = f"encoder.encoder.layer.{number}"
        layers[f"{number}.attention"] = joined(
            *(f"{layer}.attention.self.{part}" for part in ("query", "key", "value"))
        )
        layers[f"{number}.attended"] = joined(f"{layer}.attention.output.dense")
        layers[f"{number}.wide"] = joined(f"{layer}.intermediate.dense")
        layers[f"{number}.narrow"] = joined(f"{layer}.output.dense")
    into, bias = weights["attention.in_proj_weight"].T, weights["attention.in_proj_bias"]
    n_units = len(into)
    for part, name in enumerate(("query", "key", "value")):
        columns = slice(part * n_units, (part + 1) * n_units)
        layers[name] = Linear(into[:, columns], bias[columns])
    head = joined("head.1")
    return layers | {
        "attended": joined("attention.out_proj"),
        "head.query": Linear(head.weight[: 2 * n_units], head.bias),
        "head.sentence": Linear(head.weight[2 * n_units :], np.zeros_like(head.bias)),
        "label": joined("label"),
        "issue": joined("issue"),
    }


def network_graph(
    weights: Weights, shape: Shape, int8: Mapping[str, Int8Linear] | None = None
) -> tuple[onnx.ModelProto, dict[str, str]]:
    """The graph, with inputs as ``encoding.pad`` returns them and outputs as ``StanceNetwork.forward``.

    Args:
        weights: of the network, by their names there.
        shape: of the network.
        int8: every layer but those ``IN_FLOATS`` in integers; None for a graph in floats.

    Returns:
        the model, and for each linear layer the name of the value that goes into it.
    """
    graph = _Graph(linear_layers(weights, shape.n_layers), int8)
    visible = graph("Cast", "attention_mask", to=TensorProto.INT32)
    tokens = _embedded(graph, weights, shape)
    for number in range(shape.n_layers):
        tokens = _encoder_layer(graph, weights, shape, number, tokens, visible)
    in_sentence = _in_sentence(graph)
    labels = _answer(graph, weights, shape, tokens, visible, in_sentence)
    by_words = _ngram_logits(graph, weights, in_sentence)
    weight = graph.constant("ngram weight", np.array(shape.ngram_weight, dtype=np.float32))
    graph("Add", labels, graph("Mul", by_words, weight), output=OUTPUTS[0])
    return graph.model(), graph.linear_inputs


def _embedded(graph: _Graph, weights: Weights, shape: Shape) -> str:
    table = "encoder.embeddings.{}".format
    words = weights[table("word_embeddings.weight")]
    if graph.int8 is None:
        tokens = graph("Gather", graph.constant("words", words), "input_ids")
    else:
        rows, scales = quantised_rows(words)
        steps = graph("Cast", graph("Gather", graph.constant("words", rows), "input_ids"), to=TensorProto.FLOAT)
        tokens = graph("Mul", steps, graph("Gather", graph.constant("words.scale", scales), "input_ids"))
    places = graph.constant("places", weights[table("position_embeddings.weight")])
    n_tokens = graph("Shape", "input_ids", start=1, end=2)
    tokens = graph("Add", tokens, graph("Slice", places, graph.integers("first", 0), n_tokens))
    kinds = graph.constant("kinds", weights[table("token_type_embeddings.weight")])
    tokens = graph("Add", tokens, graph("Gather", kinds, "token_type_ids"))
    return graph.normalised(tokens, table("LayerNorm"), weights, shape)


def _encoder_layer(graph: _Graph, weights: Weights, shape: Shape, number: int, tokens: str, visible: str) -> str:
    layer = f"encoder.encoder.layer.{number}"
    attended = graph.linear(graph.self_attention(tokens, f"{number}.attention", visible, shape), f"{number}.attended")
    tokens = graph.normalised(graph("Add", attended, tokens), f"{layer}.attention.output.LayerNorm", weights, shape)
    wide = graph("Gelu", graph.linear(tokens, f"{number}.wide"))
    changed = graph("Add", graph.linear(wide, f"{number}.narrow"), tokens)
    return graph.normalised(changed, f"{layer}.output.LayerNorm", weights, shape)


def _answer(graph: _Graph, weights: Weights, shape: Shape, tokens: str, visible: str, in_sentence: str) -> str:
    """``StanceNetwork.answer``: writes the issues, returns the labels.

    What the sentence adds to the head is the same for each of its queries.
    """
    queries = graph("MatMul", "query_weights", tokens)
    asked = (graph.linear(queries, "query"), graph.linear(tokens, "key"), graph.linear(tokens, "value"))
    attended = graph("MultiHeadAttention", *asked, "", visible, domain=FUSED, num_heads=shape.n_query_heads)
    attended = graph.linear(attended, "attended")

    in_sentence = graph("Unsqueeze", in_sentence, graph.integers("last", -1))
    low = graph.constant("low", np.array(-1e4, dtype=np.float32))
    over_tokens = graph.integers("over tokens", 1)
    strongest = graph("ReduceMax", graph("Where", in_sentence, tokens, low), over_tokens, keepdims=1)
    sentence = graph("Slice", queries, graph.integers("anyone", 0), graph.integers("after", 1), over_tokens)

    by_query = graph.linear(graph("Concat", queries, attended, axis=-1), "head.query")
    by_sentence = graph.linear(graph("Concat", sentence, strongest, axis=-1), "head.sentence")
    features = graph("Gelu", graph("Add", by_query, by_sentence))
    issues = graph("Unsqueeze", graph.linear(features, "issue"), graph.integers("each label", -2))
    given_label = graph.constant("issue given label", weights["issue_given_label"])
    graph("Add", issues, given_label, output=OUTPUTS[1])
    return graph.linear(features, "label")


def _in_sentence(graph: _Graph) -> str:
    second = graph("Cast", "token_type_ids", to=TensorProto.BOOL)
    return graph("And", graph("Cast", "attention_mask", to=TensorProto.BOOL), graph("Not", second))


def _ngram_logits(graph: _Graph, weights: Weights, in_sentence: str) -> str:
    """``NgramModel.forward``."""
    by_query, last = graph.integers("by query", 1), graph.integers("last", -1)

    def whether_any(truth: str) -> str:
        return graph("ReduceMax", graph("Cast", truth, to=TensorProto.INT64), last, keepdims=1)

    first = graph("Slice", "query_weights", graph.integers("anyone", 0), graph.integers("after", 1), by_query)
    of_party = whether_any(graph("Not", graph("Equal", "query_weights", first)))
    seen = graph("Unsqueeze", in_sentence, by_query)
    own = graph("And", seen, graph("Cast", of_party, to=TensorProto.BOOL))
    own = graph("And", own, graph("Cast", "query_weights", to=TensorProto.BOOL))
    tokens = graph("Where", own, graph.integers("own", OWN), graph("Unsqueeze", "input_ids", by_query))
    tokens = graph("Add", tokens, graph("Mul", of_party, graph.integers("of party", OF_PARTY)))
    carried = graph("Sub", of_party, whether_any(own))
    tokens = graph("Add", tokens, graph("Mul", carried, graph.integers("carried", CARRIED)))

    n_buckets = graph.integers("buckets", N_BUCKETS)
    words = graph("Mod", tokens, n_buckets)
    start = graph.constant("start", np.array(START, dtype=np.int64))
    before = graph("Pad", words, graph.integers("a token later", 0, 0, 1, 0, 0, -1), start)
    pairs = graph("Mod", graph("Add", graph("Mul", before, graph.integers("factor", FACTOR)), tokens), n_buckets)
    table = graph.constant("ngrams", weights["ngrams.table"])
    rows = graph("Add", graph("Gather", table, words), graph("Gather", table, pairs))
    mask = graph("Unsqueeze", graph("Cast", seen, to=TensorProto.FLOAT), last)
    sums = graph("ReduceSum", graph("Mul", rows, mask), graph.integers("tokens of rows", -2), keepdims=0)
    ends = [graph.integers(f"column {column}", column) for column in (0, len(LABELS), len(LABELS) + 1)]
    logits, squares = (graph("Slice", sums, *between, last) for between in pairwise(ends))
    tiny = graph.constant("tiny", np.array(TINY, dtype=np.float32))
    return graph("Div", logits, graph("Sqrt", graph("Add", squares, tiny)))


class _Graph:
    """Nodes and constants as they are added; a node is known by the name of its output."""

    def __init__(self, layers: Mapping[str, Linear], int8: Mapping[str, Int8Linear] | None) -> None:
        self.layers, self.int8 = layers, int8
        self.linear_inputs: dict[str, str] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def __call__(self, operator: str, *inputs: str, output: str = "", domain: str = "", **attributes: Any) -> str:
        output = output or f"{operator} {len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [output], output, domain=domain, **attributes))
        return output

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def integers(self, name: str, *values: int) -> str:
        return self.constant(name, np.array(values, dtype=np.int64))

    def normalised(self, tokens: str, name: str, weights: Weights, shape: Shape) -> str:
        parts = [self.constant(f"{name}.{part}", weights[f"{name}.{part}"]) for part in ("weight", "bias")]
        return self("LayerNormalization", tokens, *parts, axis=-1, epsilon=shape.layer_norm_epsilon)

    def linear(self, inputs: str, name: str) -> str:
        """The linear layer ``name``, in integers where it is given in integers."""
        self.linear_inputs[name] = inputs
        bias = self.constant(f"{name}.bias", self.layers[name].bias)
        if self.int8 is None or name in IN_FLOATS:
            product = self("MatMul", inputs, self.constant(f"{name}.weight", self.layers[name].weight))
            return self("Add", product, bias)
        weight, weight_scale, steps, scale, zero = self._integers(inputs, name, self.int8[name])
        weight_zero = self.constant("weight zero", np.array(0, dtype=np.int8))
        operands = (steps, weight, scale, weight_scale, zero, weight_zero, bias)
        return self("MatMulIntegerToFloat", *operands, domain=FUSED)

    def self_attention(self, inputs: str, name: str, visible: str, shape: Shape) -> str:
        """Attention of all tokens to all, with the linear layer ``name`` that makes query, key and value of them."""
        self.linear_inputs[name] = inputs
        bias = self.constant(f"{name}.bias", self.layers[name].bias)
        if self.int8 is None:
            weight = self.constant(f"{name}.weight", self.layers[name].weight)
            return self("Attention", inputs, weight, bias, visible, domain=FUSED, num_heads=shape.n_encoder_heads)
        weight, weight_scale, steps, scale, zero = self._integers(inputs, name, self.int8[name])
        weight_zeros = self.constant("weight zeros", np.zeros(len(self.layers[name].bias), dtype=np.int8))
        operands = (steps, weight, bias, scale, weight_scale, visible, zero, weight_zeros)
        return self("QAttention", *operands, domain=FUSED, num_heads=shape.n_encoder_heads)

    def _integers(self, inputs: str, name: str, layer: Int8Linear) -> tuple[str, str, str, str, str]:
        """Weight, its scale, the inputs as integers, their scale and their zero."""
        scale = self.constant(f"{name}.input_scale", np.array(layer.input_scale))
        zero = self.constant(f"{name}.input_zero", np.array(layer.input_zero))
        evened = self("Mul", inputs, self.constant(f"{name}.input_factor", layer.input_factor))
        weight = self.constant(f"{name}.weight", layer.weight)
        weight_scale = self.constant(f"{name}.weight_scale", layer.weight_scale)
        return weight, weight_scale, self("QuantizeLinear", evened, scale, zero), scale, zero

    def model(self) -> onnx.ModelProto:
        described = helper.make_tensor_value_info
        tokens, queries = ["n_examples", "n_tokens"], ["n_examples", "n_queries"]
        inputs = [
            *(described(name, TensorProto.INT64, tokens) for name in ("input_ids", "attention_mask", "token_type_ids")),
            described("query_weights", TensorProto.FLOAT, [*queries, "n_tokens"]),
        ]
        outputs = [
            described(OUTPUTS[0], TensorProto.FLOAT, [*queries, len(LABELS)]),
            described(OUTPUTS[1], TensorProto.FLOAT, [*queries, len(LABELS), len(ISSUES)]),
        ]
        graph = helper.make_graph(self._nodes, "stance", inputs, outputs, list(self._constants.values()))
        versions = [helper.make_opsetid("", 20), helper.make_opsetid(FUSED, 1)]
        return helper.make_model(graph, opset_imports=versions, ir_version=10)
