"""Parameters and their checks: the one mechanism for arguments, recipes, settings and those stored in model files.

A parameter is declared once, with its constraint, where it is defined: `rate: Annotated[float, Real(0, 0.999)]` as the
field of a dataclass or in the signature of a constructor. `params_of` finds these, `check` refuses misfits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from functools import cache
from inspect import signature
from typing import Annotated, Any, ClassVar, get_args, get_origin, get_type_hints

from striate.core.constraints import Constraint, Unfit, quoted
from striate.errors import ModelFileError, NetworkError, StriateError, UsageError


@dataclass(frozen=True)
class Refusal:
    """Refusal of a parameter: code and class of the error, and its sentence.

    In `asked` and `do`, `{name}` stands for the parameter, `{default}` for its default and `{owner}` for whose it is. A
    second refusal beside the constraint, `Annotated[str, OneOf(…), Refusal(…)]`, is that of this parameter alone.
    """

    code: str
    asked: str = "{owner}: {name} was asked for"
    do: str = "Change {name}"
    error: type[StriateError] = UsageError
    given: Callable[[object], str] = quoted

    def of(self, name: str, value: object, allowed: str, why: object = None, **words: object) -> StriateError:
        """The error that refuses `value`; where the reason `why` is an `Unfit`, its words take the place of these."""
        own = why if isinstance(why, Unfit) else Unfit()
        words["name"] = name
        return self.error(self.code, self.asked.format(**words), allowed=own.allowed or allowed,
                          given=own.given or f"{self.given(*own.part or (value,))} was given",
                          do=own.do or self.do.format(**words))


STORED = Refusal("bad_manifest", "its {name} was read", "", ModelFileError)  # of parameters in a model file


@dataclass(frozen=True)
class Param:
    """One parameter: its constraint, whether it may be None, the refusal for it alone if it has one, its default."""

    rule: Constraint
    optional: bool = False
    refusal: Refusal | None = None
    default: object = None


@cache
def params_of(cls: type) -> Mapping[str, Param]:
    """The parameters of `cls` that have a constraint, in order: fields of a dataclass, or arguments of `__init__`.

    >>> from striate.arch.layers import Dropout
    >>> {name: param.rule.allowed for name, param in params_of(Dropout).items() if name != "name"}
    {'rate': 'a finite number from 0 to 0.999 is allowed'}
    """
    made = cls if is_dataclass(cls) else cls.__init__  # type: ignore[misc]  # the class itself, no instance
    hints = get_type_hints(made, include_extras=True)
    arguments = signature(cls).parameters.values()
    found = {one.name: _param(hints[one.name], one.default) for one in arguments if one.name in hints}
    return {name: param for name, param in found.items() if param}


def _param(hint: Any, default: object) -> Param | None:
    """The parameter of `Annotated[int, Integer(1, 9)]`, with `| None` inside or outside; None without a constraint."""
    optional = type(None) in get_args(hint)
    if optional:
        hint = next(part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is not Annotated:
        return None
    rule, *more = hint.__metadata__
    refusal = next((one for one in more if isinstance(one, Refusal)), None)
    return Param(rule, optional or type(None) in get_args(hint.__origin__), refusal, default)


def check(params: Mapping[str, Param], values: Mapping[str, Any] | object, refusal: Refusal,
          owner: Callable[[], str] = str) -> dict[str, Any]:
    """The values of `params` (a mapping, or an object that has them) as their constraints read them.

    Raises the error of the parameter's own refusal, or of `refusal`, with `owner()` for `{owner}`.

    >>> from striate.core.constraints import Integer
    >>> check({"epochs": Param(Integer(1, 9))}, {"epochs": 0}, Refusal("bad_recipe", "{name} was set"))
    Traceback (most recent call last):
    striate.errors.UsageError: epochs was set; a whole number from 1 to 9 is allowed; 0 was given. Change epochs.
    """
    found: dict[str, Any] = {}
    for name, param in params.items():
        value = values.get(name) if isinstance(values, Mapping) else getattr(values, name)
        if value is None and param.optional:
            found[name] = None
            continue
        try:
            found[name] = param.rule.read(value)
        except (ValueError, TypeError, OverflowError) as why:
            raise (param.refusal or refusal).of(
                name, value, param.rule.allowed, why, owner=owner(), default=param.default) from None
    return found


def checked(name: str, value: object, rule: Constraint, refusal: Refusal) -> Any:
    """One checked value, for the argument of a function; refused by `refusal`."""
    return check({name: Param(rule)}, {name: value}, refusal)[name]


def check_params(estimator: Any) -> dict[str, Any]:
    """The checked parameters of an estimator, refused by the `REFUSAL` of its class; its attributes do not change."""
    cls: type = type(estimator)
    return check(params_of(cls), estimator, estimator.REFUSAL, lambda: cls.__name__)


def stored(cls: type, values: Mapping[str, Any], *names: str, **more: Constraint) -> dict[str, Any]:
    """The parameters `names` of `cls`, and those with a constraint in `more`, from a model file.

    They must be there, and of the exact type: a whole number for a real one is refused (`bad_manifest`).
    """
    rules = {name: params_of(cls)[name].rule for name in names} | more
    found = check({name: Param(rule) for name, rule in rules.items()}, values, STORED)
    for name, value in found.items():
        if type(value) is not type(values[name]):
            raise STORED.of(name, values[name], rules[name].allowed)
    return found


@dataclass(frozen=True)
class ValidatedFields:
    """Base of dataclasses whose fields are checked by their constraints on construction."""

    REFUSAL: ClassVar[Refusal] = Refusal("bad_field", error=NetworkError)

    @property
    def label(self) -> str:
        """The name of this object in a refusal."""
        return type(self).__name__.lower()

    def __post_init__(self) -> None:
        cls: type = type(self)
        for name, value in check(params_of(cls), self, self.REFUSAL, lambda: self.label).items():
            object.__setattr__(self, name, value)
