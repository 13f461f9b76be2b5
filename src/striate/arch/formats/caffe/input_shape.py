"""Input shape of a Caffe network, if its file gives it; no file it names is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from striate.arch.volume import Volume

Shape = tuple[int, int, int]


def header_shapes(net: Any) -> dict[str, Shape | None]:
    """The shape of each `input:` of a file's head, None if it gives none."""
    found: dict[str, Shape | None] = {}
    for index, name in enumerate(net.input):
        dims = list(net.input_dim[4 * index:4 * index + 4])
        found[name] = _of_dims(net.input_shape[index].dim if index < len(net.input_shape) else dims)
    return found


def layer_shapes(layer: Any) -> dict[str, Shape | None]:
    """The shape of each top of a data layer; tops beside the pictures (labels) have none."""
    found: dict[str, Shape | None] = dict.fromkeys(layer.top)
    if layer.type == "Input":
        shapes = [_of_dims(shape.dim) for shape in layer.input_param.shape]
        for index, top in enumerate(layer.top):
            found[top] = shapes[index] if index < len(shapes) else shapes[0] if len(shapes) == 1 else None
    elif layer.type == "DummyData":
        given = layer.dummy_data_param
        for index, top in enumerate(layer.top):
            sides = [_nth(side, index) for side in (given.num, given.channels, given.height, given.width)]
            found[top] = _of_dims(_nth(given.shape, index).dim if given.shape else sides)
    elif layer.top:
        found[layer.top[0]] = _PICTURES[layer.type](layer) if layer.type in _PICTURES else None
    return found


def volume_of(shape: Shape | None) -> Volume | None:
    """The volume, if the file gave one."""
    return Volume(*shape) if shape else None


def _of_dims(dims: Any) -> Shape | None:
    """(N, C, H, W) or (N, C) as (C, H, W)."""
    numbers = list(dims)
    if len(numbers) not in (2, 4):
        return None
    height, width = numbers[2:] or (1, 1)
    return numbers[1], height, width


def _nth(values: Any, index: int) -> Any:
    return values[index if index < len(values) else 0] if values else 1


def _cropped(layer: Any, given: Any) -> Shape | None:
    side = layer.transform_param.crop_size or getattr(given, "crop_size", 0)
    return (_channels(layer), side, side) if side else None


def _channels(layer: Any) -> int:
    """Number of channels: 1 if grey is forced, else the number of means if above 1, else 3."""
    means = len(layer.transform_param.mean_value)
    given = layer.image_data_param
    grey = layer.transform_param.force_gray or any(
        given.HasField(field) and not getattr(given, field) for field in ("is_color", "images_in_color"))
    return 1 if grey else means if means > 1 else 3


def _image_data(layer: Any) -> Shape | None:
    given = layer.image_data_param
    whole = (_channels(layer), given.new_height, given.new_width) if given.new_height and given.new_width else None
    return _cropped(layer, given) or whole


def _memory_data(layer: Any) -> Shape | None:
    given = layer.memory_data_param
    return _cropped(layer, given) or (given.channels, given.height, given.width)


_PICTURES: dict[str, Callable[[Any], Shape | None]] = {
    "Data": lambda layer: _cropped(layer, layer.data_param),
    "ImageData": _image_data,
    "MemoryData": _memory_data,
    "WindowData": lambda layer: _cropped(layer, layer.window_data_param),
}
