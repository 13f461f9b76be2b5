"""One part of a data set, packed as a recogniser reads it: what `evaluate` measures on, and `look` looks at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from striate.core.constraints import OneOf, unquoted
from striate.core.params import Refusal, checked
from striate.data import Data, Dataset, load_data
from striate.errors import DataError, shown
from striate.model.preprocessing import Preprocessing
from striate.tasks.progress import Progress

PARTS = ("test", "validation", "train", "all")
BAD_PART = Refusal("bad_part", "a part was chosen", "Choose one of them with --part", given=unquoted)


def check_part(part: str | None) -> None:
    """Refuse a part that is none of `PARTS` (`bad_part`); None is allowed."""
    if part is not None:
        checked("part", part, OneOf(*PARTS, phrase="{words} are allowed"), BAD_PART)


@dataclass(frozen=True, eq=False)
class LabelledPart:
    """Part of a data set.

    Attributes:
        data: the whole of it, packed at the size of the recogniser.
        pictures: those of the part; `part`: test, validation, train or all.
        division: the file that says which picture belongs where; None if the data set does, or nothing.
        model: the recogniser's file; None for one in memory.
        known: whether it is known which pictures the recogniser was trained on.

    """

    data: Data
    pictures: Dataset
    part: str
    division: Path | None
    model: Path | None
    known: bool

    @classmethod
    def of(cls, preparation: Preprocessing, data: str, *, model: Path | None = None, part: str | None = None,
           split: str | Path | None = None, files: str | Path | None = None, strict: bool = False,
           progress: Progress | None = None) -> LabelledPart:
        """The `part` of `data`, a folder or the name of a known set.

        `part` is `test`, `validation`, `train` or `all`. None is the test part of `split`, else of the `split.json`
        beside the file `model` (pictures that a split does not know count as test), else of the folder's own division;
        else all. Raises `UsageError` (`bad_part`), `DataError` (`empty_part`), and what `striate.load_data` raises.
        """
        check_part(part)
        beside = model.with_name("split.json") if model else None
        division = Path(split) if split else beside if beside and beside.exists() else None
        opened = load_data(data, size=preparation.size, resize=preparation.resize, channels=preparation.channels,
                           split=division, files=Path(files) if files else None, strict=strict,
                           on_progress=progress.on_progress if progress else None)
        known = division is not None or opened.split.kind == "divided"
        part = part or ("test" if known else "all")
        everything = Dataset(opened.pictures, np.arange(len(opened.pictures.labels)))
        chosen: Dataset = everything if part == "all" else getattr(opened, part)
        if not len(chosen):
            raise DataError("empty_part", f"the {part} part of {shown(data)} was to be measured",
                            given="it has no pictures", do="Choose another with --part")
        return cls(opened, chosen, part, division, model, known)

    @cached_property
    def leaked(self) -> int | None:
        """How many of its pictures have a copy in the training or validation part; None where that is not known."""
        return self.data.leaked(self.pictures) if self.known else None

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on the data set, and on pictures that the recogniser was trained on."""
        notes = [*self.data.notes]
        if self.part in ("test", "all") and (leaked := self.leaked):
            notes.append(f"{leaked:,} of these pictures are among those of training or validation")
        if not self.known:
            which = "no split.json beside the model" if self.model else "no split was given"
            notes.append(f"{which}: training pictures may be among these")
        return tuple(notes)

    def __str__(self) -> str:
        by = f", by {self.division.name}" if self.division else ""
        return f"{self.data.name}: {len(self.pictures):,} pictures ({self.part}{by})"
