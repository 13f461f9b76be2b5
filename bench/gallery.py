"""Makes the pictures of docs/gallery.md by `striate look`, and prints the numbers that stand beside them.

    python bench/gallery.py ../shared/data/scene15/train

A transfer is trained on the folder; the pictures that it explains are the two photographs of scikit-learn (CC BY 2.0:
china.jpg by danielbuechele, flower.jpg by vultilion), and pieces of them where many pictures are needed. So nothing of
the folder gets into docs/pictures/gallery/ but what the classifier has learnt from it. Sheets of tiles are set apart
here, all else is as `--figures` writes it, side by side.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from math import ceil, sqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image

import striate

GALLERY = Path(__file__).parents[1] / "docs" / "pictures" / "gallery"
HEIGHT, GAP, TILE, ACROSS = 208, 8, 50, 16  # pixels; tiles in a row
EARLY, MIDDLE, LAST = "blocks_2/expand/relu6", "blocks_8/expand/relu6", "head/relu6"  # layers of Lite0
QUALITY = 80  # of JPEG
PIECE, STEP = 107, 53  # pixels


class GalleryPanel(NamedTuple):
    """Panel of the gallery: which figures of which looks stand side by side, each (picture, options, names)."""

    name: str
    looks: tuple[tuple[str | None, dict[str, Any], tuple[str, ...]], ...]


def of(picture: str | None, *names: str, **options: Any) -> tuple[str | None, dict[str, Any], tuple[str, ...]]:
    """One look, by the method that its first figure is named by."""
    return picture, {"show": names[0].partition("-")[0], **options}, names


PANELS = (
    GalleryPanel("evidence", (
        of("china", "class_evidence", "class_evidence-3", "class_evidence-2", "class_evidence-9"),)),
    GalleryPanel("grad-cam", (
        of("china", "grad_cam", class_name="InsideCity"), of("china", "grad_cam", class_name="Coast"),
        of("flower", "grad_cam", class_name="Kitchen"), of("flower", "grad_cam", class_name="Forest"))),
    GalleryPanel("occlusion", (of("china", "occlusion", "occlusion-2", "occlusion-3", "occlusion-4"),)),
    GalleryPanel("filters", (of(None, "filters"),)),
    GalleryPanel("activations", tuple(of("china", "activations", layer=layer) for layer in (EARLY, MIDDLE, LAST))),
    GalleryPanel("strongest", tuple(of(None, "strongest", layer=layer, data=True, top=2) for layer in (EARLY, MIDDLE))),
    GalleryPanel("gradients", tuple(of("china", name) for name in ("gradient", "guided", "smoothgrad"))),
    GalleryPanel("deconvnet", (
        of("china", "deconvnet", layer="blocks_6/expand/relu6", unit=(64, 7, 5)),
        of("flower", "deconvnet", layer="blocks_6/expand/relu6", unit=(64, 7, 5)),
        of("china", "deconvnet", layer=LAST, unit=77), of("flower", "deconvnet", layer=LAST, unit=303))),
    GalleryPanel("maximise", tuple(of(None, "maximise", layer=layer) for layer in (EARLY, MIDDLE))),
    GalleryPanel("invert", tuple(of("china", "invert", layer=layer) for layer in (EARLY, MIDDLE, LAST))),
)


def main() -> None:
    """Train, look, and write one JPEG for each panel."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a folder of class folders of pictures")
    parser.add_argument("--model", type=Path, help="a transfer that was trained on it before")
    parser.add_argument("--only", help="names of panels, joined by commas")
    given = parser.parse_args()
    GALLERY.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as room:
        model = given.model
        if model is None:
            striate.train(given.folder, model="transfer", out=Path(room, "run"))
            model = Path(room, "run", "model.safetensors")
        data = pieces(Path(room, "pieces"))
        for panel in PANELS:
            if not given.only or panel.name in given.only.split(","):
                drawn(panel, model, data, Path(room))


def drawn(panel: GalleryPanel, model: Path, data: Path, room: Path) -> None:
    """Write the picture of a panel, and print its numbers."""
    figures: list[Image.Image] = []
    for place, (name, options, names) in enumerate(panel.looks):
        folder = room / f"{panel.name}-{place}"
        many = {"data": data} if "data" in options else {}
        found = striate.look(model, None if name is None else np.asarray(load_sample_image(f"{name}.jpg")),
                             figures=folder, **options | many)
        maps = {one.name: one for part in found.panels for one in part.maps}
        facts = {one: maps[one].as_dict() for one in names}
        print(json.dumps({
            "panel": panel.name, "picture": name, "ranked": found.ranked[:4], "options": options, "facts": facts,
            "units": [(one.unit, one.value) for one in found.units],
            "evidence": [part.refused or part.evidence for part in found.panels]}))
        for one in names:
            figure = Image.open(folder / f"{one}.png").convert("RGB")
            figures.append(apart(figure, maps[one]) if maps[one].drawing == "tiles" else figure)
    sheets = any(one.width > 3 * one.height for one in figures)
    (stacked if sheets else strip)(figures).save(GALLERY / f"{panel.name}.jpg", quality=QUALITY, optimize=True)


def apart(sheet: Image.Image, one: Any) -> Image.Image:
    """The tiles of a square sheet with the largest values, in two rows with gaps."""
    across = ceil(sqrt(len(one.tiles)))
    width, height = sheet.width // across, sheet.height // ceil(len(one.tiles) / across)
    shown = sorted(range(len(one.tiles)), key=lambda place: -(one.tiles[place].value or 0))[: 2 * ACROSS]
    columns = ceil(len(shown) / 2)
    whole = Image.new("RGB", ((TILE + 4) * columns - 4, 2 * TILE + 4), "white")
    for place, index in enumerate(sorted(shown)):
        left, top = index % across * width, index // across * height
        tile = sheet.crop((left + 1, top + 1, left + width - 1, top + height - 1))
        tile = tile.resize((TILE, TILE), Image.Resampling.NEAREST)
        whole.paste(tile, (place % columns * (TILE + 4), place // columns * (TILE + 4)))
    return whole


def strip(figures: list[Image.Image]) -> Image.Image:
    """Figures of one height side by side, with a gap of white."""
    sized = [one.resize((round(one.width * HEIGHT / one.height), HEIGHT), Image.Resampling.LANCZOS) for one in figures]
    whole = Image.new("RGB", (sum(one.width for one in sized) + GAP * (len(sized) - 1), HEIGHT), "white")
    left = 0
    for one in sized:
        whole.paste(one, (left, 0))
        left += one.width + GAP
    return whole


def stacked(figures: list[Image.Image]) -> Image.Image:
    """Figures below each other, with a gap of white."""
    size = max(one.width for one in figures), sum(one.height for one in figures) + 2 * GAP * (len(figures) - 1)
    whole, top = Image.new("RGB", size, "white"), 0
    for one in figures:
        whole.paste(one, (0, top))
        top += one.height + 2 * GAP
    return whole


def pieces(folder: Path) -> Path:
    """A data set of two classes: overlapping square pieces of the two photographs."""
    for name in ("china", "flower"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        whole = load_sample_image(f"{name}.jpg")
        for row in range(0, whole.shape[0] - PIECE + 1, STEP):
            for column in range(0, whole.shape[1] - PIECE + 1, STEP):
                piece = whole[row : row + PIECE, column : column + PIECE]
                Image.fromarray(piece).save(folder / name / f"{row:03}-{column:03}.png")
    return folder


if __name__ == "__main__":
    main()
