"""Deletion and insertion: curves by hand, maps that know where the evidence is, and maps that do not."""

from types import MappingProxyType

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from striate import Conv, Dense, Input, Network, ReLU
from striate.convnet.explain import faithfulness as room
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.faithfulness import MapScore, RandomOrders, cells_of, faithfulness, places_in_order
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


def placeless(model: ExplainedNet, pixels: np.ndarray, target: Target) -> Explanation:
    """One number."""
    return Explanation(np.ones((1, 1)), "", "")


@pytest.fixture(autouse=True)
def _methods(monkeypatch: pytest.MonkeyPatch) -> None:
    row = METHODS_OF_LOOK["occlusion"]
    monkeypatch.setattr(room, "METHODS_OF_LOOK", MappingProxyType(METHODS_OF_LOOK | {
        one.__name__: row._replace(explain=f"{__name__}:{one.__name__}") for one in (knowing, mistaken, placeless)}))


def test_a_map_that_knows_where_beats_a_random_order_and_one_that_is_mistaken_loses() -> None:
    model = spotter()
    pixels = (240 * BOARD[..., None]).astype(np.uint8)
    found = faithfulness(model, pixels, Target("fc", 1), methods=["knowing", "mistaken"])
    knows, mistakes = found.scores
    assert knows.deletion < knows.random_deletion.mean < mistakes.deletion
    assert knows.insertion > knows.random_insertion.mean > mistakes.insertion
    assert knows.better == {"deletion": True, "insertion": True}
    assert "needs, by deletion and insertion" in knows.sentence
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


def test_the_spread_of_random_orders_is_that_of_their_areas() -> None:
    model, pixels = spotter(), (240 * BOARD[..., None]).astype(np.uint8)
    cells, draws = cells_of(SIDE, SIDE), np.random.default_rng(3)
    turns = [room.cell_ranks(draws.permutation(196))[cells] for _ in range(200)]
    areas = np.trapezoid(room.curves_of(model, pixels, 1, turns, np.arange(0, 197, 14)), dx=1 / 14, axis=2)
    score = faithfulness(model, pixels, Target("fc", 1), methods=["knowing"]).scores[0]
    for way, orders in enumerate((score.random_deletion, score.random_insertion)):
        assert abs(orders.mean - areas[:, way].mean()) < areas[:, way].std() * 4 / 10 ** 0.5
        assert 0.3 < orders.spread / areas[:, way].std() < 2


@pytest.mark.parametrize(("lead", "won"), [(1.9, False), (2.1, True)])
def test_a_lead_within_the_spread_of_random_orders_is_no_win(lead: float, won: bool) -> None:
    orders = RandomOrders(0.5, 0.01, says=True)
    score = MapScore("", "", 0.5 - lead * 0.01, 0.5 - lead * 0.01, orders, orders, 0.9)
    assert score.better == {"deletion": won, "insertion": False}
    assert ("needs, by deletion but not by insertion" in score.sentence) is won
    assert "0.5 ± 0.01 for 10 random orders; less is better" in score.sentence


def test_where_blurring_changes_nothing_insertion_says_nothing_and_deletion_judges_alone() -> None:
    weights = torch.zeros(2, 1, SIDE, SIDE)
    weights[1, 0, : SIDE // 2, : SIDE // 2] = 0.05
    model = explained(Network(Dense(2, name="fc")(Input(1, SIDE, SIDE))), mean=0.0,
                      tensors={"fc.weight": weights.reshape(2, -1), "fc.bias": [0.0, -5.0]})
    score = faithfulness(model, np.full((SIDE, SIDE, 1), 200, np.uint8), Target("fc", 1), methods=["knowing"]).scores[0]
    assert score.better == {"deletion": True}
    assert "insertion says nothing, as the class is as probable in the blurred picture." in score.sentence
    assert "by insertion" not in score.sentence


@pytest.mark.parametrize(("bias", "said"), [
    (9.0, "as probable when all of the picture is covered or blurred"), (-40.0, "the probability of the class is 3e−")])
def test_where_the_curves_cannot_differ_or_the_class_is_impossible_nothing_is_said(bias: float, said: str) -> None:
    weights = torch.zeros(2, 1, SIDE, SIDE)
    weights[1, 0, : SIDE // 2, : SIDE // 2] = torch.from_numpy(BOARD[: SIDE // 2, : SIDE // 2]) * 0.01
    model = explained(Network(Dense(2, name="fc")(Input(1, SIDE, SIDE))),
                      tensors={"fc.weight": weights.reshape(2, -1), "fc.bias": [0.0, bias]})
    pixels = (240 * BOARD[..., None]).astype(np.uint8)
    score = faithfulness(model, pixels, Target("fc", 1), methods=["knowing"]).scores[0]
    assert score.better == {}
    assert score.sentence.startswith("Deletion and insertion say nothing here: ")
    assert said in score.sentence


def test_a_map_of_one_place_is_not_ordered() -> None:
    pixels = (240 * BOARD[..., None]).astype(np.uint8)
    found = faithfulness(spotter(), pixels, Target("fc", 1), methods=["placeless", "knowing"])
    assert (found.methods, found.placeless, len(found.scores)) == (("knowing",), ("placeless",), 1)
    alone = faithfulness(spotter(), pixels, Target("fc", 1), methods=["placeless"])
    assert (alone.methods, alone.array.shape) == ((), (1, 2, 15))
