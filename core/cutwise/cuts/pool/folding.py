"""Reductions that lose no optimum: constants join their readers, free outputs join what makes them.

A constant deep in a model (a mask, a table of positions) and an output that costs nothing are
comparable with hardly any other vertex; one of them is enough to hide every cut point.
"""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.cuts.pool.closure import comparable_with_all
from cutwise.cuts.pool.contraction import Units, units_from
from cutwise.cuts.split_graph import SplitGraph


def fold(graph: SplitGraph, units: Units, *, device: Floats, peak: Floats, crossing: Floats) -> Units:
    """Fewer units with the same optima for the op features (n, a), (n, b), (n, c).

    For every split of `units` there is one of the result that is nowhere larger. A unit that reads
    nothing and costs nothing negative is on the device only for the sake of a reader: it joins its
    only reader, or is put after the last cut point before its first reader (after all of them where
    nobody reads it). A unit that nobody reads and that adds nothing positive joins the only unit it
    reads. Crossing features must not be
    negative; where they are, nothing is folded.
    """
    hidden = _incomparable(units)
    if not hidden.any() or (crossing < 0).any():
        return units
    merged = _merged(graph, units, hidden, device, peak)
    return _ordered_sources(graph, merged, device)


def _merged(graph: SplitGraph, units: Units, hidden: Mask, device: Floats, peak: Floats) -> Units:
    sums, peaks = units.sums(device), units.peaks(peak)
    sources = np.flatnonzero(hidden & _sources(units) & (sums >= 0).all(axis=1))
    outputs = np.flatnonzero(hidden & _outputs(units) & (sums <= 0).all(axis=1))
    if not len(sources) and not len(outputs):
        return units
    readers, parents = _neighbour_sets(units)
    into = np.arange(units.count)
    for unit in map(int, sources):
        _fold_source(unit, into, readers, parents, sums, peaks)
    for unit in map(int, outputs[::-1]):
        _fold_output(unit, into, readers, parents, sums, peaks)
    while (into[into] != into).any():
        into = into[into]
    return units_from(graph, np.unique(into, return_inverse=True)[1][units.unit_of], units.arcs[:0])


def _fold_source(
    unit: int,
    into: Ints,
    readers: list[set[int]],
    parents: list[set[int]],
    sums: Floats,
    peaks: Floats,
) -> None:
    while len(readers[unit]) == 1 and not parents[unit] and (sums[unit] >= 0).all():
        (reader,) = readers[unit]
        into[unit] = reader
        parents[reader].discard(unit)
        sums[reader] += sums[unit]
        peaks[reader] = np.maximum(peaks[reader], peaks[unit])
        unit = reader


def _fold_output(
    unit: int,
    into: Ints,
    readers: list[set[int]],
    parents: list[set[int]],
    sums: Floats,
    peaks: Floats,
) -> None:
    while unit and not readers[unit] and len(parents[unit]) == 1 and (sums[unit] <= 0).all():
        (parent,) = parents[unit]
        if (peaks[unit] > peaks[parent]).any():
            return
        into[unit] = parent
        readers[parent].discard(unit)
        sums[parent] += sums[unit]
        unit = parent


def _ordered_sources(graph: SplitGraph, units: Units, device: Floats) -> Units:
    """Units that read nothing, moved next to their first reader and behind the cut point before it."""
    free = _sources(units) & (units.sums(device) >= 0).all(axis=1)
    if not (free & _incomparable(units)).any():
        return units
    first_reader = np.full(units.count, units.count)
    np.minimum.at(first_reader, units.arcs[:, 0], units.arcs[:, 1])
    order = np.argsort(np.where(free, first_reader, np.arange(units.count)), kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(units.count)
    cut_points, sources = np.sort(rank[_cut_points(units, ~free)]), rank[free]
    before = np.searchsorted(cut_points, sources) - 1
    arcs = np.stack([cut_points[before[before >= 0]], sources[before >= 0]], axis=1)
    return units_from(graph, rank[units.unit_of], arcs)


def _incomparable(units: Units) -> Mask:
    hidden = np.ones(units.count, dtype=bool)
    hidden[_cut_points(units, hidden)] = False
    hidden[0] = False
    return hidden


def _cut_points(units: Units, kept: Mask) -> Ints:
    """Units comparable with every other one in the graph of the `kept` units, without the root."""
    vertices = np.flatnonzero(kept[1:]) + 1
    local = np.full(units.count, -1)
    local[vertices] = np.arange(len(vertices))
    arcs = local[units.arcs]
    arcs = arcs[(arcs >= 0).all(axis=1)]
    return vertices[comparable_with_all(len(vertices), arcs[:, 0], arcs[:, 1])]


def _sources(units: Units) -> Mask:
    read_nothing: Mask = np.bincount(units.arcs[:, 1], minlength=units.count) == 0
    return read_nothing & (np.arange(units.count) > 0)


def _outputs(units: Units) -> Mask:
    unread: Mask = np.bincount(units.arcs[:, 0], minlength=units.count) == 0
    return unread


def _neighbour_sets(units: Units) -> tuple[list[set[int]], list[set[int]]]:
    readers: list[set[int]] = [set() for _ in range(units.count)]
    parents: list[set[int]] = [set() for _ in range(units.count)]
    arcs: list[list[int]] = units.arcs.tolist()
    for tail, head in arcs:
        readers[tail].add(head)
        parents[head].add(tail)
    return readers, parents
