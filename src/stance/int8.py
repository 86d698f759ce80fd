"""Linear layers in 8-bit integers: which scales, judged on inputs that the layer really gets.

Weights are integers of 7 bits with one scale a column (processors without VNNI instructions overflow at 8), inputs
integers of 8 bits with one scale a layer. Few inputs of a transformer are far larger than the others; so each input is
first divided, and its row of weights multiplied, by a factor that evens the two out (Xiao et al. 2023, "SmoothQuant").
The scales are fixed, not taken from each batch: an answer does not depend on the sentences read beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stance.arrays import Float32s, Int8s

LARGEST_WEIGHT: Final = 63
LARGEST_INPUT: Final = 255
SMOOTHING: Final = 0.8  # share of the unevenness that the weights take over; SmoothQuant's alpha
CUT_TAILS: Final = (0.0, 1e-6, 1e-5, 5e-5, 1e-4, 3e-4, 1e-3)  # shares of inputs outside the scale that are tried
N_INPUTS: Final = 1024  # that scales are judged on


@dataclass(frozen=True, slots=True)
class Int8Linear:
    """A linear layer whose weights and inputs are integers.

    *Shape:* ``weight`` (n_in, n_out), ``weight_scale`` (n_out,), ``input_factor`` (n_in,), by which inputs are
    multiplied before they are divided by ``input_scale``, rounded and moved by ``input_zero``.
    """

    weight: Int8s
    weight_scale: Float32s
    input_factor: Float32s
    input_scale: np.float32
    input_zero: np.uint8

    def __call__(self, inputs: Float32s) -> Float32s:
        """What the layer makes of ``inputs``, shape (n_inputs, n_in) to (n_inputs, n_out), without its bias."""
        seen = _rounded(inputs * self.input_factor, self.input_scale, self.input_zero)
        outputs: Float32s = seen @ (self.weight * self.weight_scale)
        return outputs


def quantised(weight: Float32s, inputs: Float32s) -> Int8Linear:
    """The layer ``inputs @ weight`` in integers, its scales chosen for the least squared error on ``inputs``.

    *Shape:* ``weight`` (n_in, n_out), ``inputs`` (n_inputs, n_in).
    """
    inputs = inputs[:: max(1, len(inputs) // N_INPUTS)]
    factor = _input_factor(weight, inputs)
    evened, smoothed = inputs * factor, weight / factor[:, None]
    exact = evened @ smoothed
    scale, zero = min(
        (_input_scale(evened, tail) for tail in CUT_TAILS),
        key=lambda scale: float(((_rounded(evened, *scale) @ smoothed - exact) ** 2).mean()),
    )
    integers, weight_scale = _integers(smoothed, LARGEST_WEIGHT, axis=0)
    return Int8Linear(integers, weight_scale[0], factor, scale, zero)


def quantised_rows(table: Float32s) -> tuple[Int8s, Float32s]:
    """A table of vectors, shape (n_rows, n_units), in integers, and the scale of each row, shape (n_rows, 1)."""
    return _integers(table, 127, axis=1)


def _input_factor(weight: Float32s, inputs: Float32s) -> Float32s:
    largest_input = np.maximum(np.abs(inputs).max(axis=0), 1e-5)
    largest_weight = np.maximum(np.abs(weight).max(axis=1), 1e-5)
    factor = largest_weight ** (1 - SMOOTHING) / largest_input**SMOOTHING
    evened: Float32s = (factor / np.exp(np.log(factor).mean())).astype(np.float32)
    return evened


def _input_scale(inputs: Float32s, tail: float) -> tuple[np.float32, np.uint8]:
    """Scale and zero that span ``inputs`` but for a share ``tail`` at either end; 0 is a whole number of steps."""
    lowest, highest = min(0.0, float(np.quantile(inputs, tail))), max(0.0, float(np.quantile(inputs, 1 - tail)))
    scale = np.float32(max(highest - lowest, 1e-6) / LARGEST_INPUT)
    return scale, np.uint8(np.clip(np.rint(-lowest / scale), 0, LARGEST_INPUT))


def _rounded(inputs: Float32s, scale: np.float32, zero: np.uint8) -> Float32s:
    """``inputs`` as an integer layer sees them."""
    steps: Float32s = np.clip(np.rint(inputs / scale) + np.float32(zero), 0, LARGEST_INPUT) - np.float32(zero)
    return steps * scale


def _integers(values: Float32s, largest: int, axis: int) -> tuple[Int8s, Float32s]:
    scale = np.maximum(np.abs(values).max(axis=axis, keepdims=True) / largest, 1e-9).astype(np.float32)
    return np.clip(np.rint(values / scale), -largest, largest).astype(np.int8), scale
