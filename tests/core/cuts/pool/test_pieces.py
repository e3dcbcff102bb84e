"""What a graph is before anything is taken apart, and which senders wait where."""

from __future__ import annotations

import numpy as np

from cutwise.cuts.pool.closure import lay_out
from cutwise.cuts.pool.contraction import contract
from cutwise.cuts.pool.pieces import timeline, whole_piece
from cutwise.cuts.split_graph import SplitGraph

EDGES = [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (1, 4)]
"""The root 0 feeds branches 1 and 2, which join in 3; 4 reads 3 and, past it, 1."""
GRAPH = SplitGraph(
    op_count=5,
    edges=EDGES,
    device_features=[[1.0], [2.0], [3.0], [4.0], [5.0]],
    peak_features=[[6.0], [7.0], [8.0], [9.0], [10.0]],
    crossing_features=[[11.0], [12.0], [13.0], [14.0], [15.0]],
    pinned=[True, False, False, False, False],
)


def test_the_whole_piece_is_the_graph_without_its_root() -> None:
    piece = whole_piece(GRAPH, contract(GRAPH))

    assert piece.units.tolist() == [1, 2, 3, 4]
    assert piece.arcs.tolist() == [[0, 2], [1, 2], [0, 3], [2, 3]]
    assert (piece.device[:, 0].tolist(), piece.peak[:, 0].tolist()) == ([2, 3, 4, 5], [7, 8, 9, 10])
    assert (piece.sender_unit.tolist(), piece.price[:, 0].tolist()) == ([-1, 0, 1, 2], [11, 12, 13, 14])
    assert piece.read_sender.tolist() == [0, 0, 1, 1, 2, 3]
    assert piece.read_unit.tolist() == [0, 1, 2, 3, 2, 3]
    assert (piece.flag.tolist(), piece.flag_count, piece.beyond.any()) == ([-1] * 4, 0, False)


def test_a_sender_pays_from_its_own_slot_to_that_of_its_last_reader() -> None:
    """Ops 3 and 4 are cut points, so slots 0, 1 and 2 lie before 3, before 4 and behind it. The root's output
    is wanted inside slot 0; 1 pays in slot 1 for its reader 4, 2 for none there, 3 in slot 1.
    """
    piece = whole_piece(GRAPH, contract(GRAPH))
    layout = lay_out(piece)
    times = timeline(piece, layout)

    assert (layout.start.tolist(), layout.stop.tolist()) == ([0, 3, 4], [2, 3, 4])
    assert (times.join.tolist(), times.leave.tolist()) == ([0, 1, 1, 1], [1, 2, 1, 2])
    assert times.waits.tolist() == [True, False, False, False]
    assert [times.waiting_in(slot).tolist() for slot in range(3)] == [[0], [], []]
    assert np.diff(times.read_start).tolist() == [2, 2, 1, 1]
