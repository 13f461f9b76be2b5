"""`finetune`, and what is kept from run to run, by the command and by its parts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from striate import Transfer, load, load_network
from striate.cli.main import run
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.inference import feature_cache
from striate.convnet.inference.feature_cache import FeatureCache
from striate.convnet.inference.features import FeatureExtractor, cut
from striate.convnet.training import malloc
from striate.core.cache import evict
from striate.model.preprocessing import InMemoryDataset
from tests.changed_source import changed
from tests.convnet.pretrained.small import filled, network, pictures, saved, saved_pictures


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of 60 pictures of two classes."""
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    return saved_pictures(tmp_path / "pictures", 60)


def command(monkeypatch, capsys, *words: object) -> dict:  # type: ignore[no-untyped-def,type-arg]
    monkeypatch.setattr("sys.argv", ["striate", *map(str, words), "--json"])
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code in (0, None)
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


def test_finetune_is_a_command_whose_report_says_where_it_began(folder, tmp_path, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    facts = command(monkeypatch, capsys, "train", folder, "--model", "finetune", "--size", 64, "--epochs", 1,
                    "--out", tmp_path / "run")
    assert facts["test"]["accuracy"] == 1
    assert "efficientnet-lite0" in facts["weights"]
    assert facts["history"][0]["epoch"] == 0
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "after the head was solved" in page
    assert "1 epoch," in page
    assert "--model finetune --epochs 2" in page
    assert type(load(tmp_path / "run" / "model.safetensors")).__name__ == "ConvNet"


def test_a_network_with_weights_learns_on(folder, tmp_path, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    net, weights = saved(tmp_path)
    facts = command(monkeypatch, capsys, "train", folder, "--model", net, "--weights", weights, "--epochs", 1,
                    "--out", tmp_path / "run")
    assert facts["weights"].endswith("net.pth")
    assert f"--weights {weights} --epochs 2" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    again = command(monkeypatch, capsys, "train", folder, "--model", "transfer", "--network", net, "--weights", weights,
                    "--out", tmp_path / "frozen")
    assert again["recipe"]["weights"].endswith("net.pth")





def test_weights_without_a_model_are_finetuned(folder, tmp_path, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    facts = command(monkeypatch, capsys, "train", folder, "--weights", "efficientnet_lite0", "--size", 32,
                    "--epochs", 1, "--out", tmp_path / "run")
    assert facts["network"]["name"] == "finetune"


def test_features_are_kept_when_it_is_stopped(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (100, 32, 32, 3)).astype(np.uint8)
    some = features(tmp_path)
    some.compiled.batch = 20  # several batches
    assert len(some(InMemoryDataset(images), stop=lambda: True)) == 0
    again = features(tmp_path)
    rows, computed = again.extract(InMemoryDataset(images))
    assert len(rows) == 100
    assert 0 < computed < 100


def test_the_inner_block_that_keeps_memory_leaves_the_outer_one_alone(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    said = []
    monkeypatch.setattr(malloc, "_set", lambda _, options: said.append(options == malloc.REUSE))
    with malloc.reuse_freed_memory():
        with malloc.reuse_freed_memory():
            pass
        assert all(said)
    assert said[-1] is False




def features(memory: Path | None) -> FeatureExtractor:
    inner = cut(network())
    preparation = InputNormalisation((32, 32), 3, "squash", (100.0,) * 3, (50.0,) * 3)
    return FeatureExtractor(inner, filled(network()).state_dict(), preparation, memory=memory)


def test_features_are_kept_by_picture(tmp_path: Path) -> None:
    images = pictures(40)[0]
    plain = features(None)(InMemoryDataset(images))
    some = features(tmp_path)
    rows, computed = some.extract(InMemoryDataset(images[:30]))
    assert np.array_equal(rows, plain[:30])
    assert computed == len({feature_cache.pixel_hash(one) for one in images[:30]})
    again = features(tmp_path)
    rows, computed = again.extract(InMemoryDataset(images[::-1].copy()))
    assert np.array_equal(rows, plain[::-1])
    assert 0 < computed <= 10
    rows, computed = again.extract(InMemoryDataset(images))
    assert np.array_equal(rows, plain)
    assert computed == 0
    mirrored, computed = again.extract(InMemoryDataset(images), mirrored=True)
    assert computed > 0
    assert not np.array_equal(mirrored, plain)


def test_another_network_preparation_or_precision_finds_nothing(tmp_path: Path) -> None:
    images = pictures(8)[0]
    features(tmp_path)(InMemoryDataset(images))
    inner, other = cut(network()), filled(network(), seed=1).state_dict()
    preparation = InputNormalisation((32, 32), 3, "squash", (100.0,) * 3, (50.0,) * 3)
    for change in ({"tensors": other}, {"preparation": replace(preparation, mean=(99.0,) * 3)},
                   {"preparation": replace(preparation, resize="crop")}):
        made = FeatureExtractor(inner, change.get("tensors", filled(network()).state_dict()),  # type: ignore[arg-type]
                        change.get("preparation", preparation), memory=tmp_path)  # type: ignore[arg-type]
        assert made.extract(InMemoryDataset(images))[1] > 0


@pytest.mark.parametrize("path", [
    "convnet/build/operations.py", "convnet/build/normalise.py", "convnet/distributed/sync_batch_norm.py",
    "convnet/inference/features.py", "convnet/inference/fused_conv.py", "data/placement.py", "data/resize.py",
    "model/preprocessing.py", "core/cache.py"])  # fmt: skip
def test_other_source_finds_no_features(path: str, package: Path, tmp_path: Path) -> None:
    images = InMemoryDataset(pictures(8)[0])
    assert features(tmp_path / "cache").extract(images)[1] > 0
    changed(package / "cli" / "__init__.py")
    assert features(tmp_path / "cache").extract(images)[1] == 0
    changed(package / path)
    assert features(tmp_path / "cache").extract(images)[1] > 0


@pytest.mark.parametrize("damage", ["cut", "text", "narrow"])
def test_a_damaged_file_is_made_again(tmp_path: Path, damage: str) -> None:
    images = pictures(8)[0]
    wanted = features(tmp_path)(InMemoryDataset(images))
    (path,) = tmp_path.glob("*.safetensors")
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    elif damage == "text":
        path.write_text("no file of ours")
    else:
        FeatureCache(tmp_path, path.stem, 3).add(["00" * 16], np.zeros((1, 3), np.float32))
    made = features(tmp_path)
    rows, computed = made.extract(InMemoryDataset(images))
    assert np.array_equal(rows, wanted)
    assert computed > 0
    rows, computed = made.extract(InMemoryDataset(images))
    assert np.array_equal(rows, wanted)
    assert computed == 0


def test_room_is_made_by_deleting_what_was_used_least(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for i in range(4):
        path = tmp_path / f"{i:032x}.safetensors"
        path.write_bytes(bytes(100))
        os.utime(path, (i, i))
    evict(tmp_path, 0, 250)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{i:032x}.safetensors" for i in (2, 3)]
    monkeypatch.setattr(feature_cache, "MOST", 4 * 7 * 3)  # three rows
    one = FeatureCache(tmp_path, "k", 7)
    one.add([f"{i:032x}" for i in range(5)], np.ones((5, 7), np.float32))
    assert len(FeatureCache(tmp_path, "k", 7).digests) == 3


def test_two_that_keep_at_once_lose_nothing(tmp_path: Path) -> None:
    one, two = FeatureCache(tmp_path, "k", 2), FeatureCache(tmp_path, "k", 2)
    one.add(["aa" * 16], np.full((1, 2), 1, np.float32))
    two.add(["bb" * 16, "aa" * 16], np.full((2, 2), 2, np.float32))
    found = FeatureCache(tmp_path, "k", 2)
    assert found.digests == ["aa" * 16, "bb" * 16]
    assert found[["bb" * 16, "aa" * 16]].tolist() == [[2, 2], [1, 1]]


def test_a_second_training_describes_nothing_again(tmp_path: Path) -> None:
    net, weights = saved(tmp_path)
    images, labels = pictures()
    first = Transfer(net, weights=weights, memory=tmp_path / "memory")
    (tmp_path / "memory").mkdir()
    first.fit(images, labels)
    second = Transfer(net, weights=weights, head="knn", memory=tmp_path / "memory").fit(images, labels)
    assert [row["cached"] for row in first.stages_] == [False, False]
    assert [row["cached"] for row in second.stages_] == [True, False]
    assert torch.equal(torch.from_numpy(second.mean_), torch.from_numpy(first.mean_))
    assert load_network(net).output.size == 5


def test_rates_of_a_finetuning_can_be_tried(folder, tmp_path, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    net, weights = saved(tmp_path)
    facts = command(monkeypatch, capsys, "train", folder, "--model", net, "--weights", weights, "--try",
                    "--try-seconds", 0.6, "--optimiser", "adamw", "--out", tmp_path / "tried")
    assert facts["candidates"]
    assert all(one["failed"] or one["epochs"] >= 1 for one in facts["candidates"])
