"""Features of slots, and what no split inside one can be below, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cutwise.cuts.pool.closure import Layout, Piece, lay_out
from cutwise.cuts.pool.contraction import contract
from cutwise.cuts.pool.pieces import Timeline, timeline, whole_piece
from cutwise.cuts.pool.slot_features import floors, slot_values
from cutwise.cuts.split_graph import SplitGraph

Taken = tuple[Piece, Layout, Timeline]


@pytest.fixture
def taken() -> Taken:
    """Branches 1 and 2 join in 3, branches 4 and 5 in 6; the root's output is read by 1, 2 and 4.

    Slot 0 lies before op 3, slot 1 between 3 and 6, and in slot 2 all is on the device.
    """
    graph = SplitGraph(
        op_count=7,
        edges=[(0, 1), (0, 2), (1, 3), (2, 3), (0, 4), (3, 4), (3, 5), (4, 6), (5, 6)],
        device_features=[[0.0], [2.0], [-3.0], [4.0], [-5.0], [6.0], [7.0]],
        peak_features=[[0.0], [7.0], [8.0], [5.0], [9.0], [4.0], [3.0]],
        crossing_features=[[11.0], [12.0], [13.0], [14.0], [15.0], [16.0], [17.0]],
        pinned=np.arange(7) == 0,
    )
    piece = whole_piece(graph, contract(graph))
    layout = lay_out(piece)
    return piece, layout, timeline(piece, layout)


def test_a_slot_costs_what_is_before_it_and_sends_what_is_read_behind(taken: Taken) -> None:
    """Work 2 - 3 + 4 = 3, then 3 - 5 + 6 + 7 = 11; sent are 11, then 11 + 14, waiting for 4 and 5, then 0."""
    values, firm = slot_values(*taken)

    assert values.tolist() == [[0, 11, 0], [3, 25, 8], [11, 0, 9]]
    assert firm.tolist() == [[0, 11, 0], [3, 0, 8], [11, 0, 9]]


def test_a_split_inside_a_slot_sends_the_cheapest_of_each_branch_or_what_one_waits_for(taken: Taken) -> None:
    """Slot 0: work -3 at least; sent 11 and both 12 and 13, or 11 only, as nothing waits. Slot 1: work 3 - 5;
    sent 15 + 16, or 14, which is all that branch 5 waits for (4 waits for 11 and 14).
    """
    bounds = {number: rows.tolist() for number, rows in floors(*taken, slot_values(*taken)[1])}

    assert bounds == {0: [[-3, 36, 0], [-3, 11, 0]], 1: [[-2, 31, 8], [-2, 14, 8]]}


def test_an_output_may_cross_several_slots() -> None:
    """Chain 0 … 5; the root's output is read by 1 and 4 too: it pays in slots 0 to 3, each other's in one."""
    graph = SplitGraph(
        op_count=6,
        edges=[(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 4)],
        device_features=np.ones((6, 1)),
        crossing_features=[[100.0], [1.0], [2.0], [3.0], [4.0], [5.0]],
        pinned=np.arange(6) == 0,
    )
    piece = whole_piece(graph, contract(graph))
    layout = lay_out(piece)

    values, firm = slot_values(piece, layout, timeline(piece, layout))

    assert values.tolist() == firm.tolist() == [[0, 100], [1, 101], [2, 102], [3, 103], [4, 4], [5, 0]]
