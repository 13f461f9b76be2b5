"""Settings of a training run, stored as `recipe.yaml`, so that it can be resumed and repeated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import yaml

from striate.convnet.recipe.recipe import BUDGETS, Recipe
from striate.core import atomic, bounded_text
from striate.core.params import checked
from striate.data.resize import REFUSAL, PictureSize
from striate.data.sources.file_list import digest_of_list
from striate.errors import RunError, UsageError, shown


@dataclass(frozen=True)
class Settings:
    """The data, the model and the recipe fields of one run.

    Attributes:
        data: a folder or the name of a known set; model: `auto`, a name of the zoo, a network file, or of visual words
            a set of stages by name or a YAML file.
        split: a split file to use, or None.
        files: a list of the pictures of a folder to use, or None; files_sum: its sha256, so that a run that is resumed
            goes on with the pictures it was begun with.
        size: (height, width) of the pictures, or None for that of model and data; resize: how they are resized.
        strict, allow_empty_class: as in `striate.load_data`.
        recipe: fields of `striate.Recipe`, of visual words `seed` and `flip`; a field left out has its
            default. stages: those of visual words, for `small` pictures and for `photographs`.
        sharded: whether the weights are divided among the processes. single: whether an ensemble is ruled out.
        weights: to begin with, a file, or the name of known ones; None is the default. network: whose they are, a name
            of the zoo or a network file; None is what fits them.
        command: the command line; planned: the whole recipe as it was trained, once that is known.

    """

    data: str
    model: str = "auto"
    split: str | None = None
    size: tuple[int, int] | None = None
    resize: str = "squash"
    strict: bool = False
    allow_empty_class: bool = False
    recipe: dict[str, Any] = field(default_factory=dict)
    command: str = ""
    planned: dict[str, Any] = field(default_factory=dict)
    stages: dict[str, Any] = field(default_factory=dict)
    sharded: bool = False
    weights: str | None = None
    network: str | None = None
    files: str | None = None
    files_sum: str | None = None
    single: bool = False

    def as_dict(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self) | {"size": list(self.size) if self.size else None}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What `as_dict` gave; keys that are no fields are left out."""
        known, size = {field.name for field in fields(cls)}, values.get("size")
        return cls(**{k: v for k, v in values.items() if k in known} | {"size": tuple(size) if size else None})

    def save(self, path: Path) -> None:
        """Write the settings as YAML, atomically."""
        atomic.write_text(path, yaml.safe_dump(self.as_dict(), sort_keys=False, allow_unicode=True))

    @classmethod
    def load(cls, path: Path) -> Self:
        """The settings in `path`; raises `RunError` (`bad_settings`) when they cannot be read."""
        try:
            values = bounded_text.load_settings(path)
            if not isinstance(values, dict) or not _has_valid_types(values):
                raise ValueError("it does not describe a run")
            return cls.from_dict(values)
        except (TypeError, *bounded_text.REFUSALS) as error:
            raise RunError("bad_settings", f"{shown(path)} was to be resumed", given=shown(str(error)),
                           do="Start again in another folder with --out") from error

    def resumed(self, asked: Settings) -> Settings:
        """These settings; refuses options in `asked` that differ (`resume_conflict`)."""
        default = Settings(data=self.data)
        for name in ("data", "model", "split", "files", "size", "resize", "weights", "network", "single"):
            value, begun = getattr(asked, name), getattr(self, name)
            if value not in (getattr(default, name), begun):
                raise UsageError("resume_conflict", f"the run was to be resumed with {name} {shown(str(value))}",
                                 given=f"it was begun with {shown('none' if begun is None else str(begun))}",
                                 do="Leave the option out, or start a new run with --out")
        for name, value in asked.recipe.items():
            if self.recipe.get(name) != value:
                raise UsageError("resume_conflict", f"the run was to be resumed with {name} {value}",
                                 given=f"it was begun with {self.recipe.get(name, 'the default')}",
                                 do="Leave the option out, or start a new run with --out")
        return self


def load_recipe(path: Path) -> dict[str, Any]:
    """The fields of a recipe file, as `striate convert solver.prototxt recipe.yaml` writes them, checked.

    Raises `UsageError` (`bad_recipe_file`, and as `Recipe.from_dict`).
    """
    try:
        values = bounded_text.load_settings(path)
        if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
            raise ValueError("it is no mapping of settings")
    except bounded_text.REFUSALS as error:
        raise UsageError("bad_recipe_file", f"the recipe {shown(path)} was asked for",
                         allowed="a YAML file of settings is allowed", given=shown(str(error), 200),
                         do="Write it as striate convert does") from error
    return _read(values)


def settings_for(data: str | Path, *, model: str | None = None, weights: str | Path | None = None,
                 network: str | None = None, split: str | Path | None = None, files: str | Path | None = None,
                 size: int | tuple[int, int] | None = None, resize: str = "squash", recipe: str | Path | None = None,
                 sharded: bool = False, single: bool = False, allow_empty_class: bool = False, strict: bool = False,
                 command: str = "", **fields_of_recipe: Any) -> Settings:
    """The settings of a run from the options of `striate train`; options take precedence over a recipe file."""
    given = {name: value for name, value in fields_of_recipe.items() if value is not None}
    from_file = load_recipe(Path(recipe)) if recipe else {}
    if any(name in given for name in BUDGETS):  # one budget takes the place of another
        from_file = {name: value for name, value in from_file.items() if name not in BUDGETS}
    sides = None if size is None else checked(
        "size", size if isinstance(size, Iterable) else (size, size), PictureSize(), REFUSAL)
    recipe_fields = {field.name for field in fields(Recipe)}
    chosen = from_file | given  # a name that is no field is refused by the training method, with what it has
    chosen |= _read({name: value for name, value in chosen.items() if name in recipe_fields})
    return Settings(
        str(data), model or ("finetune" if weights is not None else "auto"), str(split) if split else None,
        sides, resize, strict, allow_empty_class, chosen, command,
        sharded=sharded, single=single, weights=None if weights is None else str(weights), network=network,
        **file_list_fields(Path(files) if files else None))


def _read(values: dict[str, Any]) -> dict[str, Any]:
    """Fields of a recipe as JSON values that its constraints read; refuses others as `Recipe.from_dict`."""
    planned = Recipe.from_dict(values).as_dict()
    return {name: planned[name] for name in values}


def file_list_fields(files: Path | None) -> dict[str, Any]:
    """The fields of `Settings` for a list of pictures; none without one."""
    return {"files": str(files.absolute()), "files_sum": digest_of_list(files)} if files else {}


def _has_valid_types(values: dict[str, Any]) -> bool:
    """Whether every field has the type that `Settings` declares."""
    size, recipe, stages = values.get("size"), values.get("recipe"), values.get("stages", {})
    return (
        all(isinstance(values.get(name, ""), str) for name in ("model", "resize", "command"))
        and isinstance(values.get("data"), str)
        and all(isinstance(values.get(name), str | None)
                for name in ("split", "files", "files_sum", "weights", "network"))
        and (size is None or (isinstance(size, list) and len(size) == 2 and all(type(side) is int for side in size)))
        and all(isinstance(values.get(name, False), bool)
                for name in ("strict", "allow_empty_class", "sharded", "single"))
        and isinstance(recipe, dict)
        and isinstance(stages, dict) and stages.keys() in ({}.keys(), {"small", "photographs"})
        and all(isinstance(value, str | int | float | tuple | list | None) for value in recipe.values())
    )
