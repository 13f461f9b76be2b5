"""Upgrade of Caffe's older forms: V1 (2014, `layers { type: CONVOLUTION }`), V0 (2013, `layers { layer { … } }`)."""

from __future__ import annotations

from typing import Any

from striate.arch.formats.caffe.messages import fields_of, message_class
from striate.errors import NetworkError

V1_TYPES = {
    "ABSVAL": "AbsVal", "ACCURACY": "Accuracy", "ARGMAX": "ArgMax", "BNLL": "BNLL", "CONCAT": "Concat",
    "CONTRASTIVE_LOSS": "ContrastiveLoss", "CONVOLUTION": "Convolution", "DATA": "Data",
    "DECONVOLUTION": "Deconvolution", "DROPOUT": "Dropout", "DUMMY_DATA": "DummyData", "ELTWISE": "Eltwise",
    "EUCLIDEAN_LOSS": "EuclideanLoss", "EXP": "Exp", "FLATTEN": "Flatten", "HDF5_DATA": "HDF5Data",
    "HDF5_OUTPUT": "HDF5Output", "HINGE_LOSS": "HingeLoss", "IM2COL": "Im2col", "IMAGE_DATA": "ImageData",
    "INFOGAIN_LOSS": "InfogainLoss", "INNER_PRODUCT": "InnerProduct", "LRN": "LRN", "MEMORY_DATA": "MemoryData",
    "MULTINOMIAL_LOGISTIC_LOSS": "MultinomialLogisticLoss", "MVN": "MVN", "NONE": "", "POOLING": "Pooling",
    "POWER": "Power", "RELU": "ReLU", "SIGMOID": "Sigmoid", "SIGMOID_CROSS_ENTROPY_LOSS": "SigmoidCrossEntropyLoss",
    "SILENCE": "Silence", "SLICE": "Slice", "SOFTMAX": "Softmax", "SOFTMAX_LOSS": "SoftmaxWithLoss", "SPLIT": "Split",
    "TANH": "TanH", "THRESHOLD": "Threshold", "WINDOW_DATA": "WindowData",
}
V0_TYPES = {
    "accuracy": "Accuracy", "bnll": "BNLL", "concat": "Concat", "conv": "Convolution", "data": "Data",
    "dropout": "Dropout", "euclidean_loss": "EuclideanLoss", "flatten": "Flatten", "hdf5_data": "HDF5Data",
    "hdf5_output": "HDF5Output", "im2col": "Im2col", "images": "ImageData", "infogain_loss": "InfogainLoss",
    "innerproduct": "InnerProduct", "lrn": "LRN", "multinomial_logistic_loss": "MultinomialLogisticLoss",
    "pool": "Pooling", "relu": "ReLU", "sigmoid": "Sigmoid", "softmax": "Softmax", "softmax_loss": "SoftmaxWithLoss",
    "split": "Split", "tanh": "TanH", "window_data": "WindowData",
}
_DATA = {"source": "source", "batchsize": "batch_size", "cropsize": "crop_size", "scale": "scale",
         "meanfile": "mean_file", "mirror": "mirror"}
# Settings of a layer in V0 and in the present form: {type: (message, {V0 field: field})}.
V0_FIELDS: dict[str, tuple[str, dict[str, str]]] = {
    "conv": ("convolution_param", {"num_output": "num_output", "biasterm": "bias_term", "pad": "pad",
                                   "kernelsize": "kernel_size", "group": "group", "stride": "stride",
                                   "weight_filler": "weight_filler", "bias_filler": "bias_filler"}),
    "innerproduct": ("inner_product_param", {"num_output": "num_output", "biasterm": "bias_term",
                                             "weight_filler": "weight_filler", "bias_filler": "bias_filler"}),
    "padding": ("convolution_param", {"pad": "pad"}),
    "pool": ("pooling_param", {"pool": "pool", "pad": "pad", "kernelsize": "kernel_size", "stride": "stride"}),
    "dropout": ("dropout_param", {"dropout_ratio": "dropout_ratio"}),
    "lrn": ("lrn_param", {"local_size": "local_size", "alpha": "alpha", "beta": "beta", "k": "k"}),
    "concat": ("concat_param", {"concat_dim": "concat_dim"}),
    "data": ("data_param", _DATA),
    "window_data": ("window_data_param", _DATA),
    "images": ("image_data_param", {**_DATA, "new_height": "new_height", "new_width": "new_width"}),
}


