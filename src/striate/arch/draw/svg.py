"""SVG canvas: order of painting, and styles for light and dark mode.

Connections are painted first, then boxes, then windows, then words. Colours are those of Okabe & Ito, "Color Universal
Design", 2008, which are safe for the colour-blind. There is no script and no reference outside the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from striate.arch.draw.captions import escaped, width

Point = tuple[float, float]

MARGIN = 34.0  # on the left and on the right
SIZES = {"n": 11.0, "o": 11.0, "v": 11.0, "m": 10.0, "i": 10.0, "k": 15.0, "T": 20.0, "S": 13.0, "L": 12.0}
COLOURS = {"input": "#999999", "conv": "#0072B2", "pool": "#E69F00", "dense": "#009E73", "merge": "#CC79A7",
           "norm": "#56B4E9", "act": "#F0E442", "other": "#D3D8DE"}
STYLE = """\
.net{--bg:#fff;--ink:#1b1f24;--soft:#57606a;--line:#6e7781;--skip:#D55E00;--frame:#f3f5f8;--edge:#aab2bd}
@media(prefers-color-scheme:dark){.net{--bg:#14181d;--ink:#eceff3;--soft:#a9b4c0;--line:#8b949e;--skip:#ff8a3d;\
--frame:#1d242c;--edge:#505b67}}
.net text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;fill:var(--ink);\
paint-order:stroke;stroke:var(--bg);stroke-width:3px;stroke-linejoin:round}
.net .bg{fill:var(--bg)}
.net .n{font-weight:600}.net .v,.net .m,.net .S,.net .L{fill:var(--soft)}.net .T,.net .k{font-weight:700}
.net text.i{fill:#1b1f24;stroke:none}
.net .c{text-anchor:middle}
.net .l{fill:none;stroke:var(--line);stroke-width:1.3}.net .a{fill:var(--line)}
.net .s{fill:none;stroke:var(--skip);stroke-width:2}
.net .x{fill:none;stroke:var(--skip);stroke-width:1.6;stroke-dasharray:5 4}
.net .p{fill:none;stroke:var(--ink);stroke-width:.9;stroke-opacity:.75}
.net .w{fill:#fff;fill-opacity:.55;stroke:#1b1f24;stroke-width:.9}
.net .f{fill:var(--frame);stroke:var(--edge);stroke-width:1.2;stroke-dasharray:5 4}
.net .b{stroke:#1b1f24;stroke-width:.8;stroke-linejoin:round}.net .lit{fill:#fff;fill-opacity:.45}
.net .dim{fill:#fff;fill-opacity:.2}.net .g{fill:none;stroke:#1b1f24;stroke-width:.8;stroke-opacity:.6}
.net .h{stroke:var(--ink);stroke-width:.6}.net .d{fill:none;stroke:#1b1f24;stroke-width:2}
"""


@dataclass
class Canvas:
    """SVG canvas: the elements painted so far; `times` is how often the block being painted occurs in the network."""

    times: int = 1
    lines: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)
    windows: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    places: dict[int, tuple[Point, float]] = field(default_factory=dict)
    """For each painted unit the point where connections leave it, and the right edge of its column."""

    def path(self, kind: str, data: str) -> None:
        """A path: `l` a connection, `s` a skip, `x` one to an auxiliary head, `f` a frame, `a` an arrowhead."""
        self.lines.append(f'<path class="{kind}" d="{data}"/>')

    def arrow(self, kind: str, x: float, y: float) -> None:
        """The head of an arrow that ends at a point, coming from the left."""
        self.path(kind, f"M{xy((x, y))}l-7-3.5v7z")

    def text(self, kind: str, x: float, y: float, text: str, *, middle: bool = False) -> None:
        """A text at its left end, or its middle, on its baseline."""
        where = f'class="{kind}{" c" if middle else ""}" font-size="{SIZES[kind.split()[0]]:g}"'
        self.words.append(f'<text {where} x="{num(x)}" y="{num(y)}">{escaped(text)}</text>')

    def chip(self, family: str, x: float, y: float) -> None:
        """A dot in the colour of a family, around a point."""
        self.words.append(f'<circle class="h {family}" cx="{num(x)}" cy="{num(y)}" r="3.5"/>')

    def group(self, family: str, layers: int, title: str, shapes: Iterable[str]) -> None:
        """The shapes of some layers of the network, with a title as tooltip."""
        self.boxes.append(f'<g class="{family}" data-layers="{layers}" data-times="{self.times}">'
                          f"<title>{escaped(title)}</title>{''.join(shapes)}</g>")

    def document(self, size: Point, title: str, description: str) -> str:
        """The SVG file."""
        across, down = (f"{side:.0f}" for side in size)
        used = STYLE + "".join(f".net .{name}{{fill:{colour}}}\n" for name, colour in COLOURS.items())
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" class="net" viewBox="0 0 {across} {down}" width="{across}" '
            f'height="{down}" role="img" aria-labelledby="net-title net-desc">',
            f'<title id="net-title">{escaped(title)}</title>', f'<desc id="net-desc">{escaped(description)}</desc>',
            f"<style>{used}</style>", f'<rect class="bg" width="{across}" height="{down}"/>',
            *self.lines, *self.boxes, *self.windows, *self.words, "</svg>", ""])


def num(value: float) -> str:
    """A length with one decimal, or none.

    >>> num(12.04), num(0.26)
    ('12', '0.3')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def xy(point: Point) -> str:
    """A point as path data.

    >>> xy((1, 2.5))
    '1 2.5'
    """
    return f"{num(point[0])} {num(point[1])}"


def polygon(points: Sequence[Point]) -> str:
    """A closed path.

    >>> polygon([(0, 0), (1, 0), (0, 1)])
    'M0 0L1 0L0 1Z'
    """
    return "M" + "L".join(map(xy, points)) + "Z"


def bend(start: Point, end: Point) -> str:
    """A curve that leaves and arrives level."""
    middle = (start[0] + end[0]) / 2
    return f"M{xy(start)}C{xy((middle, start[1]))} {xy((middle, end[1]))} {xy(end)}"


def text_width(kind: str, text: str) -> float:
    """The width of a text of a style; bold ones are wider."""
    return width(text, SIZES[kind] * (1.13 if kind in "nTk" else 1))
