"""Looking into a network: the methods asked for, the unit, layer and class explained, and the typed result."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image

from striate import Conv, ConvNet, Dense, Input, Network, ReLU, Tanh
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.faithfulness import faithfulness
from striate.convnet.explain.methods import METHODS_OF_LOOK
from striate.convnet.explain.sanity import sanity
from striate.convnet.explain.target import Target
from striate.model.explanation import Explanation, terms_of
from striate.report.drawers import DRAWERS
from striate.report.look_network import render_look
from striate.report.network_look_result import LookPanel, NetworkLookResult
from striate.tasks import look_convnet
from striate.tasks.look import look
from striate.tasks.look_convnet import LookSubject
from striate.tasks.look_panels import strongest_terms
from striate.tasks.progress import Progress
from tests.tasks.look_refusals import SIDE, small

PICTURE = np.arange(SIDE * SIDE, dtype=np.uint8).reshape(SIDE, SIDE)


@pytest.fixture(scope="module")
def fitted() -> ConvNet:
    return small()


def looked(model: ConvNet, picture: np.ndarray | None = PICTURE, **options: object) -> NetworkLookResult:
    found = look(model, picture, **options)  # type: ignore[arg-type]
    assert isinstance(found, NetworkLookResult)
    return found


@pytest.mark.parametrize("name", METHODS_OF_LOOK)
def test_every_method_is_there(name: str) -> None:
    module, function = METHODS_OF_LOOK[name].explain.split(":")
    assert callable(getattr(import_module(module), function))
    assert METHODS_OF_LOOK[name].drawing in DRAWERS


def test_the_first_page_has_its_methods_and_the_strongest_units(fitted: ConvNet) -> None:
    found = looked(fitted)
    methods = [panel.method for panel in found.panels]
    assert sorted(methods) == sorted(
        name for name, row in METHODS_OF_LOOK.items() if row.first_page and row.needs != "data")
    kinds = [METHODS_OF_LOOK[name].target for name in methods]
    assert kinds == sorted(kinds, key=("class", "unit", "layer").index)
    assert methods[0] == "class_evidence"
    assert found.layer == "relu"
    maps = found.explanations["activations"].array
    maxima = maps.max((1, 2))
    assert [one.unit for one in found.units] == [
        unit for unit in np.argsort(-maxima, kind="stable")[:5].tolist() if maxima[unit] > 0]
    for one in found.units:
        assert maps[one.unit][one.position] == one.value == maps[one.unit].max()
    assert found.label == found.ranked[0][0] == found.target
    assert sum(share for _, share in found.ranked) == pytest.approx(1)


def test_json_has_every_map_and_no_array(fitted: ConvNet, tmp_path: Path) -> None:
    found = looked(fitted, figures=tmp_path / "figures")
    text = json.dumps(found.as_dict(), allow_nan=False)
    assert json.loads((tmp_path / "figures" / "look.json").read_text()) == json.loads(text)
    names = {one.name for panel in found.panels for one in panel.maps}
    assert names == found.explanations.keys()
    for name in names:
        assert np.array_equal(np.load(tmp_path / "figures" / f"{name}.npy"), found.explanations[name].array)
    files = {one.name for one in (tmp_path / "figures").iterdir()}
    assert {"grad_cam.raw.npy", "gradient-2.png"} <= files
    assert {"explanations", "pixels"}.isdisjoint(found.as_dict())


def test_every_map_sheet_and_curve_is_a_picture_and_a_drawing(fitted: ConvNet, tmp_path: Path) -> None:
    found = looked(fitted, show=["filters", "grad_cam", "occlusion", "sanity"], figures=tmp_path)
    for one in (one for panel in found.panels for one in panel.maps):
        with Image.open(tmp_path / f"{one.name}.png") as picture:
            assert min(picture.size) > 2
        drawing = ElementTree.fromstring((tmp_path / f"{one.name}.svg").read_text())
        assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    with Image.open(tmp_path / "sanity.png") as curve:
        assert curve.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
        assert [0x0B, 0x62, 0xA4] in np.asarray(curve.convert("RGB")).reshape(-1, 3).tolist()


def test_a_large_picture_file_is_read_at_the_size_of_the_network(fitted: ConvNet, tmp_path: Path) -> None:
    wide = np.kron(PICTURE, np.ones((375, 500), np.uint8))  # 4,000 × 3,000 pixels
    Image.fromarray(wide).save(tmp_path / "large.jpg")
    found = looked(fitted, tmp_path / "large.jpg")  # type: ignore[arg-type]
    assert found.pixels is not None
    assert found.pixels.shape == (SIDE, SIDE, 1)
    assert found.picture == str(tmp_path / "large.jpg")


def test_a_unit_a_layer_and_a_class_can_be_named(fitted: ConvNet) -> None:
    found = looked(fitted, layer="conv", unit="1,2,3", class_name="up")
    assert (found.layer, found.target) == ("conv", "up")
    assert [(one.unit, one.position) for one in found.units] == [(1, (2, 3))]
    assert found.explanations["activations"].layer == "conv"


def test_a_unit_at_a_named_place_has_the_activation_of_this_place(fitted: ConvNet) -> None:
    for unit in range(3):
        found = looked(fitted, layer="conv", unit=f"{unit},2,3", show="activations")
        whole = found.explanations["activations"].array[unit]
        assert found.units[0].value == whole[2, 3]
        assert looked(fitted, layer="conv", unit=unit, show="activations").units[0].value == whole.max()


def test_the_terms_with_the_largest_magnitudes_are_shown_and_all_if_they_are_few() -> None:
    few = terms_of(["4", "5", "3"], np.array([0.0065, 0.198, -0.848]))
    assert [one.name for one in strongest_terms(few)] == ["5", "4", "3"]
    values = np.array([*range(1, 13), -20, -0.5], float)
    found = [one.value for one in strongest_terms(terms_of(map(str, range(14)), values))]
    assert found == [12, 11, 10, 9, 8, 7, 6, 5, 4, -20]


@pytest.mark.parametrize(("unit", "inverted"), [(None, None), (1, "1")])
def test_a_named_layer_is_inverted_as_a_whole_unless_a_unit_is_named(
        fitted: ConvNet, unit: int | None, inverted: str | None) -> None:
    assert looked(fitted, layer="conv", unit=unit, show="invert").explanations["invert"].unit == inverted


def test_without_a_picture_the_weights_are_shown(fitted: ConvNet) -> None:
    found = looked(fitted, None)
    assert [panel.method for panel in found.panels] == ["filters"]
    assert (found.label, found.units) == (None, ())


def test_a_method_that_a_layer_has_not_says_so_in_its_panel(fitted: ConvNet) -> None:
    (panel,) = looked(fitted, show="filters", layer="input").panels
    assert "; the picture was given." in (panel.refused or "")
    assert not panel.maps


def test_what_the_sanity_check_and_faithfulness_say_stands_beside_each_map(fitted: ConvNet) -> None:
    found = looked(fitted, show="gradient,grad_cam,occlusion,sanity,faithfulness")
    notes = {panel.method: panel.notes for panel in found.panels}
    sanity, faithful = (found.explanations[name] for name in ("sanity", "faithfulness"))
    for verdict in sanity.verdicts:  # type: ignore[attr-defined]
        assert (verdict.sentence in notes.get(verdict.method, ())) is (verdict.method in notes)
    for score in faithful.scores:  # type: ignore[attr-defined]
        assert (score.sentence in notes.get(score.method, ())) is (score.method in notes)
    assert len(notes["gradient"]) == 2
    maps = {one.name: one for panel in found.panels for one in panel.maps}
    for name in ("sanity", "faithfulness", "faithfulness-2"):
        curve = maps[name].curve
        assert curve is not None
        assert maps[name].drawing == "curve"  # else the page has nothing there
        drawn = [curve.values, *(values for _, values in curve.others)]
        array = found.explanations[name].array
        assert np.array_equal(drawn, array[:, 0] if name == "faithfulness" else array)
        assert [curve.label, *(label for label, _ in curve.others)][: len(sanity.methods)] == list(  # type: ignore[attr-defined]
            found.explanations[name.split("-")[0]].methods)[: len(sanity.methods)]  # type: ignore[attr-defined]
    table = maps["faithfulness-3"].table
    assert table is not None
    assert [row[0] for row in table.rows] == list(faithful.methods)  # type: ignore[attr-defined]
    assert {len(row) for row in table.rows} == {len(table.columns)}


def notes_of(found: NetworkLookResult) -> dict[str, str]:
    return {panel.method: " ".join(panel.notes) for panel in found.panels}


def test_the_first_page_of_a_small_network_has_sanity_checks_of_its_own_maps(
        fitted: ConvNet, monkeypatch: pytest.MonkeyPatch) -> None:
    found = looked(fitted)
    model = ExplainedNet.of(fitted)
    pixels = fitted.read_picture(PICTURE).copy()
    of_class = sanity(model, pixels, model.class_target(int(model.predict_proba(pixels[None]).argmax())), stages=1,
                      draws=2, methods=("gradient", "grad_cam"))
    first, *others = found.units
    of_unit = sanity(model, pixels, Target(first.layer, first.unit, first.position), stages=1, draws=2,
                     methods=["deconvnet"])
    notes = notes_of(found)
    for verdict in (*of_class.verdicts, *of_unit.verdicts):
        assert verdict.sentence in notes[verdict.method]
    assert f"the map of unit {first.unit} of relu at" in notes["deconvnet"]
    assert all(f"unit {one.unit} of relu" in notes["deconvnet"].split("Whether")[1] for one in others)
    assert "score of class" not in notes["deconvnet"]
    monkeypatch.setattr("striate.convnet.explain.sanity.QUICK", 0)
    for options in ({}, {"show": "gradient,grad_cam,deconvnet"}):
        notes = notes_of(looked(fitted, **options))
        assert all("not checked" in notes[name] for name in ("gradient", "grad_cam", "deconvnet"))


@pytest.mark.parametrize("show", [None, "gradient,grad_cam,deconvnet,occlusion,sanity,faithfulness"])
def test_no_verdict_stands_beside_a_map_of_something_else(fitted: ConvNet, show: str | None) -> None:
    notes = notes_of(looked(fitted, show=show, layer="conv", unit=1))
    for name in ("gradient", "grad_cam", "deconvnet"):
        assert "On this model and picture the map of unit 1 of conv at" in notes[name]
        assert "not checked" not in notes[name]
        assert "score of class" not in notes[name]
        assert "deletion" not in notes[name]
    if show:
        assert "the map of the score of class" in notes["occlusion"].lower()  # which is of a class in any case
        assert "deletion" in notes["occlusion"]


def test_units_of_a_page_are_not_covered_by_the_check_of_the_class(fitted: ConvNet) -> None:
    notes = notes_of(looked(fitted, show="deconvnet,sanity"))
    assert "deconvnet: On this model and picture the map of the score of class" in notes["sanity"]
    assert "On this model" not in notes["deconvnet"]
    assert "not checked; --show sanity with --layer and --unit checks one" in notes["deconvnet"]


def test_grad_cam_is_checked_at_the_layer_whose_maps_are_shown(fitted: ConvNet) -> None:
    options = {"layer": "conv", "show": "grad_cam,sanity,faithfulness"}
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), np.uint8)
    found = looked(fitted, noise, **options)
    model = ExplainedNet.of(fitted)
    pixels, target = fitted.read_picture(noise).copy(), model.class_target(list(model.classes).index(found.target))
    own = sanity(model, pixels, target, layer="conv").verdicts[1]
    faithful = next(one for one in faithfulness(model, pixels, target, layer="conv").scores if one.method == "grad_cam")
    assert own.method == "grad_cam"
    assert own.sentence != sanity(model, pixels, target).verdicts[1].sentence
    assert own.sentence in notes_of(found)["grad_cam"]
    assert faithful.sentence in notes_of(found)["grad_cam"]
    quick = sanity(model, pixels, target, stages=1, draws=2, layer="conv", methods=["gradient", "grad_cam"]).verdicts[1]
    assert quick.sentence in notes_of(looked(fitted, noise, layer="conv"))["grad_cam"]


def test_the_panels_of_an_occlusion_are_named_by_what_they_show(fitted: ConvNet) -> None:
    model = ExplainedNet.of(fitted)
    volume = model.activations(model.batch(fitted.read_picture(PICTURE)[None].copy()), ["conv"])["conv"]
    *_, second, first = volume.sum((0, 2, 3)).argsort().tolist()
    for unit, words in ((first, ", the strongest there,"), (second, ", not the strongest there,")):
        found = looked(fitted, show="occlusion", layer="conv", unit=unit)
        fall, _, _, strength = found.panels[0].maps
        assert fall.title == fall.unit == found.label
        assert strength.title == f"unit {unit} of conv"
        assert words in strength.evidence


def test_the_units_of_the_picture_are_maximised(fitted: ConvNet) -> None:
    found = looked(fitted, show="maximise", top=2)
    assert found.explanations["maximise"].shown == tuple(one.unit for one in found.units)  # type: ignore[attr-defined]


def test_people_read_the_panels_and_why_one_is_missing(fitted: ConvNet) -> None:
    assert "\npanels: filters, gradient\n" in f"{looked(fitted, show='filters,gradient').summary()}\n"


def test_units_that_are_maximised_are_counted(fitted: ConvNet) -> None:
    panel = looked(fitted, None, show="maximise").panels[0]
    (only,) = panel.maps
    assert [tile.index for tile in only.tiles] == list(range(only.count))
    assert all(tile.name.startswith("unit ") and tile.value is not None for tile in only.tiles)
    assert f"of {only.facts['of_units']} units of relu were asked" in panel.notes[0]


def test_a_class_with_a_number_for_its_name_is_named_by_the_number() -> None:
    labels = [3, 7, 3, 7]
    digit = ConvNet(small().network, epochs=1, seed=0).fit(
        np.arange(4 * SIDE * SIDE, dtype=np.uint8).reshape(4, SIDE, SIDE), labels)
    assert [looked(digit, class_name=name, show="filters").target for name in (7, "7", np.int64(7))] == ["7"] * 3


def test_a_method_of_the_first_page_that_is_undefined_says_why_and_nobody_asked() -> None:
    network = Network(Dense(2, name="fc")(Tanh(name="bent")(Conv(3, 3, name="conv")(Input(1, SIDE, SIDE)))))
    bent = ConvNet(network, epochs=1, seed=0).fit(np.arange(4 * SIDE * SIDE, dtype=np.uint8).reshape(4, SIDE, SIDE),
                                                  ["down", "up", "down", "up"])
    refused = {panel.method: panel.refused for panel in looked(bent).panels}
    assert refused["deconvnet"] == "The network's activations are tanh, not ReLU, so there is no deconvnet."
    (panel,) = looked(bent, show="deconvnet").panels
    assert "deconvnet was asked for" in (panel.refused or "")


def test_each_method_is_told_before_it_runs(fitted: ConvNet) -> None:
    told: list[tuple[str, int, int]] = []
    looked(fitted, show="gradient,class_evidence", progress=Progress(on_part=lambda *part: told.append(part)))
    assert told == [("Gradient", 0, 2), ("Evidence for the class", 1, 2)]


def test_maps_are_held_only_where_they_are_shown(fitted: ConvNet, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[bool] = []
    panel_of = look_convnet.panel_of

    def watched(subject: LookSubject, *rest: Any, **more: Any) -> tuple[LookPanel, dict[str, Explanation]]:
        held.append(subject.activity is not None)
        return panel_of(subject, *rest, **more)

    monkeypatch.setattr(look_convnet, "panel_of", watched)
    looked(fitted, show="gradient")
    looked(fitted, show="activations")
    assert held == [False, True]


def test_a_first_page_loads_nothing_that_only_training_and_charts_need(fitted: ConvNet, tmp_path: Path) -> None:
    path = fitted.save(tmp_path / "model.safetensors")
    Image.fromarray(PICTURE).save(tmp_path / "picture.png")
    code = f"""
