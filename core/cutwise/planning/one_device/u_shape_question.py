"""What a U-shaped cut of one device is asked: its costs, cuts to try, memories, and what is always sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.costs.cut_sums import CutSums
from cutwise.costs.memory.bounds import copied_rows, lower_rows
from cutwise.costs.vertex_sums import side_sums, tensor_sums
from cutwise.cuts.u_shape.flow import u_shape_of
from cutwise.cuts.u_shape.u_shape_cut import UShapeCut, u_shape_cut
from cutwise.cuts.u_shape.u_shape_numbers import UShapeProblem, forced_top
from cutwise.planning.one_device.candidates import split_graph
from cutwise.planning.one_device.limited_cut import fits_memory
from cutwise.planning.one_device.objective import Score
from cutwise.plans.evaluate import stage_times
from cutwise.problem.conditions import Conditions
from cutwise.problem.roofs import additive
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import LIMIT_ROUNDING


def weighed(problem: SplitProblem, own: Conditions, score: Score) -> UShapeProblem:
    """What each op and each tensor adds to the score of one device, read off the evaluator."""
    cost = problem.cost
    still = additive(own.without_latency(), cost).of((slice(None), None))

    def scored(sums: CutSums) -> Floats:
        values = np.asarray(score(stage_times(sums, still)), dtype=np.float64)
        return np.broadcast_to(values, (1, len(cost.graph)))[0]

    on_device, on_server = side_sums(cost)
    up = tensor_sums(cost)
    down = replace(up, output_bytes=up.gradient_bytes, gradient_bytes=up.output_bytes)
    return UShapeProblem(
        graph=split_graph(problem),
        device_costs=scored(on_device),
        server_costs=scored(on_server),
        up_costs=scored(up),
        down_costs=scored(down),
        pinned_top=output_ops(problem),
    )


def on_one_side(problem: SplitProblem, asked: UShapeProblem) -> list[Ints]:
    """The best cut that needs no trained weight on both sides; nothing where none is copied.

    What copies cost to be kept equal is no sum over ops here: without it the cut of least sum is a bound.
    """
    shared = problem.cost.shared
    trained = shared.readers[shared.kept_equal_bytes > 0]
    if not len(trained):
        return []
    ties = (*asked.graph.ties, *(tuple(np.flatnonzero(readers).tolist()) for readers in trained))
    cut = u_shape_cut(replace(asked, graph=replace(asked.graph, ties=ties)))
    return [] if cut.labels is None else [cut.labels]


def output_ops(problem: SplitProblem) -> Mask:
    """The ops (ops,) that nobody reads and that are no input: where labels are needed."""
    cost = problem.cost
    found = ~cost.is_input
    found[cost.graph.edge_array[:, 0]] = False
    return np.asarray(found & ~problem.pinned)


def u_shapes(asked: UShapeProblem, splits: Mask) -> Iterator[Ints]:
    """The labels of every cut whose bottom, and bottom and server part, are both of `splits` (cuts, ops)."""
    near, far = np.nonzero((splits[:, None] <= splits[None]).all(axis=2))
    servers = np.unique(splits[far] & ~splits[near], axis=0)
    fixed = forced_top(asked) | asked.graph.pinned
    servers = servers[~(servers & fixed).any(axis=1)]
    for tie in asked.graph.ties:
        inside = servers[:, list(tie)]
        servers = servers[inside.all(axis=1) | ~inside.any(axis=1)]
    for server in servers[servers.any(axis=1)]:
        labels = u_shape_of(asked, server)
        if labels is not None:
            yield labels


def within_memories(
    problem: SplitProblem, asked: UShapeProblem, device: int, *, each_reader: bool = False
) -> UShapeCut:
    """The best cut whose two sides fit their memories, by what no peak is below and then by the sweep.

    A copied weight counts at one op, so that none that fits is left out; with `each_reader` at all of them.
    """
    rows, copied = lower_rows(problem.cost), problem.cost.shared
    if each_reader:
        others = copied.readers.copy()
        others[np.arange(len(copied)), copied.charged] = False
        rows = rows + copied_rows(problem.cost) @ others
    budgets = np.array([problem.device_budget_bytes[device], problem.server_budget_bytes])
    caps = np.repeat(budgets[:, None] * (1 + LIMIT_ROUNDING), len(rows), axis=1)
    accepts = fits_memory(problem, device) or (lambda _: True)
    return u_shape_cut(
        asked,
        use=np.stack([rows.T, rows.T], axis=1),
        caps=np.where(rows.sum(axis=1) <= caps, np.inf, caps),
        accepts=lambda server: accepts(~server),
    )


def always_speaks(problem: SplitProblem) -> bool:
    """True where work at the server needs something sent up and something back, whatever the cut."""
    cost = problem.cost
    senders, readers = cost.graph.edge_array.T
    sources = np.ones(len(cost.graph), dtype=bool)
    sources[readers] = False
    return bool((cost.output_bytes[senders] > 0).all() and problem.pinned[sources].all())
