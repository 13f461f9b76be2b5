"""Table of values: the terms of a sum, or the numbers of an array with at most two axes."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup
from numpy.typing import NDArray

from striate.model.preprocessing import Pixels
from striate.report.drawers.drawing import Drawing
from striate.report.network_look_result import LookMap
from striate.report.train_page import environment


def draw_table(one: LookMap, values: NDArray[Any], pixels: Pixels | None) -> Drawing:  # noqa: ARG001 - as every drawer
    """The terms of a map as rows."""
    html = environment().get_template("look_table.html.j2").render(map=one)
    return Drawing(Markup(html))  # noqa: S704 - a template's own text
