"""Data set of `striate look --data`: one part of any data set that `evaluate` reads, with its picture files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from striate.data import Dataset
from striate.data.original import Original
from striate.model.recogniser import Recogniser
from striate.tasks.labelled_part import LabelledPart
from striate.tasks.progress import Progress


@dataclass(frozen=True, eq=False)
class LookPictures:
    """Pictures of one part of a data set that explanations look at; `found` is the part, packed."""

    found: LabelledPart

    @property
    def name(self) -> str:
        """The name of the data set."""
        return self.found.data.name

    @property
    def part(self) -> str:
        """Which part of it: test, validation, train or all."""
        return self.found.part

    @property
    def pictures(self) -> Dataset:
        """The pictures at the recogniser's size, with labels."""
        return self.found.pictures

    @property
    def keys(self) -> list[str]:
        """The relative names of the pictures."""
        return self.found.pictures.keys

    @property
    def digests(self) -> tuple[str, ...]:
        """32 hexadecimal digits for the content of each picture."""
        return self.found.pictures.digests

    @property
    def leaked(self) -> int | None:
        """How many of them are among those of training or validation; None where that is not known."""
        return self.found.leaked

    @property
    def notes(self) -> tuple[str, ...]:
        """Which part it is, and sentences on the data set."""
        return f"pictures of {self.found}", *self.found.notes

    def original(self, index: int) -> Original | None:
        """A picture's file in full size, its `pixels` (H, W, C) uint8, upright; None if it comes from no file."""
        return self.found.data.original(int(self.found.pictures.indices[index]))


def look_data(recogniser: Recogniser, data: str, *, model: str | Path | None = None, part: str | None = None,
              split: str | Path | None = None, progress: Progress | None = None) -> LookPictures:
    """The pictures of `data`, a folder or the name of a known set, as `recogniser` reads them.

    The part is the one that `striate.evaluate` would measure on; `model` is the recogniser's file, whose `split.json`
    is read. Raises what `striate.evaluate` raises for its data.
    """
    return LookPictures(LabelledPart.of(recogniser.preparation_, data, model=Path(model) if model else None, part=part,
                                        split=split, progress=progress))
