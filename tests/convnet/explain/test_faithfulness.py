"""Deletion and insertion: curves by hand, maps that know where the evidence is, and maps that do not."""

from types import MappingProxyType

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from striate import Conv, Dense, Input, Network, ReLU
from striate.convnet.explain import faithfulness as room
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.faithfulness import cells_of, faithfulness, places_in_order
from striate.convnet.explain.methods import METHODS_OF_LOOK
from striate.convnet.explain.target import Target
from striate.model.explanation import Explanation
from tests.convnet.explain.nets import explained, picture

SIDE = 28


BOARD = np.indices((SIDE, SIDE)).sum(0) % 2  # grey when it is blurred


def spotter() -> ExplainedNet:
    """Its class 1 is the contrast of the upper left quarter."""
    weights = torch.zeros(2, 1, SIDE, SIDE)
    weights[1, 0, : SIDE // 2, : SIDE // 2] = torch.from_numpy(BOARD[: SIDE // 2, : SIDE // 2]) * 0.04
    return explained(Network(Dense(2, name="fc")(Input(1, SIDE, SIDE))),
                     tensors={"fc.weight": weights.reshape(2, -1), "fc.bias": [0.0, -2.0]})


def knowing(model: ExplainedNet, pixels: np.ndarray, target: Target) -> Explanation:
    """A map of the quarter, at half the resolution."""
    found = np.zeros((SIDE // 2, SIDE // 2))
    found[: SIDE // 4, : SIDE // 4] = 1
    return Explanation(found, "", "")


def mistaken(model: ExplainedNet, pixels: np.ndarray, target: Target) -> Explanation:
    """A map of everything but the quarter; negative numbers of a signed map count by their size."""
    found = np.full((SIDE, SIDE, 1), -1.0)
    found[: SIDE // 2, : SIDE // 2] = 0
    return Explanation(found, "", "")


@pytest.fixture(autouse=True)
def _methods(monkeypatch: pytest.MonkeyPatch) -> None:
    row = METHODS_OF_LOOK["occlusion"]
    monkeypatch.setattr(room, "METHODS_OF_LOOK", MappingProxyType(METHODS_OF_LOOK | {
        one.__name__: row._replace(explain=f"{__name__}:{one.__name__}") for one in (knowing, mistaken)}))


def test_a_map_that_knows_where_beats_a_random_order_and_one_that_is_mistaken_loses() -> None:
    model = spotter()
    pixels = (240 * BOARD[..., None]).astype(np.uint8)
    found = faithfulness(model, pixels, Target("fc", 1), methods=["knowing", "mistaken"])
    knows, mistakes = found.scores
    assert knows.deletion < knows.random_deletion < mistakes.deletion
    assert knows.insertion > knows.random_insertion > mistakes.insertion
    assert "needs" in knows.sentence
    assert "no better" in mistakes.sentence
    # A quarter of the places holds all of it: the mistaken map changes nothing before three quarters are covered.
    assert np.ptp(found.array[1, 0, :10]) < 1e-6


def test_the_curves_are_those_of_covering_by_hand() -> None:
    model = explained(Network(Dense(3, name="fc")(ReLU()(Conv(4, 3)(Input(3, 20, 31))))))
    pixels, target = picture(model), Target("fc", 2)
    found = faithfulness(model, pixels, target, methods=["gradient", "guided"], steps=7)
    assert found.array.shape == (3, 2, 8)
    cells = cells_of(20, 31)
    batch = model.batch(pixels[None])
    blurred = torch.from_numpy(gaussian_filter(batch.numpy(), (0, 0, 1, 1)))
    for row, method in enumerate(("gradient", "guided")):
        importance = room.maps_of(model, pixels, target, [method])[0][method]
        order = places_in_order(importance, cells, np.random.default_rng(0))
        for step, share in enumerate(found.fractions):
            first = torch.from_numpy(np.isin(cells, order[: round(share * (14 * 14))]))
            for curve, covered in enumerate((torch.where(first, 0, batch), torch.where(first, batch, blurred))):
                with torch.no_grad():
                    said = float(model.net(covered).double().softmax(1)[0, 2])
                assert found.array[row, curve, step] == pytest.approx(said, abs=1e-5)
    assert found.scores[0].deletion == pytest.approx(float(np.trapezoid(found.array[0, 0], found.fractions)))


def test_cells_cover_the_picture_and_equal_places_come_in_a_random_order() -> None:
    cells = cells_of(30, 9)
    assert (cells.min(), cells.max(), len(np.unique(cells))) == (0, 14 * 9 - 1, 14 * 9)
    flat = np.zeros((30, 9))
    orders = [places_in_order(flat, cells, np.random.default_rng(seed)).tolist() for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    flat[-1, -1] = 1
    assert places_in_order(flat, cells, np.random.default_rng(0))[0] == 14 * 9 - 1


def test_maps_that_a_network_lacks_are_named_and_the_same_seed_gives_the_same_numbers() -> None:
    from striate import Tanh

    model = explained(Network(Dense(3, name="fc")(Tanh()(Conv(4, 3)(Input(1, 20, 20))))))
    found, again = (faithfulness(model, picture(model), Target("fc", 0), methods=["guided", "gradient"])
                    for _ in range(2))
    assert (found.methods, found.undefined) == (("gradient",), ("guided",))
    assert np.array_equal(found.array, again.array)


def test_all_maps_of_a_class_are_tested_by_default() -> None:
    model = explained(Network(Dense(3, name="fc")(ReLU()(Conv(4, 3)(Input(1, 12, 12))))))
    found = faithfulness(model, picture(model), Target("fc", 0), steps=2)
    assert {"gradient", "guided", "grad_cam", "occlusion", "class_evidence"} <= {*found.methods}
    assert "faithfulness" not in found.methods
