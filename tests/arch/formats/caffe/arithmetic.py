"""Caffe's own arithmetic, a second time: a reader of prototxt in thirty lines, and the shape of every blob by Caffe's
formulas. It shares nothing with `striate`: shapes are lists (N, C, H, W) or (N, K), as Caffe has them.
"""

from __future__ import annotations

import math
import re
from typing import Any

Message = dict[str, list[Any]]


def message(text: str) -> Message:
    """A prototxt as {field: [values]}, messages within as the same."""
    words = iter(re.findall(r'#[^\n]*|"[^"]*"|[{}]|[^\s{}:"#]+|:', text))

    def body() -> Message:
        found: Message = {}
        for word in words:
            if word == "}":
                break
            if word[0] in "#:":
                continue
            value = next(words)
            value = next(words) if value == ":" else value
            found.setdefault(word, []).append(body() if value == "{" else value.strip('"'))
        return found
    return body()


def one(given: Message, field: str, default: Any) -> Any:
    return given.get(field, [default])[0]


def window(given: Message, field: str, side: str, default: int) -> list[int]:
    if field in given:
        numbers = [int(value) for value in given[field]]
        return numbers * 2 if len(numbers) == 1 else numbers
    return [int(one(given, f"{side}_{axis}", default)) for axis in "hw"]


def pooled(size: int, kernel: int, stride: int, pad: int) -> int:
    """Caffe's pooling: rounded up, and clipped only where there is padding."""
    count = math.ceil((size + 2 * pad - kernel) / stride) + 1
    return count - 1 if pad and (count - 1) * stride >= size + pad else count


def recount(text: str, shape: list[int] | None, phase: str) -> tuple[dict[str, list[int]], dict[str, int]]:
    """The shape of each layer's first top, and the number of learnt values, by the names of the layers."""
    net = message(text)
    blobs: dict[str, list[int]] = {}
    dims = [int(value) for value in net.get("input_dim", [])] or [
        int(value) for value in one(net, "input_shape", {}).get("dim", [])]
    for name in net.get("input", []):
        blobs[name] = dims
    shapes, counts = {}, {}
    for layer in net.get("layer", []) + net.get("layers", []):
        rules = [one(rule, "phase", phase) for rule in layer.get("include", [])]
        if rules and phase not in rules:
            continue
        type_ = one(layer, "type", "").replace("_", "").lower()
        if type_ in ("softmaxwithloss", "accuracy", "euclideanloss", "sigmoidcrossentropyloss"):
            continue
        name, tops = one(layer, "name", ""), layer["top"]
        bottoms = [blobs[bottom] for bottom in layer.get("bottom", [])]
        out, count = _layer(type_, layer, bottoms, shape)
        for top in tops:
            blobs[top] = out
        if bottoms:
            shapes[name], counts[name] = out, count
    return shapes, counts


def _layer(type_: str, layer: Message, bottoms: list[list[int]], shape: list[int] | None) -> tuple[list[int], int]:
    if type_ == "input":
        return [int(value) for value in layer["input_param"][0]["shape"][0]["dim"]], 0
    if type_ in ("data", "imagedata"):
        side = one(one(layer, "transform_param", {}), "crop_size", None)
        return [1, *(shape or [3, int(side), int(side)])], 0
    first = bottoms[0]
    if type_ == "convolution":
        given = one(layer, "convolution_param", {})
        kernel, stride = window(given, "kernel_size", "kernel", 0), window(given, "stride", "stride", 1)
        pad = window(given, "pad", "pad", 0)
        filters, groups = int(given["num_output"][0]), int(one(given, "group", 1))
        sides = [(size + 2 * p - k) // s + 1 for size, k, s, p in zip(first[2:], kernel, stride, pad, strict=True)]
        weights = filters * first[1] // groups * kernel[0] * kernel[1]
        return [first[0], filters, *sides], weights + (filters if one(given, "bias_term", "true") == "true" else 0)
    if type_ == "pooling":
        given = one(layer, "pooling_param", {})
        if one(given, "global_pooling", "false") == "true":
            return [*first[:2], 1, 1], 0
        kernel, stride = window(given, "kernel_size", "kernel", 0), window(given, "stride", "stride", 1)
        pad = window(given, "pad", "pad", 0)
        return [*first[:2], *(pooled(*axis) for axis in zip(first[2:], kernel, stride, pad, strict=True))], 0
    if type_ == "innerproduct":
        units = int(layer["inner_product_param"][0]["num_output"][0])
        return [first[0], units], units * (math.prod(first[1:]) + 1)
    if type_ == "scale":
        return first, first[1] * 2
    if type_ == "flatten":
        return [first[0], math.prod(first[1:])], 0
    if type_ == "concat":
        return [first[0], sum(bottom[1] for bottom in bottoms), *first[2:]], 0
    assert type_ in ("relu", "lrn", "dropout", "softmax", "sigmoid", "batchnorm", "eltwise"), type_
    return first, 0
