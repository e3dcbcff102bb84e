"""Every number that is given has bounds at both ends, which end what no link, chip or model could be."""

from __future__ import annotations

import math
from dataclasses import Field, fields
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from cutwise.errors import ScenarioError
from cutwise.fields.field_values import settled
from cutwise.units import facts_of
from tests.contracts.test_units import ALL, name_of

ABSURD = (math.inf, -math.inf, math.nan, 1e300, -1e300)


def kinds_of(owner: type[Any], field: Field[Any]) -> set[Any]:
    """The types that a field may hold; those of its elements for a tuple."""
    hint = get_type_hints(owner)[field.name]
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return {get_args(kind)[0] if get_origin(kind) is tuple else kind for kind in kinds}


NUMBERS = [
    (owner, field)
    for owner in ALL
    for field in fields(owner)
    if "description" in field.metadata and kinds_of(owner, field) & {int, float}
]
"""Every number of a scenario, a scheme or an analysis: all that is written as a quantity."""


def given(owner: type[Any], name: str, number: float) -> list[str]:
    """The mistakes told where the field of this name holds `number`, several of them where it is a list."""
    several = "tuple" in str(get_type_hints(owner)[name])
    try:
        return settled(owner(**{name: (0.5, number) if several else number}))
    except ScenarioError as refused:
        return list(refused.mistakes)


def test_every_kind_of_number_is_walked() -> None:
    owners = {owner.__name__ for owner, _ in NUMBERS}
    assert {"FixedRate", "Shannon", "Device", "Server", "Edge", "Workload", "Lora", "Limits"} <= owners
    assert {"TopK", "DeadZone", "AccuracyTable", "Gsfl", "Card", "ReplanAnalysis"} <= owners


@pytest.mark.parametrize(
    ("owner", "field"), NUMBERS, ids=lambda part: name_of(part) if isinstance(part, type) else part.name
)
def test_a_number_has_bounds_and_what_is_absurd_is_refused_by_name(
    owner: type[Any], field: Field[Any]
) -> None:
    facts = facts_of(owner, field.name)
    own_check = "tuple" in str(get_type_hints(owner)[field.name])
    assert own_check or {"ge", "gt"} & facts.keys(), "no lower bound"
    assert own_check or {"le", "lt"} & facts.keys(), "no upper bound"
    for number in ABSURD:
        mistakes = [mistake for mistake in given(owner, field.name, number) if field.name in mistake]
        assert len(mistakes) == 1 or (own_check and mistakes), (number, mistakes)
