"""Many processes train as one: the same losses, the same bits on every rank, the same metrics."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from striate.convnet.distributed import BatchShard, ProcessGroup
from tests.convnet.distributed.across import across
from tests.convnet.distributed.rank_jobs import trained

CASES: dict[str, dict[str, object]] = {
    "plain": {}, "weighted": {"weighted": True}, "adamw": {"optimiser": "adamw"}, "one bucket": {"bucket": 1 << 30},
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[dict[str, Any]]]:
    """What each of 1, 2 and 4 ranks found in each case."""
    folder = tmp_path_factory.mktemp("ended")
    return {1: [{name: trained(ProcessGroup(), **more) for name, more in CASES.items()}],
            2: across(2, "cases", folder / "2", **CASES), 4: across(4, "cases", folder / "4", plain={})}


@pytest.mark.parametrize("world", [2, 4])
@pytest.mark.parametrize("case", CASES)
def test_losses_do_not_depend_on_the_number_of_ranks(case: str, world: int, ended: dict[int, list[Any]]) -> None:
    """Batches of 5 and, last, of 3: with four ranks one has nothing then, and the slices are always uneven."""
    assert all(end == ended[world][0] for end in ended[world])
    if case in ended[world][0]:
        np.testing.assert_allclose(ended[world][0][case]["losses"], ended[1][0][case]["losses"], rtol=1e-4)


@pytest.mark.parametrize(("optimiser", "case"), [("sgd", "plain"), ("adamw", "adamw")])
def test_sharded_is_as_plain_and_resumes(tmp_path: Path, ended: dict[int, list[Any]], optimiser: str,
                                         case: str) -> None:
    whole, begun, rest = across(2, "resumed", tmp_path, divide=True, optimiser=optimiser)[0]
    assert whole["type"] == "DTensor"
    np.testing.assert_allclose(whole["losses"], ended[1][0][case]["losses"], rtol=1e-4)
    assert begun["losses"] + rest["losses"] == whole["losses"]
    assert rest["digest"] == whole["digest"]


def test_a_sharded_network_goes_on_with_the_optimiser_that_it_had(tmp_path: Path) -> None:
    sgd, adamw = np.array_split(np.array(across(2, "in_parts", tmp_path)[0], object), 2)
    for whole, begun, rest in (sgd, adamw):
        assert len(begun) in (5, 6)
        assert begun + rest == whole


def test_resumed_ends_in_the_same_bits(tmp_path: Path) -> None:
    whole, begun, rest = across(3, "resumed", tmp_path)[0]
    assert begun["losses"] + rest["losses"] == whole["losses"]
    assert rest["digest"] == whole["digest"]


def test_rows_come_in_order_and_none_twice(tmp_path: Path) -> None:
    counts = [1, 2, 7, 8]
    expected = [torch.arange(count * 2.0).reshape(count, 2).tolist() for count in counts]
    assert across(3, "gathered", tmp_path, counts=counts) == [expected] * 3


def test_all_hear_rank_0(tmp_path: Path) -> None:
    assert across(2, "told", tmp_path) == [[{"of": 0}, {"a": [1.5], "b": 3}, ["torch.float32", "torch.int64"]]] * 2


def test_f19_rank_0_may_take_longer_than_a_step(tmp_path: Path) -> None:
    first, second = across(2, "in_turn", tmp_path)
    assert (first["made"], first["seen"]) == ("made", False)
    assert (second["made"], second["seen"]) == (None, True)
    assert second["waited"] > 2


@pytest.mark.parametrize("count", [0, 1, 5, 8])
@pytest.mark.parametrize("world", [1, 2, 3, 7])
def test_parts_are_all_there_is(count: int, world: int) -> None:
    parts = [BatchShard.of(count, rank, world) for rank in range(world)]
    assert np.concatenate([np.arange(count)[part.slice] for part in parts]).tolist() == list(range(count))
    assert max(parts[0].sizes) - min(parts[0].sizes) <= 1
    assert parts[0].sizes == [part.size for part in parts]


@pytest.mark.parametrize("world", [2, 3, 5])
def test_portions_make_the_mean(world: int) -> None:
    """Of three pictures, so that with five ranks two have none."""
    losses = torch.tensor([0.25, 3.0, 7.5])
    parts = [BatchShard.of(3, rank, world) for rank in range(world)]
    portions = [part.portion(losses[part.slice].mean(), losses[part.slice]) for part in parts]
    torch.testing.assert_close(torch.stack(portions).sum(), losses.mean())
