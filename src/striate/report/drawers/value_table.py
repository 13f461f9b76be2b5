"""Table of values, as rows under headings."""

from __future__ import annotations

from markupsafe import Markup

from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels
from striate.report.drawers.drawing import Drawing
from striate.report.network_look_result import LookMap
from striate.report.page_environment import environment


def draw_table(one: LookMap, found: Explanation, pixels: Pixels | None) -> Drawing:  # noqa: ARG001 - as every drawer
    """The table of a map; without one its title alone, as the panel shows its terms."""
    html = environment().get_template("look_table.html.j2").render(map=one)
    return Drawing(Markup(html))  # noqa: S704 - a template's own text
