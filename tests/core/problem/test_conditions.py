from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from cutwise.arrays import Number
from cutwise.problem.conditions import ComputeConditions, Conditions, EdgeConditions, LinkConditions, Pace
from cutwise.problem.power_conditions import PowerConditions

PARTS = {
    "link": LinkConditions,
    "compute": ComputeConditions,
    "power": PowerConditions,
    "edge": EdgeConditions,
}
PACES = [one.name for one in fields(Pace)]
NAMES = [
    (part, (one.name, *inner))
    for part, owner in PARTS.items()
    for one in fields(owner)
    for inner in ([(name,) for name in PACES] if one.name.endswith("pace") else [()])
]


def numbered(start: float) -> Conditions:
    """Every field a number of its own."""
    made: dict[str, dict[str, Any]] = {part: {} for part in PARTS}
    for number, (part, path) in enumerate(NAMES):
        if len(path) > 1:
            made[part].setdefault(path[0], {})[path[1]] = start + number
        else:
            made[part][path[0]] = start + number
    parts = {
        part: PARTS[part](**{k: Pace(**v) if isinstance(v, dict) else v for k, v in own.items()})
        for part, own in made.items()
    }
    return Conditions(**parts)  # type: ignore[arg-type]


def value(conditions: Conditions, part: str, path: tuple[str, ...]) -> Number:
    found: Any = getattr(conditions, part)
    for name in path:
        found = getattr(found, name)
    number: Number = found
    return number


@pytest.mark.parametrize(("part", "path"), NAMES)
def test_no_field_is_lost_or_exchanged_when_many_become_one(part: str, path: tuple[str, ...]) -> None:
    """Of numbers n and 100 + n in field n the sum is 100 + 2n."""
    number = NAMES.index((part, path))
    merged = Conditions.merged([numbered(0.0), numbered(100.0)], lambda values: values[0] + values[1])
    assert value(merged, part, path) == 100 + 2 * number


def test_columns_are_the_fields_with_one_number_a_device_in_order() -> None:
    given = numbered(0.0).each(lambda number: np.full(3, number) if number in (1.0, 12.0) else number)
    assert [column.tolist() for column in given.columns] == [[1.0] * 3, [12.0] * 3]
