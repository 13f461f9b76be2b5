"""`striate convert`: what is written can be read again, says what it says, and nothing is lost in silence."""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given

from striate.arch import BatchNorm, Conv, Dense, Initializer, Input, Network, Pad, Pool, ReLU, Scale, load_network
from striate.arch.formats.conversion_notes import lost_in_source, network_changes
from striate.arch.formats.dialects import DIALECTS
from striate.arch.formats.yaml import read_json, read_yaml, write_yaml
from striate.core import model_file
from striate.errors import NetworkError, StriateError
from tests.arch.networks import networks
from tests.examples import examples
from tests.tasks.convert_refusals import SOLVER, ask, file

LOSSLESS = ("yaml", "json")


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "googlenet", "mobilenet"])
def test_ours_come_back_equal(name: str, tmp_path: Path) -> None:
    network = load_network(name)
    said = ask(name, tmp_path / "a.yaml")
    assert said == (f"{name} (zoo): {network.input} → {network.output}, {len(network.nodes):,} layers, "
                    f"{network.parameters:,} parameters; as YAML; written to {tmp_path / 'a.yaml'}\n")
    ask(tmp_path / "a.yaml", tmp_path / "b.json", "-q")
    assert load_network(tmp_path / "b.json") == network
    assert read_yaml((tmp_path / "a.yaml").read_text()) == network


@pytest.mark.parametrize("dialect", [dialect for dialect in DIALECTS if DIALECTS[dialect].read])
@pytest.mark.parametrize("name", ["compact", "vgg11", "resnet18", "squeezenet"])
def test_every_dialect_that_is_read_comes_back_with_its_parameters(name: str, dialect: str, tmp_path: Path) -> None:
    network = load_network(name, classes=11)
    suffix = {"yaml": ".yaml", "json": ".json", "keras": ".json"}.get(dialect, ".prototxt")
    path = tmp_path / f"net{suffix}"
    facts = json.loads(ask(name, path, "--to", dialect, "--classes", "11", "--json"))
    assert (facts["layers"], facts["parameters"]) == (len(network.nodes), network.parameters)
    again = load_network(path)
    assert (again.input, again.output, again.parameters) == (network.input, network.output, network.parameters)
    assert (again == network) == (not facts["lost"] + facts["changed"] + facts["same"])
    assert not facts["changed"]
    assert not facts["lost"] or dialect == "keras"
    assert any("wants a data layer" in note for note in facts["notes"]) == (dialect == "caffe-train")
    assert dialect not in LOSSLESS or again == network


def test_python_source_says_what_it_leaves_out(tmp_path: Path) -> None:
    said = ask("lenet5", tmp_path / "net.py")
    assert "as PyTorch source; lost: weight_filler (5); written" in said
    assert (tmp_path / "net.py").read_text().startswith('"""lenet5')


def test_to_stdout_the_text_is_alone_and_one_json_value_has_it() -> None:
    network = load_network("lenet5", Input(3, 36, 36), 7)
    arguments = ("lenet5", "-", "--to", "json", "--input", "3,36,36", "--classes", "7")
    assert read_json(ask(*arguments, "-q")) == network
    facts: dict[str, Any] = json.loads(ask(*arguments, "--json"))
    assert read_json(facts["text"]) == network
    assert (facts["to"], facts["out"], facts["changes"]) == ("json", "-", [])


def test_quiet_says_nothing_and_force_writes_over(tmp_path: Path) -> None:
    path = file(tmp_path, "net.yaml", "mine")
    with pytest.raises(StriateError, match="is there already"):
        ask("lenet5", path)
    assert path.read_text() == "mine"
    assert ask("lenet5", path, "--force", "-q") == ""
    assert load_network(path) == load_network("lenet5")
    assert list(tmp_path.iterdir()) == [path]


def test_a_refused_network_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(StriateError, match="lrn"):
        ask("alexnet", tmp_path / "net.json", "--to", "keras")
    assert list(tmp_path.iterdir()) == []


def test_a_model_file_gives_its_network_without_its_weights(tmp_path: Path) -> None:
    network = load_network("compact", classes=3)
    path = model_file.save(tmp_path / "m.safetensors", "convnet", {"network": network.to_dict()}, {})
    assert "(model file)" in ask(path, tmp_path / "net.yaml")
    assert load_network(tmp_path / "net.yaml") == network
    ask(path, tmp_path / "small.yaml", "--input", "1,64,64", "--classes", "3")
    assert load_network(tmp_path / "small.yaml").input == Input(1, 64, 64)


