"""Options of a scheme: its fields, given by name as values or as text, checked before it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin

from cutwise.errors import ScenarioError, UnknownNameError
from cutwise.schemes.base import SCHEMES, Scheme
from cutwise.units import bound_mistakes, hints_of

TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def scheme_with(name: str, options: Mapping[str, Any]) -> Scheme:
    """The scheme called `name` with these options; text is turned into the option's type.

    Raises `UnknownNameError` for a scheme or option that does not exist, `ScenarioError` for a value that
    does not fit.
    """
    scheme = SCHEMES[name]
    hints = option_hints(scheme)
    values = {}
    for option, value in options.items():
        if option not in hints:
            raise UnknownNameError(f"option of {name}", option, hints)
        values[option] = _converted(option, hints[option], value)
    built: Scheme = scheme(**values)
    if mistakes := bound_mistakes(built):
        raise ScenarioError([f"{name}.{mistake}" for mistake in mistakes])
    return built


def option_hints(scheme: type) -> dict[str, Any]:
    """The options of a scheme with the type of each, in order."""
    hints = hints_of(scheme)
    return {option.name: hints[option.name] for option in fields(scheme)}


def choices_of(hint: Any) -> tuple[str, ...]:
    """The names an option may take, empty for an open one.

    >>> choices_of(Literal["pool", "max_flow"])
    ('pool', 'max_flow')
    """
    return get_args(hint) if get_origin(hint) is Literal else ()


def _converted(option: str, hint: Any, value: Any) -> Any:
    allowed = choices_of(hint)
    if allowed and value not in allowed:
        raise ScenarioError([f"{option}: must be {' or '.join(allowed)}, not {value!r}"])
    if hint is bool and isinstance(value, str):
        if value.lower() not in TRUTHS:
            raise ScenarioError([f"{option}: must be true or false, not {value!r}"])
        return TRUTHS[value.lower()]
    if hint in (int, float):
        return _number(option, hint, value)
    if hint in (bool, str) and not isinstance(value, hint):
        raise ScenarioError([f"{option}: must be {_KINDS[hint]}, not {value!r}"])
    return value


def _number(option: str, kind: type[int] | type[float], value: Any) -> int | float:
    broken = isinstance(value, float) and kind is int and value % 1 != 0
    if isinstance(value, bool) or broken or not isinstance(value, int | float | str):
        raise ScenarioError([f"{option}: must be {_KINDS[kind]}, not {value!r}"])
    try:
        return kind(value)
    except ValueError:
        raise ScenarioError([f"{option}: must be {_KINDS[kind]}, not {value!r}"]) from None


_KINDS = {bool: "true or false", str: "text", int: "a whole number", float: "a number"}
