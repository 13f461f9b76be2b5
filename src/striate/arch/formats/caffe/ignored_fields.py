"""Ignored fields of a prototxt, in phrases: preprocessing of pictures, and missing fillers of weights."""

from __future__ import annotations

from typing import Any

from striate.arch.formats.caffe.layer_names import DATA_LAYERS
from striate.arch.formats.caffe.phase import layers_in_phase
from striate.arch.formats.caffe.prototxt_style import number
from striate.arch.formats.caffe.prototxt_text import parse
from striate.arch.formats.caffe.upgrade import present_layers
from striate.errors import shown

WEIGHTED = {"Convolution": "convolution_param", "ConvolutionDepthwise": "convolution_param",
            "DepthwiseConvolution": "convolution_param", "Deconvolution": "convolution_param",
            "InnerProduct": "inner_product_param"}
OLDER = {"Data": "data_param", "ImageData": "image_data_param", "WindowData": "window_data_param"}


def caffe_notes(text: str, phase: str = "TEST") -> list[str]:
    """Notes on fields that `read_caffe` ignores or fills in; of the other phase's data if this one has none.

    >>> caffe_notes('''layer { name: "data" type: "Data" top: "data" transform_param { scale: 0.00390625 } }
    ...     layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 3 } }''')
    ... # doctest: +NORMALIZE_WHITESPACE
    ['the file scales its pictures by 0.00390625: not part of the network',
     'no weight_filler (1: ip): filled with msra here, with zeros in Caffe']
    """
    net = parse(text, "NetParameter", "a network")
    present = present_layers(net)
    layers = layers_in_phase(net, present, phase)
    feeding = [layer for layer in layers if layer.type in DATA_LAYERS] or [
        layer for layer in present if layer.type in DATA_LAYERS]
    prepared = dict.fromkeys(phrase for layer in feeding for phrase in _preparation(layer))
    notes = [f"the file {phrase}: not part of the network" for phrase in list(prepared)[:8]]
    bare = [layer.name for layer in layers
            if layer.type in WEIGHTED and not getattr(layer, WEIGHTED[layer.type]).HasField("weight_filler")]
    if bare:
        more = ", …" if len(bare) > 3 else ""
        named = ", ".join(shown(name, 40) for name in bare[:3])
        notes.append(f"no weight_filler ({len(bare):,}: {named}{more}): filled with msra here, with zeros in Caffe")
    return notes


def _preparation(layer: Any) -> list[str]:
    """Preprocessing of the pictures by a data layer."""
    given = [layer.transform_param]
    given += [getattr(layer, OLDER[layer.type])] if layer.type in OLDER else []
    phrases = []
    for one in given:
        if one.HasField("mean_file"):
            phrases.append(f"subtracts the mean in {shown(one.mean_file, 60)} from its pictures")
        means = getattr(one, "mean_value", ())
        if means:
            more = ", …" if len(means) > 4 else ""
            phrases.append(f"subtracts {', '.join(number(mean) for mean in means[:4])}{more} from its pictures")
        if one.HasField("scale") and one.scale != 1:
            phrases.append(f"scales its pictures by {number(one.scale)}")
        if one.mirror:
            phrases.append("mirrors half of its pictures")
    return phrases
