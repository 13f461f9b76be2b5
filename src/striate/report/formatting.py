"""Formatting of numbers, durations, sizes and findings for pages."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from striate.core import humanize
from striate.errors import shown
from striate.report.train_result import EpochResult, TrainResult
from striate.stats.metrics import Evaluation

NONE = Markup("–")
THIN = "\N{NARROW NO-BREAK SPACE}"


def digits(value: float | None) -> str:
    """A fraction in 0..1 as per cent with one decimal; more where that would round to 0 or 100.

    >>> digits(0.98889), digits(1.0), digits(0.9996), digits(0.0)
    ('98.9', '100.0', '99.96', '0.0')
    """
    if value is None:
        return NONE
    for places in range(1, 7):
        text = f"{100 * value:.{places}f}"
        if value in (0, 1) or float(text) not in (0, 100):
            break
    return text


def percent(value: float | None) -> Markup:
    """A fraction as "98.9 %"; a dash for an undefined one."""
    return NONE if value is None else Markup(f"{digits(value)}{THIN}%")  # noqa: S704 - digits only


def between(interval: Sequence[float] | None) -> Markup:
    """An interval of fractions as "97.2–99.6"."""
    return NONE if interval is None else Markup(f"{digits(interval[0])}–{digits(interval[1])}")  # noqa: S704 - digits


def number(value: float | None) -> Markup:
    """A count with separators, a float with four significant digits.

    >>> number(61_706), number(0.000123456), number(None)
    (Markup('61,706'), Markup('0.0001235'), Markup('–'))
    """
    if value is None:
        return NONE
    return Markup(f"{value:,}" if isinstance(value, int) else f"{value:.4g}")  # noqa: S704 - digits only


def short(value: float | None) -> Markup:
    r"""A count, from 100,000 on with three significant digits.

    >>> short(61_706), short(281_640), short(4_089_184)
    (Markup('61,706'), Markup('282\u202fk'), Markup('4.09\u202fM'))
    """
    return NONE if value is None else _markup(humanize.short_count(value))


def duration(seconds: float | None) -> Markup:
    """A duration in words.

    >>> [str(duration(t)).replace(THIN, " ") for t in (0.04, 9.87, 61, 7384)]
    ['40 ms', '9.9 s', '1 min 1 s', '2 h 3 min']
    """
    return NONE if seconds is None else _markup(humanize.duration(seconds))


def size(value: Any) -> Markup:
    """A length or a volume: 28, or 20×24×24."""
    if value is None:
        return NONE
    return Markup("×".join(str(int(one)) for one in value)) if isinstance(value, list | tuple) else number(value)  # noqa: S704


def moment(seconds: float | None) -> Markup:
    """A short time with two significant digits."""
    return NONE if seconds is None else _markup(humanize.duration(seconds, "two digits"))


def data_size(value: float | None) -> Markup:
    """Bytes of a file or of memory, by thousands."""
    return NONE if value is None else _markup(humanize.size(value, 1000))


def plain(value: Any) -> str:
    """A setting as text: `yes`, `0.05`, `a, b`, `kind: cosine`."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {plain(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _markup(text: str) -> Markup:
    """A number with its unit, without a line break between them."""
    return Markup(text.replace(" ", THIN))  # noqa: S704 - digits and units


def noun(count: int, one: str, many: str = "") -> str:
    """`one` or its plural. Of "picture": 1 picture, 2 pictures."""
    return one if count == 1 else many or one + "s"


def verdict(result: Evaluation, part: str, unseen: bool) -> Markup:
    r"""The accuracy in one sentence with its interval.

    >>> from striate.stats.metrics import evaluate
    >>> right = evaluate([0] * 360, [[1.0, 0.0]] * 356 + [[0.0, 1.0]] * 4, ["cat", "dog"])
    >>> str(verdict(right, "test", True))
    '98.9\u202f% of 360 unseen test pictures are recognised (95\u202f%: 97.2–99.6)'
    """
    count = result.count
    return Markup("{} of {} {}{} {} {} recognised (95{}%: {})").format(
        percent(result.accuracy), number(count), "unseen " if unseen else "", part, noun(count, "picture"),
        "is" if count == 1 else "are", THIN, between(result.interval))


def commonest(result: Evaluation) -> float:
    """The accuracy of always answering the commonest class of `result`."""
    return max(row.count for row in result.per_class) / result.count


def epochs_of(history: Sequence[EpochResult] | None) -> int:
    """The number of epochs trained; epoch 0, before the first step, is none.

    >>> epochs_of([EpochResult(0), EpochResult(1), EpochResult(2)]), epochs_of([])
    (2, 0)
    """
    return history[-1].epoch if history else 0


def next_steps(result: TrainResult) -> list[tuple[str, str]]:
    """Next steps, each with its command: (step, command)."""
    model, epochs = result.model, epochs_of(result.history)
    options = "".join(f" --{name} {shlex.quote(str(value))}" for name, value in result.began.items())
    source = shlex.quote(result.data.source or result.data.name)
    steps = []
    if model:
        quoted = shlex.quote(model)
        steps += [("Recognise new pictures", f"striate predict {quoted} PICTURE…"),
                  ("Measure it on labelled pictures", f"striate evaluate {quoted} {source}")]
    if model and result.stages:
        steps += [("See its words, and the evidence for a prediction", f"striate look {quoted} --picture PICTURE")]
    if result.selection:
        minutes = f"{2 * result.selection.budget_seconds / 60:.3g}"
        steps += [("Select and train in twice the time", f"striate train {source} --minutes {minutes}")]
    elif result.network and result.network.name and epochs:
        steps += [("Train for twice as long", f"striate train {source} --model {shlex.quote(result.network.name)}"
                                              f"{options} --epochs {2 * epochs}")]
    return [(what, shown(line, 2000)) for what, line in steps]
