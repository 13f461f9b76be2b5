"""The seven cases of every course on convolutional networks."""

import pytest

from striate.arch import Conv, Dense, Input, Network, survey
from striate.errors import WindowError


def test_32x32x3_under_ten_5x5_filters_with_pad_2_is_32x32x10_with_760_parameters():
    network = Network(Conv(10, 5, stride=1, padding=2)(Input(3, 32, 32)))
    assert network.output.shape == (10, 32, 32)
    assert survey(network).total("parameters") == network.parameters == 760


def test_7x7_under_3x3_at_stride_1_is_5x5():
    assert Conv(1, 3, rounding="exact")(Input(1, 7, 7)).shape == (1, 5, 5)


def test_7x7_under_3x3_at_stride_2_is_3x3():
    assert Conv(1, 3, stride=2, rounding="exact")(Input(1, 7, 7)).shape == (1, 3, 3)


def test_7x7_under_3x3_at_stride_3_does_not_fit():
    with pytest.raises(WindowError) as refusal:
        Conv(1, 3, stride=3, rounding="exact")(Input(1, 7, 7))
    assert str(refusal.value) == (
        "conv1: a 3×3 filter at stride 3 does not tile a 7×7 input; (7 − 3 + 2·0)/3 + 1 = 2.33. Use padding 1 "
        "(gives 3×3), stride 2 (gives 3×3), a filter of 4 (gives 2×2) or an input of 6×6 (gives 2×2)."
    )


def test_7x7_under_3x3_at_stride_3_with_pad_1_is_3x3():
    assert Conv(1, 3, stride=3, padding=1, rounding="exact")(Input(1, 7, 7)).shape == (1, 3, 3)


def test_dense_3_4_4_1_has_9_neurons_and_41_parameters():
    counted = survey(Network(Dense(1)(Dense(4)(Dense(4)(Input(3, 1, 1))))))
    assert counted.total("neurons") == 9
    assert (counted.total("weights"), counted.total("biases"), counted.total("parameters")) == (32, 9, 41)


def test_32x32_shrinks_under_5x5_again_and_again():
    x, sides = Input(3, 32, 32), [32]
    for _ in range(7):
        x = Conv(6, 5)(x)
        sides.append(x.height)
    assert sides == [32, 28, 24, 20, 16, 12, 8, 4]
    with pytest.raises(WindowError) as refusal:
        Conv(6, 5)(x)
    assert str(refusal.value) == ("conv8: a 5×5 filter does not fit a 4×4 input without padding; "
                                  "(4 − 5 + 2·0)/1 + 1 = 0. Use padding ≥ 1 or a filter ≤ 4.")
