"""What the tests of many processes do in each of them.

`python -m tests.convnet.distributed.rank_jobs NAME FOLDER ARGUMENTS`
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from striate import ConvNet
from striate.convnet.distributed import (
    BatchShard,
    GradientBuckets,
    ProcessGroup,
    process_group,
    rank_failure,
    sharded_weights,
)
from striate.convnet.distributed.shard import dropped
from striate.convnet.distributed.sync_batch_norm import batch_norm
from striate.convnet.training.training_context import TrainingContext
from striate.errors import Interrupted, RunError, StriateError

WIDTH = 11


class Norm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(WIDTH)), nn.Parameter(torch.zeros(WIDTH))
        self.register_buffer("mean", torch.zeros(WIDTH))
        self.register_buffer("variance", torch.ones(WIDTH))

    def forward(self, x: Tensor, shard: BatchShard) -> Tensor:
        if shard.world_size == 1:
            return F.batch_norm(x, self.mean, self.variance, self.weight, self.bias, True, 0.1, 1e-5)
        return batch_norm(x, (self.mean, self.variance), self.weight, self.bias, 0.1, 1e-5, shard)


class Small(nn.Module):
    """Convolution, batch normalisation, dropout, two heads; of one parameter nothing is learnt."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, WIDTH, 3, padding=1), Norm()
        self.hidden, self.out, self.idle = nn.Linear(WIDTH * 4, 13), nn.Linear(13, 7), nn.Linear(2, 2)

    def forward(self, x: Tensor, shard: BatchShard) -> Tensor:
        x = F.max_pool2d(self.norm(self.conv(x), shard).relu(), 2)
        x = dropped(x, 0.3, shard)
        return self.out(self.hidden(x.flatten(1)).relu())


def trained(group: ProcessGroup, *, steps: int = 50, count: int = 23, batch: int = 5, weighted: bool = False,
            divide: bool = False, stop: int = 0, snapshot: str = "", optimiser: str = "sgd",
            bucket: int = 2000) -> dict[str, Any]:
    """Losses of each step and a hash of the end; `count` and `batch` leave a last batch of 3."""
    torch.manual_seed(1)
    module = Small().to(memory_format=torch.channels_last)
    pictures, labels = torch.randn(count, 3, 4, 4), torch.randint(7, (count,))
    weights = torch.rand(7) + 0.5 if weighted else None
    begun = 0
    state: dict[str, Any] = torch.load(snapshot, weights_only=True) if snapshot else {}
    if divide:
        sharded_weights.ALONE = 300
        sharded_weights.shard(module, group.world_size)
    if state:
        sharded_weights.load(module, state["model"])
        begun = state["step"]
    learner: torch.optim.Optimizer = (
        torch.optim.SGD(module.parameters(), 0.1, momentum=0.9, nesterov=True) if optimiser == "sgd"
        else torch.optim.AdamW(module.parameters(), 0.01))
    for index, slots in enumerate(state.get("optimiser", [])):
        parameter = list(module.parameters())[index]
        learner.state[parameter].update({k: sharded_weights.divided(v, parameter) for k, v in slots.items()})
    gradients = GradientBuckets(module, group.world_size, bucket)
    losses = []
    for step in range(begun, stop or steps):
        first = step * batch % (count + batch - count % batch)
        indices = torch.arange(first, min(first + batch, count))
        shard = group.shard(len(indices))
        own = indices[shard.slice]
        torch.manual_seed(step)
        scores = module(pictures[own].contiguous(memory_format=torch.channels_last), shard)
        each = F.cross_entropy(scores, labels[own], reduction="none", label_smoothing=0.1)
        mean = (each if weights is None else each * weights[labels[own]]).mean()
        values = gradients.backward(shard.portion(mean, scores), float(group.is_rank_zero))
        assert values[1] == 1
        learner.step()
        learner.zero_grad()
        losses.append(values[0].item())
    tensors = sharded_weights.whole(module.state_dict())
    if stop:
        slots = [
            sharded_weights.whole({name: torch.as_tensor(value) for name, value in learner.state[parameter].items()})
            for parameter in module.parameters()
        ]
        if group.is_rank_zero:
            torch.save({"model": tensors, "optimiser": slots, "step": stop}, FOLDER / "snapshot")
    digest = sha256(b"".join(value.contiguous().numpy().tobytes() for value in tensors.values())).hexdigest()
    return {"losses": losses, "digest": digest, "type": type(module.out.weight).__name__}


def cases(group: ProcessGroup, **arguments: dict[str, Any]) -> dict[str, Any]:
    """Several trainings, one after the other."""
    return {name: trained(group, **more) for name, more in arguments.items()}


