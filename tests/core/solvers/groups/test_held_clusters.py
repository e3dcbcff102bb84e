"""Clusters in turn and options within what each may hold: by hand, and against every choice."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cutwise.solvers.groups.clustering import sizes_of
from cutwise.solvers.groups.clusters_start import dealt, earliest_options
from cutwise.solvers.groups.held_clusters import clusters_within
from cutwise.solvers.groups.part_options import OptionTable, Terms, held_by_cluster
from tests.core.schemes.divided import partitions
from tests.core.solvers.groups.test_held_groups import random_question, table_of, terms_of


def test_those_who_hold_much_are_apart_by_hand() -> None:
    """Two that hold 6 cannot share 10: each goes with one that holds 3, though alike ones end sooner."""
    table = table_of([[9.0], [8.0], [2.0], [1.0]], [[6.0], [6.0], [3.0], [3.0]])
    assert clusters_within((table, table), terms_of(12.0), 2).value == 9.0 + 2.0
    found = clusters_within((table, table), terms_of(10.0), 2)
    assert (found.value, found.bound) == (9.0 + 8.0, 9.0 + 8.0)
    assert found.owner[0] != found.owner[1]


def test_what_a_cluster_shares_it_holds_once() -> None:
    """Both of a pair need the same 5 and hold 1 each: 7; with 6.9 one of each takes the slow option."""
    table = table_of([[1, 4]] * 4, [[1, 0]] * 4, needs=[[[True], [False]]] * 4)
    assert clusters_within((table, table), terms_of(7.0, shared=[5.0]), 2).value == 2.0
    assert clusters_within((table, table), terms_of(6.9, shared=[5.0]), 2).value == 8.0


def test_the_turns_of_a_cluster_are_those_of_its_size() -> None:
    """Three items in two clusters: the one alone has everything to itself and takes half as long."""
    large = table_of([[8.0], [6.0], [4.0]], np.ones((3, 1)))
    small = table_of([[4.0], [3.0], [2.0]], np.ones((3, 1)))
    found = clusters_within((large, small), terms_of(2.0), 2)
    assert (found.value, found.bound) == (4.0 + 6.0, 4.0 + 6.0)


def test_nothing_fits_and_that_is_proven() -> None:
    """Three items of 6 and one of 3 in two pairs: two of 6 share a cluster."""
    table = table_of(np.ones((4, 1)), [[6.0], [6.0], [6.0], [3.0]])
    assert clusters_within((table, table), terms_of(12.0), 2).value == 2.0
    found = clusters_within((table, table), terms_of(11.9), 2)
    assert not found.found
    assert found.bound == math.inf


def least_of_all(tables: tuple[OptionTable, OptionTable], terms: Terms, clusters: int) -> float:
    """Every division into clusters of alike size with every option for every item."""
    items, least = len(tables[0].times), math.inf
    sizes = sizes_of(items, clusters)
    for parts in partitions(items, clusters):
        if sorted(map(len, parts), reverse=True) != list(sizes):
            continue
        of_item = {i: tables[0] if len(part) == sizes[0] else tables[1] for part in parts for i in part}
        picks = [np.flatnonzero(of_item[i].available[i]) for i in range(items)]
        combos = np.stack(np.meshgrid(*picks, indexing="ij"), axis=-1).reshape(-1, items)
        times = np.stack([of_item[i].times[i, combos[:, i]] for i in range(items)])
        costs = sum(of_item[i].costs[i, combos[:, i]] for i in range(items))
        end = sum(times[list(part)].max(axis=0) for part in parts)
        kept = end <= terms.latest
        for part in parts:
            needed = np.any([of_item[i].needs[i, combos[:, i]] for i in part], axis=0)
            held = sum(of_item[i].amounts[i, combos[:, i]] for i in part) + needed @ terms.shared
            kept &= held <= terms.cap
        value = (terms.price * end if terms.price else 0.0) + costs
        least = min(least, float(np.where(kept, value, np.inf).min(initial=np.inf)))
    return least


@pytest.mark.parametrize("seed", range(3))
def test_no_choice_of_all_is_better(seed: int) -> None:
    rng, seen = np.random.default_rng(seed), {"fits": 0, "nothing fits": 0}
    for _ in range(60):
        large, terms, clusters = random_question(rng)
        faster = OptionTable(
            times=large.times * rng.uniform(0.5, 1, (len(large.times), 1)),
            costs=0.9 * large.costs,
            amounts=large.amounts,
            needs=large.needs,
        )
        small = large if len(large.times) % clusters == 0 else faster
        least = least_of_all((large, small), terms, clusters)
        found = clusters_within((large, small), terms, clusters)
        assert found.found == math.isfinite(least)
        seen["fits" if found.found else "nothing fits"] += 1
        if found.found:
            assert found.value == pytest.approx(least, rel=1e-9, abs=1e-15)
        assert found.bound == pytest.approx(least, rel=1e-9, abs=1e-15)
    assert min(seen.values()) > 10, seen


def test_many_items_are_clustered_within_the_cap_beside_a_bound() -> None:
    """Sixty items in clusters of six: quick choices keep the cap where it holds three fifths of them all."""
    rng = np.random.default_rng(4)
    table = table_of(rng.uniform(1, 3, (60, 1)) * [1, 2, 4, 8], np.tile([8.0, 4.0, 2.0, 0.0], (60, 1)))
    terms = terms_of(6 * 8.0 * 0.6)
    found = clusters_within((table, table), terms, 10, effort=0.2)
    assert found.found
    for cluster in range(10):
        members = np.flatnonzero(found.owner == cluster)
        assert len(members) == 6
        assert held_by_cluster(table, terms, members, found.options[members]) <= terms.cap
    assert 0.4 * found.value <= found.bound <= found.value


def test_members_given_take_the_options_that_end_first() -> None:
    """A pair within 5: the first option of either ends after 7 s, both second ones after 9 s."""
    table = table_of([[3, 9], [4, 7]], [[4, 1], [4, 1]])
    options = earliest_options([table], terms_of(5.0), np.zeros(2, dtype=np.int64))
    assert options is not None
    assert options.tolist() == [0, 1]
    assert earliest_options([table], terms_of(1.9), np.zeros(2, dtype=np.int64)) is None
    assert dealt([table, table], terms_of(5.0), (1, 1)).tolist() == [0, 1]
