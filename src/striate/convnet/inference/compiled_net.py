"""Compiled network: the form of a network that makes all predictions, from bytes to scores.

Batch normalisations are folded, convolutions and dense layers are fused with the ReLU and the addition behind them,
volumes are channels last and bfloat16 where the processor multiplies it natively (`lowering.py`). Batches are computed
side by side, one to a core, so that no core waits for another after each layer; the last few, when there are fewer
batches than cores, share them. Threads, and the memory of the volumes, are kept for the next prediction; the memory is
returned to the system with the compiled network. A network whose weights are not finite is not compiled: its scores
shall say so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import TypeVar, cast
from weakref import finalize

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate.arch import Network, survey
from striate.arch.network import INPUT
from striate.convnet.build.net import Net, NodeModule, build
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.inference import tta
from striate.convnet.inference.fold_batch_norm import fold
from striate.convnet.inference.lowering import Step, lower
from striate.convnet.inference.precision import best_device, choose
from striate.convnet.training.malloc import return_free_memory, reuse_freed_memory
from striate.core.executor import map_ordered
from striate.model.preprocessing import LabelledPictures, Pixels

ROOM = 80 << 20  # bytes of float32 volumes of a batch; EfficientNet-Lite0 is fastest with 8 pictures, by 7 % over 3
READING = 16  # products that are computed while one weight is read from memory
MOST = 64
ENOUGH = 8_000_000  # products that are worth another thread, which takes as long to wake up as to compute them
SMALL = 256 << 10  # bytes of float32 volumes
T = TypeVar("T")
R = TypeVar("R")
MOST_MEMORY = 512 << 20  # bytes of float32 volumes of a batch


class CompiledNet:
    """A network in the form that predicts. Immutable: many threads may use it at the same time.

    Args:
        network: auxiliary heads and a final softmax are left out.
        tensors: float32, by its names; others are left out. They are read, not kept.
        preparation: size, colour and normalisation of its pictures.
        precision: `float32`, `bfloat16`, or `auto`: bfloat16 where the hardware multiplies it natively.

    Attributes: `dtype`, of weights and volumes; `batch`, pictures of a batch at most; `memory`, bytes of the
    float32 volumes of one picture;
    `products`, multiplications of one.

    >>> from striate.arch import load_network
    >>> network = load_network("lenet_caffe")
    >>> tensors = {name: torch.zeros(spec.shape) for name, spec in network.tensors.items()}
    >>> net = CompiledNet(network, tensors, InputNormalisation((28, 28), 1, "squash"))
    >>> tuple(net.forward(np.zeros((3, 28, 28, 1), np.uint8)).flatten(1).shape)  # three pictures, ten scores
    (3, 10)

    """

    def __init__(self, network: Network, tensors: Mapping[str, Tensor], preparation: InputNormalisation,
                 precision: str = "auto") -> None:
        self.preparation = preparation
        self.dtype = torch.bfloat16 if choose(precision).name == "bfloat16" else torch.float32
        found = survey(network)
        self.batch, self.memory, self.products = pictures_at_once(network), found.inference_memory, found.total("macs")
        with torch.device("meta"):
            net = build(network)
        net.load_state_dict({name: tensors[name] for name in net.state_dict()}, assign=True)  # folding copies
        net.requires_grad_(False).eval()
        self.device = best_device()
        with torch.inference_mode():
            finite = all(bool(tensor.isfinite().all()) for tensor in net.state_dict().values())
            self._steps: tuple[Step, ...] = ()
            self._module: torch.nn.Module | None = None
            if not finite:  # fused operations would let a ReLU make zeros of what is not a number
                self.dtype, self._module = torch.float32, net.to(self.device)
            elif self.device.type == "cpu":
                self._steps = lower(net, preparation, self.dtype, self.batch)
            else:
                self._module = fold(net).to(self.device, self.dtype)
        finalize(self, return_free_memory).atexit = False

    def forward(self, images: Pixels, how: str = "none") -> Tensor:
        """The output of the network (n, …) float32 for one batch of pictures (n, H, W, C) uint8 of its size.

        `how`: the views whose scores are averaged, see `tta`.
        """
        with torch.inference_mode():
            bytes_ = torch.from_numpy(images).permute(0, 3, 1, 2)
            if how == "none":
                return self._computed(bytes_.contiguous(memory_format=torch.channels_last)).cpu()
            return tta.scores(self._computed, bytes_, how).cpu()

    def batches(self, pictures: LabelledPictures, how: str = "none") -> Iterator[NDArray[np.float32]]:
        """Outputs (n, D) float32 of pictures of the network's size, batch by batch, in order.

        The size of the batches depends on the network and the number of pictures alone, not on the number of threads.
        """
        return self.mapped(lambda places: self.forward(pictures.take(places), how).flatten(1).numpy(), len(pictures))

    def scores(self, pictures: LabelledPictures, how: str = "none") -> NDArray[np.float32]:
        """Outputs (N, D) float32 of all `pictures`."""
        found = list(self.batches(pictures, how))
        return np.concatenate(found) if len(found) > 1 else found[0]

    def mapped(self, function: Callable[[NDArray[np.int64]], R], count: int) -> Iterator[R]:
        """`function` of the places of each batch of `count` pictures, in order, several of them at the same time."""
        pairs = -(-count // (2 * self.batch))  # an even number of equal batches: two cores end at the same time
        size = -(-count // (2 * pairs)) if count else 1
        places = [np.arange(first, min(first + size, count)) for first in range(0, count, size)]
        usual = torch.get_num_threads()
        threads = max(1, min(usual, count * self.products // ENOUGH)) if self.device.type == "cpu" else usual
        workers = min(threads, len(places)) if self.device.type == "cpu" else 1
        # Blocks as small as these are never returned to the system.
        with nullcontext() if count * self.memory <= SMALL else reuse_freed_memory(kept=True):
            if workers <= 1:
                for one in places:
                    with _threads(threads):
                        found = function(one)
                    yield found
                return
            try:
                yield from map_ordered(_with_threads(threads // workers, function), places, workers,
                                       pool=_kept_threads(workers))
            finally:
                torch.set_num_threads(usual)  # what new threads begin with, which the workers have changed

    def _computed(self, batch: Tensor) -> Tensor:
        """The output (n, …) float32 of bytes (n, C, H, W), channels last."""
        if self._module is not None:
            normal = self.preparation.normalised(batch.to(self.device)).to(self.dtype)
            found: Tensor = self._module(normal)
            return found.float()
        volumes = {INPUT: batch}
        for step in self._steps:
            made = step.kernel(*[volumes[name] for name in step.inputs])
            for name in step.freed:
                del volumes[name]
            volumes[step.output] = made
        return volumes[self._steps[-1].output].float()


class CurrentForm:
    """The compiled form of a module, made anew whenever the module or one of its tensors has changed.

    Many threads may ask for it. A copy of it is empty, and so is what is left of it in a file.
    """

    def __init__(self) -> None:
        self._made: tuple[Net, list[tuple[Tensor, int, int]], str, CompiledNet] | None = None

    def of(self, module: Net, preparation: InputNormalisation, precision: str) -> CompiledNet:
        """The compiled form of `module`, on whatever device it is."""
        made = self._made  # read once: threads that find it old make the same
        state = [(tensor, tensor.data_ptr(), tensor._version) for unit in module.children()
                 for tensor in cast(NodeModule, unit).tensors.values()]
        if made is None or made[0] is not module or made[2] != precision or made[3].preparation != preparation or any(
                now[0] is not then[0] or now[1:] != then[1:] for now, then in zip(state, made[1], strict=True)):
            tensors = {name: tensor.cpu() for name, tensor in module.state_dict().items()}
            made = module, state, precision, CompiledNet(module.network, tensors, preparation, precision)
            self._made = made
        return made[3]

    def __deepcopy__(self, memo: object) -> CurrentForm:
        return CurrentForm()

    def __reduce__(self) -> tuple[type[CurrentForm], tuple[()]]:
        return CurrentForm, ()


def pictures_at_once(network: Network) -> int:
    """Pictures of a batch: as many as have room, and enough for each weight that is read to be used often.

    >>> from striate.arch import load_network
    >>> [pictures_at_once(load_network(name)) for name in ("lenet_caffe", "efficientnet_lite0", "alexnet")]
    [64, 8, 36]
    """
    found = survey(network)
    fitting = ROOM // found.inference_memory
    reading = READING * found.total("parameters") * 20 // max(found.total("macs"), 1)
    return int(max(1, min(max(fitting, reading), MOST, MOST_MEMORY // found.inference_memory)))


@cache
def _kept_threads(count: int) -> ThreadPoolExecutor:
    """Threads that predict, `count` of them; they wait for the next prediction when one ends."""
    return ThreadPoolExecutor(count, thread_name_prefix="striate-predicts")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_kept_threads.cache_clear)  # a copy of the process has none of the threads


def _with_threads(count: int, function: Callable[[T], R]) -> Callable[[T], R]:
    """`function`, computed with `count` of torch's threads by whichever thread calls it."""

    def call(item: T) -> R:
        if torch.get_num_threads() != count:
            torch.set_num_threads(count)
        return function(item)

    return call


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Context in which the calling thread computes with `count` threads."""
    usual = torch.get_num_threads()
    if count != usual:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        if count != usual:
            torch.set_num_threads(usual)
