"""`striate filter` from end to end: the lecture's numbers, what is printed and drawn, and what is loaded."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.signal import convolve2d, correlate2d

import striate as package
from striate.filtering import FilterKernel, named_kernels
from striate.report.display_scale import DisplayScale
from striate.report.filter import draw_figure
from striate.report.filter_panels import LONGEST, TITLE, panel
from striate.report.filter_scale import colours_of, scale_of_input, scale_of_result
from striate.tasks.filter import filter as filter_picture
from tests.cli.conftest import Program, answer, striate  # noqa: F401 - a fixture
from tests.docs.pages import files, text_of

# Rows 2 to 11 of the lecture's table, filtered with 1/16·[1 2 1; 2 4 2; 1 2 1] and zeros beyond its border.
LECTURE = """
0 0 5.625 16.875 22.5 22.5 22.5 16.875 5.625 0 0
0 0 16.875 50.625 67.5 67.5 67.5 50.625 16.875 0 0
0 0 22.5 67.5 90 90 90 67.5 22.5 0 0
0 0 22.5 67.5 90 90 90 67.5 22.5 0 0
0 0 22.5 61.875 78.75 84.375 90 67.5 22.5 0 0
0 0 22.5 56.25 67.5 78.75 90 67.5 22.5 0 0
0 0 16.875 45 56.25 61.875 67.5 50.625 16.875 0 0
0 5.625 16.875 22.5 22.5 22.5 22.5 16.875 5.625 0 0
0 11.25 22.5 11.25 0 0 0 0 0 0 0
0 5.625 11.25 5.625 0 0 0 0 0 0 0
"""
ROWS = [[float(cell) for cell in line.split()] for line in LECTURE.split("\n") if line]
KERNEL = "1/16 1/8 1/16\n1/8 1/4 1/8\n1/16 1/8 1/16\n"


@pytest.fixture
def nineties(tmp_path: Path) -> Path:
    """The lecture's table, as the course shows it."""
    path = tmp_path / "nineties.csv"
    path.write_text(files(text_of("course/convolution.md"))["nineties.csv"])
    return path


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)).save(path)
    return path


def test_the_lectures_table_gives_its_numbers(nineties: Path, tmp_path: Path) -> None:
    (tmp_path / "kernel.txt").write_text(KERNEL)
    values = np.loadtxt(nineties, delimiter=",")
    assert sorted(set(values.ravel().tolist())) == [0, 90]
    for found in (filter_picture(nineties), filter_picture(nineties, tmp_path / "kernel.txt"),
                  filter_picture(nineties, convolution=True), filter_picture(values, np.array(
                      [[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16)):
        assert found.array.tolist() == ROWS
    assert np.abs(filter_picture(nineties, sigma=0.849322).array - ROWS).max() < 1e-5
    exact = filter_picture(nineties, np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]])).array
    assert exact.dtype == np.int64
    assert (exact / 16).tolist() == ROWS


def test_the_lectures_table_is_printed(striate: Program, nineties: Path) -> None:  # noqa: F811
    for sigma in ([], ["--sigma", "0.849322"]):
        done = striate("filter", nineties, "--kernel", "gaussian", *sigma, "-q")
        assert [[float(cell) for cell in line.split()] for line in done.stdout.splitlines()] == ROWS
        assert not done.stderr
    done = striate("filter", nineties, "--kernel", "gaussian", "--at", "5,4")
    assert "\n".join(re.sub(" +", " ", line).strip() for line in done.stdout.splitlines()[-5:]) == (
        "window weights products\n90 90 90 0.0625 0.125 0.0625 5.625 11.25 5.625\n"
        "90 0 90 0.125 0.25 0.125 11.25 0 11.25\n90 90 90 0.0625 0.125 0.0625 5.625 11.25 5.625\n"
        "sum of products: 5.625 + 11.25 + 5.625 + 11.25 + 0 + 11.25 + 5.625 + 11.25 + 5.625 = 67.5")
    assert not (nineties.parent / "runs").exists()


def test_a_photograph_is_filtered_as_scipy_does(photo: Path) -> None:
    pixels = np.asarray(Image.open(photo))
    weights = np.random.default_rng(1).normal(size=(4, 5))
    for turned, other in ((False, correlate2d), (True, convolve2d)):
        found = filter_picture(photo, weights, convolution=turned, border="reflect")
        assert found.array.shape == (20, 30, 3)
        assert (found.border, found.convolution) == (found.as_dict()["border"], turned) == ("reflect", turned)
        for channel in range(3):
            assert np.array_equal(found.array[..., channel],
                                  other(pixels[..., channel].astype(float), weights, "same", "symm"))


