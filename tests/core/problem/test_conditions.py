from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from cutwise.arrays import Number
from cutwise.problem.conditions import (
    ComputeConditions,
    Conditions,
    EdgeConditions,
    LinkConditions,
    PowerConditions,
)

PARTS = {
    "link": LinkConditions,
    "compute": ComputeConditions,
    "power": PowerConditions,
    "edge": EdgeConditions,
}
NAMES = [(part, one.name) for part, owner in PARTS.items() for one in fields(owner)]


def numbered(start: float) -> Conditions:
    """Every field a number of its own."""
    numbers = iter(range(len(NAMES)))
    made = {
        part: owner(**{one.name: start + next(numbers) for one in fields(owner)})
        for part, owner in PARTS.items()
    }
    return Conditions(**made)  # type: ignore[arg-type]


def value(conditions: Conditions, part: str, name: str) -> Number:
    found: Number = getattr(getattr(conditions, part), name)
    return found


@pytest.mark.parametrize(("part", "name"), NAMES)
def test_no_field_is_lost_or_exchanged_when_many_become_one(part: str, name: str) -> None:
    """Of numbers n and 100 + n in field n the sum is 100 + 2n."""
    number = NAMES.index((part, name))
    merged = Conditions.merged([numbered(0.0), numbered(100.0)], lambda values: values[0] + values[1])
    assert value(merged, part, name) == 100 + 2 * number


def test_columns_are_the_fields_with_one_number_a_device_in_order() -> None:
    given = numbered(0.0).each(lambda number: np.full(3, number) if number in (1.0, 12.0) else number)
    assert [column.tolist() for column in given.columns] == [[1.0] * 3, [12.0] * 3]
