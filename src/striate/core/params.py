"""Parameters and their checks: the one mechanism for arguments, recipes, settings and what a model file says of them.

A parameter is declared once, with its constraint, where it stands: `rate: Annotated[float, Real(0, 0.999)]` as the
field of a dataclass or in the signature of a constructor. `params_of` finds these, `check` refuses what does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, get_args, get_origin, get_type_hints

from striate.core.constraints import Constraint, Unfit, quoted
from striate.errors import NetworkError, StriateError, UsageError


@dataclass(frozen=True)
class Refusal:
    """How parameters are refused: code and class of the error, and its sentence.

    In `asked` and `do`, `{name}` stands for the parameter and `{owner}` for whose it is. A second one beside the
    constraint, `Annotated[str, OneOf(…), Refusal(…)]`, says it for that parameter alone.
    """

    code: str
    asked: str = "{owner}: {name} was asked for"
    do: str = "Change {name}"
    error: type[StriateError] = UsageError
    given: Callable[[object], str] = quoted

    def of(self, name: str, value: object, allowed: str, owner: str = "", why: object = None) -> StriateError:
        """The error that refuses `value`; where the reason `why` is an `Unfit`, its words take the place of these."""
        own = why if isinstance(why, Unfit) else Unfit()
        return self.error(self.code, self.asked.format(owner=owner, name=name), allowed=own.allowed or allowed,
                          given=own.given or f"{self.given(value)} was given",
                          do=own.do or self.do.format(owner=owner, name=name))


@dataclass(frozen=True)
class Param:
    """One parameter: its constraint, whether it may be None, and the refusal for it alone, if there is one."""

    rule: Constraint
    optional: bool = False
    refusal: Refusal | None = None


@cache
def params_of(cls: type[Any]) -> Mapping[str, Param]:
    """The parameters of `cls` that have a constraint, in order: fields of a dataclass, or arguments of `__init__`.

    >>> from striate.arch.layers import Dropout
    >>> {name: param.rule.allowed for name, param in params_of(Dropout).items() if name != "name"}
    {'rate': 'a finite number from 0 to 0.999 is allowed'}
    """
    if is_dataclass(cls):
        hints = get_type_hints(cls, include_extras=True)
        hints = {field.name: hints[field.name] for field in fields(cls)}
    else:
        hints = get_type_hints(cls.__init__, include_extras=True)
    return {name: param for name, hint in hints.items() if (param := _param(hint))}


def _param(hint: Any) -> Param | None:
    """What `Annotated[int, Integer(1, 9)]` says, with `| None` inside or outside; None without a constraint."""
    optional = type(None) in get_args(hint)
    if optional:
        hint = next(part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is not Annotated:
        return None
    rule, *more = hint.__metadata__
    return Param(rule, optional or type(None) in get_args(hint.__origin__), *more)


def check(params: Mapping[str, Param], values: Mapping[str, Any] | object, refusal: Refusal,
          owner: Callable[[], str] = str) -> dict[str, Any]:
    """The values of `params` (a mapping, or an object that has them) as their constraints keep them.

    Raises the error of the parameter's own refusal, or of `refusal`, with what `owner` says for `{owner}`.

    >>> from striate.core.constraints import Integer
    >>> check({"epochs": Param(Integer(1, 9))}, {"epochs": 0}, Refusal("bad_recipe", "{name} was set"))
    Traceback (most recent call last):
    striate.errors.UsageError: epochs was set; a whole number from 1 to 9 is allowed; 0 was given. Change epochs.
    """
    kept: dict[str, Any] = {}
    for name, param in params.items():
        value = values[name] if isinstance(values, Mapping) else getattr(values, name)
        if value is None and param.optional:
            kept[name] = None
            continue
        try:
            kept[name] = param.rule.read(value)
        except (ValueError, TypeError, OverflowError) as why:
            raise (param.refusal or refusal).of(name, value, param.rule.allowed, owner(), why) from None
    return kept


def check_params(estimator: Any) -> dict[str, Any]:
    """What an estimator was made with, refused as its class says in `REFUSAL`, as plain values (its own stay)."""
    cls: type = type(estimator)
    return check(params_of(cls), estimator, estimator.REFUSAL, lambda: cls.__name__)


@dataclass(frozen=True)
class ValidatedFields:
    """Base of descriptions whose fields are read through their constraints when they are made."""

    REFUSAL: ClassVar[Refusal] = Refusal("bad_field", error=NetworkError)

    @property
    def label(self) -> str:
        """How a refusal calls this object."""
        return type(self).__name__.lower()

    def __post_init__(self) -> None:
        cls: type = type(self)
        for name, kept in check(params_of(cls), self, self.REFUSAL, lambda: self.label).items():
            object.__setattr__(self, name, kept)
