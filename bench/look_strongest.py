"""Claim, of EfficientNet-Lite0 at 224×224: the nine strongest pictures of every unit of a layer come at 100 a second.

    python bench/look_strongest.py /work/pictures/scene15/train

Pictures are decoded and packed first, with an empty cache, and that time is told apart. Then each layer is passed
through in turn, some times over, without a cache, in float32, on all cores; every pass makes its fused network anew.
`bare` is the same pass without the search for the strongest: what the search adds. `by_processor_time` is the rate that
the processor time used would give on idle cores, for machines with other work. The deconvnets and crops of five
units of the middle layer are timed as well. Yosinski's toolbox needed 40 hours for 1.3 million pictures, 9 a second.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from record import repeat, summary, write
from striate.convnet.build.net import build
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.explain.explained_net import ExplainedNet
from striate.convnet.explain.strongest import strongest
from striate.convnet.explain.target import Target
from striate.convnet.explain.top_activations import batches_of, extractor_of, outputs, top_activations
from striate.convnet.pretrained import pretrained
from striate.core.cache import DiskCache
from striate.core.executor import worker_count
from striate.tasks.labelled_part import LabelledPart
from striate.tasks.look_pictures import LookPictures

LAYERS = ("blocks_1/expand/relu6", "blocks_8/depthwise/relu6", "head/relu6")  # early, middle, last
REPEATS = 2


def main() -> None:
    """Time the packing, each layer, and the crops and deconvnets of five units."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a folder of class folders of pictures")
    given = parser.parse_args()
    source = pretrained("efficientnet_lite0")
    net = build(source.network)
    net.load_state_dict({name: source.tensors[name] for name in net.state_dict()})
    preparation = InputNormalisation((224, 224), 3, "squash", source.mean, source.std)
    classes = tuple(map(str, range(source.network.output.size)))
    model = ExplainedNet(net.requires_grad_(False).eval(), preparation, classes, _unused, _unused)
    with tempfile.TemporaryDirectory() as room:
        os.environ["STRIATE_CACHE"] = room
        started = time.perf_counter()
        data = LookPictures(LabelledPart.of(preparation, str(given.folder), part="train"))
        packing = time.perf_counter() - started
        count = len(data.pictures)
        speeds, bare, idle = {}, {}, {}
        for layer in LAYERS:
            used = time.process_time()
            seconds = repeat(lambda layer=layer: top_activations(model, data, layer, cache=DiskCache(None)), REPEATS)
            speeds[layer] = summary([count / one for one in seconds])
            idle[layer] = count * (REPEATS + 1) * worker_count(None) / (time.process_time() - used)
            bare[layer] = summary([count / one for one in repeat(
                lambda layer=layer: passed(model, data, layer), REPEATS, warm_up=0)])
        cache = DiskCache(Path(room) / "look")
        strongest(model, data, Target(LAYERS[1]), cache=cache)
        crops = summary(repeat(lambda: strongest(model, data, Target(LAYERS[1]), cache=cache), REPEATS, warm_up=0))
    write("look_strongest", "the strongest nine of one layer of Lite0 come at 100 pictures a second or more", {
        "pictures": count, "threads": torch.get_num_threads(),
        "packing": {"seconds": packing, "pictures_per_second": count / packing},
        "pictures_per_second": speeds, "by_processor_time": idle, "bare": bare,
        "seconds_of_five_units_from_the_cache": crops, "slowest": min(one["median"] for one in speeds.values())})


def passed(model: ExplainedNet, data: LookPictures, layer: str) -> None:
    """All pictures through the network, and nothing else."""
    extractor = extractor_of(model, layer)
    for some in batches_of(model, layer, len(data.pictures), None):
        outputs(model, layer, extractor, data.pictures.take(some))


def _unused(pictures: np.ndarray) -> np.ndarray:
    raise NotImplementedError


if __name__ == "__main__":
    main()