def test_file_bytes_and_array_are_filtered_alike(photo: Path) -> None:
    first = filter_picture(photo, "laplacian")
    assert first.array.dtype == np.int64
    assert first.picture == str(photo)
    for one in (photo.read_bytes(), np.asarray(Image.open(photo))):
        assert np.array_equal(filter_picture(one, "laplacian").array, first.array)
    grey = filter_picture(np.asarray(Image.open(photo))[..., :1], "laplacian")
    assert np.array_equal(grey.array, first.array[..., 0])


def test_sobel_gives_both_parts_and_their_length(photo: Path) -> None:
    found = filter_picture(photo, "sobel", at=(0, 29))
    x, y = found.parts
    assert found.array == pytest.approx(np.sqrt(x.astype(float) ** 2 + y.astype(float) ** 2), rel=1e-15)
    assert [one.kernel for one in found.sums] == ["sobel x", "sobel y"] * 3
    assert [one.sum for one in found.sums] == [part[0, 29, c] for c in range(3) for part in (x, y)]
    assert found.value_at == tuple(found.array[0, 29].tolist())


def test_the_json_is_the_result(striate: Program, nineties: Path, tmp_path: Path) -> None:  # noqa: F811
    told = answer(striate("filter", nineties, "--kernel", "gaussian", "--at", "5,4", "--convolution", "--json"))
    assert told == filter_picture(nineties, at=(5, 4), convolution=True).as_dict()
    assert told["result"] == ROWS
    assert told["value_at"] == [told["sums"][0]["sum"]] == [67.5]
    assert told.keys() == {"picture", "source", "kernel", "kernels", "convolution", "border", "at", "sums", "out",
                           "shape", "whole", "minimum", "maximum", "value_at", "result"}


def test_the_arithmetic_of_every_kind_is_told(striate: Program, photo: Path, tmp_path: Path) -> None:  # noqa: F811
    for size, columns in ((3, 3), (9, 9), (21, None)):
        text = striate("filter", photo, "--kernel", "box", "--size", size, "--at", "1,2").stdout
        assert text.count("at row 1, column 2, channel") == 3
        assert (text.count("441 products, too many to print") == 3) == (columns is None)
        assert text.count("\nwindow") == (3 if columns else 0)
    assert text.endswith("written to runs/photo-filter/filter.png\n")
    assert "magnitude, √(x² + y²): " in striate("filter", photo, "--kernel", "sobel", "--at", "1,2").stdout


def test_a_large_table_is_not_printed(striate: Program, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "wide.txt").write_text("1 " * 65)
    done = striate("filter", "wide.txt", "--kernel", "box", "--out", "wide.csv")
    assert "65 numbers, too many to print; --out FILE.csv" in done.stdout
    assert (tmp_path / "wide.csv").read_text().count(",") == 64
    assert answer(striate("filter", "wide.txt", "--kernel", "box", "--json"))["result"] is None


def test_what_is_written(striate: Program, photo: Path, tmp_path: Path) -> None:  # noqa: F811
    before = photo.read_bytes()
    assert striate("filter", photo, "--kernel", "sobel", "-q").stdout == "runs/photo-filter/filter.png\n"
    assert striate("filter", photo, "--kernel", "sobel", "-q").returncode == 0  # replaced
    assert striate("filter", photo, "--kernel", "sobel", "--out", "a.npy", "-q").stdout == "a.npy\n"
    assert np.array_equal(np.load(tmp_path / "a.npy"), filter_picture(photo, "sobel").array)
    assert striate("filter", photo, "--kernel", "box", "--out", "a.npy").returncode == 2
    assert striate("filter", photo, "--kernel", "box", "--out", "a.npy", "-f").returncode == 0
    assert photo.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"photo.png", "runs", "a.npy"}


