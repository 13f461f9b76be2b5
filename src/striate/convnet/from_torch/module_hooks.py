"""Hooks and parametrisations of single modules, which tracing their classes would leave out."""

from __future__ import annotations

from torch import nn

from striate.errors import NetworkError, shown

FORWARDS = ("forward", "_conv_forward")


def refuse_changes(module: nn.Module, title: str) -> None:
    """Refuse forward hooks and replaced forwards, called or not; hooks on gradients change no answer."""
    for path, m in module.named_modules():
        replaced = [name for name in FORWARDS if name in vars(m)]
        if m._forward_pre_hooks or m._forward_hooks:
            what = f"a forward {'pre-hook' if m._forward_pre_hooks else 'hook'}"
            do = "Remove the hook, or write what it does into a forward"
        elif replaced:
            what = f"a {replaced[0]} that was set on this one instance"
            do = "Give it a class with that forward"
        else:
            continue
        who = f"{shown(path, 100)}, {shown(type(m).__name__, 60)}," if path else "the module itself"
        raise NetworkError("changed_module", title, allowed="modules that compute what their classes say are allowed",
                           given=f"{who} has {what}", do=do)
