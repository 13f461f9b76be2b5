"""The survey of random networks against the module that torch runs: every volume, every tensor, every count."""

import torch
from hypothesis import HealthCheck, given

from striate.arch import Network, survey
from striate.convnet.build.net import build
from tests.arch.networks import networks
from tests.examples import examples


def ran(network: Network) -> tuple[dict[str, tuple[int, ...]], torch.nn.Module]:
    """The shape each unit of the built module gave, by name, and the module."""
    module = build(network).train()
    shapes: dict[str, tuple[int, ...]] = {}
    for name, unit in module._modules.items():
        unit.register_forward_hook(lambda _, __, output, name=name: shapes.__setitem__(name, tuple(output.shape[1:])))
    with torch.no_grad():
        module(torch.rand(2, *network.input))
    return shapes, module


@examples(500, suppress_health_check=[HealthCheck.too_slow])
@given(networks(side=9))
def test_every_row_is_what_torch_computes(network):
    rows = {row.name: row for row in survey(network).rows}
    shapes, module = ran(network)
    left_to_the_loss = {node.name for node in network.nodes if node.layer.kind == "softmax"}
    assert set(rows) - left_to_the_loss <= set(shapes) <= set(rows)
    for name, shape in shapes.items():
        assert rows[name].output.shape == shape
        unit = module.module_of(name)
        assert rows[name].parameters == sum(value.numel() for value in unit.parameters())
        assert rows[name].buffers == sum(value.numel() for value in unit.buffers())