def test_a_solver_becomes_a_recipe(tmp_path: Path) -> None:
    from striate.convnet.recipe.recipe import Recipe

    path = file(tmp_path, "solver.prototxt", SOLVER)
    said = ask(path, tmp_path / "recipe.yaml")
    recipe = Recipe.from_dict(yaml.safe_load((tmp_path / "recipe.yaml").read_text()))
    assert recipe.learning_rate == 0.01
    assert "a recipe of 7 settings; as YAML" in said
    assert json.loads(ask(path, "-", "--to", "json", "-q")) == yaml.safe_load((tmp_path / "recipe.yaml").read_text())


def test_what_a_recipe_cannot_hold_is_said(tmp_path: Path) -> None:
    path = file(tmp_path, "solver.prototxt", SOLVER + "clip_gradients: 35")
    notes = json.loads(ask(path, tmp_path / "a.yaml", "--json"))["changes"]
    assert "Gradients are not clipped to a norm of 35" in notes
    path = file(tmp_path, "solver.prototxt", SOLVER.replace("0.01", "2000000"))
    assert "a recipe cannot hold all of it yet: learning_rate" in ask(path, tmp_path / "b.yaml")


@pytest.mark.parametrize("arguments", ["lenet5 a.py", "compact a.json --to keras", "lenet_caffe a.prototxt",
                                       "m.safetensors a.yaml", "resnet18 - --to yaml"])
