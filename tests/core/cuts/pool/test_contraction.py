"""Pins pull in their ancestors, ties everything between them."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from cutwise.cuts.brute_force import all_splits
from cutwise.cuts.pool.contraction import contract
from cutwise.cuts.split_graph import is_split
from tests.core.cuts.graphs import chain, graph_of, random_graph


def test_the_root_holds_pins_their_ancestors_and_what_is_tied_to_them() -> None:
    """Chain 0 … 7, op 2 pinned, 1 tied to 5: the tie brings 5, and 5 its ancestors 3 and 4."""
    graph = replace(graph_of(chain(8), pinned=[2]), ties=((1, 5),))

    assert contract(graph).unit_of.tolist() == [0, 0, 0, 0, 0, 0, 1, 2]


def test_a_tie_to_an_ancestor_of_what_a_tie_brings_brings_more() -> None:
    """Chain 0 … 7, op 0 pinned and tied to 3, whose ancestor 2 is tied to 5."""
    graph = replace(graph_of(chain(8)), ties=((2, 5), (0, 3)))

    assert contract(graph).unit_of.tolist() == [0, 0, 0, 0, 0, 0, 1, 2]


def test_what_lies_between_tied_ops_joins_them() -> None:
    """Chain 0 … 7 with 0 pinned and 2 tied to 5: ops 2 to 5 are one unit."""
    graph = replace(graph_of(chain(8)), ties=((2, 5),))

    assert contract(graph).unit_of.tolist() == [0, 1, 2, 2, 2, 2, 3, 4]


def test_a_tie_across_branches_needs_the_producers_of_both() -> None:
    """0 -> 1 -> 2 and 0 -> 3 -> 4, with 1 tied to 4: first 3, then {1, 4}, then 2."""
    graph = replace(graph_of([(0, 1), (1, 2), (0, 3), (3, 4)]), ties=((1, 4),))

    assert contract(graph).unit_of.tolist() == [0, 2, 3, 1, 2]


def test_where_all_ops_are_pinned_the_root_is_the_only_unit() -> None:
    units = contract(graph_of(chain(3), pinned=[0, 1, 2]))

    assert (units.count, units.unit_of.tolist(), units.arcs.tolist()) == (1, [0, 0, 0], [])


def test_two_reads_of_one_tensor_by_one_unit_count_once() -> None:
    """0 -> 1, and 1 -> 2, 1 -> 3 with 2 tied to 3: op 1 is read by one unit, {2, 3}."""
    units = contract(replace(graph_of([(0, 1), (1, 2), (1, 3)]), ties=((2, 3),)))

    assert units.unit_of.tolist() == [0, 1, 2, 2]
    assert (units.sender_op.tolist(), units.sender_unit.tolist()) == ([0, 1], [0, 1])
    assert (units.read_sender.tolist(), units.read_unit.tolist()) == ([0, 1], [1, 2])
    assert units.arcs.tolist() == [[0, 1], [1, 2]]


def test_units_are_numbered_topologically_and_their_closed_sets_are_the_splits() -> None:
    for seed in range(200):
        rng = np.random.default_rng(seed)
        graph = random_graph(rng, int(rng.integers(2, 9)))
        units = contract(graph)
        assert (units.arcs[:, 0] < units.arcs[:, 1]).all()
        codes = np.arange(1 << graph.op_count)[:, None]
        every = (codes >> np.arange(graph.op_count) & 1).astype(bool)
        expected = {mask.tobytes() for mask in every if is_split(graph, mask)}
        assert {mask.tobytes() for mask in all_splits(graph)} == expected, f"seed {seed}"


def test_a_deep_pin_in_100_000_ops_is_contracted_fast() -> None:
    graph = graph_of(chain(100_000), pinned=[99_000], device=1)

    began = time.perf_counter()
    units = contract(graph)

    assert units.count == 1000
    assert time.perf_counter() - began < 2.0
