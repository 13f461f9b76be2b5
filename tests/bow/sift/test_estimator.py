"""Tests of DenseSIFT as an estimator: its choices, its input, and that threads and batches change nothing."""

import colorsys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from striate.bow.sift import DenseSIFT, Grid
from striate.bow.sift.colour_space import planes_of
from striate.data import load_data
from striate.errors import StriateError
from tests.bow.sift.pictures import textured


def some(count: int, height: int = 61, width: int = 71) -> np.ndarray:
    return np.stack([textured(seed, height, width) for seed in range(count)])


@pytest.mark.parametrize("more", [{}, {"window": "gaussian", "root": False}, {"bin_sizes": (3, 8), "step": 3}])
def test_threads_and_batches_change_no_bit(more: dict[str, object]) -> None:
    pictures = some(7)
    before = torch.get_num_threads()
    one = DenseSIFT(threads=1, **more).fit_transform(pictures)  # type: ignore[arg-type]
    for threads in (2, 3, 16, None):
        several = DenseSIFT(threads=threads, **more).fit(pictures)  # type: ignore[arg-type]
        np.testing.assert_array_equal(several.transform(pictures), one)
        np.testing.assert_array_equal(several.transform(pictures[4:5])[0], one[4])
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("side", [8, 11, 16, 28, 32, 48, 63, 64, 96, 127, 128, 256])
def test_defaults_suit_every_size(side: int) -> None:
    picture = textured(0, side, side + side // 5)[None]
    sift = DenseSIFT(contrast=0).fit(picture)
    found, grid = sift.transform(picture), sift.grid(*picture.shape[1:])
    assert side * sift.enlarge_ >= 48
    assert 500 <= found.shape[1] == len(grid.y) == len(grid.x) == len(grid.bin) <= 9_000
    assert f"{found.shape[1]:,} descriptors" in sift.notes_[0]
    assert ("enlarged" in sift.notes_[0]) == (sift.enlarge_ > 1)
    assert min(grid.y.min(), grid.x.min()) > 0
    for at, length in ((grid.y, grid.height), (grid.x, grid.width)):  # centred, but for what the step leaves over
        assert abs(at.min() + at.max() - (length - 1)) * sift.enlarge_ <= 1
    np.testing.assert_allclose(np.linalg.norm(found, axis=2), 1, rtol=1e-5)


def test_grid_of_photographs_is_that_of_the_bench() -> None:
    sift = DenseSIFT((4, 6, 8, 10), 4).fit(np.zeros((1, 300, 300), np.uint8))
    grid = sift.grid(300, 300)
    assert isinstance(grid, Grid)
    assert len(grid.y) == 4 * 68 * 68
    assert {array.dtype.name for array in (grid.y, grid.x, grid.bin)} == {"float32"}
    assert (grid.y[1], grid.x[1], grid.y[68], grid.x[68]) == (15, 19, 19, 15)  # row after row
    assert grid.bin[[0, 68 * 68]].tolist() == [4, 6]


@pytest.mark.parametrize("value", [0, 1, 128, 255])
@pytest.mark.parametrize("contrast", [0, 0.005])
def test_uniform_pictures_have_zero_descriptors(value: int, contrast: float) -> None:
    for shape in ((2, 67, 53), (2, 67, 53, 3)):
        pictures = np.full(shape, value, np.uint8)
        assert not DenseSIFT(contrast=contrast).fit_transform(pictures).any()
        assert not DenseSIFT(contrast=contrast, window="gaussian", root=False).fit_transform(pictures).any()


def test_uniform_pictures_are_zero_before_any_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.bow.sift.dense_sift.ROUNDING", 0)
    assert not DenseSIFT(contrast=0).fit_transform(np.full((2, 67, 53), 201, np.uint8)).any()


def test_threads_started_later_keep_their_default() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        DenseSIFT(threads=2).fit_transform(some(2))
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(torch.get_num_threads).result() == torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("root", [True, False])
@pytest.mark.parametrize("window", ["flat", "gaussian"])
def test_descriptors_are_finite_and_of_length_one_or_zero(window: str, root: bool) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (1, 64, 64)).astype(np.uint8)
    stripes = (np.indices((64, 64))[1] // 2 % 2 * 255).astype(np.uint8)[None]
    lone = np.zeros((1, 64, 64), np.uint8)
    lone[0, 30, 30] = 1  # one grey level in one pixel: not rounding
    for pictures in (noise, stripes, lone, 255 - lone):
        found = DenseSIFT((4, 8), 4, window, contrast=0, root=root).fit_transform(pictures)
        assert np.isfinite(found).all()
        assert found.min() >= 0
        lengths = np.linalg.norm(found, axis=2)
        assert ((lengths == 0) | (np.abs(lengths - 1) < 1e-5)).all()
        assert lengths.any()


def test_light_changes_little() -> None:
    pictures = some(1) // 2 + 20
    sift = DenseSIFT(contrast=0).fit(pictures)
    np.testing.assert_allclose(sift.transform(pictures + np.uint8(60)), sift.transform(pictures), atol=1e-3)


def test_colour() -> None:
    grey = some(2)
    three = np.repeat(grey[..., None], 3, axis=3)
    plain = DenseSIFT(root=False).fit_transform(grey)
    np.testing.assert_allclose(DenseSIFT(root=False).fit_transform(three), plain, atol=1e-4)
    np.testing.assert_array_equal(DenseSIFT(root=False).fit_transform(grey[..., None]), plain)
    # Grey in three channels has intensity only; √3 times the contrast.
    opponent = DenseSIFT(root=False, colour="opponent").fit_transform(three).reshape(*plain.shape[:2], 3, 128)
    alike = plain.any(axis=2)
    np.testing.assert_allclose(opponent[:, :, 0][alike], plain[alike], atol=1e-4)
    assert not opponent[:, :, 1:].any()
    mixed = np.stack([grey[0], grey[1], grey[0][::-1]], axis=2)[None]
    for colour in ("opponent", "hsv"):
        sift = DenseSIFT(colour=colour, threads=2).fit(mixed)
        assert sift.transform(mixed).shape[2] == sift.n_features_ == 384
        planes = planes_of(mixed[0], colour)
        assert planes.shape == (3, 61, 71)
        for number in range(3):  # each plane is described for itself
            one = DenseSIFT(contrast=0).fit(mixed)
            if np.allclose(planes[number], planes[number].round()) and planes[number].min() >= 0:
                np.testing.assert_allclose(
                    DenseSIFT(contrast=0, colour=colour).fit_transform(mixed)[:, :, 128 * number : 128 * (number + 1)],
                    one.transform(planes[number].astype(np.uint8)[None]), atol=1e-3)


def test_hsv_is_that_of_the_standard_library() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    pixels[0, 0], pixels[0, 1] = 0, 77
    truth = [255 * np.array(colorsys.rgb_to_hsv(*(pixel / 255))) for pixel in pixels.reshape(-1, 3)]
    np.testing.assert_allclose(planes_of(pixels, "hsv").reshape(3, -1).T, truth, atol=1e-3)


def test_estimator_contract(tmp_path: Path) -> None:
    sift = DenseSIFT((4,), 5, threads=2)
    assert clone(sift).get_params() == sift.get_params()
    assert "bin_sizes=(4,)" in repr(sift)
    pictures = some(3)
    flat = make_pipeline(clone(sift), FunctionTransformer(lambda found: found.reshape(len(found), -1)))
    assert flat.fit_transform(pictures).shape == (3, clone(sift).fit_transform(pictures)[0].size)
    assert vars(sift).keys() == sift.get_params().keys()  # cloning and pipelines left the original unfitted
    np.save(tmp_path / "pictures.npy", pictures)
    mapped = np.load(tmp_path / "pictures.npy", mmap_mode="r")
    np.testing.assert_array_equal(sift.fit_transform(mapped), sift.transform(pictures))


def test_a_dataset_is_accepted() -> None:
    digits = load_data("digits").validation
    few = digits.take(np.arange(3))
    sift = DenseSIFT(step=12).fit(digits)
    assert sift.enlarge_ == 6
    np.testing.assert_array_equal(sift.transform(digits)[:3], sift.transform(few))


def test_memory_can_be_given() -> None:
    pictures = some(2)
    sift = DenseSIFT((4, 6), 5).fit(pictures)
    truth = sift.transform(pictures)
    memory = np.full_like(truth, np.nan)
    assert sift.transform(pictures, out=memory) is memory
    np.testing.assert_array_equal(memory, truth)


def test_only_the_result_is_allocated() -> None:
    pictures = np.repeat(some(1, 128, 128), 24, axis=0)
    sift = DenseSIFT((4, 8), 4, threads=2).fit(pictures)
    sift.transform(pictures[:1])
    tracemalloc.start()
    try:
        size = sift.transform(pictures).nbytes
        assert tracemalloc.get_traced_memory()[1] < size + 3_000_000
    finally:
        tracemalloc.stop()


def test_an_exception_in_a_thread_ends_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> np.ndarray:
        raise MemoryError("no more")

    sift = DenseSIFT(threads=2).fit(some(1))
    monkeypatch.setattr("striate.bow.sift.dense_sift.planes_of", broken)
    with pytest.raises(MemoryError, match="no more"):
        sift.transform(some(4))


@pytest.mark.parametrize(("shape", "described"), [((1, 2, 2), True), ((1, 1, 1), False), ((1, 1, 100), False)])
def test_what_is_too_small_is_refused(shape: tuple[int, int, int], described: bool) -> None:
    pictures = np.zeros(shape, np.uint8)
    if described:  # 2 pixels are enlarged to 16
        assert DenseSIFT().fit_transform(pictures).shape[0] == 1
    else:
        with pytest.raises(StriateError) as caught:
            DenseSIFT().fit(pictures)
        assert caught.value.code == "picture_too_small"
