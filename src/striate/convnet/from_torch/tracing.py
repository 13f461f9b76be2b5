"""Tracing: the graph of calls for a batch of pictures, in a copy of the module on the meta device.

Beyond torch.fx, every call runs at once on tensors without numbers, so that sizes are known while the module's own
code runs: `x.view(-1, x.size(1) * 16)` and a loop over `x.shape` need no special treatment.
"""

from __future__ import annotations

import copy
import inspect
import operator
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor, fx, nn

from striate.arch import Volume
from striate.convnet.from_torch.module_hooks import refuse_changes
from striate.convnet.from_torch.modules import handler
from striate.convnet.from_torch.own_helpers import is_helper
from striate.errors import NetworkError, shown


@dataclass(frozen=True)
class TracedGraph:
    """Traced calls in order, each with its result under `meta["val"]`, for a batch of `pictures`.

    `failure` is why the last one could not run.
    """

    root: nn.Module
    nodes: list[fx.Node]
    pictures: int
    failure: Exception | None = None


class CannotRunError(Exception):
    """Error of a call that torch refused, and `why`."""

    def __init__(self, why: Exception) -> None:
        super().__init__(str(why))
        self.why = why


class ShapedProxy(fx.Proxy):
    """Proxy of a tensor with its shape, type and device."""

    def __getattr__(self, k: str) -> Any:
        found = getattr(self.node.meta["val"], k)
        return super().__getattr__(k) if callable(found) or isinstance(found, Tensor) else found

    def __len__(self) -> int:
        return len(self.node.meta["val"])


class Tracer(fx.Tracer):
    """Tracer that enters every module but those that are one layer, or torch's own."""

    def __init__(self, picture: Tensor) -> None:
        super().__init__()
        self.picture = picture
        self.running = False

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether a module is one call."""
        return handler(m) is not None or is_helper(m) or super().is_leaf_module(m, module_qualified_name)

    def proxy(self, node: fx.Node) -> fx.Proxy:
        """The proxy of a tensor."""
        return ShapedProxy(node, self)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """A parameter stands for itself while a call runs."""
        return attr_val if self.running else super().getattr(attr, attr_val, parameter_proxy_cache)

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """A module inside one that runs is no call of its own."""
        return forward(*args, **kwargs) if self.running else super().call_module(m, forward, args, kwargs)

    def create_proxy(self, kind: str, target: Any, args: Any, kwargs: Any, *rest: Any, **more: Any) -> Any:
        """Run one call, and return a proxy where it makes tensors."""
        proxy = super().create_proxy(kind, target, args, kwargs, *rest, **more)
        node = proxy.node
        try:
            self.running = True
            node.meta["val"] = result = self.run(node)
        except Exception as error:  # whatever torch raises
            raise CannotRunError(error) from error
        finally:
            self.running = False
        if isinstance(result, Tensor) or kind == "placeholder":
            return proxy
        if isinstance(result, list | tuple) and any(isinstance(part, Tensor) for part in result):
            return [self.create_proxy("call_function", operator.getitem, (proxy, i), {}) for i in range(len(result))]
        return result

    def run(self, node: fx.Node) -> Any:
        """The result of a call."""
        args, kwargs = fx.node.map_arg((node.args, node.kwargs), lambda n: n.meta["val"])
        if node.op == "placeholder":
            return args[0] if args else self.picture
        if node.op == "get_attr":
            return operator.attrgetter(str(node.target))(self.root)
        if node.op == "call_module":
            return self.root.get_submodule(str(node.target))(*args, **kwargs)
        if isinstance(node.target, str):
            return getattr(args[0], node.target)(*args[1:], **kwargs)
        return node.target(*args, **kwargs)


def trace(module: object, input: Volume, pictures: int) -> TracedGraph:  # noqa: A002 - the word of the language
    """The calls of `module` as it predicts on a batch of `pictures`."""
    if not isinstance(module, nn.Module):
        raise NetworkError("not_a_module", "from_torch: an nn.Module was asked for",
                           given=f"{shown(repr(type(module).__name__), 60)} was given",
                           do="Give the module itself, not its class, weights or file")
    title = f"from_torch: {shown(type(module).__name__, 60)} was to be read"
    refuse_changes(module, title)
    parameters = inspect.signature(module.forward).parameters
    needed = [name for name, p in parameters.items() if p.default is p.empty]
    if len(needed) != 1:
        raise NetworkError("not_one_input", title, allowed="a forward that takes one tensor is allowed",
                           given=f"it takes {shown(', '.join(needed), 100) or 'nothing'}",
                           do="Wrap it in a module whose forward takes the picture only")
    floats = [tensor.dtype for tensor in module.parameters() if tensor.is_floating_point()]
    picture = torch.empty((pictures, *input), dtype=floats[0] if floats else torch.float32, device="meta")
    tracer = Tracer(picture)
    try:
        with torch.no_grad():
            graph = tracer.trace(on_meta_device(module),
                                 {name: p.default for name, p in parameters.items() if p.default is not p.empty})
    except CannotRunError as error:
        return TracedGraph(tracer.root, list(tracer.graph.nodes), pictures, error.why)
    except Exception as error:  # whatever the module's own code raises
        depends = isinstance(error, fx.proxy.TraceError)
        raise NetworkError("not_traceable", title,
                           allowed="a forward whose calls do not depend on the values of the picture is allowed",
                           given="it branches on a tensor or loops over one" if depends
                           else f"it raises {shown(type(error).__name__, 60)}: {shown(str(error), 160)}",
                           do="Take branches and loops over tensors out of its forward") from error
    return TracedGraph(tracer.root, list(graph.nodes), pictures)


def on_meta_device(module: nn.Module) -> nn.Module:
    """A copy in evaluation mode whose tensors have shapes only; `module` stays as it is."""
    tensors: dict[int, Any] = {}
    for tensor in chain(module.parameters(), module.buffers()):
        empty = torch.empty_like(tensor, device="meta")
        tensors[id(tensor)] = nn.Parameter(empty, False) if isinstance(tensor, nn.Parameter) else empty
    copied = copy.deepcopy(module, tensors).eval()
    for m in copied.modules():  # hooks on gradients, which nothing here has
        m._backward_hooks.clear()
        m._backward_pre_hooks.clear()
    return copied
