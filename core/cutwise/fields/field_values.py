"""What is given for the fields of a dataclass: words of earlier versions, typed quantities, numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from cutwise.errors import QuantityError, ScenarioError
from cutwise.fields.field_rules import NUMBERS, FieldRule, field_rules, taken
from cutwise.fields.readable_names import readable_name
from cutwise.fields.typed_number import typed_number
from cutwise.units import PREFIXES, UNITS, facts_of, hints_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def settled(value: DataclassInstance) -> list[str]:
    """One sentence for each field of a value that is being made that cannot be what is given for it.

    Words of earlier versions become today's, typed quantities and numpy's numbers Python's own, lists tuples
    and names readable first, in `value` itself. Defaults are taken as they are.

    >>> from dataclasses import dataclass
    >>> from cutwise.units import quantity
    >>> @dataclass(frozen=True)
    ... class Box:
    ...     width_m: float = quantity(1.0, unit="m", help="Inner width", gt=0)
    ...     def __post_init__(self) -> None:
    ...         assert not settled(self)
    >>> Box(width_m="12 cm").width_m
    0.12
    >>> settled(Box(width_m=1.0)), settled(Box())
    ([], [])
    """
    mistakes: list[str] = []
    rules, read = field_rules(type(value))
    for rule, given in zip(rules, read(value), strict=False):
        if given is rule.found.default:
            continue
        try:
            found = _settled_field(type(value), rule, given)
            mistakes += _field_mistakes(rule.found, found)
        except QuantityError as error:
            mistakes.append(f"{rule.found.name}: {error}")
            found = rule.otherwise()
        if found is not given:
            object.__setattr__(value, rule.found.name, found)
    return mistakes


class Settled:
    """A frozen dataclass that refuses to be made of what its fields cannot be."""

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __post_init__(self) -> None:
        if mistakes := settled(self):
            raise ScenarioError(mistakes)


def _settled_field(owner: type[DataclassInstance], rule: FieldRule, given: object) -> object:
    """Raises `QuantityError` for what cannot stand in the field."""
    if not isinstance(given, str):
        return taken(rule.holds, given)
    if str in rule.holds.plain:
        return _called_now(rule.found, given)
    return (
        read_field(owner, rule.found.name, given) if rule.holds.plain & NUMBERS else taken(rule.holds, given)
    )


def _called_now(found: Field[Any], given: str) -> str:
    """A word of earlier versions as today's; a name so that it can be read."""
    aliases: Mapping[str, str] = found.metadata.get("json_schema_extra", {}).get("aliases", {})
    return aliases.get(given) or readable_name(str.__str__(given)).strip()


def read_field(owner: type[DataclassInstance], name: str, text: str) -> float | int | None:
    """The number that a text means in a field of `owner`, None where it may be absent and the text says so.

    Raises `QuantityError` as `typed_number` does, and with the bound where the number lies outside.
    """
    hint = hints_of(owner)[name]
    kinds = (hint, *get_args(hint))
    if type(None) in kinds and text.strip().lower() in ABSENT:
        return None
    whole = float not in kinds
    number = typed_number(text, facts_of(owner, name).get("unit", ""), whole=whole)
    found = next(f for f in fields(owner) if f.name == name)
    if reason := _beyond(found, number):
        raise QuantityError(f"“{text.strip()}” is {reason}")
    return round(number) if whole else number


TINY = 1e-6
"""Least values below this stand for "more than 0"."""


def _beyond(found: Field[Any], number: float) -> str:
    """How a typed number lies outside its field's bounds, with the bound in its unit; else empty."""
    facts: Mapping[str, float] = found.metadata
    unit = found.metadata.get("json_schema_extra", {}).get("unit", "")
    least, most = facts.get("ge", facts.get("gt")), facts.get("le", facts.get("lt"))
    if least is not None and (number < least or (number == least and "gt" in facts)):
        told = "more than" if "gt" in facts or 0 < least < TINY else "at least"
        return f"too little; give {told} {written(0.0 if 0 < least < TINY else least, unit)}"
    if most is not None and (number > most or (number == most and "lt" in facts)):
        return f"too much; give {'less than' if 'lt' in facts else 'at most'} {written(most, unit)}"
    return ""


def written(value: float, unit: str) -> str:
    """A bound as people read it: with its unit and an SI prefix, never an exponent.

    >>> written(1e15, "bps"), written(0.0, "s"), written(65536, "count"), written(0.05, "ratio")
    ('1 Pbit/s', '0 s', '65536', '0.05')
    """
    symbol = UNITS.get(unit, "")
    prefixes = PREFIXES if symbol and unit != "s" else {"": 1.0}
    suitable = (one for one in prefixes.items() if value and abs(value) >= one[1])
    prefix, factor = next(suitable, ("", 1.0))
    number = f"{value / factor:.6f}".rstrip("0").rstrip(".")
    return f"{number} {prefix}{symbol}".strip()


ABSENT = frozenset({"", "none", "no limit", "automatic", "from profile"})
"""What people write where nothing is given."""


def is_number_field(owner: type[DataclassInstance], name: str) -> bool:
    """True for a field that holds a number and never a text."""
    hint = hints_of(owner)[name]
    kinds = {hint, *get_args(hint)}
    return bool({int, float} & kinds) and str not in kinds and bool not in kinds


def _field_mistakes(found: Field[Any], value: object) -> list[str]:
    """The mistakes of a number, or of the first wrong one of several."""
    several = value if isinstance(value, tuple) else (value,)
    return [mistake for number in several if (mistake := _bound_mistake(found, number))][:1]


def _bound_mistake(found: Field[Any], number: object) -> str:
    if isinstance(number, bool) or not isinstance(number, int | float):
        return ""
    facts: Mapping[str, float] = found.metadata
    if number != number:
        return f"{found.name}: {number} is not a number"
    if "gt" in facts and not number > facts["gt"]:
        return f"{found.name}: {number} must be greater than {facts['gt']}"
    if "ge" in facts and not number >= facts["ge"]:
        return f"{found.name}: {number} is below the smallest value {facts['ge']}"
    if "le" in facts and not number <= facts["le"]:
        return f"{found.name}: {number} is above the largest value {facts['le']}"
    if "lt" in facts and not number < facts["lt"]:
        return f"{found.name}: {number} must be less than {facts['lt']}"
    return ""
