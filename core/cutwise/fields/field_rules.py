"""What may stand in the fields of a dataclass, as their types say: numbers, text, lists, parts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from operator import attrgetter, is_
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import numpy as np

from cutwise.caches import kept
from cutwise.errors import QuantityError, shown
from cutwise.frozen import Frozen, FrozenDict
from cutwise.units import hints_of

KINDS = FrozenDict({bool: "true or false", str: "text", int: "a whole number", float: "a number"})
NUMBERS = frozenset({int, float})


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds(Frozen):
    """What may stand somewhere: values of these plain kinds, parts of these classes, several of something.

    Values whose type is one of `exact` are taken as they are; where `is_open`, all are.
    """

    plain: frozenset[type] = frozenset()
    parts: tuple[type, ...] = ()
    several: Holds | None = None
    exact: frozenset[type] = frozenset()
    is_open: bool = False

    @property
    def words(self) -> str:
        """What may stand there, as a sentence says it."""
        told = [
            word
            for kind, word in KINDS.items()
            if kind in self.plain and not (kind is int and float in self.plain)
        ]
        told += ["a list"] if self.several else []
        return " or ".join([*told, *(part.__name__ for part in self.parts)])


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule(Frozen):
    """One field: what may stand in it, and what does where nothing is given."""

    found: Field[Any]
    holds: Holds

    def otherwise(self) -> Any:
        """What stands in for a value that is refused, so that the others can be looked at too."""
        if self.found.default_factory is not MISSING:
            return self.found.default_factory()
        return None if self.found.default is MISSING else self.found.default


@kept
def field_rules(owner: type[Any]) -> tuple[tuple[FieldRule, ...], Callable[[Any], tuple[Any, ...]]]:
    """The rule of each field, and what reads all of them at once: many values are made in loops."""
    hints = hints_of(owner)
    rules = tuple(FieldRule(found=f, holds=_holds(hints[f.name])) for f in fields(owner))
    # One name alone would not give a tuple.
    return rules, attrgetter(*(f.name for f in fields(owner)), "__class__", "__class__")


def own_number(value: Any) -> Any:
    """A number of numpy as Python's own; everything else as it is.

    >>> own_number(np.float32(0.5)), own_number(np.int64(2)), own_number(np.array(True)), own_number("2")
    (0.5, 2, True, '2')
    """
    if isinstance(value, np.floating):
        return float(value)
    is_one = isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim)
    return value.item() if is_one else value


@kept
def is_made_as(kind: type[Any], parts: tuple[type[Any], ...]) -> bool:
    """True for a dataclass that has every public name of one of `parts`, as its instances then have.

    To ask an instance of a protocol takes twenty times as long, and a sweep makes tens of thousands.
    """
    if not is_dataclass(kind):
        return False
    names = {name for name in dir(kind) if not name.startswith("_")} | {f.name for f in fields(kind)}
    wanted = ({name for name in dir(part) if not name.startswith("_")} for part in parts)
    noted = (set(getattr(part, "__annotations__", {})) for part in parts)
    return any(
        issubclass(kind, part) if not getattr(part, "_is_protocol", False) else names >= public | annotated
        for part, public, annotated in zip(parts, wanted, noted, strict=True)
    )


def taken(holds: Holds, given: Any) -> Any:
    """What is given as it may stand there: in Python's own numbers, lists as tuples.

    Raises `QuantityError` for what may not.
    """
    if type(given) in holds.exact or holds.is_open:
        return given
    if holds.parts and is_made_as(type(given), holds.parts):
        return given
    value = own_number(given)
    if type(value) in holds.exact or (holds.parts and isinstance(value, holds.parts)):
        return value
    for kind, take in TAKEN.items():
        if (
            isinstance(value, kind)
            and not isinstance(value, bool)
            and (found := take(holds, value)) is not None
        ):
            return found
    raise QuantityError(f"must be {holds.words}, not {shown(given)}")


def _text(holds: Holds, value: str) -> str | None:
    return str.__str__(value) if str in holds.plain else None


def _whole(holds: Holds, value: int) -> int | None:
    return int(value) if holds.plain & NUMBERS else None


def _number(holds: Holds, value: float) -> int | float | None:
    """A number with decimals; 2.0 is whole, and of what is not finite the bounds say more."""
    if float in holds.plain or (int in holds.plain and not math.isfinite(value)):
        return float(value)
    return int(value) if int in holds.plain and value.is_integer() else None


def _several(holds: Holds, values: Iterable[Any]) -> tuple[Any, ...] | None:
    if holds.several is None or isinstance(values, str | bytes | Mapping):
        return None
    given = values if type(values) is tuple else tuple(values)
    if holds.several.exact.issuperset(map(type, given)):
        return given
    found = tuple(taken(holds.several, value) for value in given)
    return given if all(map(is_, given, found)) else found


TAKEN: Mapping[type, Callable[[Holds, Any], Any]] = FrozenDict(
    {str: _text, int: _whole, float: _number, Iterable: _several}
)
"""How a value of each kind is taken; None where it may not stand there."""


def _holds(hint: Any) -> Holds:
    """What a type allows; what no value can be checked against is left open."""
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    plain, parts, several, is_open = set(), [], None, False
    for kind in kinds:
        if get_origin(kind) is Literal:
            plain |= set(map(type, get_args(kind)))
        elif get_origin(kind) is tuple and get_args(kind)[1:] == (Ellipsis,):
            several = _holds(get_args(kind)[0])
        elif kind in KINDS or kind is NoneType:
            plain.add(kind)
        elif isinstance(kind, type) and _is_checkable(kind):
            parts.append(kind)
        else:
            is_open = True
    exact = {*plain, *parts} | ({int} if float in plain else set())
    return Holds(
        plain=frozenset(plain), parts=tuple(parts), several=several, exact=frozenset(exact), is_open=is_open
    )


def _is_checkable(kind: type) -> bool:
    return getattr(kind, "_is_runtime_protocol", True) or not getattr(kind, "_is_protocol", False)
