"""What finding and converting networks says no to."""

from collections.abc import Callable
from pathlib import Path

from typer.testing import CliRunner

from striate.arch import Input, load_network
from striate.arch.formats.keras import write_keras
from striate.cli.main import application
from striate.core import model_file


def ask(*arguments: object) -> str:
    """What `striate convert ARGUMENTS` prints; raises what it refuses."""
    done = CliRunner().invoke(application(), ["convert", *map(str, arguments)])
    if done.exception:
        raise done.exception
    return done.stdout


def file(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def taken(folder: Path) -> str:
    return ask("lenet5", file(folder, "net.yaml", "mine"))


def opened(folder: Path, name: str) -> object:
    return load_network(file(folder, name, b""))


def keras(folder: Path) -> Path:
    return file(folder, "net.json", write_keras(load_network("compact")))


def model(folder: Path, manifest: dict[str, object]) -> Path:
    return model_file.save(folder / "m.safetensors", "demo", manifest, {})


NET = "input: [1, 8, 8]\nlayers:\n- dense: {units: 10}\n"
SOLVER = 'net: "train_val.prototxt"\nbase_lr: 0.01\nmax_iter: 100\n'

REFUSALS: dict[str, Callable[[Path], object]] = {
    # what is no network file, each with what to do instead
    "load: Python code": lambda folder: opened(folder, "net.py"),
    "load: a pickle": lambda folder: opened(folder, "net.pt"),
    "load: another pickle": lambda folder: opened(folder, "Net.PTH"),
    "load: Keras' weights": lambda folder: opened(folder, "net.h5"),
    "load: Keras' archive": lambda folder: opened(folder, "net.keras"),
    "load: Caffe's weights": lambda folder: opened(folder, "net.caffemodel"),
    "load: ONNX": lambda folder: opened(folder, "net.onnx"),
    "load: a model": lambda folder: opened(folder, "net.safetensors"),
    "load: a solver": lambda folder: load_network(file(folder, "solver.prototxt", SOLVER)),
    "load: a prototxt of 5 MiB": lambda folder: load_network(file(folder, "net.prototxt", b"#" * (5 << 20))),
    "load: JSON of 17 MiB": lambda folder: load_network(file(folder, "net.json", b" " * (17 << 20))),
    "load: our JSON of 2 MiB": lambda folder: load_network(
        file(folder, "net.json", b'{"input": [1, 8, 8], "layers": ["' + b"a" * (2 << 20) + b'"]}')),
    "load: JSON of brackets": lambda folder: load_network(file(folder, "net.json", b"[" * (1 << 20))),
    "load: no prototxt there": lambda _: load_network("net.prototxt"),
    "load: Keras of other classes": lambda folder: load_network(keras(folder), classes=7),
    "load: does not fit the input": lambda folder: load_network(file(folder, "net.yaml", NET.replace(
        "dense: {units: 10}", "conv: {filters: 2, kernel_size: 9}")), Input(1, 4, 4)),
    # the command
    "convert: no such dialect": lambda folder: ask("lenet5", folder / "net.tf", "--to", "tensorflow"),
    "convert: no extension": lambda folder: ask("lenet5", folder / "net"),
    "convert: stdout without --to": lambda _: ask("lenet5", "-"),
    "convert: over a file": taken,
    "convert: over a folder": lambda folder: ask("lenet5", folder, "--to", "yaml"),
    "convert: into no folder": lambda folder: ask("lenet5", folder / "there" / "net.yaml"),
    "convert: no such phase": lambda folder: ask(
        file(folder, "net.prototxt", ""), "-", "--to", "yaml", "--phase", "GO"),
    "convert: a phase without Caffe": lambda _: ask("lenet5", "-", "--to", "yaml", "--phase", "TRAIN"),
    "convert: an unknown network": lambda _: ask("lenet6", "-", "--to", "yaml"),
    "convert: Python code": lambda folder: ask(file(folder, "net.py", ""), "-", "--to", "yaml"),
    "convert: a model without a network": lambda folder: ask(model(folder, {}), "-", "--to", "yaml"),
    "convert: a model of nonsense": lambda folder: ask(model(folder, {"network": {"layers": 3}}), "-", "--to", "yaml"),
    "convert: a model of other classes": lambda folder: ask(
        model(folder, {"network": load_network("lenet5").to_dict()}), "-", "--to", "yaml", "--classes", "7"),
    "convert: a solver as a network": lambda folder: ask(
        file(folder, "solver.prototxt", SOLVER), folder / "net.py"),
    "convert: a solver with an input": lambda folder: ask(
        file(folder, "solver.prototxt", SOLVER), "-", "--to", "yaml", "--input", "1,8,8", "--classes", "3"),
}
