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
from cutwise.costs.vertex_sums import side_sums
from cutwise.cuts.pool.build import build_pool
from cutwise.cuts.pool.exact_parts import parts_that_add_up
from cutwise.cuts.split_graph import SplitGraph
from cutwise.frozen import Frozen
from cutwise.planning.one_device.cut_memory import CutMemory, shared_bytes, shared_on
from cutwise.planning.one_device.fitting_cuts import MemoryRules, binds, fitting_masks
from cutwise.planning.one_device.objective import Score
from cutwise.planning.one_device.weight_copies import with_copies
from cutwise.plans.evaluate import stage_times
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import CLOSED_GAP, SAME_RATIO

EPSILON = float(np.finfo(np.float64).eps)
SAME_OPTIMUM = 0.25 * CLOSED_GAP
"""What the rounding of a feature may cost of an optimum that is told as proven."""
OVERLAP_FLOOR = 0.25 * SAME_OPTIMUM
"""The same where four stages overlap: a round lasts at least a quarter of their sum."""
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
            _distinct(part for score in scores for part in _net_work(problem, an_iteration.of(device), score))
            for device in range(problem.device_count)
        ]
    shape = (problem.device_count, 1)
    sides = [
        stage_times(
            side.reshaped(lambda column: column.sum(keepdims=True)), conditions.of((slice(None), None))
        )
        for side in side_sums(problem.cost, compute_only=True)
    ]
    device, server = (np.hstack([np.broadcast_to(score(side), shape) for score in scores]) for side in sides)
    flops = _flops(problem.cost)
    far = len(flops) * EPSILON * (server - device) > SAME_OPTIMUM * device
    kinds = {
        row: _distinct(part for dear, apart in row for part in _signed(flops, dear=dear, apart=apart))
        for row in map(_pairs, device >= server, far)
    }
    return [kinds[_pairs(*row)] for row in zip(device >= server, far, strict=True)]


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
        slower = conditions.compute.server_flops_per_s / conditions.compute.device_flops_per_s
        least = OVERLAP_FLOOR * float(_flops(cost).sum()) * min(1.0, float(np.min(slower)))
        server = parts_that_add_up(-_flops(cost), least=least)
        return [_distinct((cost.forward_flops, backward, *server))] * count
    once = conditions.of_one_iteration()
    return [_distinct(_measured_passes(cost, once.of(device))) for device in range(count)]


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


def _measured_passes(cost: GraphCost, conditions: Conditions) -> list[Floats]:
    here, there = (stage_times(side, conditions) for side in side_sums(cost, compute_only=True))
    forward, backward, server = (
        np.asarray(seconds, dtype=np.float64)
        for seconds in (here.device_forward_s, here.device_backward_s, there.server_compute_s)
    )
    floor = OVERLAP_FLOOR * float(np.minimum(forward + backward, server).sum())
    return [forward, backward, *parts_that_add_up(-server, least=floor)]


def _net_work(problem: SplitProblem, conditions: Conditions, score: Score) -> list[Floats]:
    """How the score of one device changes, op by op, when only the op's computing moves to the device.

    As columns whose sums lose nothing beside what all ops cost at least, wherever they run.
    """
    device, server = (
        np.asarray(score(stage_times(side, conditions)), dtype=np.float64)
        for side in side_sums(problem.cost, compute_only=True)
    )
    return parts_that_add_up(device - server, least=SAME_OPTIMUM * float(np.minimum(device, server).sum()))


def _signed(flops: Floats, *, dear: bool, apart: bool) -> list[Floats]:
    """FLOPs as device work counts, in parts where the server is so slow that their sums lose the device's."""
    if dear:
        return [flops]
    return parts_that_add_up(-flops, least=0.0) if apart else [-flops]


def _pairs(dear: Mask, apart: Mask) -> tuple[tuple[bool, bool], ...]:
    return tuple(zip(dear.tolist(), apart.tolist(), strict=True))


def _flops(cost: GraphCost) -> Floats:
    return cost.forward_flops + cost.backward_input_flops + cost.backward_weight_flops
