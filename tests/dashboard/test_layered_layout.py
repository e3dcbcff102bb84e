from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise_dashboard.charts.graph.layered_layout import LANE_REACH, NODE_REACH, lay_out

RESIDUAL = ((0, 1), (1, 2), (2, 3), (0, 3))


def test_a_chain_is_a_straight_line() -> None:
    layout = lay_out(4, ((0, 1), (1, 2), (2, 3)))
    assert layout.columns == (0, 1, 2, 3)
    assert len(set(layout.heights)) == 1


def test_the_chain_beside_a_skip_stays_straight() -> None:
    layout = lay_out(4, RESIDUAL)
    assert layout.heights[1] == layout.heights[2]


def test_a_tensor_read_further_on_gets_a_lane_clear_of_the_ops_it_passes() -> None:
    layout = lay_out(4, RESIDUAL)
    lane = layout.paths[0, 3]
    assert [column for column, _ in lane] == [1, 2]
    for (_, y), op in zip(lane, (1, 2), strict=True):
        assert abs(y - layout.heights[op]) >= NODE_REACH + LANE_REACH - 1e-9


def test_readers_of_one_tensor_share_its_lane() -> None:
    layout = lay_out(5, ((0, 1), (1, 2), (2, 3), (3, 4), (0, 3), (0, 4)))
    assert layout.paths[0, 4][:2] == layout.paths[0, 3]


def test_a_source_stands_next_to_its_first_reader() -> None:
    # 3 is a table that only 2, in the third column, reads.
    assert lay_out(4, ((0, 1), (1, 2), (3, 2))).columns == (0, 1, 2, 1)


def test_tensors_from_outside_come_in_on_the_left_and_leave_on_the_right() -> None:
    layout = lay_out(2, ((0, 1),), ((0, 1),), (0, 1))
    assert layout.entry_path(0, 1)[0] == (-1, layout.entries[0])
    assert layout.exit_path(0, 0)[-1] == (layout.width, layout.exits[0])
    assert layout.exit_path(1, 1) == ((2, layout.exits[1]),)


@st.composite
def random_edges(draw: st.DrawFn) -> tuple[int, tuple[tuple[int, int], ...]]:
    count = draw(st.integers(1, 25))
    pairs = [(u, v) for v in range(count) for u in range(v)]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=40, unique=True)) if pairs else []
    return count, tuple(edges)


@settings(max_examples=80, deadline=None)
@given(random_edges())
def test_edges_go_right_and_no_two_ops_touch(drawn: tuple[int, tuple[tuple[int, int], ...]]) -> None:
    count, edges = drawn
    layout = lay_out(count, edges)
    assert all(layout.columns[u] < layout.columns[v] for u, v in edges)
    for column in set(layout.columns):
        ys = sorted(y for y, at in zip(layout.heights, layout.columns, strict=True) if at == column)
        assert all(b - a >= 2 * NODE_REACH - 1e-6 for a, b in pairwise(ys))
