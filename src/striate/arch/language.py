"""One layer as plain data, and back: the words of a network file.

`ReLU()` is `"relu"`; `Conv(20, 5)` is `{"conv": {"filters": 20, "kernel_size": 5}}`; fields at their default are left
out; `name` and `from` stand beside the kind. Nothing unknown is passed over: the nearest allowed word is named.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from striate.arch.layers import LAYERS, Layer
from striate.arch.rules import either, quoted
from striate.errors import NetworkError


def write_layer(layer: Layer) -> str | dict[str, Any]:
    """A layer without its name and inputs.

    >>> from striate.arch import Conv, ReLU
    >>> write_layer(ReLU()), write_layer(Conv(20, 5))
    ('relu', {'conv': {'filters': 20, 'kernel_size': 5}})
    """
    settings = changed_fields(layer)
    return {layer.kind: settings} if settings else layer.kind


def changed_fields(thing: Any) -> dict[str, Any]:
    """The fields of a layer or filler that differ from their defaults, as plain data."""
    return {
        field.name: plain(getattr(thing, field.name))
        for field in settings_of(thing)
        if field.default is MISSING or getattr(thing, field.name) != field.default
    }


def settings_of(thing: Any) -> list[Field[Any]]:
    """The fields of a kind of layer or filler but for its name, those that many layers share last."""
    return sorted((field for field in fields(thing) if field.name != "name"), key=lambda field: field.kw_only is True)


def plain(value: Any) -> Any:
    """Tuples as lists, fillers as mappings or, at their defaults, as their kind."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if is_dataclass(value):
        settings = changed_fields(value)
        return settings["kind"] if len(settings) == 1 else settings
    return value


def read_layer(item: object, label: str) -> tuple[type[Layer], dict[str, Any], tuple[str, ...] | None]:
    """The class, the fields (name among them) and the inputs (None: the layer before) of one item of a file.

    `label` says where the item stands, `layer 3`. Raises `NetworkError` for every word that is not known.
    """
    entry = {item: None} if isinstance(item, str) else item
    if not isinstance(entry, dict):
        raise NetworkError("bad_item", f"{label}: a layer was asked for",
                           allowed="a kind (relu) or a mapping (conv: {filters: 20, kernel_size: 5}) is allowed",
                           given=f"{quoted(item)} was given", do="Change it")
    kinds = [key for key in entry if key not in ("name", "from")]
    for kind in kinds:
        known(kind, LAYERS, f"{label}: a kind of layer")
    if len(kinds) != 1:
        raise NetworkError("bad_item", f"{label}: a layer was asked for",
                           allowed="one kind beside name and from is allowed",
                           given=f"{', '.join(kinds) or 'none'} was given", do="Begin each layer with its own dash")
    layer = LAYERS[kinds[0]]
    settings = entry[kinds[0]]
    settings = {} if settings is None else settings
    allowed = [field.name for field in settings_of(layer)]
    if not isinstance(settings, dict):
        raise NetworkError("bad_item", f"{label}: {layer.kind} was asked for",
                           allowed=f"a mapping of {', '.join(allowed) or 'nothing'} is allowed",
                           given=f"{quoted(settings)} was given", do=f"Write {layer.kind}: {{field: value}}")
    for key in settings:
        known(key, allowed, f"{label}: a field of {layer.kind}")
    for field in fields(layer):
        if field.default is MISSING and field.name not in settings:
            raise NetworkError("missing_field", f"{label}: {layer.kind} was asked for",
                               allowed=f"{layer.kind} with {field.name} is allowed",
                               given=f"no {field.name} was given", do=f"Add {field.name}")
    return layer, settings | ({"name": entry["name"]} if "name" in entry else {}), _names(entry.get("from"), label)


def _names(value: object, label: str) -> tuple[str, ...] | None:
    if value is None or isinstance(value, str):
        return (value,) if value else None
    if isinstance(value, list) and value and all(isinstance(name, str) for name in value):
        return tuple(value)
    raise NetworkError("bad_from", f"{label}: from was asked for", allowed="a name or a list of names is allowed",
                       given=f"{quoted(value)} was given", do="Name the layers that feed this one")


def known(word: object, words: Collection[str], what: str) -> None:
    """Refuse a word that is not one of `words`, naming the nearest."""
    if word in words:
        return
    from difflib import get_close_matches  # only a mistake needs it, and importing takes time

    near = get_close_matches(str(word)[:100], words, n=1, cutoff=0.5)
    listed = either([*words] if len(words) <= 40 else [*list(words)[:24], "…"]) if words else "none"
    raise NetworkError("unknown_word", f"{what} was asked for", allowed=f"{listed} is allowed",
                       given=f"{quoted(word)} was given",
                       do=f"Write {near[0]}" if near else "Choose one of these" if words else "Leave it out")


def mapping(data: object, allowed: Collection[str], what: str) -> Mapping[str, Any]:
    """`data` as a mapping with no other keys than `allowed`."""
    if not isinstance(data, dict):
        raise NetworkError("not_a_mapping", f"{what} was asked for",
                           allowed=f"a mapping with {either(list(allowed))} is allowed",
                           given=f"{quoted(data)} was given", do="Begin with input: and layers:")
    for key in data:
        known(key, allowed, f"a key of {what}")
    return data
