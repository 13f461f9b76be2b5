"""The page of `striate look`: the words of a model, and what they say about one picture (`look.html`).

Self-contained as a report is: no script, no request; the same facts give the same bytes.

The facts (JSON values; those of a picture are None or empty without one; said is in margins, probabilities in 0..1):

    striate, model (a path), encoder, classifier, kernel, words (how many), classes [names], size [H, W, C]
    picture      its path
    class, probability, top [[class, probability]]
    asked        the class that the words speak for or against
    decision     {margin, bias, for, against}; bias + for + against = margin
    for, against [{word, said, times}], strongest first
    refused      why the words cannot be asked, one sentence
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.core import atomic
from striate.report.embedded_images import EmbeddedImage, show, uri
from striate.report.look_maps import LONGEST, by_word, colours, for_and_against
from striate.report.look_pyramid import TOP, drawn_words, levels
from striate.report.train_page import environment

MOST_WORDS = 1000  # some 2.5 kB each
OPEN_WORDS = 120
MOST_GAIN = 8.0
SHOWN_TOP = 10  # classes with their probabilities
PATCH, PATCHES = 64, 96  # CSS pixels of a mean patch, and of three nearest side by side


@dataclass(frozen=True, eq=False)
class WordList:
    """The words in the order of the page.

    `words` (K,) int64 their numbers, `counts` (K,) int64, `mean` (K, 16, 16) and `nearest` (K, 6, 16, 16) uint8,
    `speaks_for` (K,) int64 an index of the facts' classes, −1 for none, or None where no word has one; `likeness`
    (K, 3) float64 in −1..1, by word number.
    """

    words: NDArray[np.int64]
    counts: NDArray[np.int64]
    mean: NDArray[np.uint8]
    nearest: NDArray[np.uint8]
    speaks_for: NDArray[np.int64] | None
    likeness: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PictureView:
    """One picture: `pixels` (H, W, C) uint8; `words` (rows, columns) int64 at rows `y` and columns `x`, −1 for none.

    `counts` (cells, K) int64 of words in the cells of `grids`; `said` (H, W) float64, or None where nothing is.
    """

    pixels: NDArray[np.uint8]
    words: NDArray[np.int64]
    y: NDArray[np.float32]
    x: NDArray[np.float32]
    counts: NDArray[np.int64]
    grids: Sequence[tuple[int, int]]
    said: NDArray[np.float64] | None


@dataclass(frozen=True)
class WordCard:
    """One word as the page needs it; `share` of all descriptors looked at, `said` −1 to 1 of the strongest."""

    word: int
    colour: str
    mean: EmbeddedImage
    nearest: EmbeddedImage
    count: int
    share: float
    speaks_for: str | None
    fact: Mapping[str, Any] | None = None
    length: float = 0.0


def write_look(path: str | Path, facts: Mapping[str, Any], book: WordList, view: PictureView | None = None) -> Path:
    """Write the page to `path`, replacing it atomically; returns `path`. Raises `DiskError`.

    >>> import tempfile
    >>> patches = np.zeros((2, 7, 16, 16), np.uint8)
    >>> book = Book(np.array([1, 0]), np.array([3, 1]), patches[:, 0], patches[:, 1:], None, np.zeros((2, 3)))
    >>> facts = {"striate": "1", "model": "m", "encoder": "hard", "classifier": "knn", "kernel": "chi2", "words": 2,
    ...          "classes": ["cat", "dog"], "size": [32, 32, 1], "picture": None, "refused": None}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_look(Path(folder) / "look.html", facts, book).read_text(encoding="utf-8")
    >>> "75.0" in page                                                       # word 1: 3 of 4
    True
    """
    atomic.write_text(path, render(facts, book, view))
    return Path(path)


def render(facts: Mapping[str, Any], book: WordList, view: PictureView | None) -> str:
    """The page as text."""
    shown = min(MOST_WORDS, len(book.words))
    palette = colours(book.likeness)
    cards = [_card(facts, book, palette, place) for place in range(shown)]
    values: dict[str, Any] = {**facts, "cards": cards, "OPEN_WORDS": OPEN_WORDS, "signed": signed, "view": None,
                              "title": facts["model"]}
    if view is not None:
        values |= {"view": _viewed(facts, book, view, palette), "shown_top": facts["top"][:SHOWN_TOP],
                   "title": PurePath(facts["picture"]).name or facts["picture"]}
    return environment().get_template("look.html.j2").render(values)


def signed(value: float) -> str:
    """A part of a decision, with its sign and three decimals, in margins.

    >>> signed(0.25), signed(-1.5)
    ('+0.250', '−1.500')
    """
    return f"{value:+.3f}".replace("-", "−")


def clear(patch: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A patch with its contrast raised, at most eightfold, as a descriptor knows shape and not contrast.

    >>> clear(np.array([[100, 110]], np.uint8)).tolist()                     # 105 comes to 127.5; 5 are eightfold 40
    [[88, 168]]
    """
    low, high = float(patch.min()), float(patch.max())
    gain = min(MOST_GAIN, 255 / max(1.0, high - low))
    return np.asarray((127.5 + gain * (patch - (low + high) / 2)).round(), np.uint8)


def _viewed(facts: Mapping[str, Any], book: WordList, view: PictureView, palette: NDArray[np.uint8]) -> dict[str, Any]:
    strongest = max((abs(one["said"]) for side in ("for", "against") for one in facts[side]), default=1.0)
    sides = {}
    for side in ("for", "against"):
        places = [(int(np.flatnonzero(book.words == one["word"])[0]), one) for one in facts[side]]
        sides[side] = [_card(facts, book, palette, place, one, abs(one["said"]) / strongest) for place, one in places]
    height, width = view.pixels.shape[:2]
    told = [[one["word"] for one in facts[side]] for side in ("for", "against")]
    times = view.counts[: view.grids[0][0] * view.grids[0][1]].sum(axis=0)  # one grid is the whole picture
    words = drawn_words(times, book.likeness, told[0] + told[1])
    pyramid = levels(view.counts, view.grids, words, height / width, *told)
    return {
        **sides, "width": width, "height": height, "plain": uri(view.pixels, LONGEST),
        "by_word": uri(by_word(view.pixels, view.words, view.y, view.x, palette), LONGEST),
        "said": None if view.said is None else uri(for_and_against(view.pixels, view.said), LONGEST),
        "pyramid": pyramid, "drawn": len(words), "left_out": len(view.grids) - len(pyramid), "TOP": TOP,
    }


def _card(
    facts: Mapping[str, Any], book: WordList, palette: NDArray[np.uint8], place: int,
    fact: Mapping[str, Any] | None = None, length: float = 0.0,
) -> WordCard:
    word, count = int(book.words[place]), int(book.counts[place])
    near = np.stack([clear(patch) for patch in book.nearest[place]])
    six = near.reshape(2, 3, 16, 16).transpose(0, 2, 1, 3).reshape(32, 48, 1)
    speaks = -1 if book.speaks_for is None else int(book.speaks_for[place])
    return WordCard(word, "#{:02x}{:02x}{:02x}".format(*palette[word]), show(clear(book.mean[place])[..., None], PATCH),
                show(six, PATCHES), count, count / max(1, int(book.counts.sum())),
                None if speaks < 0 else facts["classes"][speaks], fact, length)
