"""Schema of network files: layers written as plain data, and read.

`ReLU()` is `"relu"`; `Conv(20, 5)` is `{"conv": {"filters": 20, "kernel_size": 5}}`; fields at their default are left
out; `name` and `from` stand beside the kind. An unknown word is refused, with the nearest allowed one named.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from types import MappingProxyType
from typing import Any

from striate.arch.formats.synonyms import FIELDS, INFERRED, LAYER_TYPES, VALUES, normalised_word, suggestion
from striate.arch.initializer import IsInitializer
from striate.arch.layers import LAYERS, Layer
from striate.core.constraints import quoted
from striate.core.humanize import join_words
from striate.core.params import params_of
from striate.errors import NetworkError, shown


def write_layer(layer: Layer) -> str | dict[str, Any]:
    """A layer as plain data, without its name and inputs.

    >>> from striate.arch import Conv, ReLU
    >>> write_layer(ReLU()), write_layer(Conv(20, 5))
    ('relu', {'conv': {'filters': 20, 'kernel_size': 5}})
    """
    settings = changed_fields(layer)
    return {layer.kind: settings} if settings else layer.kind


def changed_fields(thing: Any) -> dict[str, Any]:
    """The fields of a layer or filler that differ from their defaults, as plain data."""
    return {
        field.name: plain_data(getattr(thing, field.name))
        for field in settings_of(thing)
        if field.default is MISSING or getattr(thing, field.name) != field.default
    }


def settings_of(thing: Any) -> list[Field[Any]]:
    """The fields of a kind of layer or filler without its name; those that many layers share come last."""
    return sorted((field for field in fields(thing) if field.name != "name"), key=lambda field: field.kw_only is True)


def plain_data(value: Any) -> Any:
    """A value as plain data: tuples as lists, fillers as mappings or, at their defaults, as their kind."""
    if isinstance(value, tuple):
        return [plain_data(item) for item in value]
    if is_dataclass(value):
        settings = changed_fields(value)
        return settings["kind"] if len(settings) == 1 else settings
    return value


def read_layer(item: object, label: str) -> tuple[type[Layer], dict[str, Any], tuple[str, ...] | None]:
    """The class, the fields (name among them) and the inputs (None: the layer before) of one item of a file.

    `label` is the item's name in a refusal, `layer 3`. Raises `NetworkError` for every unknown word.
    """
    entry = {item: None} if isinstance(item, str) else item
    if not isinstance(entry, dict):
        raise NetworkError("bad_item", f"{label}: a layer was asked for",
                           allowed="a kind (relu) or a mapping (conv: {filters: 20, kernel_size: 5}) is allowed",
                           given=f"{quoted(item)} was given", do="Change it")
    kinds = [key for key in entry if key not in ("name", "from")]
    sound = [kind for kind in kinds if kind in LAYERS]
    for kind in kinds:
        if len(sound) == 1 and kind not in LAYERS:
            raise _misplaced_word(kind, LAYERS[sound[0]], label)
        check_word(kind, LAYERS, f"{label}: a kind of layer", LAYER_TYPES)
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
    for key, value in settings.items():
        if normalised_word(key) in INFERRED:
            raise NetworkError("unknown_word", f"{label}: a field of {layer.kind} was asked for",
                               allowed=f"{join_words(allowed) or 'none'} is allowed", given=f"{quoted(key)} was given",
                               do="Leave it out, for it follows from the layer before")
        check_word(key, allowed, f"{label}: a field of {layer.kind}", FIELDS)
        _refuse_synonym(layer, key, value, label)
    for field in fields(layer):
        if field.default is MISSING and field.name not in settings:
            raise NetworkError("missing_field", f"{label}: {layer.kind} was asked for",
                               allowed=f"{layer.kind} with {field.name} is allowed",
                               given=f"no {field.name} was given", do=f"Add {field.name}")
    names = _names(entry.get("from"), label)
    if layer.merges != (len(names or ()) > 1):
        raise NetworkError("wrong_inputs", f"{label}: {layer.kind} was asked for",
                           allowed=f"from with {'two names or more' if layer.merges else 'one name'} is allowed",
                           given=f"{len(names) if names else 'none'} {'were' if len(names or ()) > 1 else 'was'} given",
                           do=f"Write {layer.kind}: and beside it from: [a, b], the names of the layers it joins"
                           if layer.merges else "Join them in an add or concat before it, or name one")
    return layer, settings | ({"name": entry["name"]} if "name" in entry else {}), names


def _misplaced_word(word: object, layer: type[Layer], label: str) -> NetworkError:
    """The refusal of a word that stands beside a kind: `name` or `from` misspelt, or a field not indented enough."""
    near = suggestion(word, ("name", "from"), {"inputs": "from", "input": "from", "bottom": "from", "id": "name"})
    field = suggestion(word, [field.name for field in settings_of(layer)], FIELDS)
    do = f"Write {near}" if near else f"Write {layer.kind}: {{{field}: …}}" if field else "Leave it out"
    return NetworkError("unknown_word", f"{label}: a word beside {layer.kind} was asked for",
                        allowed="name or from is allowed", given=f"{quoted(word)} was given", do=do)


def _refuse_synonym(layer: type[Layer], field: str, value: object, label: str) -> None:
    """Refuse an impossible filler, and another program's word for a value, with ours named."""
    cls: type = layer
    rule = params_of(cls)[field].rule
    if isinstance(rule, IsInitializer):
        rule.check(value, f"{label}: {field}")
    elif isinstance(value, str):
        ours = VALUES.get(field, {}).get(normalised_word(value), value)
        try:
            rule.read(ours)
        except (ValueError, TypeError):
            return  # the layer itself refuses it
        if ours != value:
            raise NetworkError("bad_field", f"{label}: {field} was asked for", allowed=rule.allowed,
                               given=f"{quoted(value)} was given", do=f"Write {field}: {ours}")


def _names(value: object, label: str) -> tuple[str, ...] | None:
    if value is None or isinstance(value, str):
        return (value,) if value else None
    if isinstance(value, list) and value and all(isinstance(name, str) for name in value):
        return tuple(value)
    raise NetworkError("bad_from", f"{label}: from was asked for", allowed="a name or a list of names is allowed",
                       given=f"{quoted(value)} was given", do="Name the layers that feed this one")


def check_word(word: object, words: Collection[str], what: str,
          synonyms: Mapping[str, str] | Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> None:
    """Refuse a word that is not one of `words`, with the synonym or the nearest of them named."""
    if word in words:
        return
    # Comparing with thousands of names would take seconds, and listing them a page.
    near = suggestion(word, words if len(words) <= 500 else list(words)[-500:], synonyms)
    listed = shown(join_words([*words] if len(words) <= 40 else [*list(words)[:24], "…"]), 400) if words else "none"
    raise NetworkError("unknown_word", f"{what} was asked for", allowed=f"{listed} is allowed",
                       given=f"{quoted(word)} was given",
                       do=f"Write {near}" if near else "Choose one of these" if words else "Leave it out")


def check_mapping(data: object, allowed: Collection[str], what: str) -> Mapping[str, Any]:
    """`data` as a mapping with no other keys than `allowed`."""
    if not isinstance(data, dict):
        raise NetworkError("not_a_mapping", f"{what} was asked for",
                           allowed=f"a mapping with {join_words(list(allowed))} is allowed",
                           given=f"{quoted(data)} was given", do="Begin with input: and layers:")
    for key in data:
        check_word(key, allowed, f"a key of {what}")
    return data
