"""Documents are products: what the README shows runs, and the command reference is what the program says."""

import contextlib
import dataclasses
import io
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

import striate
import striate.arch
from striate.arch.formats.caffe import write_caffe, write_caffemodel
from striate.arch.formats.dialects import DIALECTS as DIALECT_TABLE
from striate.arch.schema import settings_of
from striate.cli.main import app
from striate.convnet.recipe.recipe import Recipe

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = ROOT / "docs" / "cli.md"
COMMANDS = ("train", "check", "evaluate", "predict", "compare", "look", "inspect", "convert")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def test_the_two_commands_stand_as_agreed() -> None:
    assert blocks("console") == [
        "pip install -c constraints.txt . && striate train digits\n"
        'pip install -c constraints.txt -e ".[test]" && pytest\n'
    ]


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_readme_python_runs(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(blocks("python")[number], {})
    assert float(printed.getvalue()) > 0.9


def test_readme_yaml_and_python_are_the_same_network() -> None:
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(blocks("python")[1], names)
    assert striate.Network.from_dict(yaml.safe_load(blocks("yaml")[0])) == names["network"]


def test_readme_refusal_is_what_striate_says() -> None:
    with pytest.raises(striate.StriateError) as caught:
        striate.Conv(5, 5, name="conv2")(striate.Input(3, 4, 4))
    assert f"striate: {caught.value}" in README


def test_paths_in_the_documents_exist() -> None:
    for document in (README, (ROOT / "docs/architecture.md").read_text(), (ROOT / "CONTRIBUTING.md").read_text()):
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", document):
            assert (ROOT / target).exists() or (ROOT / "docs" / target).exists(), target


def reference() -> str:
    sections = []
    for command in ("", *COMMANDS):
        said = CliRunner().invoke(app, [*command.split(), "--help"], prog_name="striate", terminal_width=100).output
        sections.append(f"## striate {command}".rstrip() + f"\n\n```\n{said.strip()}\n```\n")
    return "# The command line\n\nWhat `striate --help` says; a test keeps this page so.\n\n" + "\n".join(sections)


def test_command_reference_is_current(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--golden"):
        REFERENCE.write_text(reference(), encoding="utf-8")
    assert REFERENCE.read_text(encoding="utf-8") == reference()


LANGUAGE = ROOT / "docs" / "networks.md"
OPENING = """# The network language

A network file is YAML (or JSON): `input` is [channels, height, width]; `layers` is a list in the order of computing. A
layer reads the one before it, or the layers that `from` names, where the picture is called `input`; `name` gives it a
name, else it is its kind and number: `conv3` is the third `conv`, for layers with a name of their own are counted too.
A layer without settings is its bare kind. `striate inspect FILE` checks it, counts it and draws it
(`--svg net.svg`); [dialects.md](dialects.md) says how it goes to and from Caffe, Keras and PyTorch.

```yaml
input: [3, 32, 32]
layers:
- conv: {filters: 16, kernel_size: 3, padding: same}
  name: stem
- relu
- conv: {filters: 16, kernel_size: 3, padding: 1, rounding: exact}
- add: null
  from: [relu1, conv2]
- global_pool
- dense: {units: 10}
```

`rounding` says what happens when a window does not tile its input: `floor` leaves the last pixels unread, `ceil`
(pooling) lets the last window hang over, `exact` refuses. Padding is one number, `[height, width]`, `[[top, bottom],
[left, right]]` or `same` (⌈W/S⌉ outputs; what cannot be halved goes to the bottom and right). `lr_mult` and
`decay_mult` multiply the learning rate and the weight decay of a layer: one number, or `[of weights, of biases]`. An
`add` may have `coefficients`, one for each input; a `reshape` goes `to` [channels, height, width], where 0 keeps the
input's number and one −1 is what is left. `mode` is `max` or `average`; `region` of an `lrn` is `across` channels or
`within` each. `tanh` is amplitude·tanh(slope·a). `table` has a row for each filter, which lists the input maps that it
sees, from 0: `[[0, 1], [1, 2], [0, 1, 2]]` are three filters over three maps.

A filler is a kind by name, or with its fields: `weight_filler: xavier`, `weight_filler: {kind: gaussian, std: 0.01}`.

| filler | fields, with their defaults |
|---|---|
| `constant` | `value=0` |
| `uniform` | `low=0`, `high=1` |
| `gaussian` | `mean=0`, `std=1`, `sparse=0`: n keeps a weight with probability n/(filters or units) |
| `xavier` | `fan=in` (or `out`, `average`): uniform within ±√(3/fan) |
| `msra` | `fan=in` (or `out`, `average`): normal of standard deviation √(2/fan) |
| `bilinear` | none: the filter that enlarges a picture |

The last layer is the output. Layers that feed nothing else are heads for training; `auxiliary` beside `layers` names
them with the weight of their loss (`auxiliary: {loss1: 0.3}`). They are not computed when the network predicts.

| kind | settings, with their defaults |
|---|---|
"""


def language() -> str:
    rows = []
    for kind, layer in striate.arch.LAYERS.items():
        settings = [f.name if f.default is dataclasses.MISSING else f"{f.name}={getattr(f.default, 'kind', f.default)}"
                    for f in settings_of(layer)]
        rows.append(f"| `{kind}` | {', '.join(f'`{one}`' for one in settings) or 'none'} |\n")
    return OPENING + "".join(rows)


def test_network_language_is_current(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--golden"):
        LANGUAGE.write_text(language(), encoding="utf-8")
    assert LANGUAGE.read_text(encoding="utf-8") == language()
    example = re.findall(r"^```yaml\n(.*?)^```$", OPENING, flags=re.MULTILINE | re.DOTALL)[0]
    assert str(striate.Network.from_dict(yaml.safe_load(example)).output) == "10×1×1"


DIALECTS = (ROOT / "docs" / "dialects.md").read_text(encoding="utf-8")
SOLVER = 'base_lr: 0.01 lr_policy: "step" gamma: 0.1 stepsize: 100 max_iter: 300 momentum: 0.9'


def test_what_the_page_of_dialects_shows_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    network = striate.load_network("lenet_caffe")
    Path("deploy.prototxt").write_text(write_caffe(network))
    Path("solver.prototxt").write_text(SOLVER)
    zeros = {name: np.zeros(tensor.shape, np.float32) for name, tensor in network.tensors.items()}
    Path("net.caffemodel").write_bytes(write_caffemodel(network, zeros))
    lines = re.findall(r"^striate (convert .*?) *(?:#.*)?$", DIALECTS, flags=re.MULTILINE)
    assert len(lines) == 5
    for line in lines:
        done = CliRunner().invoke(app, line.split())
        assert done.exit_code == 0, f"{line}: {done.exception}"
    assert Recipe.from_dict(yaml.safe_load(Path("recipe.yaml").read_text())).rate_at(150) == pytest.approx(0.001)
    examples = re.findall(r"^```python\n(.*?)^```$", DIALECTS, flags=re.MULTILINE | re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        exec(example, {})


def test_the_page_of_dialects_lists_them_all() -> None:
    for dialect in DIALECT_TABLE.values():
        assert all(f"`{suffix}`" in DIALECTS for suffix in (*dialect.reads, *dialect.writes))
    assert all(f"`{name}`" in DIALECTS for name in ("caffe", "caffe-train", "--to keras"))
