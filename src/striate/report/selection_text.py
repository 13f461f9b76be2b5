"""Text of a model selection for the terminal: a line for each candidate, then the reason."""

from __future__ import annotations

from striate.core import humanize
from striate.errors import shown
from striate.report.selection_result import CandidateResult, SelectionResult

HEAD = ("tried", "accuracy", "95 %", "time", "")


def selection_text(selection: SelectionResult) -> str:
    """A line for each candidate, aligned, then why the one was chosen and what more time might bring.

    >>> tried = (CandidateResult(name="transfer", outcome="chosen", why="the best", accuracy=0.934,
    ...                          interval=(0.919, 0.947), count=1000, trained_on=1000, seconds=21.8),
    ...          CandidateResult(name="compact", outcome="dropped", why="it learns too slowly", seconds=9.2,
    ...                          expected=0.78, expected_interval=(0.7, 0.85)))
    >>> print(selection_text(SelectionResult(chosen="transfer", why="It is the best.", candidates=tried,
    ...                                      basis="1,000 pictures", budget_seconds=60, proposed=True)))
    tried     accuracy         95 %    time
    transfer    93.4 %  91.9 – 94.7  21.8 s  chosen
    compact   ≈ 78.0 %  70.0 – 85.0   9.2 s  dropped
    It is the best.
    """
    weights = dict(selection.weights)
    rows = [HEAD, *(_cells(one, weights.get(one.name)) for one in selection.candidates)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) if i in (0, 4) else cell.rjust(width)
                       for i, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip() for row in rows]
    return "\n".join([*lines, *(shown(text, 500) for text in (selection.why, selection.outlook) if text)])


def _cells(one: CandidateResult, weight: float | None) -> tuple[str, ...]:
    """One candidate: what was measured, else (≈) what a full training was expected to reach."""
    accuracy, interval, about = one.accuracy, one.interval, ""
    if accuracy is None:
        accuracy, interval, about = one.expected, one.expected_interval, "≈ "
    return (shown(one.name, 24),
            "–" if accuracy is None else f"{about}{100 * accuracy:.1f} %",
            "–" if interval is None else " – ".join(f"{100 * end:.1f}" for end in interval),
            humanize.duration(one.seconds) if one.seconds else "–",
            one.outcome + (f", weight {weight:.2f}" if weight is not None else ""))
