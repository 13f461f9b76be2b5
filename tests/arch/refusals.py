"""Every refusal of `striate.arch` and `striate inspect`, one row each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from striate.arch import (
    LRN,
    Add,
    Concat,
    Conv,
    Deconv,
    Dense,
    Dropout,
    Flatten,
    Initializer,
    Input,
    Maxout,
    Network,
    Pool,
    ReLU,
    Reshape,
    Slice,
    TableConv,
    Volume,
    load_network,
    refuse_unread,
)
from striate.arch.formats.yaml import read_json, read_yaml
from striate.cli.inspect import inspect, parse_volume

X = Input(6, 7, 7)


def layers(text: str) -> str:
    return f"input: [1, 8, 8]\nlayers:\n{text}"


def chain(count: int) -> Volume:
    x = Input(1, 1, 1)
    for _ in range(count):
        x = ReLU()(x)
    return x


def headed(feeds: bool = False, reads: bool = False, weight: object = 0.3) -> tuple:
    """The arguments of a network with an auxiliary head, wrong in one way."""
    stem = Conv(2, 1)(X)
    head = Dense(3, name="head")(stem)
    output = Dense(3, name="out")(head if feeds else stem)
    return output, "net", [(Dense(3, name="late")(output) if reads else head, weight)]


def folder_named(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


REFUSALS: dict[str, Callable[[Path], object]] = {
    # windows
    "window: 7×7 under 3×3 at stride 3, exact": lambda _: Conv(1, 3, stride=3, rounding="exact")(Input(1, 7, 7)),
    "window: too large": lambda _: Conv(1, 5)(Pool(7)(Conv(1, 5)(Input(1, 32, 32)))),
    "window: too large, padded": lambda _: Conv(1, (11, 3), padding=1, name="tall")(X),
    "window: too large under ceil": lambda _: Pool(9, rounding="ceil")(X),
    "window: too large under exact": lambda _: Conv(1, 9, stride=4, rounding="exact")(X),
    "window: same padding does not tile": lambda _: Conv(1, 1, 2, "same", rounding="exact")(Input(1, 6, 6)),
    "window: table_conv, exact": lambda _: TableConv(((0,),), 2, stride=2, rounding="exact")(X),
    "window: axes differ": lambda _: Pool((2, 3), rounding="exact")(X),
    "window: 67 million pixels wide": lambda _: Conv(1, 1_024, dilation=65_536, rounding="exact")(X),
    "window: after a dense layer": lambda _: Pool(2)(ReLU()(Dense(10)(X))),
    "window: dilated": lambda _: Conv(1, 3, dilation=4)(X),
    "window: unread under --strict": lambda _: refuse_unread(Network(Pool(2)(Conv(1, 2, stride=2)(X)))),
    # fields
    "field: no filters": lambda _: Conv(0, 3),
    "field: half a filter": lambda _: Conv(2.5, 3),  # type: ignore[arg-type]
    "field: true is no number": lambda _: Conv(True, 3),
    "field: three sides": lambda _: Conv(1, (3, 3, 3)),  # type: ignore[arg-type]
    "field: kernel of 2,000": lambda _: Conv(1, 2_000),
    "field: unknown rounding": lambda _: Pool(2, rounding="round"),
    "field: padding of three sides": lambda _: Pool(2, padding=((1, 1), (1, 1), (1, 1))),  # type: ignore[arg-type]
    "field: a reshape with two unknowns": lambda _: Reshape((-1, -1, 1)),
    "field: one coefficient": lambda _: Add(coefficients=(1.0,)),
    "field: negative multiplier": lambda _: Dense(10, lr_mult=-1),
    "field: three multipliers": lambda _: Dense(10, decay_mult=(1, 1, 1)),  # type: ignore[arg-type]
    "field: rate of 1": lambda _: Dropout(1.0),
    "field: flag that is none": lambda _: Dense(10, bias="yes"),  # type: ignore[arg-type]
    "field: table with a repeated map": lambda _: TableConv(((0, 0),), 3),
    "field: name with a dot": lambda _: ReLU(name="relu.1"),
    "field: name with an escape": lambda _: ReLU(name="a\x1b[31m"),
    "field: volume of 10^12": lambda _: Input(3, 10**12, 10**12),
    "field: volume of 5,000 digits": lambda _: Input(3, 10**5_000, 8),
    "field: unknown filler": lambda _: Initializer("lanczos"),
    "field: filler from a number": lambda _: Conv(1, 3, weight_filler=0.1),  # type: ignore[arg-type]
    "filler: a field of another": lambda _: Initializer("xavier", std=0.1),
    "filler: range upside down": lambda _: Initializer("uniform", low=1, high=0),
    "filler: bilinear for a dense layer": lambda _: Dense(10, weight_filler="bilinear"),
    # layers
    "conv: groups that do not divide": lambda _: Conv(4, 3, groups=4)(X),
    "table_conv: a map that is not there": lambda _: TableConv(((0, 6),), 3)(X),
    "pool: too much padding": lambda _: Pool(3, padding=3),
    "maxout: pieces that do not divide": lambda _: Maxout(4)(X),
    "lrn: even size": lambda _: LRN(4),
    "add: different volumes": lambda _: Add()(X, Pool(7)(X)),
    "add: coefficients for other inputs": lambda _: Add((1, 2, 3))(X, X),
    "reshape: another number of values": lambda _: Reshape((5, -1, 7))(X),
    "slice: beyond the channels": lambda _: Slice(4, 3)(X),
    "deconv: groups that do not divide": lambda _: Deconv(4, 2, groups=4)(X),
    "deconv: nothing is left": lambda _: Deconv(4, 2, padding=9)(X),
    "concat: different sizes": lambda _: Concat(name="join")(X, Pool(7)(X)),
    "add: one input": lambda _: Add()(X),
    "add: 2,000 inputs": lambda _: Add()(*[X] * 2_000),
    "relu: two inputs": lambda _: ReLU()(X, X),
    "layer: called on a layer": lambda _: ReLU()(Conv(1, 3)),  # type: ignore[arg-type]
    "layer: an output too large": lambda _: Flatten()(Input(64, 112, 112)),
    # networks
    "network: no layers": lambda _: Network(X),
    "network: 5,001 layers": lambda _: Network(chain(5_001)),
    "network: of a layer": lambda _: Network(ReLU()),  # type: ignore[arg-type]
    "network: two inputs": lambda _: Network(Add()(Input(1, 2, 2), Input(1, 2, 2))),
    "network: a name twice": lambda _: Network(ReLU(name="a")(ReLU(name="a")(X))),
    "network: a name like a number": lambda _: Network(Conv(1, 1)(Conv(1, 1, name="conv2")(X))),
    "network: 500 M parameters": lambda _: Network(Dense(65_536)(Dense(8_000)(X))),
    "network: a head that feeds others": lambda _: Network(*headed(feeds=True)),
    "network: a head with a weight of nothing": lambda _: Network(*headed(weight=None)),
    "network: an output that a head reads": lambda _: Network(*headed(reads=True)),
    "network: bad name": lambda _: Network(ReLU()(X), name="my net"),
    # files
    "file: not there": lambda _: load_network("net.yaml"),
    "file: unknown name": lambda _: load_network("lenet6"),
    "file: a name of 5,000 letters": lambda _: load_network("x" * 5_000 + ".yaml"),
    "file: a folder": lambda folder: load_network(folder_named(folder, "folder.yaml")),
    "file: 2 MiB": lambda folder: load_network(written(folder, "big.yaml", b"#" * (2 << 20))),
    "file: not UTF-8": lambda folder: load_network(written(folder, "latin.yml", b"name: \xe9")),
    "file: wrong classes": lambda folder: load_network(
        written(folder, "net.yaml", layers("- dense: {units: 10}").encode()), classes=15),
    "file: wrong classes before a softmax": lambda folder: load_network(
        written(folder, "net.yaml", layers("- conv: {filters: 10, kernel_size: 1}\n- global_pool\n- softmax").encode()),
        classes=15),
    "file: wrong classes, and no layer of them": lambda folder: load_network(
        written(folder, "net.yaml", layers("- relu").encode()), classes=15),
    "file: no input": lambda folder: load_network(written(folder, "net.json", b'{"layers": ["relu"]}')),
    "yaml: nothing": lambda _: read_yaml(""),
    "yaml: a number to the base of 60": lambda _: read_yaml(f"input: [1, 28, {'1:' * 400}1.5]"),
    "yaml: NUL": lambda _: read_yaml("layers: \0"),
    "yaml: unclosed": lambda _: read_yaml("layers: ["),
    "yaml: anchor": lambda _: read_yaml("input: &a [1, 8, 8]\nlayers: [*a]"),
    "yaml: tag": lambda _: read_yaml("!!python/object/apply:os.system [id]"),
    "yaml: repeated key": lambda _: read_yaml("input: [1, 8, 8]\ninput: [3, 8, 8]"),
    "yaml: key that is no word": lambda _: read_yaml("? [a]\n: b"),
    "yaml: too deep": lambda _: read_yaml("layers: " + "[" * 50),
    "yaml: number of 5,000 digits": lambda _: read_yaml("input: [1, 1, " + "9" * 5_000 + "]"),
    "yaml: unknown key": lambda _: read_yaml("inputs: [1, 8, 8]"),
    "yaml: no layers": lambda _: read_yaml("input: [1, 8, 8]"),
    "yaml: empty layers": lambda _: read_yaml("input: [1, 8, 8]\nlayers: []"),
    "yaml: input of two sides": lambda _: read_yaml("input: [8, 8]\nlayers: [relu]"),
    "yaml: dimension 10^12": lambda _: read_yaml("input: [1, 1000000000000, 8]\nlayers: [relu]"),
    "yaml: filters 10^12": lambda _: read_yaml(layers("- conv: {filters: 1000000000000, kernel_size: 3}")),
    "yaml: name of a list": lambda _: read_yaml("name: [a]\ninput: [1, 8, 8]\nlayers: [relu]"),
    "yaml: unknown layer": lambda _: read_yaml(layers("- convolution: {filters: 20}")),
    "yaml: Python layer": lambda _: read_yaml(layers("- python: {module: os, layer: system}")),
    "yaml: unknown field": lambda _: read_yaml(layers("- conv: {filters: 20, kernel: 5}")),
    "yaml: missing field": lambda _: read_yaml(layers("- conv: {filters: 20}")),
    "yaml: a field of nothing": lambda _: read_yaml(layers("- relu: {slope: 1}")),
    "yaml: a number in place of fields": lambda _: read_yaml(layers("- dense: 10")),
    "yaml: a number in place of a layer": lambda _: read_yaml(layers("- 10")),
    "yaml: two kinds in one item": lambda _: read_yaml(layers("- relu:\n  sigmoid:")),
    "yaml: no kind": lambda _: read_yaml(layers("- name: a")),
    "yaml: from a number": lambda _: read_yaml(layers("- relu:\n  from: 1")),
    "yaml: from nowhere": lambda _: read_yaml(layers("- relu:\n  from: rely1")),
    "yaml: cycle": lambda _: read_yaml(layers("- relu:\n  from: sigmoid1\n- sigmoid:\n  from: relu1")),
    "yaml: from itself": lambda _: read_yaml(layers("- relu:\n  name: a\n  from: a")),
    "yaml: a name twice": lambda _: read_yaml(layers("- relu:\n  name: a\n- relu:\n  name: a")),
    "yaml: heads in a list": lambda _: read_yaml("auxiliary: [relu1]\n" + layers("- relu\n- sigmoid")),
    "yaml: a head that is not there": lambda _: read_yaml("auxiliary: {relu2: 1}\n" + layers("- relu\n- sigmoid")),
    "yaml: a layer that feeds nothing": lambda _: read_yaml(layers("- relu\n- sigmoid:\n  from: input")),
    "yaml: linear": lambda _: read_yaml(layers("- linear: {units: 10}")),
    "yaml: relu6": lambda _: read_yaml(layers("- relu6")),
    "yaml: average pooling": lambda _: read_yaml(layers("- AveragePooling2D: {kernel_size: 2}")),
    "yaml: num_output": lambda _: read_yaml(layers("- dense: {num_output: 10}")),
    "yaml: in_channels": lambda _: read_yaml(layers("- conv: {in_channels: 1, out_channels: 4, kernel_size: 3}")),
    "yaml: mode avg": lambda _: read_yaml(layers("- pool: {kernel_size: 2, mode: avg}")),
    "yaml: padding valid": lambda _: read_yaml(layers("- pool: {kernel_size: 2, padding: valid}")),
    "yaml: glorot": lambda _: read_yaml(layers("- dense: {units: 3, weight_filler: glorot}")),
    "yaml: a filler of another kind": lambda _: read_yaml(layers("- dense: {units: 3, weight_filler: lanczos}")),
    "yaml: sd": lambda _: read_yaml(layers("- dense: {units: 3, weight_filler: {kind: gaussian, sd: 1}}")),
    "yaml: a filler's field of another": lambda _: read_yaml(
        layers("- dense: {units: 3, weight_filler: {kind: xavier, std: 0.1}}")),
    "yaml: a filler without a kind": lambda _: read_yaml(layers("- dense: {units: 3, weight_filler: {std: 1}}")),
    "yaml: a name without a colon before": lambda _: read_yaml(layers("- relu\n  name: foo")),
    "yaml: the same with a comment": lambda _: read_yaml(layers("- concat # both\n  from: [a, b]")),
    "yaml: settings without a colon": lambda _: read_yaml(layers("- conv {filters: 2, kernel_size: 3}")),
    "yaml: name misspelt": lambda _: read_yaml(layers("- relu:\n  nme: foo")),
    "yaml: a field beside the kind": lambda _: read_yaml(layers("- conv:\n  filters: 20\n  kernel_size: 5")),
    "yaml: add of nothing": lambda _: read_yaml(layers("- relu\n- add")),
    "yaml: relu of two": lambda _: read_yaml(layers("- relu:\n  from: [input, input]")),
    "yaml: does not fit": lambda _: read_yaml(layers("- conv: {filters: 2, kernel_size: 9}")),
    "json: broken": lambda _: read_json('{"layers": [}'),
    "json: 100,000 levels": lambda _: read_json("[" * 100_000),
    "json: number of 5,000 digits": lambda _: read_json('{"input": [1, 1, ' + "9" * 5_000 + "]}"),
    "json: empty layers": lambda _: read_json('{"input": [1, 8, 8], "layers": []}'),
    "json: NaN": lambda _: read_json('{"input": [1, 8, NaN], "layers": ["relu"]}'),
    "json: 1e999": lambda _: read_json('{"input": [1, 8, 8], "layers": [{"tanh": {"slope": 1e999}}]}'),
    "json: repeated key": lambda _: read_json('{"layers": [], "layers": []}'),
    "json: a list": lambda _: read_json("[]"),
    # the command
    "inspect: nothing": lambda _: inspect(None),
    "inspect: --input of two sides": lambda _: parse_volume("28,28"),
    "inspect: --input of words": lambda _: parse_volume("1,28,wide"),
    "inspect: --input of 0": lambda _: parse_volume("1,0,28"),
}