import sys
import striate
striate.look({str(path)!r}, {str(tmp_path / "picture.png")!r}, out={str(tmp_path / "look.html")!r})
assert "torch" in sys.modules
heavy = {{"matplotlib", "sklearn.cluster", "sklearn.linear_model", "torch.distributed.tensor", "sympy"}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_units_at_the_limit_of_their_relu_are_ranked_by_what_goes_into_it() -> None:
    network = Network(Dense(2, name="fc")(ReLU(6, name="relu6")(Conv(4, 1, name="conv")(Input(1, SIDE, SIDE)))))
    model = ConvNet(network, epochs=1, seed=0).fit(np.stack([PICTURE[..., None]] * 4), ["up", "down"] * 2)
    state = model.module_.state_dict()
    state["conv.weight"].zero_()
    state["conv.weight"][:, 0, 0, 0] = torch.tensor([3.0, 1.0, -9.0, 20.0])
    state["conv.bias"][:] = torch.tensor([9.0, 1.0, 6.0, 5.0])
    found = looked(model, layer="relu6", show="activations")
    conv = looked(model, layer="conv", show="activations").explanations["activations"].array
    full = np.flatnonzero(conv.max((1, 2)) >= 6)
    assert len(full) >= 3
    ranked = [one for one in found.units if one.value == 6]
    assert [one.unit for one in ranked] == full[np.argsort(-conv.max((1, 2))[full])].tolist()
    for one in ranked:
        assert one.before == conv[one.unit].max() == conv[one.unit][one.position]
    assert f"Of relu6 {len(full)} reach its limit, 6, and are ranked" in found.panels[0].notes[0]
    page = render_look(found)
    assert "before its limit" in page
    assert "before its limit" not in render_look(looked(model, layer="conv", show="activations"))
