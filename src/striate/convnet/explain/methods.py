"""Methods of looking into a network, `METHODS_OF_LOOK`: what each needs, and how a page draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from striate.core.named_object import named_object


class MethodOfLook(NamedTuple):
    """Method of looking into a network.

    explain: `module:name`, imported when it is used, of a function that returns an `Explanation` and takes
        (model, target) if `needs` is model, (model, pixels, target) with pixels (H, W, C) uint8 of the right size if it
        is picture, and (model, data, target) if it is data.
    drawing: how its array is drawn: `overlay` (H, W) on the picture, `signed` (H, W, C) with zero in the middle,
        `tiles` (n, H, W[, C]), `picture` (H, W, C) uint8, `labels` (H, W) of classes, `sizes` (H, W), `curve`,
        `points`, `crops` or `table`.
    first_page: whether a page without --show has it.
    target: what is explained if the user names nothing: a `layer`, a `unit` of one, a `class`, or all `scores`.
    class_only: whether it explains a class even if the user names a unit, as other methods of a class do not.
    title: in words; "" is the name itself.
    in_layer: whether it takes the keyword `layer`, the one in whose maps Grad-CAM looks for the class.
    of_units: whether it takes the keyword `units`, several of the target's layer at once.
    """

    explain: str
    needs: Literal["model", "picture", "data"]
    drawing: Literal["overlay", "signed", "tiles", "picture", "labels", "sizes", "curve", "points", "crops", "table"]
    target: Literal["layer", "unit", "class", "scores"]
    class_only: bool = False
    first_page: bool = False
    in_layer: bool = False
    of_units: bool = False
    title: str = ""

    @property
    def function(self) -> Callable[..., Any]:
        """The function that `explain` names, imported now."""
        found: Callable[..., Any] = named_object(self.explain)
        return found


METHODS_OF_LOOK: Mapping[str, MethodOfLook] = MappingProxyType({
    "filters": MethodOfLook("striate.convnet.explain.filters:filters", "model", "tiles", "layer", first_page=True),
    "activations": MethodOfLook("striate.convnet.explain.activation_maps:activations", "picture", "tiles", "layer",
                                first_page=True, title="Activation maps"),
    "class_evidence": MethodOfLook(
        "striate.convnet.explain.class_evidence:class_evidence", "picture", "overlay", "class", class_only=True,
        first_page=True, title="Evidence for the class"),
    "occlusion": MethodOfLook("striate.convnet.explain.occlusion:occlusion", "picture", "overlay", "class"),
    "dot_product": MethodOfLook("striate.convnet.explain.dot_product:dot_product", "picture", "table", "unit",
                                title="One activation as a sum of products"),
    "gradient": MethodOfLook(
        "striate.convnet.explain.gradient:gradient", "picture", "signed", "class", first_page=True),
    "guided": MethodOfLook("striate.convnet.explain.guided:guided", "picture", "signed", "class",
                           title="Guided backpropagation"),
    "deconvnet": MethodOfLook(
        "striate.convnet.explain.deconvnet:deconvnet", "picture", "signed", "unit", first_page=True),
    "integrated_gradients": MethodOfLook(
        "striate.convnet.explain.integrated_gradients:integrated_gradients", "picture", "signed", "class"),
    "smoothgrad": MethodOfLook("striate.convnet.explain.smoothgrad:smoothgrad", "picture", "signed", "class",
                               title="SmoothGrad"),
    "grad_cam": MethodOfLook(
        "striate.convnet.explain.grad_cam:grad_cam", "picture", "overlay", "class", first_page=True, in_layer=True,
        title="Grad-CAM"),
    "maximise": MethodOfLook("striate.convnet.explain.maximise:maximise", "model", "tiles", "layer", of_units=True,
                             title="Pictures that excite units"),
    "sanity": MethodOfLook("striate.convnet.explain.sanity:sanity", "picture", "curve", "class",
                           in_layer=True, title="Sanity check by random weights"),
    "strongest": MethodOfLook("striate.convnet.explain.strongest:strongest", "data", "crops", "unit",
                              title="Strongest pictures"),
    "embedding": MethodOfLook("striate.convnet.explain.embedding:embedding", "data", "points", "scores",
                              title="Map of the pictures"),
    "probe": MethodOfLook("striate.convnet.explain.probe:probe", "data", "curve", "scores",
                          title="Where the representation is learnt"),
    "invert": MethodOfLook("striate.convnet.explain.invert:invert", "picture", "picture", "layer",
                           title="Picture from the activations of a layer"),
    "faithfulness": MethodOfLook("striate.convnet.explain.faithfulness:faithfulness", "picture", "curve", "class",
                                 class_only=True, in_layer=True, title="Deletion and insertion"),
})
