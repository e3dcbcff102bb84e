"""Cut positions along a model: nested splits from the smallest allowed to all on the device."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.graph.model_graph import ModelGraph
from cutwise.problem.private_ops import with_ancestors
from cutwise.problem.split_problem import SplitProblem

FEWEST_GATES = 4
MOST_POSITIONS = 160
MOST_CELLS = 1 << 22
"""Positions times ops that are listed at once."""


def cut_positions(problem: SplitProblem) -> Mask:
    """Device sides in order of growth, shape (positions, ops).

    The first keeps only what must stay, the last everything. Between them stand the positions behind
    gates, where one tensor crosses, in a very long model thinned evenly; a model with hardly any gates
    (skip connections from end to end) has every position, thinned to those that send least.
    """
    rank, free = _order(problem)
    crossing, sent_bytes = _crossing(problem, rank, free)
    inner = np.arange(1, free)
    at_gates = inner[crossing[1:free] <= 1]
    if len(at_gates) < FEWEST_GATES:
        at_gates = inner[np.sort(np.argsort(sent_bytes[1:free], kind="stable")[:MOST_POSITIONS])]
    most = _most_listed(len(rank))
    if len(at_gates) > most:
        at_gates = at_gates[np.linspace(0, len(at_gates) - 1, most).astype(np.int64)]
    kept = np.concatenate([[0], at_gates, [free]]) if free else np.zeros(1, dtype=np.int64)
    masks = rank[None, :] < kept[:, None]
    together = np.ones(len(masks), dtype=bool)
    for tie in problem.ties:
        tied = masks[:, list(tie)]
        together &= tied.all(axis=1) | ~tied.any(axis=1)
    return masks[together]


def positions_left_out(problem: SplitProblem) -> int:
    """How many positions behind gates `cut_positions` leaves out of a very long model."""
    rank, free = _order(problem)
    at_gates = int((_crossing(problem, rank, free)[0][1:free] <= 1).sum())
    return max(0, at_gates - _most_listed(len(rank))) if at_gates >= FEWEST_GATES else 0


def _most_listed(ops: int) -> int:
    return max(MOST_POSITIONS, MOST_CELLS // ops)


def ops_mask(problem: SplitProblem, names: Iterable[str]) -> Mask:
    """Which ops (ops,) these are."""
    index, row = problem.cost.graph.index, np.zeros(len(problem.cost.graph), dtype=bool)
    row[[index[name] for name in names]] = True
    return row


def _order(problem: SplitProblem) -> tuple[Ints, int]:
    """Rank of every op (-1 for what must stay, then 0, 1, … in order), and how many are free."""
    smallest = smallest_split(problem)
    rank = np.full(len(smallest), -1, dtype=np.int64)
    rank[~smallest] = np.arange((~smallest).sum())
    return rank, int((~smallest).sum())


def smallest_split(problem: SplitProblem) -> Mask:
    """What must stay on the device: the private ops with everything tied to them and all they depend on."""
    return closed_with_ties(problem.cost.graph, problem.pinned, problem.ties)


def closed_with_ties(graph: ModelGraph, mask: Mask, ties: tuple[tuple[int, ...], ...]) -> Mask:
    """`mask`, everything tied to its ops, and all they depend on."""
    while True:
        grown = mask.copy()
        for tie in ties:
            grown[list(tie)] |= mask[list(tie)].any()
        grown = with_ancestors(graph, grown)
        if (grown == mask).all():
            return mask
        mask = grown


def _crossing(problem: SplitProblem, rank: Ints, free: int) -> tuple[Floats, Floats]:
    """How many tensors cross, and their bytes, when the first t free ops stay, for t from 0 to `free`."""
    last_reader = np.full(len(rank), -1, dtype=np.int64)
    producers, readers = problem.cost.graph.edge_array.T
    np.maximum.at(last_reader, producers, rank[readers])
    crosses = last_reader > rank
    sends = problem.cost.output_bytes + problem.cost.gradient_bytes
    counted = []
    for amount in (np.ones(len(rank)), sends):
        steps = np.zeros(free + 1)
        np.add.at(steps, rank[crosses] + 1, amount[crosses])
        np.add.at(steps, last_reader[crosses] + 1, -amount[crosses])
        counted.append(np.cumsum(steps))
    return counted[0], counted[1]
