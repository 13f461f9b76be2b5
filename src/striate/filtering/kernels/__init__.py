"""Kernels by name: their table, and for each a small module that computes its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from striate.core.constraints import OneOf, Real
from striate.core.humanize import join_words
from striate.core.params import Param, Refusal, check
from striate.errors import UsageError
from striate.filtering.filter_kernel import FilterKernel
from striate.filtering.kernels import box, gaussian, laplacian, sharpen, sobel

MAX_SIDE = 63
BAD_OPTION = Refusal("bad_kernel", "{name} of the kernel {owner} was asked for")
OPTIONS = {
    "sigma": Param(Real(0.1, 13), optional=True),
    "size": Param(OneOf(*range(1, MAX_SIDE + 1, 2), phrase=f"an odd whole number from 1 to {MAX_SIDE} is allowed"),
                  optional=True),
}


class NamedKernel(NamedTuple):
    """Row of the table: what makes the kernels of a name, the options that it takes, and what the filter does.

    Two kernels are two parts, x and y, of a vector, whose length is the result.
    """

    make: Callable[..., tuple[FilterKernel, ...]]
    options: tuple[str, ...]
    summary: str


KERNELS: Mapping[str, NamedKernel] = MappingProxyType({
    "gaussian": NamedKernel(gaussian.make, ("sigma", "size"), "weighted mean, nearer pixels more"),
    "box": NamedKernel(box.make, ("size",), "mean"),
    "sobel": NamedKernel(sobel.make, (), "gradient: x, y and its magnitude"),
    "laplacian": NamedKernel(laplacian.make, (), "second derivative"),
    "sharpen": NamedKernel(sharpen.make, (), "the pixel minus its Laplacian"),
})


def named_kernels(name: str, sigma: float | None = None, size: int | None = None) -> tuple[FilterKernel, ...]:
    """The kernels of a name in `KERNELS`, one or two; raises `UsageError` (`bad_kernel`).

    >>> [one.weights.tolist() for one in named_kernels("sobel")]
    [[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]]
    """
    row = KERNELS[name]
    found = check(OPTIONS, {"sigma": sigma, "size": size}, BAD_OPTION, lambda: name)
    given = {option: value for option, value in found.items() if value is not None}
    if more := given.keys() - set(row.options):
        takers = [one for one, other in KERNELS.items() if more <= set(other.options)]
        raise UsageError("bad_kernel", f"{join_words(sorted(more), 'and')} of the kernel {name} was asked for",
                         allowed=f"it is allowed with {join_words(takers, 'and')}", do="Leave it out")
    return row.make(**given)
