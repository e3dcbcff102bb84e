"""Ops that only move together, as one unit each: pins with their ancestors, ties and what lies between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.cuts.split_graph import SplitGraph
from cutwise.frozen import Frozen


@dataclass(frozen=True, eq=False, kw_only=True)
class Units(Frozen):
    """A graph whose vertices are units, numbered topologically; unit 0 is always on the device.

    Unit 0 (the root) holds the pinned ops and may be empty. A *sender* is an op that another unit
    reads; reads are pairs (sender, reading unit), each once, sorted by sender. `arcs` (k, 2) say
    which unit needs which on its side: all reads, and what a reduction added.
    """

    count: int
    unit_of: Ints
    sender_op: Ints
    sender_unit: Ints
    read_sender: Ints
    read_unit: Ints
    arcs: Ints

    def sums(self, table: Floats) -> Floats:
        """Sums (units, columns) of the rows of `table` (n, columns)."""
        columns = [np.bincount(self.unit_of, weights=column, minlength=self.count) for column in table.T]
        return np.stack(columns, axis=1) if columns else np.zeros((self.count, 0))

    def peaks(self, table: Floats) -> Floats:
        """Largest entries (units, columns) of the rows of `table` (n, columns), none below 0."""
        largest = np.zeros((self.count, table.shape[1]))
        np.maximum.at(largest, self.unit_of, table)
        return largest

    def op_masks(self, unit_masks: Mask) -> Mask:
        """Masks over ops (K, n) of masks over units (K, units)."""
        return np.asarray(unit_masks)[:, self.unit_of]


def contract(graph: SplitGraph) -> Units:
    """The units of `graph`, with the root first and every producer before its readers."""
    root = _root_ops(graph)
    if all(root[list(group)].all() for group in graph.ties):
        unit_of = np.where(root, 0, np.cumsum(~root))
    else:
        unit_of = _tied_units(graph, root)
    return units_from(graph, unit_of, np.zeros((0, 2), dtype=np.int64))


def units_from(graph: SplitGraph, unit_of: Ints, order_arcs: Ints) -> Units:
    """Units of the ops as `unit_of` (n,) says; `order_arcs` (k, 2) are kept beside the reads."""
    count = int(unit_of.max(initial=0)) + 1
    producer, reader = graph.edges[:, 0], graph.edges[:, 1]
    outside: Mask = unit_of[producer] != unit_of[reader]
    pairs = np.unique(producer[outside] * count + unit_of[reader[outside]])
    sender_op, read_sender = np.unique(pairs // count, return_inverse=True)
    sender_unit, read_unit = unit_of[sender_op], pairs % count
    order = np.argsort(sender_unit, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    by_sender = np.argsort(rank[read_sender], kind="stable")
    read_sender, read_unit = rank[read_sender][by_sender], read_unit[by_sender]
    sender_op, sender_unit = sender_op[order], sender_unit[order]
    arcs = np.stack([sender_unit[read_sender], read_unit], axis=1)
    return Units(
        count=count,
        unit_of=unit_of,
        sender_op=sender_op,
        sender_unit=sender_unit,
        read_sender=read_sender,
        read_unit=read_unit,
        arcs=np.concatenate([arcs, order_arcs]),
    )


def _root_ops(graph: SplitGraph) -> Mask:
    """Pinned ops, their ancestors, what is tied to one of these, and so on."""
    root = graph.pinned.copy()
    grown = True
    while grown:
        grown = False
        _add_ancestors(graph, root)
        for group in map(list, graph.ties):
            if root[group].any() and not root[group].all():
                root[group] = grown = True
    return root


def _add_ancestors(graph: SplitGraph, root: Mask) -> None:
    if not root.any():
        return
    flags: list[bool] = root.tolist()
    last = int(np.flatnonzero(root)[-1])
    edges = graph.edges[graph.edges[:, 1] <= last]
    last_first: list[list[int]] = edges[np.argsort(edges[:, 1], kind="stable")][::-1].tolist()
    for producer, reader in last_first:
        if flags[reader]:
            flags[producer] = True
    root[:] = flags


def _tied_units(graph: SplitGraph, root: Mask) -> Ints:
    """Unit of each op: strongly connected components of the edges and two-way ties, in topological order."""
    links = [pair for group in graph.ties for pair in pairwise(group)]
    two_way = np.array(links + [(b, a) for a, b in links], dtype=np.int64)
    arcs = np.concatenate([graph.edges, two_way])
    finished = _depth_first(_neighbours(arcs, graph.op_count), reversed(range(graph.op_count)))
    order = [op for tree in finished for op in tree][::-1]
    unit_of = np.zeros(graph.op_count, dtype=np.int64)
    unit = 0
    for component in _depth_first(_neighbours(arcs[:, ::-1], graph.op_count), order):
        if not root[component[0]]:
            unit += 1
            unit_of[component] = unit
    return unit_of


def _depth_first(neighbours: Sequence[Sequence[int]], starts: Iterable[int]) -> list[list[int]]:
    """Vertices that a search from each unvisited start newly finds, each list in order of finishing."""
    seen = [False] * len(neighbours)
    trees = []
    for start in starts:
        if seen[start]:
            continue
        seen[start] = True
        tree: list[int] = []
        path = [(start, iter(neighbours[start]))]
        while path:
            vertex, rest = path[-1]
            following = next((v for v in rest if not seen[v]), None)
            if following is None:
                tree.append(vertex)
                path.pop()
            else:
                seen[following] = True
                path.append((following, iter(neighbours[following])))
        trees.append(tree)
    return trees


def _neighbours(arcs: Ints, count: int) -> list[list[int]]:
    neighbours: list[list[int]] = [[] for _ in range(count)]
    listed: list[list[int]] = arcs.tolist()
    for tail, head in listed:
        neighbours[tail].append(head)
    return neighbours
