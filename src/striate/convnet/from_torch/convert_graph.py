"""Conversion of a traced graph: each call becomes a layer, whose volume must have the shape that torch gives it."""

from __future__ import annotations

import inspect
from collections import defaultdict
from typing import Any

from torch import Tensor, fx

from striate.arch import Volume
from striate.arch.layer_params import MAX_SIDE
from striate.arch.volume import Call
from striate.convnet.from_torch.activation_functions import ACTIVATIONS
from striate.convnet.from_torch.arithmetic import ALGEBRA
from striate.convnet.from_torch.modules import handler
from striate.convnet.from_torch.own_helpers import helper, is_helper
from striate.convnet.from_torch.reshaping import SHAPES
from striate.convnet.from_torch.tensor_value import CallSite, ModuleTensor, TensorValue, UnsupportedCall, unsupported
from striate.convnet.from_torch.tracing import TracedGraph
from striate.convnet.from_torch.window_functions import WINDOWS
from striate.errors import NetworkError, shown

FUNCTIONS = WINDOWS | ACTIVATIONS | ALGEBRA | SHAPES
AFTER = "after a call that has no layer"


class GraphConverter:
    """Converter of a traced graph.

    `output` is the value that the module returns, `problems` the calls that have no layer, with their places, `refusal`
    the first error of a layer itself, `owners` the paths of the tensors of each of our calls.
    """

    def __init__(self, traced: TracedGraph, input: Volume) -> None:  # noqa: A002
        self.traced, self.input = traced, input
        self.values: dict[fx.Node, Any] = {}
        self.holders: dict[int, list[fx.Node]] = defaultdict(list)  # by the id of a value
        self.owners: dict[int, dict[str, str]] = {}
        self.calls: list[Call] = []
        self.problems: dict[str, list[str]] = defaultdict(list)
        self.refusal: NetworkError | None = None
        self.order = {node: position for position, node in enumerate(traced.nodes)}
        self.output: Any = None
        for n in traced.nodes:
            self.values[n] = self.output = self.value(n)
            self.holders[id(self.output)].append(n)

    def value(self, n: fx.Node) -> Any:
        """The value of one call: a `TensorValue`, a `ModuleTensor` or a plain value."""
        if n.op == "output":
            return fx.node.map_arg(n.args[0], self.values.__getitem__)
        if "val" not in n.meta:
            self.fail(n)
            return None
        result = n.meta["val"]
        if n.op == "placeholder":
            return TensorValue(tuple(result.shape), lambda: self.input) if isinstance(result, Tensor) else result
        if n.op == "get_attr":
            return ModuleTensor(str(n.target), tuple(result.shape)) if isinstance(result, Tensor) else result
        return self.read(n, result) if has_tensor(result) else result

    def read(self, n: fx.Node, result: Any) -> Any:
        """The value of a call that makes a tensor, or several."""
        place = CallSite(path_of(n), n.op == "call_module", result, self.owners, self.calls, self.traced.pictures)
        try:
            maker = self.maker(n)
            if maker is None:
                raise UnsupportedCall
            args, kwargs = fx.node.map_arg((n.args, n.kwargs), self.values.__getitem__)
            module = [self.traced.root.get_submodule(place.path)] if place.is_module else []
            given = bind_arguments(maker, place, *module, *args, **kwargs)
            value = maker(*given.args, **given.kwargs)
            if place.writes_into is not None:
                self.write(n, place.writes_into, value)
                value = place.writes_into
            check_shape(value, result)
        except UnsupportedCall as reason:
            self.refuse(n, str(reason))
        except NetworkError as error:
            self.refusal = self.refusal or error
        else:
            return value
        return placeholder(result, self.traced.pictures)

    def maker(self, n: fx.Node) -> Any:
        """The function that makes a layer of a call, or None."""
        if n.op != "call_module":
            return FUNCTIONS.get(n.target)
        module = self.traced.root.get_submodule(path_of(n))
        return helper if is_helper(module) else handler(module)

    def refuse(self, n: fx.Node, reason: str) -> None:
        """Note a call that has no layer, unless the list has its cause already."""
        if reason != AFTER:
            is_module, path = n.op == "call_module", path_of(n)
            what = type(self.traced.root.get_submodule(path)).__name__ if is_module else call_name(n)
            self.problems[f"{what} {reason}".rstrip()].append(path if is_module else f"in {path or 'forward'}")

    def fail(self, n: fx.Node) -> None:
        """Note the call that could not run: it has no layer, or does not take this input."""
        if self.maker(n) is None:
            self.refuse(n, "")
        who = call_name(n)
        if n.op == "call_module":
            who = f"{path_of(n)}, {self.traced.root.get_submodule(path_of(n))},"
        tensors = [arg.meta["val"] for arg in n.all_input_nodes if isinstance(arg.meta["val"], Tensor)]
        given = ["×".join(map(str, tensor.shape[1:])) for tensor in tensors]
        self.refusal = self.refusal or NetworkError(
            "does_not_run", f"from_torch: a picture of {self.input} was to pass through the module",
            given=f"{shown(who, 200)} was to take {shown(' and '.join(given), 100)}",
            do="Give the input it was made for")

    def write(self, n: fx.Node, target: TensorValue, value: TensorValue) -> None:
        """Let `target` hold `value` from here on; refused if a view of the same memory is read later."""
        views = [node for view in target.memory if view is not target for node in self.holders[id(view)]]
        if any(self.order[user] > self.order[n] for view in views for user in view.users):
            raise UnsupportedCall("in place, on memory that is read again under another name")
        target.become(value)


def path_of(n: fx.Node) -> str:
    """The path of a module that is called, or of the one in which a function is called."""
    return str(n.target) if n.op == "call_module" else next(reversed(n.meta.get("nn_module_stack") or [""]))


def call_name(n: fx.Node) -> str:
    """The name of a function or method."""
    return f"{getattr(n.target, '__name__', n.target)}()"


def bind_arguments(function: Any, *args: Any, **kwargs: Any) -> inspect.BoundArguments:
    """The arguments of a call as `function` takes them."""
    try:
        if "input" in kwargs:  # what torch calls the tensor, we call x
            kwargs["x"] = kwargs.pop("input")
        return inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        raise UnsupportedCall("with these arguments") from None


def has_tensor(result: Any) -> bool:
    """Whether a call made a tensor, or several."""
    return isinstance(result, Tensor) or (isinstance(result, list | tuple) and any(map(has_tensor, result)))


def check_shape(value: Any, result: Any) -> None:
    """Refuse a layer whose volume has another shape than torch's tensor."""
    if isinstance(value, TensorValue) and value.made and value.made.shape != (*result.shape[1:], 1, 1)[:3]:
        raise UnsupportedCall(f"which makes {tuple(result.shape[1:])} in torch and {value.made} here")


def placeholder(result: Any, pictures: int) -> Any:
    """A placeholder for a call without a layer, so that the conversion goes on and finds the others."""
    if not isinstance(result, Tensor):
        several = isinstance(result, list | tuple)
        return tuple(placeholder(part, pictures) for part in result) if several else result
    shape = tuple(result.shape)
    channels, height, width = sides = (*shape[1:4], 1, 1, 1)[:3]
    if shape[:1] != (pictures,) or len(shape) not in (2, 4) or not 1 <= min(sides) <= max(sides) <= MAX_SIDE:
        return TensorValue(shape, unsupported(AFTER))
    return TensorValue(shape, lambda: Volume(channels, height, width))

