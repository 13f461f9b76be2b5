"""Inspection of a network: counted layer by layer before it has a weight. Loads no torch and no NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striate.arch import Survey, Volume, load_network, refuse_unread, survey
from striate.arch.network_loader import phase_of
from striate.arch.unfused import unfused
from striate.core import atomic
from striate.core.params import Refusal, checked
from striate.core.result import Result
from striate.report.survey_table import AuxiliaryHeads, auxiliary_heads, origin

BAD_INPUT = Refusal("bad_input", "an input was asked for", "Give for example (1, 28, 28)")


@dataclass(frozen=True)
class VolumeShape:
    """Constraint of an input: a `Volume`, or its channels, height and width, which `Volume` checks in turn."""

    allowed: str = "(channels, height, width) is allowed"

    def read(self, value: Any) -> tuple[Any, Any, Any]:
        """The three sides."""
        channels, height, width = value.shape if isinstance(value, Volume) else value
        return channels, height, width


@dataclass(frozen=True, kw_only=True)
class Inspection(Result):
    """A network inspected: its `survey`, what `auxiliary` heads add, and of a known one where it is from (`origin`).

    `unfused` are layers that predictions compute by themselves, see `striate.arch.unfused`; `torch_code` is its PyTorch
    source, if that was asked for; `svg` the drawing that was written.
    """

    survey: Survey
    auxiliary: AuxiliaryHeads
    origin: dict[str, str]
    unfused: tuple[str, ...]
    torch_code: str | None = None
    svg: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON values: those of the survey, with the others beside them."""
        more = {"torch_code": self.torch_code, "svg": self.svg}
        return self.survey.as_dict() | {"auxiliary": self.auxiliary.as_dict(), "unfused": list(self.unfused)
                                        } | self.origin | {
            name: value for name, value in more.items() if value is not None}


def inspect(
    net: str | Path, *, input: Volume | tuple[int, int, int] | None = None, classes: int | None = None,  # noqa: A002
    batch: int = 1, phase: str | None = None, strict: bool = False, svg: str | Path | None = None, force: bool = False,
    torch_code: bool = False,
) -> Inspection:
    """Count a network, known by name or in a file, layer by layer; the command `striate inspect`.

    Args:
        net: a name of the zoo, or a YAML, JSON, Caffe prototxt or Keras JSON file.
        input: channels, height and width of its pictures, in place of its own.
        classes: how many values it ends in.
        batch: pictures at a time, for the memory.
        phase: TEST or TRAIN, for a prototxt.
        strict: refuse pixels that no window reads.
        svg: draw it into this file, which is written over with `force` only.
        force: write over a file that is there.
        torch_code: give its PyTorch source, too.

    >>> inspect("lenet5").survey.total("parameters")
    60850

    """
    if svg:
        atomic.refuse_taken(svg, force)
    asked = None if input is None else Volume(*checked("input", input, VolumeShape(), BAD_INPUT))
    network = load_network(net, asked, classes, phase_of(phase, str(net)))
    if strict:
        refuse_unread(network)
    counted = survey(network, batch)
    if svg:
        from striate.arch.draw import draw

        atomic.write_text(svg, draw(network))
    source = None
    if torch_code:
        from striate.arch.formats.torch.source_writer import write_torch

        source = write_torch(network)
    return Inspection(survey=counted, auxiliary=auxiliary_heads(network), origin=origin(str(net)),
                      unfused=unfused(network), torch_code=source, svg=str(svg) if svg else None)
