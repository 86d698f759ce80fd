"""Runs the released ONNX model: numpy, tokenizers and onnxruntime, nothing heavier."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import onnxruntime as ort

from stance.codebook import Example, StanceError
from stance.encoding import ExampleEncoder, batches_by_length, pad
from stance.onnx_contents import check_contents
from stance.predictions import Probabilities

MODEL_FILE: Final = "model.onnx"
BATCH_SIZE: Final = 16  # sentences
INPUTS: Final = ("attention_mask", "input_ids", "query_weights", "token_type_ids")
N_OUTPUTS: Final = 2  # logits of labels, and of issues


class OnnxClassifier:
    """The exported transformer behind the interface of every classifier here."""

    def __init__(self, session: ort.InferenceSession, encoder: ExampleEncoder) -> None:
        self._session = session
        self._encoder = encoder

    @classmethod
    def load(cls, folder: Path, *, n_threads: int = 0) -> Self:
        """Read ``model.onnx``, whose metadata gives the number of context tokens, and ``tokenizer.json``.

        Raises:
            StanceError: if the model is not whole in its file, has other operators than ``onnx_contents`` allows or
                other inputs than ``encoding.pad`` makes, or onnxruntime or the tokenizers refuse one of the files.
        """
        path = folder / MODEL_FILE
        check_contents(path)
        try:
            session = ort.InferenceSession(str(path), session_options(n_threads), providers=["CPUExecutionProvider"])
            n_context = int(session.get_modelmeta().custom_metadata_map["max_context_tokens"])
        except Exception as error:  # onnxruntime's errors have no base class of their own
            raise StanceError(f"{path}: onnxruntime cannot load it ({error!r})") from error
        inputs = {tensor.name for tensor in session.get_inputs()}
        if inputs != set(INPUTS) or len(session.get_outputs()) != N_OUTPUTS:
            raise StanceError(
                f"{path}: {len(session.get_outputs())} outputs of the inputs {', '.join(sorted(inputs))}; "
                f"expected are {N_OUTPUTS} of {', '.join(INPUTS)}"
            )
        return cls(session, ExampleEncoder(folder / "tokenizer.json", max_context_tokens=n_context))

    def predict_proba(self, examples: Sequence[Example]) -> list[Probabilities]:
        """Probabilities for each example, in order."""
        encoded = self._encoder.encode(examples)
        answers: dict[int, Probabilities] = {}
        for batch in batches_by_length(encoded, BATCH_SIZE):
            inputs: dict[str, Any] = pad([encoded[index] for index in batch])
            label_logits, issue_logits = self._session.run(None, inputs)
            labels, issues = _sigmoid(label_logits), _softmax(issue_logits)
            for row, index in enumerate(batch):
                n_queries = examples[index].n_queries
                answers[index] = Probabilities(labels[row, :n_queries], issues[row, :n_queries])
        return [answers[index] for index in range(len(examples))]


def session_options(n_threads: int = 0) -> ort.SessionOptions:
    """Without rewriting of the graph: it is written in fused operators (``graph``), and loads faster as it is."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = n_threads
    return options


def _sigmoid(logits: Any) -> Any:
    return 1 / (1 + np.exp(-logits))


def _softmax(logits: Any) -> Any:
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)
