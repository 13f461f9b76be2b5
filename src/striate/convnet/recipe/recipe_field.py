"""Declaration of recipe fields: default and text, from which docstrings and help texts are made."""

from __future__ import annotations

import textwrap
from dataclasses import Field, field, fields
from typing import Any, TypeVar

from striate.core.constraints import OneOf
from striate.core.humanize import join_words
from striate.core.params import params_of

T = TypeVar("T", bound=type)
WIDTH = 112  # of a line in a docstring, without its indent


def recipe_field(default: Any, text: str, more: str = "", *, planned: str = "") -> Any:
    """Declare a field of a recipe.

    Args:
        default: None is "planned from the data".
        text: what it is, in one line, without a full stop.
        more: source and limits, which help texts leave out.
        planned: the value where none is given, for help texts.

    """
    return field(default=default, metadata={"text": text, "more": more, "planned": planned})


def fields_by_name(cls: Any) -> dict[str, Field[Any]]:
    """The fields of `cls` by name."""
    return {one.name: one for one in fields(cls)}


def field_choices(cls: Any, name: str) -> tuple[str, ...]:
    """The allowed words of the field `name` of `cls`; none where it is not one of a few.

    >>> from striate.convnet.recipe.recipe import Recipe
    >>> field_choices(Recipe, "optimiser"), field_choices(Recipe, "momentum")
    (('sgd', 'adamw', 'muon'), ())
    """
    rule = params_of(cls)[name].rule
    return rule.words if isinstance(rule, OneOf) else ()


def field_text(cls: Any, name: str) -> str:
    """The text of the field `name` of `cls`, with its choices.

    >>> from striate.convnet.recipe.recipe import Recipe
    >>> field_text(Recipe, "optimiser")
    'optimiser: `sgd`, `adamw` or `muon`'
    """
    words = [f"`{word}`" for word in field_choices(cls, name)]
    return str(fields_by_name(cls)[name].metadata["text"]) + (f": {join_words(words)}" if words else "")


def option_help(cls: Any, name: str) -> str:
    """The help text of an option that sets the field `name` of `cls`.

    >>> from striate.convnet.recipe.recipe import Recipe
    >>> option_help(Recipe, "epochs")
    'Passes over the training pictures. [default: by their number]'
    """
    text, planned = field_text(cls, name).replace("`", ""), fields_by_name(cls)[name].metadata["planned"]
    return f"{text[0].upper()}{text[1:]}.{f' [default: {planned}]' if planned else ''}"


def attributes(cls: Any) -> str:
    """The fields of `cls` as lines of a docstring, all but the first indented by eight spaces."""
    rows = []
    for name, one in fields_by_name(cls).items():
        more = one.metadata["more"]
        row = f"{name}: {field_text(cls, name)}.{f' {more}.' if more else ''}"
        rows.append(textwrap.fill(row, WIDTH, subsequent_indent=" " * 4, break_on_hyphens=False))
    return textwrap.indent("\n".join(rows), " " * 8).lstrip()


def documented(cls: T, of: Any = None) -> T:
    """Put the texts of the fields of `of`, or its own, into the docstring of a class, in place of `{recipe}`."""
    cls.__doc__ = (cls.__doc__ or "").replace("{recipe}", attributes(of or cls))
    return cls
