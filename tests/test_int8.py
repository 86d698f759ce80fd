"""Linear layers in integers, held against the same layers in floats."""

import numpy as np
import pytest

from stance.int8 import LARGEST_WEIGHT, quantised, quantised_rows

RNG = np.random.default_rng(3)
WEIGHT = RNG.normal(size=(32, 8)).astype(np.float32)
INPUTS = RNG.normal(size=(400, 32)).astype(np.float32)
UNEVEN = INPUTS * np.where(np.arange(32) == 5, 40, 1).astype(np.float32)


def relative_error(layer, weight, inputs):
    exact = inputs @ weight
    return np.sqrt(((layer(inputs) - exact) ** 2).mean() / (exact**2).mean())


def test_an_integer_layer_answers_nearly_as_the_layer():
    assert relative_error(quantised(WEIGHT, INPUTS), WEIGHT, INPUTS) < 0.02


def test_one_large_input_does_not_drown_the_others():
    """With one step size for all inputs, those of ordinary size would have six steps."""
    others = UNEVEN * (np.arange(32) != 5)
    layer = quantised(WEIGHT, UNEVEN)
    assert layer.input_factor[5] < 0.2 * np.delete(layer.input_factor, 5).min()
    assert relative_error(layer, WEIGHT, others) < 0.1


def test_weights_keep_to_seven_bits_and_zero_is_exact():
    layer = quantised(WEIGHT, INPUTS)
    assert np.abs(layer.weight).max() == LARGEST_WEIGHT
    assert layer(np.zeros((1, 32), dtype=np.float32)).tolist() == [[0.0] * 8]


@pytest.mark.parametrize("inputs", [np.zeros((4, 32)), np.abs(INPUTS), -np.abs(INPUTS)])
def test_inputs_of_one_sign_or_none_have_a_scale(inputs):
    layer = quantised(WEIGHT, inputs.astype(np.float32))
    assert layer.input_scale > 0
    assert np.isfinite(layer(inputs.astype(np.float32))).all()


def test_each_row_of_a_table_has_a_scale_of_its_own():
    table = np.array([[1.0, -0.5], [100.0, 50.0], [0.0, 0.0]], dtype=np.float32)
    rows, scales = quantised_rows(table)
    assert scales.shape == (3, 1)
    assert np.abs(rows * scales - table).max() < 0.5
    assert rows[0].tolist() == [127, -64]
