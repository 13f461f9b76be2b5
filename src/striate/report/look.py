"""Page of `striate look`: the visual words of a model, and their contributions to one decision (`look.html`).

Self-contained as a report is: no script, no request; the same result gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.core import atomic
from striate.report.colours import hexadecimal
from striate.report.embedded_images import EmbeddedImage, show, uri
from striate.report.look_maps import LONGEST, by_word, colours, for_and_against
from striate.report.look_pyramid import TOP, drawn_words, levels
from striate.report.look_result import WordsLookResult
from striate.report.page_environment import environment

if TYPE_CHECKING:
    from striate.bow.explain.maps import WordContribution, WordView

MOST_WORDS = 1000  # some 2.5 kB each
OPEN_WORDS = 120
MOST_GAIN = 8.0
SHOWN_TOP = 10  # classes with their probabilities
PATCH, PATCHES = 64, 96  # CSS pixels of a mean patch, and of three nearest side by side


@dataclass(frozen=True)
class WordCard:
    """Card of one word; `share` of all descriptors, `length` of its bar, 0..1."""

    word: int
    colour: str
    mean: EmbeddedImage
    nearest: EmbeddedImage
    count: int
    share: float
    evidence_for: str | None
    contribution: WordContribution | None = None
    length: float = 0.0


def write_look(path: str | Path, result: WordsLookResult) -> Path:
    """Write the page to `path`, replacing it atomically; returns `path`. Raises `DiskError`."""
    atomic.write_text(path, render(result))
    return Path(path)


def render(result: WordsLookResult) -> str:
    """The page as text."""
    pages = result.pages
    palette = colours(pages.likeness)
    cards = [_card(result, palette, place) for place in range(min(MOST_WORDS, len(pages.words)))]
    title = (result.model or "a recogniser") if result.view is None else PurePath(result.picture or "a picture").name
    values = vars(result) | {
        "model": result.model or "a recogniser", "decision": result.decision, "title": title or result.picture,
        "cards": cards, "OPEN_WORDS": OPEN_WORDS, "signed": signed, "shown_top": result.ranked[:SHOWN_TOP],
        "view": None if result.view is None else _viewed(result, result.view, palette)}
    return environment().get_template("look.html.j2").render(values)


def signed(value: float) -> str:
    """A contribution to a decision, with its sign and three decimals, in margins.

    >>> signed(0.25), signed(-1.5)
    ('+0.250', '−1.500')
    """
    return f"{value:+.3f}".replace("-", "−")


def clear(patch: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A patch with its contrast raised, at most eightfold: descriptors do not depend on contrast.

    >>> clear(np.array([[100, 110]], np.uint8)).tolist()                     # 105 comes to 127.5; 5 are eightfold 40
    [[88, 168]]
    """
    low, high = float(patch.min()), float(patch.max())
    gain = min(MOST_GAIN, 255 / max(1.0, high - low))
    return np.asarray((127.5 + gain * (patch - (low + high) / 2)).round(), np.uint8)


def _viewed(result: WordsLookResult, view: WordView, palette: NDArray[np.uint8]) -> dict[str, Any]:
    named = {"for": result.favouring, "against": result.against}
    strongest = max((abs(one.value) for side in named.values() for one in side), default=1.0)
    sides = {}
    for side, words in named.items():
        places = [(int(np.flatnonzero(result.pages.words == one.word)[0]), one) for one in words]
        sides[side] = [_card(result, palette, place, one, abs(one.value) / strongest) for place, one in places]
    height, width = view.pixels.shape[:2]
    named_words = [[one.word for one in words] for words in named.values()]
    times = view.counts[: view.grids[0][0] * view.grids[0][1]].sum(axis=0)  # one grid is the whole picture
    drawn = drawn_words(times, result.pages.likeness, named_words[0] + named_words[1])
    pyramid = levels(view.counts, view.grids, drawn, height / width, *named_words)
    evidence, word_map = result.explanations.get("evidence_map"), result.explanations["word_map"].array
    return {
        **sides, "width": width, "height": height, "plain": uri(view.pixels, LONGEST),
        "by_word": uri(by_word(view.pixels, word_map, view.y, view.x, palette), LONGEST),
        "evidence": None if evidence is None else uri(for_and_against(view.pixels, evidence.array), LONGEST),
        "pyramid": pyramid, "drawn": len(drawn), "left_out": len(view.grids) - len(pyramid), "TOP": TOP,
    }


def _card(result: WordsLookResult, palette: NDArray[np.uint8], place: int, contribution: WordContribution | None = None,
          length: float = 0.0) -> WordCard:
    pages = result.pages
    word, count = int(pages.words[place]), int(pages.counts[place])
    near = np.stack([clear(patch) for patch in pages.nearest[place]])
    six = near.reshape(2, 3, 16, 16).transpose(0, 2, 1, 3).reshape(32, 48, 1)
    favoured = -1 if pages.evidence_for is None else int(pages.evidence_for[place])
    mean = show(clear(pages.mean[place])[..., None], PATCH)
    return WordCard(word, hexadecimal(palette[word]), mean, show(six, PATCHES), count,
                    count / max(1, int(pages.counts.sum())), None if favoured < 0 else result.classes[favoured],
                    contribution, length)
