"""The cuts that can be optimal, priced once and kept for every later question about the same model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Mask
from cutwise.caches import kept
from cutwise.costs.cut_sums import CutSums, cut_sums
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.memory.bounds import most_bytes
from cutwise.costs.memory.held import largest_bytes
from cutwise.cuts.pool.build import build_pool
from cutwise.cuts.pool.closure import PoolTooLarge
from cutwise.cuts.split_graph import SplitGraph
from cutwise.frozen import Frozen
from cutwise.planning.one_device.cut_memory import CutMemory, shared_bytes, shared_on
from cutwise.planning.one_device.fitting_cuts import MemoryRules, binds, fitting_masks
from cutwise.planning.one_device.weight_copies import with_copies
from cutwise.planning.one_device.work.compute_features import ComputeFeature
from cutwise.problem.split_problem import SplitProblem

MOST_CUTS = 1 << 13
"""Cuts worth keeping of one model; with work cheap on both sides at once some have thousands."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Candidates(Frozen):
    """Cuts, what each side adds up to and holds; `masks` has shape (cuts, ops).

    `complete` is true when no cut outside can be better for the objective they were made for.
    """

    masks: Mask
    sums: CutSums
    memory: CutMemory
    complete: bool


def candidates_of(
    problem: SplitProblem, compute: tuple[ComputeFeature, ...], *, clients: int = 1
) -> Candidates:
    """The cuts that can be optimal for these compute features, under the memories of devices and server.

    The pool where all its cuts fit every device, and the server for `clients` at once; else all splits, told
    apart by what they hold. Raises `PoolTooLarge` where there are too many to keep.
    """
    return candidates_within(problem, compute, MemoryRules.of(problem, clients))


def candidates_within(
    problem: SplitProblem, compute: tuple[ComputeFeature, ...], rules: MemoryRules
) -> Candidates:
    """The same under given rules of memory."""
    plain, copied = split_graph(problem, compute), split_graph(problem, compute, copies=True)
    found = _under(problem.cost, plain, copied, rules)
    if isinstance(found, str):
        raise PoolTooLarge(found)
    return found


def split_graph(
    problem: SplitProblem, compute: tuple[ComputeFeature, ...] = (), *, copies: bool = False
) -> SplitGraph:
    """The priced graph as the cut algorithms see it, with `copies` a vertex for each copied weight ahead."""
    cost = problem.cost
    features = [feature.values for feature in compute] + [cost.exchanged_bytes]
    graph = SplitGraph(
        op_count=len(cost.graph),
        edges=cost.graph.edge_array,
        device_features=np.column_stack(features),
        peak_features=np.zeros((len(cost.graph), 0)),
        crossing_features=np.column_stack([cost.output_bytes, cost.gradient_bytes]),
        pinned=problem.pinned,
        ties=problem.ties,
    )
    shared = cost.shared
    if not copies or not len(shared):
        return graph
    nothing = np.zeros(len(shared))
    return with_copies(
        graph,
        shared,
        device_features=np.column_stack([*[nothing] * len(compute), shared.of("exchanged_bytes")]),
        crossing_features=shared.kept_equal_bytes[:, None],
    )


def server_may_overflow(problem: SplitProblem, *, clients: int = 1) -> bool:
    """True when the server may not hold so many clients whatever their cuts; by figures from above."""
    cost, shared = problem.cost, shared_bytes(problem.cost).sum()
    widest = largest_bytes(cost, np.ones((1, len(cost)), dtype=bool))[0]
    most = problem.server_runtime.charged_bytes(allocated_bytes=most_bytes(cost), largest_bytes=widest)
    return bool(shared + clients * (most - shared) > problem.server_budget_bytes)


def listed(problem: SplitProblem, masks: Mask) -> Candidates:
    """Given cuts with their sums."""
    return candidates_from(problem.cost, masks, complete=False)


def candidates_from(cost: GraphCost, masks: Mask, *, complete: bool) -> Candidates:
    """Given cuts with their sums and their memory."""
    memory = CutMemory.of(cost, masks)
    return Candidates(masks=masks, sums=cut_sums(cost, masks), memory=memory, complete=complete)


@kept
def _pooled(cost: GraphCost, graph: SplitGraph) -> Candidates:
    """The pool of a graph, each cut of the ops once."""
    masks = build_pool(graph, max_size=MOST_CUTS).masks[:, graph.op_count - len(cost.graph) :]
    if len(cost.shared):
        masks = masks[np.sort(np.unique(masks, axis=0, return_index=True)[1])]
    return candidates_from(cost, masks, complete=True)


@kept
def _under(cost: GraphCost, plain: SplitGraph, copied: SplitGraph, rules: MemoryRules) -> Candidates | str:
    """The candidates, or why there are too many: what was found in vain is not looked for again."""
    try:
        free = _pooled(cost, copied)
        if not binds(rules, free.memory, shared_on(cost, ~free.masks)):
            return free
        return candidates_from(cost, fitting_masks(cost, plain, copied, rules), complete=True)
    except PoolTooLarge as error:
        return str(error)