def present_layers(net: Any) -> list[Any]:
    """The layers of a NetParameter as LayerParameters of the present form, in order.

    >>> from striate.arch.formats.caffe.prototxt_text import parse
    >>> text = 'layers { name: "c" type: CONVOLUTION blobs_lr: 1 blobs_lr: 2 convolution_param { num_output: 3 } }'
    >>> (layer,) = present_layers(parse(text, "NetParameter", "a network"))
    >>> layer.type, layer.convolution_param.num_output, [param.lr_mult for param in layer.param]
    ('Convolution', 3, [1.0, 2.0])
    """
    if net.layer and net.layers:
        raise NetworkError("two_prototxt_forms", "a network in Caffe's language was asked for",
                           allowed="layer { … } or the older layers { … } is allowed", given="both were given",
                           do="Rewrite the older ones")
    if net.layer:
        return list(net.layer)
    return _joined_paddings([_from_v0(old) if old.HasField("layer") else _from_v1(old) for old in net.layers])


def _from_v1(old: Any) -> Any:
    """One LayerParameter from a V1LayerParameter."""
    new = message_class("LayerParameter")()
    same = (fields_of("LayerParameter").keys() & fields_of("V1LayerParameter").keys()) - {"type", "param", "blobs"}
    for descriptor, value in old.ListFields():
        if descriptor.name in same:
            _copy(value, new, descriptor.name)
    words = old.DESCRIPTOR.fields_by_name["type"].enum_type.values_by_number
    new.type = V1_TYPES[words[old.type].name]
    _multipliers(new, old.blobs_lr, old.weight_decay)
    for param, name in zip(_at_least(new.param, len(old.param)), old.param, strict=False):
        param.name = name
    return new


def _from_v0(old: Any) -> Any:
    """One LayerParameter from a V1LayerParameter that holds a V0LayerParameter; a type unknown here stays as it is."""
    inner = old.layer
    new = message_class("LayerParameter")(name=inner.name, type=V0_TYPES.get(inner.type, inner.type),
                                          bottom=old.bottom, top=old.top)
    _multipliers(new, inner.blobs_lr, inner.weight_decay)
    message, names = V0_FIELDS.get(inner.type, ("", {}))
    for descriptor, value in inner.ListFields():
        if descriptor.name in names:
            _copy(value, getattr(new, message), names[descriptor.name])
    return new


def _multipliers(layer: Any, rates: Any, decays: Any) -> None:
    _at_least(layer.param, max(len(rates), len(decays)))
    for index, rate in enumerate(rates):
        layer.param[index].lr_mult = rate
    for index, decay in enumerate(decays):
        layer.param[index].decay_mult = decay


def _at_least(params: Any, count: int) -> Any:
    while len(params) < count:
        params.add()
    return params


def _copy(value: Any, target: Any, field: str) -> None:
    if fields_of(target.DESCRIPTOR.name)[field][1].startswith("*"):
        getattr(target, field).extend(value if hasattr(value, "extend") else [value])
    elif hasattr(value, "CopyFrom"):
        getattr(target, field).CopyFrom(value)
    else:
        setattr(target, field, value)


def _joined_paddings(layers: list[Any]) -> list[Any]:
    """V0's padding layers merged into the convolutions and poolings that read them; others stay."""
    pads = {layer.top[0]: layer for layer in layers if layer.type == "padding" and layer.top and layer.bottom}
    joined = set()
    for layer in layers:
        source = pads.get(layer.bottom[0]) if layer.bottom else None
        if source is None or layer.type not in ("Convolution", "Pooling"):
            continue
        pad = source.convolution_param.pad[0] if source.convolution_param.pad else 0
        if layer.type == "Convolution":
            layer.convolution_param.pad[:] = [pad]
        else:
            layer.pooling_param.pad = pad
        layer.bottom[0] = source.bottom[0]
        joined.add(source.name)
    return [layer for layer in layers if layer.type != "padding" or layer.name not in joined]
