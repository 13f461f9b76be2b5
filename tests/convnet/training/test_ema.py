"""The running average of the weights, against sums written out by age."""

import numpy as np
import pytest
import torch
from torch import nn

from striate.arch import BatchNorm, Conv, Dense, Input, Network
from striate.convnet.build.initialise import fill
from striate.convnet.build.net import Net, build
from striate.convnet.training.ema import ExponentialMovingAverage


def made(seed: int = 0) -> Net:
    module = build(Network(Dense(2)(BatchNorm(name="bn")(Conv(3, 3, padding=1)(Input(2, 5, 5))))))
    fill(module, seed)
    return module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def walk(module: nn.Module, steps: int, seed: int = 7) -> list[dict[str, torch.Tensor]]:
    """Random changes of all tensors, in place, as training makes them; yields the values after each."""
    draws = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        for value in module.state_dict().values():
            value += torch.randn(value.shape, generator=draws)
        yield {name: value.double().numpy().copy() for name, value in module.state_dict().items()}


@pytest.mark.parametrize("decay", [0.05, 0.5, 0.9, 0.999])
def test_the_average_is_a_sum_weighted_by_age(decay: float) -> None:
    module = made()
    average = ExponentialMovingAverage(module, decay)
    seen = [{name: value.double().numpy().copy() for name, value in module.state_dict().items()}]
    for values in walk(module, 31):
        seen.append(values)
        average.update(module)
    decays = [min(decay, (1 + t) / (10 + t)) for t in range(31)]
    shares = np.array([np.prod(decays[t:]) * (1 if t == 0 else 1 - decays[t - 1]) for t in range(32)])
    assert shares.sum() == pytest.approx(1)
    got = average.tensors()
    assert got.keys() == module.state_dict().keys() >= {"bn.running_mean", "bn.running_var", "conv1.weight"}
    for name, value in got.items():
        wanted = sum(share * values[name] for share, values in zip(shares, seen, strict=True))
        np.testing.assert_allclose(value.numpy(), wanted, rtol=2e-5, atol=2e-5)


def test_what_the_run_began_with_is_forgotten() -> None:
    module = made()
    with torch.no_grad():
        for value in module.state_dict().values():
            value.fill_(1e6)
    average = ExponentialMovingAverage(module, 0.999)
    with torch.no_grad():
        for value in module.state_dict().values():
            value.fill_(1.0)
    for _ in range(40):
        average.update(module)
    assert all(torch.allclose(value, torch.ones(()), atol=1e-3) for value in average.tensors().values())


def test_what_does_not_move_stays_to_the_bit() -> None:
    module = made()
    average = ExponentialMovingAverage(module, 0.99)
    for _ in range(50):
        average.update(module)
    assert all(torch.equal(value, module.state_dict()[name]) for name, value in average.tensors().items())


def test_the_average_is_no_view_of_the_weights() -> None:
    module = made()
    average, before = ExponentialMovingAverage(module, 0.9), made().state_dict()
    for _ in walk(module, 1):
        pass
    assert all(torch.equal(value, before[name]) for name, value in average.tensors().items())


def test_a_resumed_average_goes_on_to_the_bit() -> None:
    module, other = made(), made()
    whole, first = ExponentialMovingAverage(module, 0.95), ExponentialMovingAverage(other, 0.95)
    for _ in walk(module, 9):
        whole.update(module)
    second = None
    for step, _ in enumerate(walk(other, 9)):
        if step == 4:
            saved = {name: value.clone() for name, value in first.state().items()}
            second = ExponentialMovingAverage(made(3), 0.95)
            second.load(saved)
        (second or first).update(other)
    assert second is not None
    assert all(torch.equal(value, whole.tensors()[name]) for name, value in second.tensors().items())
    assert second.updates == 9


def test_a_state_without_its_count_is_no_state() -> None:
    average = ExponentialMovingAverage(made(), 0.9)
    with pytest.raises(KeyError):
        average.load(average.tensors())


def test_whole_numbers_are_copied() -> None:
    norm = nn.Sequential(nn.BatchNorm1d(2))
    average = ExponentialMovingAverage(norm, 0.9)
    norm(torch.arange(6.0).reshape(3, 2))
    average.update(norm)
    assert average.tensors()["0.num_batches_tracked"].item() == 1


def test_the_average_loads_into_the_network() -> None:
    module, other = made(), made(5)
    average = ExponentialMovingAverage(module, 0.9)
    other.load_state_dict(average.tensors())
    x = torch.randn(3, 2, 5, 5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(other.eval()(x), module.eval()(x))
