"""Sentences and tables of a comparison, for the page and for `compare.md`."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from striate.errors import shown
from striate.report.compare_result import Comparison, CurveCrossing
from striate.report.formatting import THIN, between, data_size, digits, duration, moment, noun, short
from striate.stats.verdict import p_value_text, points

__all__ = ["crossing", "data_size", "explanation", "gap", "markdown", "moment", "p_value_text", "plain_points",
           "points", "sentence"]


def sentence(text: str) -> Markup:
    """A sentence with names in it, as it may be put on the page: narrow spaces are kept, whatever else is odd is not.

    >>> sentence(f"<b> 95{THIN}%, p < 0.001") == Markup(f"&lt;b&gt; 95{THIN}%, p&nbsp;&lt;&nbsp;0.001")
    True
    """
    whole = Markup(THIN).join(shown(part, 2000) for part in text.split(THIN))  # noqa: S704 - a space; join escapes
    return whole.replace(Markup("p &lt; "), Markup("p&nbsp;&lt;&nbsp;"))


def gap(interval: Sequence[float]) -> str:
    """An interval of differences in points.

    >>> gap([-0.012, 0.034])
    '−1.2 to 3.4'
    """
    return f"{points(interval[0])} to {points(interval[1])}"


def plain_points(value: float) -> str:
    """A difference in points, with its sign.

    >>> plain_points(0.021), plain_points(-0.021)
    ('+2.1', '−2.1')
    """
    text = points(value)
    return text if value <= 0 else f"+{text}"


def explanation(result: Comparison) -> list[str]:
    """The basis of the verdict, sentence by sentence."""
    seeds, pairs, data = result.asked.seeds, result.pairs, result.data
    sentences = []
    if len(pairs) > 1:
        sentences.append(f"p-values are corrected for {len(pairs)} pairs (Holm), intervals are of each pair by itself.")
    sentences.append(f"Each was trained {seeds} times; intervals include the variation between seeds and between "
                     "samples of pictures." if seeds > 1 else
                     "Each was trained once: the variation between seeds is not known.")
    if result.asked.sizes:
        sentences.append(f"Each was trained on {max(result.asked.sizes):,} pictures per class.")
    if any(not one.sure for one in pairs):
        sentences.append("“Can't be told apart” is not “equally good”: the intervals bound the difference.")
    if data.leaked:
        sentences.append(f"{data.leaked:,} of the test pictures {noun(data.leaked, 'is', 'are')} also among the "
                         "training pictures.")
    return sentences


def crossing(row: CurveCrossing, sizes: Sequence[int]) -> str:
    """Where learning overtakes hand-crafting, in a sentence.

    >>> crossing(CurveCrossing("bow", "compact", 31.2, (24.1, 40.7)), [5, 100])
    'compact overtakes bow at about 31 pictures of a class (95 % of resamples: 24 to 41).'
    >>> crossing(CurveCrossing("bow", "compact", None, (88.0, None)), [5, 100])
    'compact does not overtake bow with up to 100 pictures of a class.'
    """
    learnt, hand, at, (low, high) = row.learnt, row.hand, row.size, row.interval
    if at is None:
        return f"{learnt} does not overtake {hand} with up to {sizes[-1]:,} pictures of a class."
    if at <= sizes[0]:
        later = "" if high is not None and high <= sizes[0] else " This is not sure: see the intervals below."
        return f"{learnt} is ahead of {hand} from {sizes[0]:,} pictures of a class on.{later}"
    first = f"{low:.0f}" if low is not None and low > sizes[0] else f"{sizes[0]:,} or fewer"
    last = f"{high:.0f}" if high is not None else f"more than {sizes[-1]:,}"
    return f"{learnt} overtakes {hand} at about {at:.0f} pictures of a class (95 % of resamples: {first} to {last})."


def markdown(result: Comparison) -> str:
    """The finding and its tables as Markdown."""
    data = result.data
    lines = [f"# {cell(result.title)}", "", f"**{cell(result.verdict)}.**", "", " ".join(explanation(result)), "",
             "| | accuracy % | 95 % | balanced % | seeds ± | training | one picture | 64 at once | file | parameters |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for one in result.models:
        spread = "–" if one.between_seeds is None else points(one.between_seeds)
        lines.append("| " + " | ".join([
            cell(one.name), digits(one.accuracy), str(between(one.interval)), digits(one.balanced), spread,
            str(duration(one.training)), str(moment(one.latency)), f"{round(one.throughput):,}/s",
            str(data_size(one.bytes)), str(short(one.parameters))]) + " |")
    lines += ["", "| pair | difference, points | 95 % | p, corrected | |", "|---|---|---|---|---|"]
    for pair in result.pairs:
        found = f"{cell(pair.first)} is better" if pair.sure else "can't be told apart"
        lines.append(f"| {cell(pair.first)} − {cell(pair.second)} | {plain_points(pair.difference)} | "
                     f"{gap(pair.interval)} | {p_value_text(pair.corrected)} | {found} |")
    if result.curves:
        lines += ["", f"| pictures of a class | {' | '.join(f'{size:,}' for size in result.curves.sizes)} |",
                  "|---|" + "---|" * len(result.curves.sizes)]
        for row in result.curves.rows:
            found = " | ".join(f"{digits(one.accuracy)} ({between(one.interval)})" for one in row.points)
            lines.append(f"| {cell(row.name)} | {found} |")
        lines += ["", *(cell(crossing(row, result.curves.sizes)) for row in result.curves.crossings)]
    lines += ["", f"{data.count:,} test pictures of {len(data.classes)} classes. `{cell(result.command)}`"]
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    r"""Text that ends no cell and begins no markup.

    >>> cell(f"a|<b> 95{THIN}%") == f"a\\|&lt;b> 95{THIN}%"
    True
    """
    kept = THIN.join(shown(part, 2000) for part in text.split(THIN))
    return kept.replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
