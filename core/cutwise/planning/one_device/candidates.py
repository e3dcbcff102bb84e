"""The cuts that can be optimal, priced once and kept for every later question about the same model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.caches import kept
from cutwise.costs.cut_sums import CutSums, cut_sums
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.memory.bounds import most_bytes
from cutwise.costs.memory.held import largest_bytes
from cutwise.costs.vertex_sums import move_sums
from cutwise.cuts.pool.build import build_pool
from cutwise.cuts.split_graph import SplitGraph
from cutwise.frozen import Frozen
from cutwise.planning.one_device.cut_memory import CutMemory, shared_bytes, shared_on
from cutwise.planning.one_device.fitting_cuts import MemoryRules, binds, fitting_masks
from cutwise.planning.one_device.objective import Score
from cutwise.planning.one_device.weight_copies import with_copies
from cutwise.plans.evaluate import stage_times
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import SAME_RATIO

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeFeature:
    """One per-op number that device work counts as; equal when the bytes are equal."""

    content: bytes

    @property
    def values(self) -> Floats:
        """The numbers, shape (ops,)."""
        return np.frombuffer(self.content)


def compute_features(
    problem: SplitProblem, conditions: Conditions, scores: tuple[Score, ...]
) -> list[tuple[ComputeFeature, ...]]:
    """For every device, the distinct compute features that its objective and limits need.

    Work on the device is dear or cheap by its *net* price: device seconds less the server's. Where all
    work is FLOPs that is FLOPs with a sign, the same pool for every device with that sign; measured
    seconds make a feature of their own. Where text is generated each side takes the larger of two bounds,
    so that what bounds it counts on both sides. Where micro-batches overlap, a pass on the device and one
    on the server count apart, so that every delay that rises with them has its cut in the pool.
    """
    if problem.cost.generation is not None:
        return [_generated(problem.cost)] * problem.device_count
    if problem.micro_batches > 1:
        return _passes(problem, conditions)
    if problem.cost.measured_s.any():
        an_iteration = conditions.of_one_iteration()
        return [
            _distinct(_net_work(problem, an_iteration.of(device), score) for score in scores)
            for device in range(problem.device_count)
        ]
    moves = move_sums(problem.cost, compute_only=True)
    total = moves.reshaped(lambda column: column.sum(keepdims=True))
    stages = stage_times(total, conditions.of((slice(None), None)))
    shape = (problem.device_count, 1)
    dear = np.hstack([np.broadcast_to(score(stages), shape) >= 0 for score in scores])
    flops = _flops(problem.cost)
    kinds = {
        row: _distinct(flops if cheap_at_server else -flops for cheap_at_server in row)
        for row in map(tuple, dear)
    }
    return [kinds[tuple(row)] for row in dear]


def candidates_of(
    problem: SplitProblem, compute: tuple[ComputeFeature, ...], *, clients: int = 1
) -> Candidates:
    """The cuts that can be optimal for these compute features, under the memories of devices and server.

    The pool where all its cuts fit every device, and the server for `clients` at once; else all splits, told
    apart by what they hold. Raises `PoolTooLarge` where there are too many to keep.
    """
    plain, copied = split_graph(problem, compute), split_graph(problem, compute, copies=True)
    return _under(problem.cost, plain, copied, MemoryRules.of(problem, clients))


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
def _under(cost: GraphCost, plain: SplitGraph, copied: SplitGraph, rules: MemoryRules) -> Candidates:
    free = _pooled(cost, copied)
    if not binds(rules, free.memory, shared_on(cost, ~free.masks)):
        return free
    return candidates_from(cost, fitting_masks(cost, plain, copied, rules), complete=True)


def _distinct(vectors: Iterable[Floats]) -> tuple[ComputeFeature, ...]:
    return tuple(ComputeFeature(content=content) for content in dict.fromkeys(v.tobytes() for v in vectors))


def _passes(problem: SplitProblem, conditions: Conditions) -> list[tuple[ComputeFeature, ...]]:
    """For every device its forward work, its backward work, and the server's."""
    cost, count = problem.cost, problem.device_count
    if not cost.measured_s.any():
        backward = cost.backward_input_flops + cost.backward_weight_flops
        return [_distinct((cost.forward_flops, backward, -_flops(cost)))] * count
    moves = move_sums(cost, compute_only=True)
    once = conditions.of_one_iteration()
    stages = [stage_times(moves, once.of(device)) for device in range(count)]
    passes = ((one.device_forward_s, one.device_backward_s, one.server_compute_s) for one in stages)
    return [_distinct(np.asarray(seconds, dtype=np.float64) for seconds in row) for row in passes]


def _generated(cost: GraphCost) -> tuple[ComputeFeature, ...]:
    """FLOPs, bytes and layers of every step, on the device and as they are taken off the server."""
    assert cost.generation is not None
    columns = [column for column in cost.generation.steps.matrix.T if column.any()]
    apart: list[Floats] = []
    for column in columns:
        if not any(_proportional(column, known) for known in apart):
            apart.append(column)
    return _distinct(signed for column in apart for signed in (column, -column))


def _proportional(one: Floats, other: Floats) -> bool:
    return bool(np.allclose(one * other.sum(), other * one.sum(), rtol=SAME_RATIO, atol=0.0))


def _net_work(problem: SplitProblem, conditions: Conditions, score: Score) -> Floats:
    """How the score of one device changes, op by op, when only the op's computing moves to the device."""
    moves = move_sums(problem.cost, compute_only=True)
    return np.asarray(score(stage_times(moves, conditions)), dtype=np.float64)


def _flops(cost: GraphCost) -> Floats:
    return cost.forward_flops + cost.backward_input_flops + cost.backward_weight_flops
