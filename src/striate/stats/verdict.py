"""Verdict of a comparison as one sentence, from intervals and corrected p-values.

"Better" needs both: p, corrected for all pairs, of at most 0.05, and a 95 % interval that leaves out zero. All else
is "can't be told apart", which is not the same as equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from striate.core.humanize import join_words

THIN = "\N{NARROW NO-BREAK SPACE}"
LEVEL = 0.05


@dataclass(frozen=True)
class Verdict:
    """Compared pair: the accuracy of `first` less that of `second`, with its interval (−1..1) and its corrected p."""

    first: str
    second: str
    difference: float
    interval: tuple[float, float]
    p: float

    @property
    def sure(self) -> bool:
        """Whether the difference is significant."""
        return sure(self.interval, self.p)

    def better_first(self) -> Verdict:
        """The same with the better one first."""
        if self.difference >= 0:
            return self
        low, high = self.interval
        return Verdict(self.second, self.first, -self.difference, (-high, -low), self.p)


def sure(interval: Sequence[float], p: float) -> bool:
    """Whether a difference is significant, by its 95 % interval and its corrected `p`.

    >>> sure((0.01, 0.03), 0.01), sure((-0.01, 0.03), 0.01), sure((0.01, 0.03), 0.2)
    (True, False, False)
    """
    return p <= LEVEL and not interval[0] <= 0 <= interval[1]


def verdict(ranking: Sequence[str], findings: Sequence[Verdict], pictures: int, wanted: Sequence[str] = ()) -> str:
    """The verdict sentence on `findings`, one for every two of `ranking` (names, the most accurate first).

    `wanted`: two names that are compared in any case, such as the best hand-crafted and the best learnt.

    >>> better = Verdict("compact", "bow", 0.094, (0.078, 0.110), 0.0001)
    >>> verdict(["compact", "bow"], [better], 2985).replace(THIN, " ")
    'compact is better than bow by 9.4 points (95 %: 7.8–11.0), p < 0.001, on 2,985 pictures'
    >>> verdict(["compact", "bow"], [Verdict("compact", "bow", 0.001, (-0.01, 0.02), 0.4)], 359)
    "compact and bow can't be told apart on 359 pictures"
    """
    known = {frozenset((one.first, one.second)): one.better_first() for one in findings}
    leader, rest = ranking[0], ranking[1:]
    if not any(one.sure for one in findings):
        return f"{join_words(ranking, 'and')} can't be told apart on {pictures:,} pictures"
    beaten = [name for name in rest if known[frozenset((leader, name))].sure]
    equal = [name for name in rest if name not in beaten]
    clauses = []
    covered = {frozenset((leader, name)) for name in rest}
    if len(rest) == len(beaten) and len(rest) > 2:
        clauses.append(f"{_better(known[frozenset((leader, rest[0]))])}, and than the {len(rest) - 1} others by more")
    else:
        if equal:
            clauses.append(f"{join_words([leader, *equal], 'and')} can't be told apart" if len(equal) == 1 else
                           f"{leader} can't be told from {join_words(equal, 'and')}")
        if beaten:
            clauses.insert(0, _better(known[frozenset((leader, beaten[0]))])
                           + (f", and than {join_words(beaten[1:], 'and')} by more" if len(beaten) > 1 else ""))
    also = [(rest[0], rest[1])] if len(rest) == 2 else []
    for two in [*also, tuple(wanted)] if wanted else also:
        pair = frozenset(two)
        if pair in covered or len(pair) < 2:
            continue
        found = known[pair]
        clauses.append(_better(found) if found.sure else f"{join_words(two, 'and')} can't be told apart")
        covered.add(pair)
    ended = clauses[-1].endswith("apart")
    return "; ".join(clauses) + (" " if ended else ", ") + f"on {pictures:,} pictures"


def p_value_text(p: float) -> str:
    """A p-value as text.

    >>> p_value_text(0.00004), p_value_text(0.0123), p_value_text(0.6)
    ('p < 0.001', 'p = 0.012', 'p = 0.60')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def points(value: float) -> str:
    """A difference of fractions in percentage points, as text.

    >>> points(0.0941), points(-0.002), points(0.0004)
    ('9.4', '−0.2', '0.04')
    """
    places = 1 if abs(value) >= 0.001 or not value else 2
    return f"{100 * value:.{places}f}".replace("-", "−")


def _better(found: Verdict) -> str:
    low, high = found.interval
    return (f"{found.first} is better than {found.second} by {points(found.difference)} points "
            f"(95{THIN}%: {points(low)}–{points(high)}), {p_value_text(found.p)}")
