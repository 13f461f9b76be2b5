"""Tests of near-duplicates against a reference implementation."""

from __future__ import annotations

import numpy as np
import pytest

from striate.quality import scan_pictures
from striate.quality.image_statistics import ImageStatistics
from striate.quality.near_duplicates import NEAR, near_duplicates
from tests.data.fixtures import picture, write
from tests.quality.scenes import saved_again, scene, scenes


def slow(pictures: np.ndarray, limit: float) -> set[tuple[int, int]]:
    """All pairs, one after the other, in float64."""
    thumbnails = []
    for one in ImageStatistics.of(pictures).thumbnails.astype(float):
        one -= one.mean()
        thumbnails.append(one / np.linalg.norm(one))
    found = set()
    for i, first in enumerate(thumbnails):
        for j in range(i + 1, len(thumbnails)):
            mirrored = thumbnails[j].reshape(16, 16)[:, ::-1].ravel()
            if min(np.linalg.norm(first - thumbnails[j]), np.linalg.norm(first - mirrored)) <= limit:
                found.add((i, j))
    return found


@pytest.mark.parametrize("limit", [NEAR, 0.2, 0.5])
def test_pairs_are_those_of_a_slow_search(limit: float) -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 20, (120, 8, 8)).repeat(8, 1).repeat(8, 2)[..., None]  # coarse, so that thumbnails show it
    pictures = [scene(i % 40, 64, 64)[:, :, :1] + (i // 40) * (i % 40) ** 2 / 1000 * noise[i] for i in range(120)]
    pictures[7] = pictures[3][:, ::-1]
    stack = np.stack(pictures).clip(0, 255).astype(np.uint8)
    found = {
        (pair.first, pair.second)
        for pair in near_duplicates(ImageStatistics.of(stack), [str(i) for i in range(120)], limit)
    }
    assert found == slow(stack, limit)
    assert (3, 7) in found
    assert len(found) < len(slow(stack, 1.2 * limit))  # some lie near the limit, on either side
    assert len(found) > len(slow(stack, limit / 1.2))


def test_more_than_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.quality.near_duplicates.BLOCK", 7)
    stack = np.stack([scene(i % 25, 32, 32) for i in range(50)])
    pairs = near_duplicates(ImageStatistics.of(stack), [str(i) for i in range(50)])
    found = {(pair.first, pair.second) for pair in pairs}
    assert found == {(i, i + 25) for i in range(25)}


def test_prints_are_means_of_areas() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1, 37, 53, 1), np.uint8)
    print_ = ImageStatistics.of(pixels).thumbnails.reshape(16, 16)
    fine = pixels[0, :, :, 0].repeat(16, 0).repeat(16, 1).astype(float)  # each area is whole pixels of this
    for row in range(16):
        for column in range(16):
            area = fine[row * 37 : (row + 1) * 37, column * 53 : (column + 1) * 53]
            assert abs(print_[row, column] - area.mean()) <= 0.51


def test_the_same_shapes_in_another_colour_are_no_copy() -> None:
    red, blue = np.zeros((32, 32, 3), np.uint8), np.zeros((32, 32, 3), np.uint8)
    red[8:20, 8:20, 0] = 255
    blue[8:20, 8:20, 2] = 255
    assert near_duplicates(ImageStatistics.of(np.stack([red, blue])), ["a", "b"]) == []


def test_blank_pictures_are_no_copies_of_each_other() -> None:
    stack = np.stack([np.full((32, 32, 1), shade, np.uint8) for shade in (0, 90, 255)])
    assert near_duplicates(ImageStatistics.of(stack), ["a", "b", "c"]) == []


def test_i33_resized_saved_again_and_mirrored_across_parts(tmp_path) -> None:
    scenes(tmp_path, {"train/cat": 60, "train/dog": 60, "test/cat": 30, "test/dog": 30})
    for i in range(50):
        pixels = scene(i)
        pixels = pixels[:, ::-1] if i % 5 == 0 else pixels
        write(tmp_path / "test" / "cat" / f"again{i}.jpg", saved_again(pixels, (0.4, 0.7, 1.0, 1.5)[i % 4]))
    found = scan_pictures(tmp_path)
    pairs = {frozenset((found.keys[pair.first], found.keys[pair.second])) for pair in found.pairs}
    planted = {frozenset((f"train/cat/{i:04d}.png", f"test/cat/again{i}.jpg")) for i in range(50)}
    assert len(planted & pairs) >= 45
    assert pairs <= planted  # of 180 pictures that are different, none


def test_i42_the_same_measures_for_any_number_of_workers(tmp_path) -> None:
    scenes(tmp_path, {"cat": 70, "dog": 70})
    write(tmp_path / "cat" / "p.png", picture(scene(3)[:, :, :1]))
    ones = [scan_pictures(tmp_path, workers=workers) for workers in (0, 1, 3)]
    for one in ones[1:]:
        assert one.keys == ones[0].keys
        assert all(np.array_equal(getattr(one.statistics, name), getattr(ones[0].statistics, name))
                   for name in ImageStatistics.__dataclass_fields__)
