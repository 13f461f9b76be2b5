"""Formatting of numbers for people: durations, sizes in bytes, large counts, and lists joined as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal


def duration(seconds: float, precision: Literal["tenths", "two digits", "whole"] = "tenths") -> str:
    """A duration in two units at most: tenths of a second, two digits of a short one, or whole seconds (an estimate).

    >>> [duration(seconds) for seconds in (0.04, 9.87, 61, 7384)]
    ['40 ms', '9.9 s', '1 min 1 s', '2 h 3 min']
    >>> [duration(seconds, "two digits") for seconds in (0.000931, 0.0073, 0.0391, 2.04)]
    ['0.93 ms', '7.3 ms', '39 ms', '2.0 s']
    >>> [duration(seconds, "whole") for seconds in (0.4, 59.6, 3599)]
    ['0 s', '1 min 0 s', '59 min 59 s']
    """
    whole, thousandths = round(seconds), 1000 * seconds
    if precision != "whole" and seconds < 0.0995:
        places = 0 if precision == "tenths" or thousandths >= 9.95 else 1 if thousandths >= 0.995 else 2
        return f"{thousandths:.{places}f} ms"
    if precision != "whole" and seconds < 59.95:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def duration_in_words(seconds: float) -> str:
    """A duration in one unit, written out.

    >>> duration_in_words(28.2), duration_in_words(200), duration_in_words(9000)
    ('28 seconds', '3.3 minutes', '2.5 hours')
    """
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.1f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


def size(count: float, base: Literal[1000, 1024] = 1024) -> str:
    """A number of bytes: of memory by 1,024, with a decimal; of files by 1,000, as short as it can be.

    >>> size(18816), size(800), size(16_400_000, 1000), size(230_000, 1000)
    ('18.4 KiB', '800 B', '16.4 MB', '230 kB')
    """
    units = ("kB", "MB", "GB") if base == 1000 else ("B", "KiB", "MiB", "GiB", "TiB")
    power = 1 if base == 1000 else 0
    unit = next(i for i in range(len(units)) if count < base ** (power + i + 1) or i == len(units) - 1)
    value = count / base ** (power + unit)
    if base == 1000:
        return f"{value:.{0 if value >= 99.95 else 1}f}".removesuffix(".0") + f" {units[unit]}"
    return f"{value:{',' if unit == 4 else ''}.{1 if unit else 0}f} {units[unit]}"


def short_count(value: float) -> str:
    """A count, from 100,000 on with three significant digits.

    >>> short_count(61_706), short_count(281_640), short_count(4_089_184)
    ('61,706', '282 k', '4.09 M')
    """
    if value < 99_999.5:
        return f"{round(value):,}"
    power = next(power for power in (1, 2, 3, 4) if value < 999.5 * 1000**power or power == 4)
    value /= 1000**power
    return f"{value:.{max(0, 3 - len(str(int(value))))}f} {'kMGT'[power - 1]}"


def operations(count: int) -> str:
    """A number of operations: two digits of millions, hundredths of billions.

    >>> operations(13443264), operations(15470264320)
    ('13 M', '15.47 G')
    """
    return f"{count / 1e6:.2g} M" if count < 100_000_000 else f"{count / 1e9:.2f} G"


def significant(value: float, digits: int = 4) -> str:
    """A number with significant digits and a true minus sign, from 0.0001 to a million without an exponent.

    >>> significant(-0.123456), significant(76543.0), significant(2.0), significant(-0.0)
    ('−0.1235', '76540', '2', '0')
    >>> significant(1234567.0), significant(-0.0000123456, 3)
    ('1.235e+6', '−1.23e−5')
    """
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    rounded = float(f"{mantissa}e{exponent}")
    if rounded == 0 or 1e-4 <= abs(rounded) < 1e6:
        return f"{rounded + 0.0!r}".removesuffix(".0").replace("-", "−")
    stripped = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{stripped}e{int(exponent):+d}".replace("-", "−")


def plus(value: float, digits: int = 4) -> str:
    """A number that is added, with its sign apart.

    >>> plus(0.25), plus(-1.5)
    ('+ 0.25', '− 1.5')
    """
    return f"{'−' if value < 0 else '+'} {significant(abs(value), digits)}"


def join_words(phrases: Sequence[str], last: str = "or") -> str:
    """A list as text.

    >>> join_words(["padding 1", "stride 2", "a filter of 4"]), join_words(["relu", "tanh"], "and")
    ('padding 1, stride 2 or a filter of 4', 'relu and tanh')
    """
    return f" {last} ".join([", ".join(phrases[:-1]), phrases[-1]] if len(phrases) > 1 else phrases)
