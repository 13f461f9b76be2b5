"""Base class of layers: output volume, tensors and cost.

A new layer copies the smallest sibling, sets `kind`, `family` and `shape`, and joins `LAYERS`; `docs/extending.md`
lists the other tables.

Costs are those of one forward pass over one picture. A MAC is one multiply-and-add of a weighted sum (convolutions and
dense layers; nothing else has MACs). FLOPs are 2·MACs plus `elementwise` work: one for every other addition,
multiplication, comparison, division, root, power or exponential, each counted as one (a bias is one addition per unit).
"""

from __future__ import annotations

from abc import abstractmethod
from copy import copy
from dataclasses import MISSING, dataclass, field, fields, replace
from itertools import count
from typing import Annotated, ClassVar, Literal, Self

from striate.arch.initializer import TensorSpec
from striate.arch.layer_params import MAX_SIDE, Name
from striate.arch.transposed_window import TransposedWindow
from striate.arch.volume import Call, Volume
from striate.arch.window import Window
from striate.core.constraints import quoted
from striate.core.humanize import join_words
from striate.core.params import ValidatedFields
from striate.errors import NetworkError, WindowError, shown

Volumes = tuple[Volume, ...]
Shape = tuple[int, int, int]
Reach = Literal["point", "window", "spread", "all"]
Family = Literal["conv", "pool", "dense", "merge", "norm", "act", "other"]

MAX_INPUTS = 1_024

_calls = count()  # orders calls only; no result depends on where it starts


