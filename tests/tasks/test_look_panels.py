"""Panels of a look: how maps are drawn, and their scales."""

import warnings

import numpy as np
import pytest

from striate.convnet.explain.class_evidence import ClassEvidence
from striate.convnet.explain.occlusion import OcclusionMaps
from striate.model.explanation import Explanation, terms_of
from striate.report.display_scale import DisplayScale
from striate.report.drawers.overlay import overlay
from striate.tasks.look_panels import maps_of
from striate.tasks.look_parts import parts_of


def evidence_of(array: np.ndarray) -> ClassEvidence:
    return ClassEvidence(array, "score", "", terms=terms_of(["unit 0"], array.sum(keepdims=True).ravel()),
                         strongest=(0,), maps=array[None])


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_evidence_for_a_class_has_zero_in_the_middle_of_its_scale_whatever_its_signs(sign: float) -> None:
    maps = maps_of("class_evidence", parts_of(evidence_of(sign * np.arange(6.0).reshape(2, 3)), "7"), ["7"], "shared")
    assert [one.drawing for one in maps] == ["overlay"] * 2
    assert {one.scale for one in maps} == {DisplayScale(-5.0, 5.0, diverging=True)}


def test_a_map_of_one_place_is_its_terms_or_its_value_and_no_wash_over_the_picture() -> None:
    (one,) = maps_of("class_evidence", parts_of(evidence_of(np.array([[3.0]])), "7"), ["7"], "shared")
    assert (one.drawing, one.scale, one.table, len(one.terms)) == ("table", None, None, 1)
    (one,) = maps_of("grad_cam", parts_of(Explanation(np.array([[3.0]]), "activation", ""), "7"), ["7"], "shared")
    assert one.table is not None
    assert (one.drawing, one.table.columns, one.table.rows) == ("table", ("activation",), ((3.0,),))


@pytest.mark.parametrize(("fall", "end"), [(2e-4, 0.01), (0.4, 0.4)])
def test_falls_below_a_percent_are_drawn_faint(fall: float, end: float) -> None:
    array = np.array([[0.0, fall], [-fall / 2, 0.0]])
    found = OcclusionMaps(array, "probability", "", unit="7", probability=1 - array, labels=np.zeros((2, 2), np.int64),
                          activation=array, map_layer="c", map_unit=0, rows=np.arange(2), columns=np.arange(2),
                          window=1, strongest=True, untouched=(1.0, 0, 0.0))
    assert maps_of("occlusion", parts_of(found, "7"), ["7"], "shared")[0].scale == DisplayScale(
        -end, end, diverging=True)


@pytest.mark.parametrize("size", [1e-38, 4e-150, 1e-310])
def test_values_of_any_size_are_drawn_without_a_warning(size: float) -> None:
    values, scale = size * np.array([[-1.0, 0.0], [0.5, 1.0]]), DisplayScale(-size, size, diverging=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert scale.levels(values).ravel().tolist() == [0, 128, 191, 255]
        overlay(values, np.zeros((2, 2, 1), np.uint8), scale)
