"""The rounds of the questions that stand side by side, named as their columns are."""

from __future__ import annotations

from collections.abc import Sequence

from cutwise_dashboard.format import sentence_case
from cutwise_dashboard.side_by_side.input_words import inside
from cutwise_dashboard.side_by_side.question_columns import Column, column_names
from cutwise_dashboard.side_by_side.round_rows import RoundShown, round_shown


def rounds_of(columns: Sequence[Column]) -> tuple[RoundShown, ...]:
    """One round a column, in their order; a question without a plan says why."""
    found = []
    for place, (name, column) in enumerate(zip(_names(columns), columns, strict=True), start=1):
        titled = f"{place} · {name}"
        if column.plan is None:
            found.append(RoundShown(name=titled, refused=column.refused or "no plan"))
        else:
            found.append(round_shown(titled, column.plan))
    return tuple(found)


def _names(columns: Sequence[Column]) -> list[str]:
    """What differs, after the scenario's name where that does."""
    called = [column.stated.scenario.name if column.stated else "" for column in columns]
    names = column_names(columns)
    if len(set(called)) < 2:
        return names
    return [
        f"{sentence_case(scenario)}: {inside(name)}" if scenario else name
        for scenario, name in zip(called, names, strict=True)
    ]
