"""Options: the fields of a registered dataclass, given by name as values or as text, checked before use.

Schemes and analyses both have them; what turns the words of a command into typed options stands here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from cutwise.errors import QuantityError, ScenarioError, UnknownNameError, shown
from cutwise.fields.field_rules import KINDS, own_number
from cutwise.fields.field_values import settled
from cutwise.fields.typed_number import typed_number
from cutwise.frozen import FrozenDict
from cutwise.units import facts_of, hints_of

TRUTHS = FrozenDict({"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False})


def with_options(registered: Mapping[str, type[Any]], name: str, options: Mapping[str, Any]) -> Any:
    """What is registered as `name`, with these options; text is turned into the option's type.

    Raises `UnknownNameError` for a name or an option that does not exist, `ScenarioError` for a value that
    does not fit and for one that is needed and absent.
    """
    owner = registered[name]
    hints = option_hints(owner)
    values = {}
    for option, value in options.items():
        if option not in hints:
            raise UnknownNameError(f"option of {name}", option, hints)
        values[option] = _converted(option, hints[option], value, facts_of(owner, option).get("unit", ""))
    if absent := [f.name for f in fields(owner) if f.name not in values and _is_needed(f)]:
        raise ScenarioError([f"{name}.{option}: give a value" for option in absent])
    try:
        built = owner(**values)
    except ScenarioError as error:
        raise error.reworded(lambda mistake: f"{name}.{mistake}") from error
    if mistakes := settled(built):
        raise ScenarioError([f"{name}.{mistake}" for mistake in mistakes])
    return built


def option_hints(owner: type) -> dict[str, Any]:
    """The options of a registered dataclass with the type of each, in order."""
    hints = hints_of(owner)
    return {option.name: hints[option.name] for option in fields(owner)}


def choices_of(hint: Any) -> tuple[str, ...]:
    """The names an option may take, empty for an open one.

    >>> choices_of(Literal["pool", "max_flow"])
    ('pool', 'max_flow')
    """
    return get_args(hint) if get_origin(hint) is Literal else ()


def _is_needed(option: Field[Any]) -> bool:
    return option.default is MISSING and option.default_factory is MISSING


def _converted(option: str, hint: Any, value: Any, unit: str) -> Any:
    value = own_number(value)
    if get_origin(hint) in (Union, UnionType) and NoneType in get_args(hint):
        (kind,) = [kind for kind in get_args(hint) if kind is not NoneType]
        return None if value is None else _converted(option, kind, value, unit)
    if get_origin(hint) is tuple:
        return _several(option, get_args(hint)[0], value, unit)
    allowed = choices_of(hint)
    if allowed and value not in allowed:
        raise ScenarioError([f"{option}: must be {' or '.join(allowed)}, not {shown(value)}"])
    if hint is bool and isinstance(value, str):
        if value.lower() not in TRUTHS:
            raise ScenarioError([f"{option}: must be true or false, not {shown(value)}"])
        return TRUTHS[value.lower()]
    if hint in (int, float):
        return _number(option, hint, value, unit)
    if hint in (bool, str) and not isinstance(value, hint):
        raise ScenarioError([f"{option}: must be {KINDS[hint]}, not {shown(value)}"])
    return value


def _several(option: str, kind: Any, value: Any, unit: str) -> tuple[Any, ...]:
    """The values of a list; a text has commas between them."""
    parts = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    if isinstance(value, str) and not parts:
        raise ScenarioError([f"{option}: {shown(value)} names nothing; give at least one, or leave it out"])
    if not isinstance(parts, Iterable) or isinstance(parts, Mapping):
        raise ScenarioError([f"{option}: must be a list, not {shown(value)}"])
    return tuple(_converted(option, kind, part, unit) for part in parts)


def _number(option: str, kind: type[int] | type[float], value: Any, unit: str) -> int | float:
    broken = isinstance(value, float) and kind is int and value % 1 != 0
    if isinstance(value, bool) or broken or not isinstance(value, int | float | str):
        raise ScenarioError([f"{option}: must be {KINDS[kind]}, not {shown(value)}"])
    try:
        return kind(typed_number(value, unit, whole=kind is int) if isinstance(value, str) else value)
    except OverflowError as error:
        raise ScenarioError([f"{option}: is too large to compute with; give a smaller one"]) from error
    except QuantityError as error:
        raise ScenarioError([f"{option}: must be {KINDS[kind]}: {error}"]) from error
