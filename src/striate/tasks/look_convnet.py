"""Explanation of a network: each method asked for, run on the recogniser, the picture and the data."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from striate._version import __version__
from striate.convnet.explain.activation_maps import ActivationMaps, activations, last_area, mapped_layers
from striate.convnet.explain.class_evidence import ClassEvidence
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.filters import filter_layers
from striate.convnet.explain.look_data import LookData
from striate.convnet.explain.methods import METHODS_OF_LOOK
from striate.convnet.explain.sanity import CHECKED, quick_sanity
from striate.convnet.explain.stepthrough import StepThrough, stepthrough
from striate.convnet.explain.target import Target
from striate.convnet.training.malloc import reuse_freed_memory
from striate.convnet.transfer import Transfer
from striate.core.constraints import OneOf
from striate.core.humanize import join_words
from striate.core.params import Refusal, checked
from striate.errors import DiskError, MissingError, StriateError
from striate.model.explanation import Explanation
from striate.model.preprocessing import Pixels
from striate.model.recogniser import Picture, Recogniser
from striate.report.look_figures import made_folder
from striate.report.network_look_result import ExplainedUnit, LookPanel, NetworkLookResult
from striate.tasks.look_notes import notes_of
from striate.tasks.look_options import SCALES, chosen_methods, class_index, parsed_unit
from striate.tasks.look_panels import maps_of
from striate.tasks.look_parts import LookPart, parts_of, with_sizes
from striate.tasks.look_pictures import look_data
from striate.tasks.look_undefined import undefined_here
from striate.tasks.look_verdicts import with_verdicts
from striate.tasks.progress import Progress

NAMED_UNITS = 3  # in the sentence on what speaks for a class
SHOWN_LAYERS = 8  # whose maps a page without --layer has
FEW_TILES, MOST_TILES = 24, 512  # of each of these layers, and of the one that --layer names


@dataclass(frozen=True, eq=False)
class LookSubject:
    """Subject of a look: the network, the picture and data, and what of them is explained.

    Attributes:
        model: the network; `pixels`: the picture at its size; `data`: labelled pictures.
        layer: whose units are explained; `named`: whether the user named it; `unit_named`: also a unit.
        units: the targets of methods that explain units, the strongest first.
        target: the class that is explained, by index; None without a picture or class.
        activity: of the picture, where its maps are shown; they take as much memory as a forward pass stores.
        progress: callbacks as each method begins, and of methods that look at many pictures.

    """

    model: ExplainedNet
    pixels: Pixels | None
    data: LookData | None
    layer: str
    named: bool
    unit_named: bool
    units: tuple[Target, ...]
    target: int | None
    activity: ActivationMaps | None
    progress: Progress

    def targets(self, method: str) -> Sequence[Target]:
        """What a method explains here: one layer, the units, or the class."""
        row = METHODS_OF_LOOK[method]
        if row.target == "class" and self.target is not None:
            if self.unit_named and not row.class_only:
                return self.units
            return [self.model.class_target(self.target)]
        if row.target == "scores" and not self.named:
            return [Target(self.model.scores)]
        if row.target == "unit" and self.units:
            return self.units if row.first_page or row.needs == "data" else self.units[:1]
        if method == "filters" and not self.named:
            return [Target(layer) for layer in filter_layers(self.model)[:1]]
        alone = self.unit_named or (self.named and row.needs == "data")  # maps and inversions are of whole layers
        return [Target(self.layer, self.units[0].unit if self.units and alone else None)]


def look_network(recogniser: Recogniser, picture: Picture | None, class_name: str | None, top: int, *,
                 layer: str | None = None, unit: int | str | Sequence[int] | None = None, data: str | None = None,
                 show: str | Sequence[str] | None = None, scale: str = "shared", figures: str | None = None,
                 model: str | None = None, page: str | None = None,
                 progress: Progress | None = None) -> NetworkLookResult:
    """What the methods of `show` find in the network of a ConvNet or a Transfer.

    `top` units are explained, the strongest of `layer` in the picture, unless `unit` names one. Raises `UsageError`
    (`unknown_method`, `picture_needed`, `data_needed`, `bad_unit`, `no_such_unit`, `unknown_class`, `bad_scale`,
    `no_network`), `NetworkError` (`unknown_layer`), and what reading a picture raises. A method that refuses this
    network or layer has its sentence in its panel instead.
    """
    methods = chosen_methods(show, picture=picture is not None, data=data is not None)
    checked("scale", scale, OneOf(*SCALES), Refusal("bad_scale", "the {name} of maps was asked for", "Use shared"))
    chosen = parsed_unit(unit)
    if figures is not None:
        made_folder(figures)  # before the work
    net = ExplainedNet.of(recogniser)
    learnt = recogniser.present_.tolist() if isinstance(recogniser, Transfer) else None
    index = None if class_name is None else class_index(net.classes, class_name, learnt)
    explained_layer = last_area(net) if layer is None else layer
    net.check(Target(explained_layer, *(chosen or (None, None))))
    pixels = None if picture is None else recogniser.read_picture(picture).copy()  # one that torch may read
    pictures = None if data is None else look_data(recogniser, data, model=model, progress=progress)
    started = time.monotonic()
    found: dict[str, Any] = {}
    activity = None
    if pixels is not None:
        with reuse_freed_memory():
            scores = net.predict_proba(pixels[None])[0]
            activity = activations(net, pixels, Target(explained_layer))
        order = np.argsort(-scores, kind="stable")
        ranked = tuple((net.classes[i], float(scores[i])) for i in order)
        index = int(order[0]) if index is None else index
        found = {"picture": None if isinstance(picture, bytes) or hasattr(picture, "shape") else str(picture),
                 "label": ranked[0][0], "probability": ranked[0][1], "ranked": ranked, "target": net.classes[index],
                 "pixels": pixels}
    strongest = () if activity is None else explained_units(activity, explained_layer, chosen, top)
    targets = tuple(Target(one.layer, one.unit, one.position) for one in strongest)
    if activity is None and chosen is not None:
        targets = (Target(explained_layer, *chosen),)
    subject = LookSubject(net, pixels, pictures, explained_layer, layer is not None,
                          chosen is not None and class_name is None, targets, index,
                          activity if "activations" in methods else None, progress or Progress())
    del activity
    panels: list[LookPanel] = []
    explanations: dict[str, Explanation] = {}
    for done, method in enumerate(methods):
        subject.progress.on_part(title_of(method), done, len(methods))
        with reuse_freed_memory():  # which is returned before the next method: the peaks do not add up
            panel, arrays = panel_of(subject, method, scale, asked=show is not None)
        panels.append(panel)
        explanations |= arrays
    quick = checked_quickly(subject, [one.method for one in panels if one.maps]) if show is None else []
    return NetworkLookResult(
        striate=__version__, classes=net.classes,
        size=(*recogniser.preparation_.size, recogniser.preparation_.channels), network=net.network.name or "network",
        parameters=net.network.parameters, layers=net.layers, layer=explained_layer, units=strongest,
        panels=with_verdicts(panels, [*explanations.values(), *quick]), explanations=explanations,
        seconds=time.monotonic() - started, figures=figures, model=model, page=page,
        because=reason(explanations.get("class_evidence")),
        stepthrough=stepped(subject) if show is None or "dot_product" in methods else None, **found)


def checked_quickly(subject: LookSubject, methods: Sequence[str]) -> Sequence[Explanation]:
    """The quick sanity checks of the first map of each of `methods` that can be checked, in a small network."""
    alike: dict[Target, list[str]] = {}
    for method in methods:
        if method in CHECKED:
            alike.setdefault(subject.targets(method)[0], []).append(method)
    layer = subject.layer if subject.named else None
    found = [quick_sanity(subject.model, subject.pixels, target, some, layer)
             for target, some in alike.items() if subject.pixels is not None]
    return [one for one in found if one]


def stepped(subject: LookSubject) -> StepThrough | None:
    """The step-through of the named layer, else of the first convolution; None without a picture or a convolution."""
    if subject.pixels is None:
        return None
    target = subject.units[0] if subject.units and (subject.named or subject.unit_named) else None
    return stepthrough(subject.model, subject.pixels, target)


def reason(evidence: Explanation | None) -> str | None:
    """What speaks for the class, one sentence; None where the scores are no sum over features."""
    if not isinstance(evidence, ClassEvidence):
        return None
    ranked = sorted(evidence.terms, key=lambda one: -one.value)
    features = [one.name.removeprefix("unit ").split(" ")[0] for one in ranked if one.value > 0][:NAMED_UNITS]
    against = [one.name.removeprefix("unit ").split(" ")[0] for one in ranked if one.value < 0][-1:]
    if not features:
        return f"No unit of {evidence.features} speaks for it."
    many = "s" if len(features) > 1 else ""
    contrary = f", unit {against[0]} most against it" if against else ""
    return (f"Unit{many} {join_words(features, 'and')} of {evidence.features} speak{'' if many else 's'} most for "
            f"{evidence.unit}{contrary}.")


def explained_units(activity: ActivationMaps, layer: str, chosen: tuple[int, tuple[int, int] | None] | None,
                    top: int) -> tuple[ExplainedUnit, ...]:
    """The units of a layer that are explained: the chosen one, or the `top` with the largest activations."""
    own = activity.of(layer)
    places = [(one.unit, one.position) for one in own.strongest(top)]
    if chosen is not None:
        unit, at = chosen
        places = [(unit, own.maximum(unit).position if at is None else at)]
    volume, before = activity.maps[layer], activity.before
    return tuple(ExplainedUnit(layer, unit, float(volume[(unit, *at)]), at,
                               None if before is None else float(before[(unit, *at)])) for unit, at in places)


def title_of(method: str) -> str:
    """The title of a method's panel."""
    return METHODS_OF_LOOK[method].title or method.replace("_", " ").capitalize()


