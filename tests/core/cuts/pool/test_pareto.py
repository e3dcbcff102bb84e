"""The front keeps exactly the rows that nothing covers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwise.cuts.pool import pareto
from cutwise.cuts.pool.pareto import BLOCK, covered, front


@given(st.lists(st.tuples(*[st.integers(0, 5)] * 3), max_size=30))
def test_the_front_holds_each_uncovered_row_once(rows: list[tuple[int, ...]]) -> None:
    distinct = set(rows)
    expected = sorted(
        row
        for row in distinct
        if not any(all(a <= b for a, b in zip(other, row, strict=True)) for other in distinct - {row})
    )

    table = np.array(rows, dtype=float).reshape(-1, 3)

    assert [tuple(row) for row in table[front(table)].tolist()] == expected


@pytest.mark.parametrize("columns", [2, 4])
def test_large_tables_give_the_same_front_as_row_by_row_comparison(columns: int) -> None:
    rng = np.random.default_rng(columns)
    rows = rng.integers(0, 40, (5 * BLOCK, columns)).astype(float)

    expected = {
        tuple(row)
        for row in rows.tolist()
        if not ((rows <= row).all(axis=1) & (rows < row).any(axis=1)).any()
    }

    kept = front(rows)
    assert {tuple(row) for row in rows[kept].tolist()} == expected
    assert len(kept) == len(expected)


def test_of_equal_rows_the_first_stays() -> None:
    assert front(np.array([[2.0, 2.0], [1.0, 1.0], [1.0, 1.0]])).tolist() == [1]


def test_a_front_beyond_the_limit_is_not_given() -> None:
    numbers = np.arange(600.0)
    rows = np.column_stack([numbers, -numbers])

    assert front(rows, limit=599) is None
    assert len(front(rows, limit=600)) == 600


def test_covered_names_rows_that_another_table_equals_or_undercuts() -> None:
    rows = np.array([[1.0, 3.0], [2.0, 2.0], [0.0, 5.0]])

    assert covered(rows, np.array([[1.0, 2.0]])).tolist() == [True, True, False]
    assert covered(rows, rows[:0]).tolist() == [False, False, False]
    assert covered(rows[:0], rows).tolist() == []


def test_rows_without_columns_cover_each_other() -> None:
    assert front(np.zeros((3, 0))).tolist() == [0]


def test_a_column_that_is_the_same_for_all_of_many_rows_decides_nothing() -> None:
    numbers = np.arange(2.0 * BLOCK)
    rows = np.column_stack([numbers, np.zeros_like(numbers), -numbers])

    assert front(rows).tolist() == numbers.tolist()


@pytest.mark.parametrize("place", range(7))
def test_a_table_compared_in_blocks_misses_no_row(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four cells at once are two rows of the other table beside both rows of this one."""
    monkeypatch.setattr(pareto, "CELLS_AT_ONCE", 4)
    others = np.where(np.arange(7) == place, 1.0, 9.0)[:, None]

    assert covered(np.array([[2.0], [0.0]]), others).tolist() == [True, False]