def test_loads_no_torch(arguments: str, tmp_path: Path) -> None:
    model_file.save(tmp_path / "m.safetensors", "convnet", {"network": load_network("compact").to_dict()}, {})
    code = f"""
import sys
sys.argv = ["striate", "convert", *{arguments.split()!r}]
from striate.cli.main import run
try:
    run()
except SystemExit as end:
    assert not end.code, end.code
heavy = {{"torch", "keras", "sklearn", "matplotlib", "PIL", "scipy"}} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


X = Input(3, 8, 8)
SAME = "written otherwise, computes the same: "


@pytest.mark.parametrize(("before", "after", "phrases"), [
    (Conv(4, 3, padding=1, name="a")(X), Conv(4, 3, name="a")(Pad(1, name="p")(X)),
     [SAME + "padding as a layer of its own (1), conv padding (1)"]),
    (Conv(4, 3, padding=1, name="a")(X), Conv(4, 3, name="a")(Pad(((1, 0), (1, 1)), name="p")(X)),
     ["changed: conv padding (1)", SAME + "padding as a layer of its own (1)"]),
    (Pool(3, 2, 1, name="a")(ReLU(name="r")(X)), Pool(3, 2, name="a")(Pad(1, name="p")(ReLU(name="r")(X))),
     [SAME + "padding as a layer of its own (1), pool padding (1)"]),
    (Pool(3, 2, 1, name="a")(X), Pool(3, 2, name="a")(Pad(1, name="p")(X)),  # a zero may be the largest
     ["changed: pool padding (1)", SAME + "padding as a layer of its own (1)"]),
    (Conv(4, 3, padding="same")(X), Conv(4, 3, padding=1)(X), [SAME + "conv padding (1)"]),
    (Conv(4, 2, padding="same")(X), Conv(4, 2, padding=((1, 0), (1, 0)))(X), ["changed: conv padding (1)"]),
    (Pool(2, rounding="ceil")(X), Pool(2)(X), [SAME + "pool rounding (1)"]),
    (Pool(3, rounding="ceil", name="a")(X), Pool(3, name="a")(X), ["changed: pool rounding (1)"]),
    (Pool(3, 2, padding="same", mode="average", count_padding=False)(X), Pool(3, 2, padding="same", mode="average")(X),
     ["changed: pool count_padding (1)"]),
    (Pool(2, mode="average", count_padding=False)(X), Pool(2, mode="average")(X), [SAME + "pool count_padding (1)"]),
    (ReLU(name="a")(X), ReLU(name="b")(X), [SAME + "names (1)"]),
    (Conv(4, 3, lr_mult=2)(X), Conv(4, 3)(X), ["lost: conv lr_mult (1)"]),
    (Conv(4, 3, bias=False, lr_mult=(2, 3))(X), Conv(4, 3, bias=False, lr_mult=2)(X), [SAME + "conv lr_mult (1)"]),
    (Conv(4, 3, bias=False, bias_filler="xavier")(X), Conv(4, 3, bias=False)(X), [SAME + "conv bias_filler (1)"]),
    (Conv(4, 3, weight_filler="xavier")(X), Conv(4, 3)(X), ["lost: conv weight_filler (1)"]),
    (Pool(2)(X), Pool(2)(Input(3, 9, 9)), ["changed: the input 3×8×8 becomes 3×9×9"]),
    (BatchNorm(name="a")(ReLU(name="b")(X)), ReLU(name="b")(BatchNorm(name="a")(X)),
     ["changed: another layer is the output, connections (2)"]),
    (Pool(2, name="a")(ReLU()(X)), Pool(2, name="a")(X),
     ["changed: 2 layers become 1 (1 fewer relu), connections (1)"]),
    (BatchNorm(name="a", lr_mult=2)(X), Scale(name="s", lr_mult=2)(BatchNorm(name="a", scale=False, shift=False)(X)),
     [SAME + "batch_norm split into batch_norm and scale (1)"]),
    (BatchNorm(name="a", lr_mult=2)(X), Scale(name="s")(BatchNorm(name="a", scale=False, shift=False)(X)),
     ["lost: batch_norm lr_mult (1)", SAME + "batch_norm split into batch_norm and scale (1)"]),
    (BatchNorm(name="a", shift=False)(X), Scale(name="s")(BatchNorm(name="a", scale=False, shift=False)(X)),
     ["changed: batch_norm shift (1)", SAME + "batch_norm split into batch_norm and scale (1)"]),
])
def test_each_change_is_lost_changed_or_only_written_otherwise(before: Any, after: Any, phrases: list[str]) -> None:
    assert network_changes(Network(before), Network(after)).phrases() == phrases


def test_heads_that_are_left_out_are_said() -> None:
    x = Conv(4, 3)(X)
    network = Network(Dense(2)(x), auxiliary=[(Dense(2, name="aux")(x), 0.3)])
    assert network_changes(network, network.trunk).phrases() == ["lost: auxiliary heads aux"]
    assert lost_in_source(Network(Dense(2, weight_filler=Initializer("xavier"))(X))).lost == ("weight_filler (1)",)


@examples(60)
@given(networks())
def test_what_a_dialect_writes_computes_the_same(network: Network) -> None:
    for dialect in (DIALECTS["caffe"], DIALECTS["keras"]):
        with suppress(NetworkError):
            text = dialect.write(network)
            assert dialect.read
            assert network_changes(network, dialect.read(text, None, "TEST")).changed == ()


@examples(100)
@given(networks(), networks())
def test_no_change_goes_unsaid_and_none_is_invented(network: Network, other: Network) -> None:
    assert network_changes(network, read_yaml(write_yaml(network))).phrases() == []
    assert bool(network_changes(network, other).phrases()) == (network != other)


LENET = """
layer { name: "mnist" type: "Data" top: "data" top: "label" include { phase: TRAIN }
        transform_param { scale: 0.00390625 mirror: true crop_size: 28 mean_value: [104, 117, 123] } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 10 } }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
NOTES = ["the file subtracts 104, 117, 123 from its pictures: not part of the network",
         "the file scales its pictures by 0.00390625: not part of the network",
         "the file mirrors half of its pictures: not part of the network",
         "no weight_filler (1: ip): filled with msra here, with zeros in Caffe"]


@pytest.mark.parametrize("options", [("--phase", "TRAIN"), ("--input", "3,28,28")])
def test_what_a_prototxt_does_to_its_pictures_is_said(options: tuple[str, str], tmp_path: Path) -> None:
    path = file(tmp_path, "train_val.prototxt", LENET)
    facts = json.loads(ask(path, tmp_path / "a.yaml", *options, "--json"))
    assert facts["notes"] == NOTES
    assert facts["input"] == [3, 28, 28]
    said = ask(path, tmp_path / "b.yaml", *options)
    assert all(note in said for note in NOTES)


def test_the_training_form_says_that_it_wants_a_data_layer(tmp_path: Path) -> None:
    said = ask("lenet_caffe", tmp_path / "a.prototxt", "--to", "caffe-train")
    assert "caffe train wants a data layer in place of the Input layers" in said
    assert (tmp_path / "a.prototxt").read_text().startswith("# caffe train wants a data layer")