def resumed(group: ProcessGroup, **arguments: Any) -> list[Any]:
    """A training, its first steps with a snapshot, and the rest from that."""
    whole, begun = trained(group, **arguments), trained(group, stop=19, **arguments)
    group.barrier()
    return [whole, begun, trained(group, snapshot=str(FOLDER / "snapshot"), **arguments)]


def in_parts(group: ProcessGroup) -> list[list[float]]:
    """Losses of a sharded ConvNet, and of one that was stopped on the way and resumed."""
    pictures = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), np.uint8)
    labels = [0, 1] * 20
    losses = []
    for optimiser, stop, folder in (("sgd", 0, None), ("sgd", 5, FOLDER / "sgd"), ("sgd", 0, FOLDER / "sgd"),
                                    ("adamw", 0, None), ("adamw", 5, FOLDER / "adamw"), ("adamw", 0, FOLDER / "adamw")):
        seen: list[float] = []
        model = ConvNet("compact", epochs=2, batch_size=8, precision="float32", optimiser=optimiser, seed=0)
        with suppress(Interrupted):
            model.fit(pictures, labels, context=TrainingContext(
                lambda step, seen=seen: seen.append(step.loss), checkpoints=folder, group=group, sharded=True,
                stop=lambda stop=stop, seen=seen: bool(stop) and len(seen) >= stop))
        losses.append(seen)
    return losses


def gathered(group: ProcessGroup, counts: list[int]) -> list[Any]:
    """Rows of each rank, in order."""
    return [group.all_gather_rows(torch.arange(count * 2.0).reshape(count, 2)[group.shard(count).slice], count).tolist()
            for count in counts]


def told(group: ProcessGroup) -> Any:
    """What rank 0 knows."""
    tensors = group.broadcast_tensors({"a": torch.tensor([1.5]), "b": torch.tensor(3)} if group.is_rank_zero else None)
    return [group.broadcast({"of": group.rank}), {name: value.tolist() for name, value in tensors.items()},
            [str(value.dtype) for value in tensors.values()]]


def in_turn(group: ProcessGroup) -> dict[str, Any]:
    """Rank 0 is slower than any step may be; the others wait, and the first of a machine goes first."""
    process_group._set_pg_timeout(process_group.timedelta(seconds=1))
    started = time.monotonic()
    made = group.on_rank_zero(lambda: time.sleep(2.5) or "made")
    waited = time.monotonic() - started
    seen = group.local_rank_zero_first(lambda: (FOLDER / "packed").exists() or bool((FOLDER / "packed").write_text("")))
    return {"made": made, "waited": waited, "seen": seen, "sum": float(GradientBuckets(nn.Linear(1, 1)).world_size)}


def differing(group: ProcessGroup) -> None:
    """One rank has other pictures."""
    group.assert_same(version="1", pictures=["a", "b" if group.rank < 1 else "c"])


def failing(group: ProcessGroup, rank: int) -> None:
    """One rank refuses, the others are in a step."""
    if group.rank == rank:
        raise RunError("planned", f"number {rank} was asked", given="it refused")
    trained(group, steps=10**6)


def all_failing(group: ProcessGroup) -> None:
    """All refuse alike."""
    raise RunError("planned", f"number {group.rank} was asked", given="it refused")


def hanging(group: ProcessGroup, how: str, rank: int) -> None:
    """One rank is stopped in the middle, hangs, or is killed; the others are in a step, or wait for rank 0."""
    trained(group, steps=3)
    process_group._set_pg_timeout(process_group.timedelta(seconds=4))
    if group.rank == rank:
        if how == "sleep":
            time.sleep(600)
        os.kill(os.getpid(), signal.SIGSTOP if how == "stop" else signal.SIGKILL)
    if how == "stop" and rank == 0:
        group.barrier()
    trained(group, steps=10**6)


JOBS: dict[str, Callable[..., Any]] = {
    job.__name__: job
    for job in (trained, cases, resumed, in_parts, gathered, told, in_turn, differing, failing, all_failing, hanging)}


if __name__ == "__main__":
    FOLDER = Path(sys.argv[2])
    arguments = json.loads(sys.argv[3])
    from striate.convnet.distributed import heartbeat
    heartbeat.INTERVAL = 0.3
    heartbeat.HeartbeatMonitor.__init__.__defaults__ = (4.0,)  # type: ignore[misc]
    rank_failure.GRACE = 1.0
    group = ProcessGroup.join()
    try:
        with group.one_error():
            result = JOBS[sys.argv[1]](group, **arguments)
            group.shutdown()
        (FOLDER / f"{group.rank}.json").write_text(json.dumps(result))
    except StriateError as error:
        print(f"{error.code}: {error}", file=sys.stderr, flush=True)
        sys.exit(error.exit_code)
