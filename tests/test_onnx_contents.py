"""ONNX files that are whole and plain, and those that are not."""

import pytest

from stance.artefacts import load_model, write_meta
from stance.codebook import StanceError
from stance.onnx_contents import MAX_DEPTH, check_contents
from stance.paths import MODELS
from stance.predictions import DecisionRule

MODEL_GRAPH, MODEL_OPSET, MODEL_TRAINING, MODEL_FUNCTION = 7, 8, 20, 25  # the numbers of onnx.proto
GRAPH_NODE, GRAPH_TENSOR, GRAPH_SPARSE = 1, 5, 15
NODE_OPERATOR, NODE_ATTRIBUTE, NODE_DOMAIN = 4, 5, 7
ATTRIBUTE_TENSOR, ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS = 5, 6, 11
TENSOR_DATA, TENSOR_EXTERNAL, TENSOR_LOCATION = 9, 13, 14


def varint(value):
    digits = bytearray()
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])


def part(number, *contents):
    """A field that holds bytes: text, or the fields of a message."""
    content = b"".join(one.encode() if isinstance(one, str) else one for one in contents)
    return varint(number << 3 | 2) + varint(len(content)) + content


def number(field, value):
    return varint(field << 3) + varint(value)


def graph(*contents):
    return part(MODEL_GRAPH, *contents)


def node(*contents):
    return part(GRAPH_NODE, part(NODE_OPERATOR, "Add"), *contents)


def nested(depth):
    """A node whose attribute is a graph with such a node, and so on."""
    content = part(NODE_DOMAIN, "river")
    for _ in range(depth):
        content = part(NODE_ATTRIBUTE, part(ATTRIBUTE_GRAPH, part(GRAPH_NODE, content)))
    return graph(part(GRAPH_NODE, content))


PLAIN = part(MODEL_OPSET, part(1, ""), number(2, 20)) + graph(
    node(part(NODE_DOMAIN, "com.microsoft")), part(GRAPH_TENSOR, part(TENSOR_DATA, b"\xff" * 300))
)
EXTERNAL = part(GRAPH_TENSOR, part(TENSOR_EXTERNAL, part(1, "location"), part(2, "../../weights")))


@pytest.fixture
def write(tmp_path):
    def written(content):
        (tmp_path / "model.onnx").write_bytes(content)
        return tmp_path / "model.onnx"

    return written


def test_a_plain_model_is_let_through(write):
    check_contents(write(PLAIN))


def test_the_released_model_is_let_through():
    check_contents(MODELS / "transformer/model.onnx")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (part(MODEL_OPSET, part(1, "river")), "operators of domain 'river'; allowed are those of ONNX and com.micro"),
        (graph(node(part(NODE_DOMAIN, "com.microsoft.experimental"))), "domain 'com.microsoft.experimental'"),
        (nested(3), "operators of domain 'river'"),
        (graph(node(part(NODE_ATTRIBUTE, part(ATTRIBUTE_GRAPHS, node(part(NODE_DOMAIN, "river")))))), "'river'"),
        (graph(node(part(NODE_DOMAIN, b"\xff"))), "operators of domain '\ufffd'"),
        (graph(EXTERNAL), "holds external data; a model must be whole in one file, of plain operators"),
        (graph(part(GRAPH_TENSOR, number(TENSOR_LOCATION, 1))), "holds data location"),
        (graph(part(GRAPH_SPARSE, part(1, number(TENSOR_LOCATION, 1)))), "holds data location"),
        (graph(node(part(NODE_ATTRIBUTE, part(ATTRIBUTE_TENSOR, part(TENSOR_EXTERNAL))))), "holds external data"),
        (part(MODEL_FUNCTION, part(1, "Ferry")), "holds function"),
        (part(MODEL_TRAINING), "holds training information"),
        (nested(MAX_DEPTH + 1), f"graphs within more than {MAX_DEPTH} graphs"),
        (b"", "no ONNX model"),
        (b"\xff" * 30, "no ONNX model .an endless number at byte 0"),
        (PLAIN[:-1], "no ONNX model .a field that ends behind its message"),
        (b"<html>not found</html>", "no ONNX model"),
    ],
)
def test_what_is_not_whole_or_not_plain_is_refused(write, content, message):
    with pytest.raises(StanceError, match=rf"model\.onnx: .*{message}"):
        check_contents(write(content))


def test_weights_that_a_user_keeps_beside_the_model_are_refused_though_their_hashes_fit(tmp_path):
    onnx = pytest.importorskip("onnx")
    weights = onnx.numpy_helper.from_array(onnx.numpy_helper.np.ones(2000, dtype="float32"), "weights")
    model = onnx.helper.make_model(onnx.helper.make_graph([], "river", [], [], [weights]))
    check_contents(write_model(onnx, model, tmp_path / "whole.onnx"))
    write_model(onnx, model, tmp_path / "model.onnx", save_as_external_data=True, location="w.bin")
    (tmp_path / "tokenizer.json").write_text("{}")
    write_meta(tmp_path, "onnx", DecisionRule(), {})
    with pytest.raises(StanceError, match=r"model\.onnx: holds external data"):
        load_model(tmp_path)


def write_model(onnx, model, path, **options):
    onnx.save(model, path, **options)
    return path


def test_a_model_that_onnxruntime_refuses_is_refused_by_name(write):
    path = write(graph(node()))
    (path.parent / "tokenizer.json").write_text("{}")
    write_meta(path.parent, "onnx", DecisionRule(), {})
    with pytest.raises(StanceError, match=r"model\.onnx: onnxruntime cannot load it"):
        load_model(path.parent)
