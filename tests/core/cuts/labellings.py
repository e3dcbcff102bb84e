"""Every labelling of a small graph, one by one, priced from the definitions: the oracle of tiers and ends."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cutwise.cuts.split_graph import SplitGraph, is_split
from cutwise.cuts.tiers.tier_labels import level_masks


def all_labellings(graph: SplitGraph, labels: int, *, tied: bool = True) -> np.ndarray:
    """All (M, n) with labels 0 … `labels` - 1 that fall along no edge, with 0 for pinned ops."""
    rows = np.indices((labels,) * graph.op_count).reshape(graph.op_count, -1).T
    for producer, reader in graph.edges.tolist():
        rows = rows[rows[:, producer] <= rows[:, reader]]
    for op in np.flatnonzero(graph.pinned).tolist():
        rows = rows[rows[:, op] == 0]
    for group in graph.ties if tied else ():
        rows = rows[(rows[:, list(group)] == rows[:, [group[0]]]).all(axis=1)]
    return rows


def readers(graph: SplitGraph, op: int) -> list[int]:
    return [reader for producer, reader in graph.edges.tolist() if producer == op]


def picked(table: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Sum over ops of the entry of `table` (n, K) that each label picks (M,)."""
    return sum(table[op, rows[:, op]] for op in range(len(table)))


def tier_totals(
    graph: SplitGraph, tier_costs: np.ndarray, hop_costs: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    """What every row costs (M,): tiers, and hop k of op u iff u is up to k and some reader beyond it."""
    total = picked(tier_costs, rows)
    for op in range(graph.op_count):
        for hop in range(hop_costs.shape[1]):
            beyond = np.zeros(len(rows), dtype=bool)
            for reader in readers(graph, op):
                beyond |= rows[:, reader] > hop
            total = total + hop_costs[op, hop] * (beyond & (rows[:, op] <= hop))
    return total


def u_totals(
    graph: SplitGraph,
    device: np.ndarray,
    server: np.ndarray,
    up: np.ndarray,
    down: np.ndarray,
    rows: np.ndarray,
) -> np.ndarray:
    """What every row costs (M,): 0 and 2 the device, 1 the server, a tensor once each way it is sent."""
    total = picked(np.column_stack([device, server, device]), rows)
    for op in range(graph.op_count):
        read_on_server = np.zeros(len(rows), dtype=bool)
        read_in_top = np.zeros(len(rows), dtype=bool)
        for reader in readers(graph, op):
            read_on_server |= rows[:, reader] == 1
            read_in_top |= rows[:, reader] == 2
        total = total + up[op] * (read_on_server & (rows[:, op] == 0))
        total = total + down[op] * (read_in_top & (rows[:, op] == 1))
    return total


def is_labelling(graph: SplitGraph, labels: npt.ArrayLike, tiers: int) -> bool:
    """True when pinned ops and all before them have label 0, no label falls along an edge, ties have one."""
    given = np.asarray(labels)
    fits = given.shape == (graph.op_count,) and bool(((given >= 0) & (given < tiers)).all())
    return fits and all(is_split(graph, mask) for mask in level_masks(given, tiers - 1))