def panel_of(subject: LookSubject, method: str, scale: str, *,
             asked: bool) -> tuple[LookPanel, dict[str, Explanation]]:
    """The panel of one method, and its explanations by the names of the maps; a refusal is the panel's sentence.

    Of a method that was not `asked` for by name, it is why the network has none.
    """
    title = title_of(method)
    try:
        parts, left_out = explained(subject, method)
    except (DiskError, MissingError):
        raise
    except StriateError as error:
        why = None if asked else undefined_here(subject.model, method, error.code)
        return LookPanel(method, title, refused=why or str(error)), {}
    maps = maps_of(method, parts, subject.model.classes, scale)
    first, of_data = parts[0].explanation, METHODS_OF_LOOK[method].needs == "data"
    known = [f"{note[:1].upper()}{note[1:]}." for note in (subject.data.notes if subject.data and of_data else ())]
    panel = LookPanel(method, title, first.evidence, first.units, maps=maps, left_out=left_out,
                      notes=(*notes_of(first), *known))
    return panel, {one.name: part.explanation for one, part in zip(maps, parts, strict=True)}


def explained(subject: LookSubject, method: str) -> tuple[list[LookPart], str | None]:
    """The parts to draw of what a method says of each of its targets, and the sentence on what is left out."""
    if method == "activations":
        assert subject.activity is not None
        return layered(subject, subject.activity)
    row = METHODS_OF_LOOK[method]
    given = {"model": (), "picture": (subject.pixels,), "data": (subject.data,)}[row.needs]
    more: dict[str, Any] = {"layer": subject.layer} if row.in_layer and subject.named else {}
    if row.of_units and subject.units:
        more["units"] = [one.unit for one in subject.units]
    if row.needs == "data":
        more["on_progress"] = subject.progress.on_progress
    found: list[LookPart] = []
    for target in subject.targets(method):
        one = row.function(subject.model, *given, target, **more)
        class_name = subject.model.class_of(target)
        title = class_name or str(replace(target, at=None))
        if class_name is not None:
            one = replace(one, position=None)  # a score has no place
        sized = row.drawing == "signed" and row.target == "class"
        found += with_sizes(one, title) if sized else parts_of(one, title)
    return found, None


def layered(subject: LookSubject, activity: ActivationMaps) -> tuple[list[LookPart], str | None]:
    """The maps of the named layer, or of a few layers from the first to the last."""
    every = mapped_layers(subject.model)
    if subject.named or len(every) == 0:
        return [LookPart(subject.layer, replace(activity, layers=(activity.of(subject.layer),)),
                         tiles=MOST_TILES)], None
    shown = [every[i] for i in np.unique(np.linspace(0, len(every) - 1, SHOWN_LAYERS).round().astype(int))]
    evidence = activity.evidence.replace(f" of {activity.layer} ", " of a layer ")
    found = [LookPart(layer, replace(activity, array=activity.maps[layer], layer=layer, evidence=evidence,
                                     layers=activity.layers if layer == shown[0] else (activity.of(layer),)),
                      tiles=FEW_TILES) for layer in shown]
    left = len(every) - len(shown)
    words = f"{len(shown)} of {len(every)} layers shown; --layer shows any of them." if left else None
    return found, words
