"""Methods of looking into a network, `METHODS_OF_LOOK`: what each needs, and how a page draws it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple


class MethodOfLook(NamedTuple):
    """Method of looking into a network.

    explain: `module:name`, imported when it is used, of a function that returns an `Explanation` and takes
        (model, target) if `needs` is model, (model, pixels, target) with pixels (H, W, C) uint8 of the right size if it
        is picture, and (model, data, target) if it is data.
    drawing: how its array is drawn: `overlay` (H, W) on the picture, `signed` (H, W, C) with zero in the middle,
        `tiles` (n, H, W[, C]), `curve`, `points`, `table` or `picture` (H, W, C) uint8.
    first_page: whether a page without --show has it.
    target: what is explained if the user names nothing: a `layer`, a `unit` of one, or a `class`.
    """

    explain: str
    needs: Literal["model", "picture", "data"]
    drawing: Literal["overlay", "signed", "tiles", "curve", "points", "table", "picture"]
    target: Literal["layer", "unit", "class"]
    first_page: bool = False


METHODS_OF_LOOK: Mapping[str, MethodOfLook] = MappingProxyType({
    "filters": MethodOfLook("striate.convnet.explain.filters:filters", "model", "tiles", "layer", first_page=True),
    "activations": MethodOfLook("striate.convnet.explain.activation_maps:activations", "picture", "tiles", "layer",
                                first_page=True),
    "class_evidence": MethodOfLook(
        "striate.convnet.explain.class_evidence:class_evidence", "picture", "overlay", "class", first_page=True),
    "occlusion": MethodOfLook("striate.convnet.explain.occlusion:occlusion", "picture", "overlay", "class"),
    "dot_product": MethodOfLook("striate.convnet.explain.dot_product:dot_product", "picture", "table", "unit"),
    "gradient": MethodOfLook(
        "striate.convnet.explain.gradient:gradient", "picture", "signed", "class", first_page=True),
    "guided": MethodOfLook("striate.convnet.explain.guided:guided", "picture", "signed", "class"),
    "deconvnet": MethodOfLook(
        "striate.convnet.explain.deconvnet:deconvnet", "picture", "signed", "unit", first_page=True),
    "integrated_gradients": MethodOfLook(
        "striate.convnet.explain.integrated_gradients:integrated_gradients", "picture", "signed", "class"),
    "smoothgrad": MethodOfLook("striate.convnet.explain.smoothgrad:smoothgrad", "picture", "signed", "class"),
    "grad_cam": MethodOfLook(
        "striate.convnet.explain.grad_cam:grad_cam", "picture", "overlay", "class", first_page=True),
})
