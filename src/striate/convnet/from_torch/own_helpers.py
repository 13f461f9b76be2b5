"""Helper classes that `write_torch` writes above a network, read back: found by name, checked by running them."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from striate.arch import Layer, Network, Scale, TableConv, Volume
from striate.convnet.build.net import build
from striate.convnet.from_torch.tensor_value import CallSite, ModuleTensor, TensorValue, UnsupportedCall, tensor_paths


def is_helper(module: nn.Module) -> bool:
    """Whether a module is one of our helper classes, by its class name and attributes."""
    name, owns = type(module).__name__, set(vars(module)) | set(module._parameters)
    return (name == "Scale" and owns >= {"weight", "bias"}) or (
        name == "TableConv" and owns >= {"weight", "bias", "filters", "maps", "shape", "stride"})


def helper(place: CallSite, m: Any, x: TensorValue) -> TensorValue:
    """The layer of a helper; refused if a run on random numbers differs from it."""
    tensors = {name: ModuleTensor(f"{place.path}.{name}", tuple(getattr(m, name).shape))
               for name in ("weight", "bias") if getattr(m, name) is not None}
    if type(m).__name__ == "Scale":
        layer: Layer = Scale(bias="bias" in tensors)
        check_by_running(layer, m, x.volume)
        return place.value(layer, x.volume, tensors=tensor_paths(**tensors))
    table: list[list[int]] = [[] for _ in range(m.shape[0])]
    for row, map_ in zip(m.filters, m.maps, strict=True):
        table[row].append(map_)
    rows, kernel, stride = tuple(map(tuple, table)), tuple(m.shape[2:]), tuple(m.stride)
    padded = x.before if x.pads and not x.fill else None
    check_by_running(TableConv(rows, kernel, stride, bias="bias" in tensors), m,
                     Volume(x.shape[1], 2 * kernel[0], 2 * kernel[1]))
    layer = TableConv(rows, kernel, stride, x.pads if padded and x.pads else 0, bias="bias" in tensors)
    return place.value(layer, padded or x.volume, tensors=tensor_paths(**tensors))


def check_by_running(layer: Layer, module: nn.Module, volume: Volume) -> None:
    """Refuse a module that does not compute what `layer` computes."""
    net = build(Network(layer(volume.bare())))
    (unit,) = net.children()
    random = torch.Generator().manual_seed(0)
    weights = {name: torch.randn(tensor.shape, generator=random) for name, tensor in unit.named_parameters()}
    picture = torch.randn((2, *volume), generator=random)
    with torch.no_grad():
        net.load_state_dict({f"{name}": value for name, value in zip(net.state_dict(), weights.values(), strict=True)})
        found = torch.func.functional_call(module, weights, (picture,))
        if found.shape[0] != 2 or not torch.allclose(found.flatten(1), net(picture), atol=1e-4):
            raise UnsupportedCall("which does not compute what its name says")
