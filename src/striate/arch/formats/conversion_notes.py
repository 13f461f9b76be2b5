"""Notes on a conversion: differences between a network and its form in another format, in phrases."""

from __future__ import annotations

from collections import Counter
from dataclasses import MISSING, fields
from math import isclose, nan
from typing import Any, NamedTuple

from striate.arch.formats.equivalence import LayerGroup, is_pixelwise, layer_groups, trainable, window_pixels
from striate.arch.network import Network

# Settings of training, which PyTorch source cannot hold.
LEARNING = ("weight_filler", "bias_filler", "filler", "lr_mult", "decay_mult")
WINDOW = ("kernel_size", "stride", "padding", "dilation", "rounding", "count_padding")
AFFINE = {"scale": "weight", "shift": "bias"}  # of a BatchNorm: its fields, and the tensors they add
OWN = {"pad": "padding as a layer of its own", "scale": "batch_norm split into batch_norm and scale"}


class ConversionNotes(NamedTuple):
    """Notes on a conversion: what is `lost`, `changed` (may compute otherwise), and `same` but written otherwise."""

    lost: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    same: tuple[str, ...] = ()

    def phrases(self) -> list[str]:
        """One phrase for each kind of change, the gravest first.

        >>> ConversionNotes(lost=("conv lr_mult (2)", "dense lr_mult (1)"), same=("pool rounding (2)",)).phrases()
        ['lost: conv lr_mult (2), dense lr_mult (1)', 'written otherwise, computes the same: pool rounding (2)']
        """
        words = ("lost", "changed", "written otherwise, computes the same")
        return [f"{word}: {', '.join(found)}" for word, found in zip(words, self, strict=True) if found]


def network_changes(before: Network, after: Network) -> ConversionNotes:
    """Differences of `after`, read back from the written text, from `before`; none if they are equal.

    >>> from striate.arch import Conv, Input, Network, Pad
    >>> x = Input(1, 6, 6)
    >>> network_changes(Network(Conv(2, 3, padding=1)(x)), Network(Conv(2, 3)(Pad(1)(x)))).same
    ('padding as a layer of its own (1)', 'conv padding (1)')
    """
    if before == after:
        return ConversionNotes()
    heads = bool(before.auxiliary) and not after.auxiliary
    lost = [f"auxiliary heads {', '.join(before.auxiliary)}"] if heads else []
    base = before.trunk if heads else before
    changed = [f"the input {before.input} becomes {after.input}"] if before.input != after.input else []
    old, gone, stood = layer_groups(base, {node.name for node in after.nodes})
    new, added, stands = layer_groups(after, {node.name for node in base.nodes})
    same = [f"{OWN.get(kind, kind)} ({count})" for kind, count in added.items()]
    same += [f"{kind} joined to its neighbour ({count})" for kind, count in gone.items()]
    partner = _matching(old, new)
    counts: tuple[Counter[str], Counter[str], Counter[str]] = (Counter(), Counter(), Counter())
    if len(partner) < max(len(old), len(new)):
        changed.append(_layer_counts(base, after))
    for name, other in partner.items():
        for counter, found in zip(counts, _compare(old[name], new[other]), strict=True):
            counter.update(found)
        counts[2]["names"] += name != other
        counts[1]["connections"] += tuple(partner.get(one, one) for one in old[name].inputs) != new[other].inputs
    ended = partner.get(stood[base.nodes[-1].name]) == stands[after.nodes[-1].name]
    if len(partner) == len(old) == len(new) and not ended:
        changed.append("another layer is the output")
    if {partner.get(stood[name]): weight for name, weight in base.auxiliary.items()} != {
            stands[name]: weight for name, weight in after.auxiliary.items()}:
        changed.append("auxiliary heads")
    lost, changed, same = (
        [*found, *(f"{what} ({count})" for what, count in counter.items() if count)]
        for found, counter in zip((lost, changed, same), counts, strict=True))
    if not lost and not changed and not same:
        same = ["the order of the layers"]
    return ConversionNotes(tuple(lost), tuple(changed), tuple(same))


def _matching(old: dict[str, LayerGroup], new: dict[str, LayerGroup]) -> dict[str, str]:
    """Matching of old and new groups: by name, or by position if only the names differ."""
    if old.keys() != new.keys() and [_kind(part) for part in old.values()] == [_kind(part) for part in new.values()]:
        return dict(zip(old, new, strict=True))
    return {name: name for name in old if name in new}