def test_the_same_result_gives_the_same_bytes(nineties: Path, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        filter_picture(nineties, "sobel", at=(1, 1), out=tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def kernel_of(figure: Image.Image, before: int) -> np.ndarray:
    """The middles of a 3×3 kernel's cells in a figure, whose first panel is `before` pixels wide: red."""
    left, top, cell = 16 + before + 16 + 1, 16 + TITLE + TITLE + 1, 80
    return np.array([[figure.getpixel((left + cell * c + 10, top + cell * r + 10))[0] for c in range(3)]  # type: ignore
                     for r in range(3)])


def test_the_kernel_of_a_convolution_is_drawn_turned() -> None:
    weights = np.array([[8, 0, 0], [0, 0, 0], [0, 4, 0]])
    wide = LONGEST // 5 * 5 + 2
    for turned, laid in ((False, weights), (True, weights[::-1, ::-1])):
        figure = draw_figure(filter_picture(np.ones((5, 5), np.uint8), weights, convolution=turned))
        assert kernel_of(figure, wide).tolist() == (laid * 255 / 8).round().astype(int).tolist()


def test_signed_results_have_zero_in_the_middle() -> None:
    values = np.array([[-2.0, 0.0, 5.0]])
    scale = scale_of_result(values, True, None)
    assert (scale.low, scale.high) == (-5, 5)
    orange, white, blue = colours_of(values, scale)[0].tolist()
    assert white == [255, 255, 255]
    assert orange[0] > orange[2]
    assert blue[2] > blue[0]
    colour = colours_of(np.array([[[-4, 0, 4]]]), DisplayScale(-4, 4, diverging=True))
    assert colour.tolist() == [[[0, 128, 255]]]


def test_only_results_of_differences_or_of_numbers_below_zero_are_signed() -> None:
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4)
    signed = {name: filter_picture(grey, name).signed for name in ("gaussian", "box", "laplacian", "sharpen", "sobel")}
    assert signed == {"gaussian": False, "box": False, "laplacian": True, "sharpen": False, "sobel": False}
    assert filter_picture(grey.astype(int) - 4, "box").signed
    assert filter_picture(grey, -np.ones((1, 1), int)).signed


def test_what_lies_beyond_a_scale_is_counted() -> None:
    sharp = filter_picture(np.array([[0, 255], [255, 255]], np.uint8), "sharpen", border="nearest")
    assert sharp.array.tolist() == [[-510, 510], [510, 255]]
    assert scale_of_result(sharp.array, False, scale_of_input(sharp.values)).beyond == 0.75
    assert scale_of_result(np.array([[255 + 1e-12]]), False, DisplayScale(0, 255)).beyond == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 9), (40, 41, 3)])
def test_any_shape_is_drawn(shape: tuple[int, ...]) -> None:
    values = np.zeros(shape, np.uint8)
    for name in ("sobel", "gaussian"):
        figure = draw_figure(filter_picture(values, name, at=(0, 0)))
        assert figure.width < 1700
        assert figure.height < 1600


def test_a_panel_of_few_numbers_has_them_written_in() -> None:
    values, scale = np.full((2, 2), 0.0625), DisplayScale(0, 1)
    told = np.asarray(panel("k", values, scale, 240).image)[TITLE + 1 : TITLE + 241, 1:241]
    plain = np.asarray(panel("k", np.full((20, 20), 0.0625), scale, 240).image)[TITLE + 1 : TITLE + 241, 1:241]
    assert len(np.unique(plain)) == 1
    assert len(np.unique(told)) > 10


def test_a_kernel_answers_to_differences_if_its_weights_sum_to_nothing() -> None:
    assert [one.signed for one in named_kernels("sobel")] == [True, True]
    assert FilterKernel("k", np.array([[0.1, 0.2, -0.3]])).signed
    assert not FilterKernel("k", np.array([[0.0]])).signed


def test_neither_torch_nor_matplotlib_is_loaded_and_no_display_is_needed(photo: Path) -> None:
    code = f"""
import sys
sys.argv = ["striate", "filter", {str(photo)!r}, "--kernel", "sobel", "-q"]
from striate.cli.main import run
try:
    run()
except SystemExit as end:
    assert not end.code, end.code
heavy = {{"torch", "sklearn", "matplotlib", "scipy", "jinja2"}} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=photo.parent,
                          env={name: value for name, value in os.environ.items() if name != "DISPLAY"})
    assert done.returncode == 0, done.stderr


def test_it_is_public() -> None:
    assert package.filter is filter_picture
    assert package.filter([[1, 2], [3, 4]], "box").array.tolist() == pytest.approx(np.full((2, 2), 10 / 9))  # type: ignore
