"""Batches by memory: as many pictures as there is room for, fewer where all volumes are stored."""

import pytest

from striate import Conv, Dense, Input, Network, ReLU
from striate.convnet.explain.batch_size import batch_size
from tests.convnet.explain.nets import explained


def test_a_batch_fills_the_room_and_has_one_picture_at_least() -> None:
    x = ReLU()(Conv(16, 3, padding=1)(ReLU()(Conv(16, 3, padding=1)(Input(3, 32, 32)))))
    model = explained(Network(Dense(2)(x)))
    in_use, stored = model.survey.inference_memory, model.survey.training_memory
    assert in_use < stored
    for one, given in ((in_use, False), (stored, True)):
        assert batch_size(model, stored=given, room=5 * one) == 5
        assert batch_size(model, stored=given, room=5 * one - 1) == 4
        assert batch_size(model, stored=given, room=1) == 1
        assert batch_size(model, stored=given, room=one, part=0.25) == 4
    assert batch_size(model) == 32
    assert batch_size(model, most=7) == 7
    assert batch_size(model, stored=True, room=100 * stored, most=100) == pytest.approx(100)
