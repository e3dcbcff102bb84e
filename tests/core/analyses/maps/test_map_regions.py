"""Regions and lines of maps against the planner, which is asked anew at every point."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis
from tests.core.analyses.maps.mapped_cells import CELLS, MappedCell, cut_of

POINTS = 20
REPRICED = frozenset({"batch and rate", "batch across"})
"""Maps in which every size of a mini-batch prices the model anew: fewer points."""
SAME_PLACE, CLOSE = 1e-9, 1e-4
"""Relative: what counts as one place, and how far to either side of a line the planner begins."""


def drawn(axis: QuantityAxis, random: np.random.Generator) -> float:
    """A value of an axis at random, evenly over its scale."""
    share = float(random.random())
    value = (
        axis.low * (axis.high / axis.low) ** share if axis.log else axis.low + share * (axis.high - axis.low)
    )
    return float(round(value)) if axis.whole else value


def along(cell: MappedCell) -> QuantityAxis:
    return cell.found.across if cell.found.along_across else cell.found.up


def place(cell: MappedCell, value: float, row: float) -> tuple[float, float]:
    return (value, row) if cell.found.along_across else (row, value)


@pytest.mark.parametrize("name", CELLS)
def test_points_lie_in_the_region_of_the_plans_cut(name: str) -> None:
    cell, random = CELLS[name], np.random.default_rng(5)
    for _ in range(POINTS // 5 if name in REPRICED else POINTS):
        row = float(random.choice(cell.found.row_values))
        point = place(cell, drawn(along(cell), random), row)
        assert cell.said(*point) == cut_of(cell.planned(*point)), point


@pytest.mark.parametrize("name", CELLS)
def test_lines_lie_where_the_planner_changes_its_cut(name: str) -> None:
    cell, found = CELLS[name], CELLS[name].found
    changing = np.flatnonzero(np.isfinite(found.runs.start[1:]).any(axis=0))
    for row in changing[[len(changing) // 3, 2 * len(changing) // 3]].tolist():
        value = float(found.row_values[row])
        starts = found.runs.start[:, row]
        for start in starts[np.isfinite(starts)].tolist()[1:]:
            assert planned_change(cell, start, value) == pytest.approx(start, rel=SAME_PLACE)


def planned_change(cell: MappedCell, near: float, row: float) -> float:
    """Where the planner changes its cut close to a value, halved to its place; the value if it is whole."""
    axis = along(cell)
    if axis.whole:
        before, after = near - 1, near
    else:
        before, after = max(axis.low, near * (1 - CLOSE)), min(axis.high, near * (1 + CLOSE))
    first = cut_of(cell.planned(*place(cell, before, row)))
    assert first != cut_of(cell.planned(*place(cell, after, row))), (near, row)
    while not axis.whole and after - before > 0.1 * SAME_PLACE * after:
        middle = math.sqrt(before * after) if axis.log else (before + after) / 2
        if cut_of(cell.planned(*place(cell, middle, row))) == first:
            before = middle
        else:
            after = middle
    return after