def _kind(part: LayerGroup) -> str:
    return part.node.layer.kind


def _layer_counts(before: Network, after: Network) -> str:
    old, new = (Counter(node.layer.kind for node in network.nodes) for network in (before, after))
    moves = [f"{count} more {kind}" for kind, count in (new - old).items()]
    moves += [f"{count} fewer {kind}" for kind, count in (old - new).items()]
    layers = "1 layer becomes" if len(before.nodes) == 1 else f"{len(before.nodes):,} layers become"
    return f"{layers} {len(after.nodes):,} ({', '.join(moves) or 'others'})"


def _compare(old: LayerGroup, new: LayerGroup) -> tuple[list[str], list[str], list[str]]:
    """Lost, changed and equivalent settings of one group."""
    lost: list[str] = []
    changed: list[str] = []
    same: list[str] = []
    kind = _kind(old)
    if kind != _kind(new):
        alike = (kind == "scale" and is_pixelwise(new) and trainable(old).keys() == trainable(new).keys()) or (
            {kind, _kind(new)} == {"leaky_relu", "relu"} and {_slope(old), _slope(new)} == {0})
        (same if alike else changed).append(f"{kind} as {_kind(new)}")
        differing = []
    else:
        differing = [field.name for field in fields(old.node.layer) if field.name != "name"
                     and getattr(old.node.layer, field.name) != getattr(new.node.layer, field.name)]
    before, after = trainable(old), trainable(new)
    fitting = window_pixels(old) == window_pixels(new) or kind != _kind(new)
    for field in differing:
        if field not in LEARNING and not (kind == "batch_norm" and field in AFFINE):
            (same if _is_equivalent(field, old, new, fitting) else changed).append(f"{kind} {field}")
    if not fitting and old.pads != new.pads and not set(differing) & set(WINDOW):
        changed.append(f"{kind} padding")
    for field, tensor in AFFINE.items():
        if kind == "batch_norm" and (field in differing or old.scale or new.scale):
            (same if (tensor in before) == (tensor in after) else changed).append(f"{kind} {field}")
    for field in ("weight_filler", "bias_filler", "lr_mult", "decay_mult"):
        values = [_training_settings(field, tensors) for tensors in (before, after)]
        both = values[0].keys() & values[1].keys()
        label = "filler" if kind == "prelu" and field == "weight_filler" else field
        if any(values[0][name] != values[1][name] for name in both):
            lost.append(f"{kind} {label}")
        elif label in differing:
            same.append(f"{kind} {label}")
    return lost, changed, same if bool(old.scale) == bool(new.scale) else []  # a split is reported once


def _slope(part: LayerGroup) -> float:
    """Slope below 0 of a relu or leaky relu; NaN if it is limited above, which equals nothing."""
    layer: Any = part.node.layer
    return float(layer.slope if layer.kind == "leaky_relu" else 0 if layer.limit is None else nan)


def _training_settings(field: str, tensors: dict[str, Any]) -> dict[str, object]:
    if field.endswith("filler"):
        return {name: tensor.filler for name, tensor in tensors.items() if name == field.removesuffix("_filler")}
    return {name: getattr(tensor, field) for name, tensor in tensors.items()}


def _is_equivalent(field: str, old: LayerGroup, new: LayerGroup, fitting: bool) -> bool:
    """Whether two values of a field compute the same."""
    one, other = (getattr(part.node.layer, field) for part in (old, new))
    if field in WINDOW:
        return fitting
    if field == "coefficients":
        return {*(one or (1,)), *(other or (1,))} == {1}
    if field == "momentum":  # 1 − (1 − m) is m but for the last digit
        return isclose(one, other, rel_tol=1e-12, abs_tol=1e-15)
    return field == "to" and old.node.output == new.node.output


def lost_in_source(network: Network) -> ConversionNotes:
    """Settings of a network that PyTorch source leaves out.

    >>> from striate.arch import Dense, Input, Network
    >>> lost_in_source(Network(Dense(10, lr_mult=(1, 2))(Input(3, 1, 1)))).lost
    ('lr_mult (1)',)
    """
    lost: Counter[str] = Counter()
    for node in network.nodes:
        for field in fields(node.layer):
            default = field.default if field.default is not MISSING else None
            if field.name in LEARNING and getattr(node.layer, field.name) != default:
                lost[field.name] += 1
    return ConversionNotes(lost=tuple(f"{name} ({count})" for name, count in lost.items()))