@dataclass(frozen=True)
class Layer(ValidatedFields):
    """Base class of layers: frozen, equal if their fields are; `name` is the name in a network.

    >>> from striate.arch import Conv, Input
    >>> str(Conv(10, 5, padding=2)(Input(3, 32, 32)))
    '10×32×32'
    """

    kind: ClassVar[str]
    merges: ClassVar[bool] = False
    """Whether it takes two volumes or more; the others take one."""
    reach: ClassVar[Reach] = "point"
    """The part of the input that one unit sees: the same position, a window, a transposed window, or everything."""
    operations: ClassVar[int] = 1
    """Operations for each output value, beside MACs."""
    family: ClassVar[Family] = "other"
    """The family whose colour and legend it has in a drawing."""
    short: ClassVar[str] = "{kind}"
    """Its caption in a drawing: a format of its fields; `draw/captions.py` has those that need more than that."""

    name: Annotated[str, Name()] | None = field(default=None, kw_only=True, compare=False, repr=False)

    def __init_subclass__(cls) -> None:
        cls.__repr__ = Layer.__repr__  # type: ignore[method-assign]  # else @dataclass writes one with every default

    def __repr__(self) -> str:
        """The call that makes it, without its name: `Conv(20, 5, stride=2)`."""
        shared_last = sorted(fields(self), key=lambda field: field.kw_only is True)
        given = [(field, getattr(self, field.name)) for field in shared_last if field.name != "name"]
        return f"{type(self).__name__}(" + ", ".join(
            [repr(value) for field, value in given if field.default is MISSING]
            + [f"{field.name}={value!r}" for field, value in given if field.default not in (MISSING, value)]) + ")"

    def with_name(self, name: str) -> Self:
        """The same layer with the name it has in a network."""
        if self.name == name:
            return self
        again = copy(self)  # not replace(), which would read every field through its rule once more
        object.__setattr__(again, "name", name)
        return again

    @property
    def label(self) -> str:
        """The name, or the kind of a layer without one."""
        return shown(self.name) if isinstance(self.name, str) else self.kind

    @property
    def window(self) -> Window | None:
        """The filter or pooling window, if there is one."""
        return None

    @property
    def spread(self) -> tuple[TransposedWindow, TransposedWindow] | None:
        """The arithmetic of a transposed convolution, down and across, if it is one."""
        return None

    @abstractmethod
    def shape(self, inputs: Volumes) -> Shape:
        """(channels, height, width) of the output; raises `NetworkError` where the inputs do not suit."""

    def tensors(self, inputs: Volumes) -> dict[str, TensorSpec]:  # noqa: ARG002 - most layers own nothing
        """The tensors by name, as PyTorch names and shapes them."""
        return {}

    def macs(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - only weighted sums have any
        """MACs per picture."""
        return 0

    def elementwise(self, inputs: Volumes, output: Volume) -> int:  # noqa: ARG002 - as most layers
        """Operations per picture that are not MACs: `operations` for each output value, unless overridden."""
        return self.operations * output.size

    def output(self, inputs: Volumes) -> Volume:
        """The volume this layer makes of `inputs`; `NetworkError` or `WindowError` if it cannot."""
        if not 2 <= len(inputs) <= MAX_INPUTS if self.merges else len(inputs) != 1:
            allowed = f"2 to {MAX_INPUTS:,} volumes are" if self.merges else "one volume is"
            raise NetworkError("wrong_inputs", f"{self.label}: {self.kind} was asked for", allowed=f"{allowed} allowed",
                               given=f"{len(inputs):,} were given", do="Change what it is called on")
        shape = self.shape(inputs)
        if max(shape) > MAX_SIDE:
            raise NetworkError("volume_too_large", f"{self.label}: an output was asked for",
                               allowed=f"1 to {MAX_SIDE:,} channels, rows and columns are allowed",
                               given="it would be " + "×".join(f"{side:,}" for side in shape),
                               do="Pool before it, or use fewer filters")
        return Volume(*shape)

    def __call__(self, *inputs: Volume) -> Volume:
        """The output volume, with a record of this call; refuses on the line that calls it."""
        for volume in inputs:
            refuse_other_than_volume(volume, self.label)
        try:
            made = self.output(inputs)
        except NetworkError:
            # Refuse under the name it would have in the network.
            named = self if self.name is not None else replace(self, name=f"{self.kind}{self._ordinal(inputs)}")
            try:
                named.output(inputs)
            except WindowError as error:
                cause = _flattener(inputs[0]) if error.code == "window_too_large" else None
                if cause is None:
                    raise
                name = cause.layer.name or f"{cause.layer.kind}{cause.layer._ordinal(cause.inputs)}"
                raise WindowError(error.code, error.asked, allowed=error.allowed,
                                  given=f"{error.given}; the input is 1×1 because {name} stands before it",
                                  do=f"Put {named.name} before {name}") from None
            raise
        return Volume(made.channels, made.height, made.width, source=Call(self, inputs, next(_calls)))

    def _ordinal(self, inputs: Volumes) -> int:
        """1 + the number of layers of this kind among the ancestors."""
        return 1 + sum(call.layer.kind == self.kind for call in ancestors(inputs))


def _flattener(volume: Volume) -> Call | None:
    """The call of the layer that reduced the picture to 1×1, if only pointwise layers follow it."""
    while (call := volume.source) and (volume.height, volume.width) == (1, 1):
        if call.layer.reach not in ("all", "point") or call.layer.merges:
            return None
        (volume,) = call.inputs
        if (volume.height, volume.width) != (1, 1):
            return call
    return None


def refuse_other_than_volume(value: object, label: str) -> None:
    """Refuse a value that is not a volume, such as a layer that was not called yet."""
    if not isinstance(value, Volume):
        raise NetworkError("not_a_volume", f"{label}: a volume was asked for",
                           allowed="Input(channels, height, width) or what a layer returned when called is allowed",
                           given=f"{quoted(value)} was given", do="Call layers on volumes: ReLU()(x)")


def phrase(inputs: Volumes) -> str:
    """The inputs of a layer in words: the layers that made them, and their volumes.

    >>> from striate.arch import Conv, Input
    >>> x = Input(3, 9, 9)
    >>> phrase((x, Conv(6, 3, name="left")(x)))
    'input 3×9×9 and left 6×7×7'
    """
    named = [f"{volume.source.layer.label if volume.source else 'input'} {volume}" for volume in inputs]
    return join_words(named, "and")


def ancestors(volumes: Volumes) -> list[Call]:
    """All calls that led to `volumes`, each once, in the order they were made.

    >>> from striate.arch import Input, Pool, ReLU
    >>> [call.layer.kind for call in ancestors((ReLU()(Pool(2)(Input(1, 4, 4))),))]
    ['pool', 'relu']
    """
    calls: dict[int, Call] = {}
    waiting = list(volumes)
    while waiting:
        call = waiting.pop().source
        if call and id(call) not in calls:
            calls[id(call)] = call
            waiting.extend(call.inputs)
    return sorted(calls.values(), key=lambda call: call.order)
