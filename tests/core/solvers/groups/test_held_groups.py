"""Groups and options within what is held together: by hand, against every choice, and at scale."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cutwise.solvers.groups.held_groups import groups_within, least_group_end, least_held
from cutwise.solvers.groups.part_options import (
    OptionTable,
    Terms,
    grouped_end,
    held_by_groups,
    picked,
    worthwhile,
)
from tests.core.schemes.divided import partitions


def table_of(times: object, amounts: object, costs: object = None, needs: object = None) -> OptionTable:
    """Options of these times and amounts (items, options)."""
    length = np.array(times, dtype=float)
    return OptionTable(
        times=length,
        amounts=np.array(amounts, dtype=float),
        costs=np.zeros_like(length) if costs is None else np.array(costs, dtype=float),
        needs=np.zeros((*length.shape, 0), dtype=bool) if needs is None else np.array(needs, dtype=bool),
    )


def terms_of(cap: float, *, price: float = 1.0, latest: float = math.inf, shared: object = ()) -> Terms:
    return Terms(shared=np.array(shared, dtype=float), price=price, latest=latest, cap=cap)


def test_those_who_hold_much_share_a_group_by_hand() -> None:
    """Room for one copy: the three that are fast with it share a group, 1 + 2 + 3 s; the last has none."""
    table = table_of([[1, 9], [2, 9], [3, 9], [9, 5]], [[10, 0]] * 4)
    found = groups_within(table, terms_of(10.0), 2)
    assert (found.value, found.bound) == (6.0, 6.0)
    assert len(set(found.owner[:3])) == 1
    assert found.options.tolist() == [0, 0, 0, 1]


def test_what_is_shared_is_held_once_by_hand() -> None:
    """Both groups need the same 8 and hold 1 each: 10 in all, so that 9.9 is not enough for both."""
    table = table_of([[1, 7]] * 3, [[1, 0]] * 3, needs=[[[True], [False]]] * 3)
    assert groups_within(table, terms_of(10.0, shared=[8.0]), 2).value == 2.0
    # one group of two with it, 2 s, the other without, 7 s
    assert groups_within(table, terms_of(9.9, shared=[8.0]), 2).value == 7.0
    assert groups_within(table, terms_of(8.9, shared=[8.0]), 2).value == 14.0


def test_needs_that_do_not_nest_are_added_up() -> None:
    """One needs 4, the other another 5: together 9; each alone with the slow option of the other."""
    table = table_of([[1, 6], [1, 8], [1, 1]], np.zeros((3, 2)), needs=[
        [[True, False], [False, False]], [[False, True], [False, False]], [[False, False]] * 2,
    ])  # fmt: skip
    assert groups_within(table, terms_of(9.0, shared=[4.0, 5.0]), 2).value == 2.0
    tight = groups_within(table, terms_of(8.9, shared=[4.0, 5.0]), 2)
    assert (tight.value, tight.bound) == (6.0, 6.0)


def test_nothing_fits_and_that_is_proven() -> None:
    """Two groups of items that hold 3 and 4 at least need 3 + 4."""
    table = table_of([[1.0], [1.0], [1.0]], [[4.0], [4.0], [3.0]])
    assert groups_within(table, terms_of(7.0), 2).value == 2.0
    found = groups_within(table, terms_of(6.9), 2)
    assert not found.found
    assert found.bound == math.inf
    assert sorted(np.bincount(least_held(table, terms_of(6.9), 2))) == [1, 2]


def test_where_only_costs_count_the_cheapest_options_that_fit_are_taken() -> None:
    """One group may hold 6 and the other 1, so that one item alone takes the dear option."""
    table = table_of(np.ones((3, 2)), [[6, 1]] * 3, costs=[[1, 5], [1, 3], [1, 9]])
    found = groups_within(table, terms_of(7.0, price=0.0), 2)
    assert (found.value, found.bound) == (5.0, 5.0)
    assert found.options.tolist() == [0, 1, 0]
    late = groups_within(table, terms_of(7.0, price=0.0, latest=1.0), 2)
    assert not late.found
    assert late.bound == math.inf


def test_an_option_that_another_undercuts_is_left_out() -> None:
    """Slower and larger than the first; faster but larger; one as good that needs more of what is shared."""
    table = table_of([[2, 3, 1, 2]], [[4, 5, 9, 4]], needs=[[[False], [False], [False], [True]]])
    assert worthwhile(table, terms_of(10.0, shared=[1.0])).tolist() == [[True, False, True, False]]


def random_question(rng: np.random.Generator) -> tuple[OptionTable, Terms, int]:
    """A few items and options of any magnitude, with ties, zeros, costs, an end, and things held once."""
    items, options = int(rng.integers(3, 6)), int(rng.integers(1, 5))
    shared = int(rng.integers(0, 4)) if rng.random() < 0.5 else 0
    times = rng.uniform(0, 10, (items, options))
    if rng.random() < 0.3:
        times = np.round(times)
    if rng.random() < 0.3:
        times = times * 10 ** rng.uniform(-4, 4, times.shape)
    times[rng.random(times.shape) < 0.15] = np.inf
    alike = rng.random() < 0.5
    amounts = np.tile(rng.uniform(0, 10, options), (items, 1)) if alike else rng.uniform(0, 10, times.shape)
    amounts[rng.random(times.shape) < 0.1] = 0.0
    costs = rng.uniform(0, 5, times.shape) if rng.random() < 0.5 else np.zeros_like(times)
    needs, held = rng.random((*times.shape, shared)) < 0.5, rng.uniform(0, 10, shared)
    groups = int(rng.integers(2, items))
    finite = np.where(np.isfinite(times), times, 0.0)
    terms = terms_of(
        float(amounts.max(axis=1).sum() * rng.uniform(0.05, 0.9) + held.sum() * rng.uniform(0, 1)),
        price=0.0 if costs.any() and rng.random() < 0.5 else float(rng.choice([1.0, 0.3])),
        latest=math.inf if rng.random() < 0.6 else float(finite.sum() / groups * rng.uniform(0.1, 1.2)),
        shared=held,
    )
    return OptionTable(times=times, costs=costs, amounts=amounts, needs=needs), terms, groups


def least_of_all(table: OptionTable, terms: Terms, groups: int) -> float:
    """Every division with every option for every item."""
    items, picks = len(table.times), [np.flatnonzero(row) for row in table.available]
    combos = np.stack(np.meshgrid(*picks, indexing="ij"), axis=-1).reshape(-1, items)
    rows = np.arange(items)
    times, amounts = table.times[rows, combos], table.amounts[rows, combos]
    shared = table.needs[rows, combos].any(axis=1) @ terms.shared
    costs, least = table.costs[rows, combos].sum(axis=1), math.inf
    for parts in partitions(items, groups):
        end = np.max([times[:, list(part)].sum(axis=1) for part in parts], axis=0)
        held = np.sum([amounts[:, list(part)].max(axis=1) for part in parts], axis=0) + shared
        kept = (held <= terms.cap) & (end <= terms.latest)
        value = (terms.price * end if terms.price else 0.0) + costs
        least = min(least, float(np.where(kept, value, np.inf).min(initial=np.inf)))
    return least


@pytest.mark.parametrize("seed", range(4))
def test_no_choice_of_all_is_better(seed: int) -> None:
    rng, seen = np.random.default_rng(seed), {"fits": 0, "nothing fits": 0}
    for _ in range(100):
        table, terms, groups = random_question(rng)
        least = least_of_all(table, terms, groups)
        found = groups_within(table, terms, groups)
        assert found.found == math.isfinite(least)
        seen["fits" if found.found else "nothing fits"] += 1
        if not found.found:
            assert found.bound == math.inf
            continue
        assert found.value == pytest.approx(least, rel=1e-9, abs=1e-15)
        assert found.bound == pytest.approx(least, rel=1e-9, abs=1e-15)
        assert found.bound <= found.value
        assert least_group_end(table, terms, groups) <= grouped_end(
            picked(table.times, found.options), found.owner, groups
        ) * (1 + 1e-12)
    assert min(seen.values()) > 10, seen


@pytest.mark.parametrize(("items", "groups"), [(12, 3), (40, 6), (300, 20)])
def test_many_items_are_grouped_within_the_cap_beside_a_bound(items: int, groups: int) -> None:
    """Up to 300 items and 20 groups: every choice keeps the cap, and lies within 30 % of its bound."""
    rng = np.random.default_rng(items)
    amounts = np.tile(np.sort(rng.uniform(0, 10, 8))[::-1], (items, 1))
    speeds = rng.uniform(0.2, 3, items)[:, None]
    table = table_of(speeds * np.cumsum(rng.uniform(0.1, 2, 8)), amounts)
    for part in (0.6, 0.9):
        terms = terms_of(float(amounts[0, 0] * groups * part))
        found = groups_within(table, terms, groups, effort=0.2)
        assert found.found
        assert held_by_groups(table, terms, found.owner, found.options) <= terms.cap
        assert len(set(found.owner)) == groups
        assert 0.7 * found.value <= found.bound <= found.value
