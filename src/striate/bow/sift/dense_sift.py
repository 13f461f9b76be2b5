"""DenseSIFT: SIFT descriptors on a grid, at several scales.

Lowe (IJCV 2004, §6) on a regular grid, as in Bosch, Zisserman & Muñoz, "Image classification using random forests and
ferns" (ICCV 2007, PHOW) and VLFeat (2008). We differ from VLFeat in that the contrast is a mean weighted with the
window, and that there is no gradient beyond the border.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from striate.bow.sift.colour_space import COLOURS, planes_of
from striate.bow.sift.grid import MOST_ENLARGED, POINTS, Grid, GridSettings, choose_grid
from striate.bow.sift.scale import WIDTH, ScalePlan, Workspace
from striate.core.constraints import Boolean, Each, Integer, OneOf, Real
from striate.core.estimator import TransformerEstimator, check_is_fitted
from striate.core.executor import map_ordered, worker_count
from striate.core.params import Refusal, check_params
from striate.errors import DataError, UsageError
from striate.model.preprocessing import LabelledPictures, Pixels
from striate.model.recogniser import pictures_of

torch_threads_lock = threading.Lock()
Amount = partial(Integer, phrase="whole numbers from {low} to {high} are allowed")
REFUSAL = Refusal("impossible_value", "dense SIFT with {name} was asked for",
                  "Leave {name} out to have it chosen from the picture")
DEFAULT = replace(REFUSAL, do="Leave {name} out for {default}")
CHOICE = replace(REFUSAL, code="unknown_choice", do="Use {name}={default!r}")
ROUNDING = 1e-6  # of full scale: a mean gradient below this is the rounding of float32


class DenseSIFT(TransformerEstimator):
    """Dense SIFT descriptors: 4×4 bins of 8 directions each, around every point of a grid, at every scale.

    The 128 dimensions are in the order bin row, bin column, direction; direction k is at k · 45° from "to the right",
    clockwise as the picture is seen (VLFeat's order; OpenCV counts directions the other way round). They are
    the magnitude of the gradient, shared bilinearly between bins and between directions and weighted with a window;
    L2-normalised, limited to 0.2, and L2-normalised again. RootSIFT is the square root of that, made to sum to 1
    before, so that its L2 norm is 1 as well. Beyond the border the picture is mirrored for smoothing, and has no
    gradient.

    Args:
        bin_sizes: whole numbers of pixels, 2 to 64, one per scale. The picture is smoothed with a Gaussian of
            √((size/6)² − 0.25) pixels. None: 2, 4 and 6, or 2, 3 and 4 where the short side is under 128 pixels.
        step: pixels between grid points, 1 to 64. None: as many as give about `points` along a side, at least 2.
        points: along a side, about, where `step` is None, 1 to 1,024.
        window: `flat` takes the Gaussian's mean over each bin, in 0.6 of the time; `gaussian` is the paper's.
        contrast: where the mean gradient under the window is smaller, the descriptor is all zeros; a fraction of
            full scale per pixel, 0 to 1.
        root: RootSIFT (Arandjelović & Zisserman, CVPR 2012) instead of SIFT.
        colour: `grey` (ITU-R 601), `opponent` or `hsv`: three planes of their own, so three times 128 dimensions; each
            plane is zero where its own contrast is small.
        enlarge: bilinear enlargement by a whole factor, 1 to 8, before everything else; bin sizes and step count
            enlarged pixels. None: until the short side has 48 pixels.
        threads: None is all cores; the number changes the time, never a bit of the result.

    Learnt: `bin_sizes_`, `step_`, `enlarge_`, `notes_` (the choice as a sentence), `n_features_` (128 or 384).

    Limits: memory is the result, N · D · d · 4 bytes (2.5 MB for a grey picture of 256×256 as chosen), and per thread
    90 to 550 bytes per pixel of one picture as chosen (1,800 for `gaussian` at a step of 1). Grey pictures have no
    opponent or hsv planes. The hue plane jumps at red.

    >>> pictures = np.zeros((2, 64, 64), np.uint8)
    >>> pictures[:, :, 32:] = 200                      # dark on the left, light on the right
    >>> sift = DenseSIFT(bin_sizes=(4,), step=4).fit(pictures)
    >>> sift.transform(pictures).shape                 # ((64 − 13)//4 + 1)² = 13² centres
    (2, 169, 128)
    >>> middle = sift.transform(pictures)[0, 84].reshape(4, 4, 8)
    >>> middle.sum(axis=(0, 1)).argmax()               # direction 0: grey values rise to the right
    np.int64(0)

    """

    REFUSAL = REFUSAL

    def __init__(self, bin_sizes: Annotated[Sequence[int] | None, Each(Amount(2, 64))] = None,
                 step: Annotated[int | None, Amount(1, 64)] = None,
                 window: Annotated[str, OneOf("flat", "gaussian", phrase="{words} are allowed"), CHOICE] = "flat",
                 contrast: Annotated[float, Real(0, 1, "numbers from 0 to 1 are allowed"), DEFAULT] = 0.005,
                 root: Annotated[bool, Boolean("True and False are allowed"), DEFAULT] = True,
                 colour: Annotated[str, OneOf(*COLOURS, phrase="{words} are allowed"), CHOICE] = "grey",
                 enlarge: Annotated[int | None, Amount(1, MOST_ENLARGED)] = None,
                 points: Annotated[int, Amount(1, 1024)] = POINTS,
                 threads: Annotated[int | None, Amount(1, 1024)] = None) -> None:
        self.bin_sizes, self.step, self.points, self.window, self.contrast = bin_sizes, step, points, window, contrast
        self.root, self.colour, self.enlarge, self.threads = root, colour, enlarge, threads

    def fit(self, X: Any, y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Choose bins, step and enlargement from the size of the pictures, (N, H, W[, C]) uint8 or a `Dataset`.

        Raises `UsageError` (`impossible_value`, `unknown_choice`) and `DataError` (`not_pictures`, `no_pictures`,
        `picture_too_small`, `no_colour`).
        """
        pictures = pictures_of(X)
        height, width = _pixels(pictures, slice(0, 1)).shape[1:3]
        choice = self.choice_for(height, width)
        self._coloured(_pixels(pictures, slice(0, 1)))
        count = len(choice.grid(height, width).y)
        self.bin_sizes_, self.step_, self.enlarge_ = choice.bin_sizes, choice.step, choice.enlarge
        self.n_features_ = WIDTH * (1 if self.colour == "grey" else 3)
        before = f"enlarged {choice.enlarge}×, then " if choice.enlarge > 1 else ""
        self.notes_ = [f"pictures of {height}×{width} are {before}described with bins of "
                       f"{', '.join(map(str, choice.bin_sizes))} pixels every {choice.step} pixels: "
                       f"{count:,} descriptors a picture"]
        return self

    def choice_for(self, height: int, width: int) -> GridSettings:
        """The grid settings of `fit` for pictures of height×width; refuses small ones (`picture_too_small`)."""
        choice = choose_grid(height, width, check_params(self)["bin_sizes"], self.step, self.enlarge, self.points)
        choice.grid(height, width)
        return choice

    def grid(self, height: int, width: int) -> Grid:
        """The grid of descriptors of a picture of height×width pixels; refuses a small one (`picture_too_small`)."""
        check_is_fitted(self, "step_")
        return self._choice().grid(height, width)

    def transform(self, X: Any, *, out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """All descriptors of pictures (N, H, W[, C]) uint8 or a `Dataset`: (N, D, 128 or 384) float32, 0 to 1.

        In the order of `grid(H, W)`. No more is allocated than the result; where there is no contrast, it is zeros.
        `out`: a C-contiguous array of that shape to write to and return, so that a loop over batches allocates once:
        new memory can cost half as much as the computation. Another is refused (`other_out`).
        """
        check_is_fitted(self, "step_")
        check_params(self)
        pixels = _pixels(pictures_of(X), slice(None))
        self._coloured(pixels)
        height, width = pixels.shape[1:3]
        choice = self._choice()
        choice.grid(height, width)
        floor = 255 * max(self.contrast, ROUNDING)
        scales = [ScalePlan(height, width, choice, size, window=self.window, floor=floor, root=self.root)
                  for size in choice.bin_sizes]
        count, planes = scales[0].count, self.n_features_ // WIDTH
        shape = (len(pixels), len(scales) * count, planes * WIDTH)
        whole = np.empty(shape, np.float32) if out is None else out
        if whole.shape != shape or whole.dtype != np.float32 or not whole.flags.c_contiguous:
            raise UsageError("other_out", "dense SIFT was to be written to out",
                             allowed=f"a C-contiguous float32 array of shape {shape} is allowed",
                             given=f"{whole.dtype} of shape {whole.shape} was given", do="Call transform without out")
        result = whole.reshape(len(pixels), len(scales), count, planes, WIDTH)
        threads = self.threads or worker_count(None)
        # A thread takes a whole picture; where pictures are fewer than threads, one scale of it.
        levels = list(range(len(scales)))
        groups = [levels] if len(pixels) >= threads else [[level] for level in levels]
        tasks = [(picture, group) for picture in range(len(pixels)) for group in groups]

        floats, local = max(scale.floats for scale in scales), threading.local()

        def begin() -> None:
            one_torch_thread()
            local.space = Workspace(floats)

        def describe(task: tuple[int, list[int]]) -> None:
            picture, group = task
            for number, plane in enumerate(planes_of(np.asarray(pixels[picture]), self.colour)):
                plane -= plane[0, 0]  # a uniform picture is exactly zero, whatever the rounding of the products
                for level in group:
                    out = torch.from_numpy(result[picture, level, :, number])
                    scales[level].describe(torch.from_numpy(plane), out, local.space)

        deque(map_ordered(describe, tasks, min(threads, len(tasks)), initializer=begin), maxlen=0)
        return whole

    def _choice(self) -> GridSettings:
        return GridSettings(self.bin_sizes_, self.step_, self.enlarge_)

    def _coloured(self, pixels: Pixels) -> None:
        if pixels.shape[3] == 1 and self.colour != "grey":
            raise DataError("no_colour", f"dense SIFT of {self.colour} planes was asked for",
                            allowed="pictures with three channels are allowed", given="grey pictures were given",
                            do="Use colour='grey'")


def one_torch_thread() -> None:
    """Limit torch to one thread in this thread, so that the number of threads does not change results."""
    with torch_threads_lock:
        usual = torch.get_num_threads()  # first, because a thread takes over the process's number with its first use
        torch.set_num_threads(1)
        # That is also what every new thread of the process would begin with: another thread puts it back.
        other = threading.Thread(target=torch.set_num_threads, args=(usual,))
        other.start()
        other.join()


def _pixels(pictures: Pixels | LabelledPictures, part: slice) -> Pixels:
    """The pictures at `part`, (n, H, W, C) uint8; a memory map stays one."""
    if isinstance(pictures, np.ndarray):
        return pictures[part]
    return pictures.take(np.arange(len(pictures))[part])
