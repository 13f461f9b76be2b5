"""Networks with random weights, as explanations read them."""

import numpy as np
import torch

from striate.arch import Network
from striate.convnet.build.initialise import fill
from striate.convnet.build.net import build
from striate.convnet.build.normalise import InputNormalisation
from striate.convnet.explain.explained_net import ExplainedNet


def explained(network: Network, seed: int = 0, mean: float = 120.0, std: float = 60.0,
              tensors: dict[str, object] | None = None) -> ExplainedNet:
    """`network` with weights of `seed`, or `tensors`; batch normalisation gets averages that differ from 0 and 1."""
    net = build(network)
    fill(net, seed)
    numbers = torch.Generator().manual_seed(seed)
    state = net.state_dict()
    for name, tensor in state.items():
        if name.endswith("running_var"):
            tensor.copy_(torch.rand(tensor.shape, generator=numbers) + 0.5)
        elif name.endswith(("running_mean", "bias")):
            tensor.copy_(torch.randn(tensor.shape, generator=numbers) * 0.1)
    for name, values in (tensors or {}).items():
        state[name].copy_(torch.as_tensor(values))
    net.load_state_dict(state)
    net.requires_grad_(False).eval()
    channels, height, width = network.input
    preparation = InputNormalisation((height, width), channels, "squash", (mean,) * channels, (std,) * channels)

    def probabilities(scores: np.ndarray) -> np.ndarray:
        return torch.from_numpy(scores).double().softmax(1).numpy()

    def predict_proba(pictures: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return probabilities(net(preparation.batch(pictures)).numpy())

    return ExplainedNet(net, preparation, tuple(f"class {i}" for i in range(network.output.size)), predict_proba,
                        probabilities)


def picture(model: ExplainedNet, seed: int = 0) -> np.ndarray:
    """A random picture of the right size."""
    channels, height, width = model.network.input
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
