"""Synonyms: other programs' words for layers and fields, used only in refusals, to suggest ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping

# Normalised: lower case, without `_` and `-`.
LAYER_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("linear", "fc", "fullyconnected", "innerproduct", "affine", "mlp"), "dense"),
    **dict.fromkeys(("convolution", "conv2d", "convolution2d", "convolutional", "conv2dlayer"), "conv"),
    **dict.fromkeys(("depthwiseconv", "depthwiseconv2d", "depthwise"), "conv, with groups the channels of its input"),
    **dict.fromkeys(("deconvolution", "convtranspose", "convtranspose2d", "conv2dtranspose", "transposedconv",
                     "transposedconvolution"), "deconv"),
    **dict.fromkeys(("pooling", "maxpool", "maxpooling", "maxpool2d", "maxpooling2d", "subsampling"), "pool"),
    **dict.fromkeys(("avgpool", "averagepool", "avgpooling", "averagepooling", "avgpool2d", "averagepooling2d",
                     "avgpooling2d", "meanpool"), "pool: {mode: average}"),
    **dict.fromkeys(("globalpooling", "gap", "globalavgpool", "globalaveragepool", "globalavgpool2d",
                     "globalaveragepooling", "globalaveragepooling2d", "adaptiveavgpool2d"), "global_pool"),
    **dict.fromkeys(("globalmaxpool", "globalmaxpool2d", "globalmaxpooling", "globalmaxpooling2d",
                     "adaptivemaxpool2d"), "global_pool: {mode: max}"),
    **dict.fromkeys(("bn", "batchnorm2d", "batchnormalization", "batchnormalisation"), "batch_norm"),
    **dict.fromkeys(("localresponsenorm", "localresponsenormalization", "responsenorm"), "lrn"),
    **dict.fromkeys(("relu6",), "relu: {limit: 6}"),
    **dict.fromkeys(("rectifier", "rectifiedlinear"), "relu"),
    **dict.fromkeys(("lrelu", "leaky"), "leaky_relu"),
    **dict.fromkeys(("logistic",), "sigmoid"),
    **dict.fromkeys(("drop", "dropout2d"), "dropout"),
    **dict.fromkeys(("eltwise", "sum", "plus", "addition", "shortcut", "residual"), "add"),
    **dict.fromkeys(("mul", "product", "times"), "multiply"),
    **dict.fromkeys(("max",), "maximum"),
    **dict.fromkeys(("cat", "concatenate", "concatenation", "join", "merge"), "concat"),
    **dict.fromkeys(("zeropadding", "zeropadding2d", "zeropad2d", "padding"), "pad"),
    **dict.fromkeys(("view", "resize"), "reshape"),
    **dict.fromkeys(("split", "crop", "narrow"), "slice"),
}
FIELDS: Mapping[str, tuple[str, ...]] = {  # the first that the kind has is suggested
    **dict.fromkeys(("numoutput", "outputs", "units", "filters", "outchannels", "outfeatures", "features", "neurons",
                     "nodes", "hidden", "numfilters", "numunits", "maps", "channels", "count", "size"),
                    ("filters", "units", "kernel_size")),
    **dict.fromkeys(("kernel", "kernelshape", "ksize", "poolsize", "filtersize", "windowsize", "window", "kernelh",
                     "kernelw"), ("kernel_size",)),
    **dict.fromkeys(("strides", "step", "subsample", "strideh", "stridew"), ("stride",)),
    **dict.fromkeys(("pad", "pads", "zeropadding", "padh", "padw"), ("padding",)),
    **dict.fromkeys(("dilations", "dilationrate", "dilate", "rate"), ("dilation",)),
    **dict.fromkeys(("group", "cardinality"), ("groups",)),
    **dict.fromkeys(("usebias", "biasterm"), ("bias",)),
    **dict.fromkeys(("filler", "weightinit", "init", "initializer", "kernelinitializer", "weightinitializer"),
                    ("weight_filler", "filler")),
    **dict.fromkeys(("biasinit", "biasinitializer"), ("bias_filler",)),
    **dict.fromkeys(("negativeslope", "alpha", "leak"), ("slope",)),
    **dict.fromkeys(("maxvalue", "cap", "clip"), ("limit",)),
    **dict.fromkeys(("p", "prob", "probability", "ratio", "dropoutratio", "drop"), ("rate",)),
    **dict.fromkeys(("eps",), ("epsilon",)),
    **dict.fromkeys(("center", "beta"), ("shift",)),
    **dict.fromkeys(("pool", "type", "method", "operation"), ("mode",)),
    **dict.fromkeys(("ceilmode", "roundmode"), ("rounding",)),
    **dict.fromkeys(("localsize", "n", "depthradius"), ("size",)),
    **dict.fromkeys(("coeff", "weights"), ("coefficients",)),
    **dict.fromkeys(("shape", "targetshape", "dims"), ("to",)),
    **dict.fromkeys(("start", "begin", "offset"), ("first",)),
}
INFERRED = ("inchannels", "infeatures", "inputdim", "inputshape", "numfeatures", "numinput")
VALUES: Mapping[str, Mapping[str, object]] = {
    "mode": {"avg": "average", "ave": "average", "mean": "average", "maximum": "max"},
    "padding": {"valid": 0, "none": 0, "no": 0, "same": "same", "half": "same", "sameupper": "same"},
    "rounding": {"down": "floor", "up": "ceil", "ceiling": "ceil"},
}
FILLERS: Mapping[str, str] = {
    **dict.fromkeys(("glorot", "glorotuniform", "xavieruniform"), "{kind: xavier, fan: average}"),
    **dict.fromkeys(("lecun", "lecununiform"), "xavier"),
    **dict.fromkeys(("he", "henormal", "kaiming", "kaimingnormal"), "msra"),
    **dict.fromkeys(("normal", "randomnormal", "randn"), "gaussian"),
    **dict.fromkeys(("random", "randomuniform"), "uniform"),
    **dict.fromkeys(("zero", "zeros"), "constant"),
    **dict.fromkeys(("one", "ones"), "{kind: constant, value: 1}"),
}
FILLER_FIELDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("sd", "stddev", "stdev", "sigma", "scale"), ("std",)),
    **dict.fromkeys(("type", "name", "initializer"), ("kind",)),
    **dict.fromkeys(("mu", "average", "loc"), ("mean",)),
    **dict.fromkeys(("min", "minval", "a"), ("low",)),
    **dict.fromkeys(("max", "maxval", "b"), ("high",)),
    **dict.fromkeys(("variancenorm", "mode"), ("fan",)),
}


def normalised_word(word: object) -> str:
    """A word normalised: lower case, without `_`, `-` and spaces.

    >>> normalised_word("Max_Pooling2D")
    'maxpooling2d'
    """
    return "".join(letter for letter in str(word)[:100].lower() if letter not in "_- ")


def suggestion(word: object, words: Collection[str],
          synonyms: Mapping[str, str] | Mapping[str, tuple[str, ...]]) -> str:
    """Suggestion for a word that is none of `words`: equal when normalised, a synonym, or the nearest; "" for none.

    >>> suggestion("LeakyReLU", ["relu", "leaky_relu"], {}), suggestion("linear", ["dense", "slice"], LAYER_TYPES)
    ('leaky_relu', 'dense')
    >>> [suggestion(word, ["units", "stride"], FIELDS) for word in ("num_output", "stirde", "x")]
    ['units', 'stride', '']
    """
    plain = normalised_word(word)
    for one in words:
        if normalised_word(one) == plain:
            return one
    candidates = synonyms.get(plain, ())
    if isinstance(candidates, str):
        return candidates
    for one in candidates:
        if one in words:
            return one
    from difflib import get_close_matches  # only a mistake needs it, and importing takes time

    return next(iter(get_close_matches(str(word)[:100], words, n=1, cutoff=0.5)), "")
