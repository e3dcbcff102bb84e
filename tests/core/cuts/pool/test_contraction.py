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


def test_what_lies_between_tied_ops_joins_them() -> None:
    """Chain 0 … 7 with 0 pinned and 2 tied to 5: ops 2 to 5 are one unit."""
    graph = replace(graph_of(chain(8)), ties=((2, 5),))

    assert contract(graph).unit_of.tolist() == [0, 1, 2, 2, 2, 2, 3, 4]


def test_a_tie_across_branches_needs_the_producers_of_both() -> None:
    """0 -> 1 -> 2 and 0 -> 3 -> 4, with 1 tied to 4: first 3, then {1, 4}, then 2."""
    graph = replace(graph_of([(0, 1), (1, 2), (0, 3), (3, 4)]), ties=((1, 4),))

    assert contract(graph).unit_of.tolist() == [0, 2, 3, 1, 2]


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
