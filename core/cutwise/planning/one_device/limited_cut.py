"""One device's least cut by additive weights, and by CP-SAT where hard limits stand for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.costs.memory.bounds import copied_rows, lower_rows
from cutwise.costs.memory.held import held_at_peak
from cutwise.costs.memory.runtime import RuntimeFigures
from cutwise.cuts.accepted_cut import Accepts, first_accepted_of
from cutwise.cuts.brute_force import all_splits
from cutwise.cuts.cut_under_limits import Limit, minimum_cut_within, usage
from cutwise.cuts.split_graph import SplitGraph, crossing_ops, row_sums
from cutwise.errors import SolverError
from cutwise.frozen import Frozen
from cutwise.planning.one_device.cut_weights import cut_weights, split_classes
from cutwise.planning.one_device.device_limits import DEVICE_MEMORY, SERVER_MEMORY, given_limits
from cutwise.planning.one_device.weight_copies import ahead
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import LIMIT_ROUNDING

MOST_SPLITS = 1 << 12
"""Splits of a model up to which all are tried where CP-SAT leaves open whether one fits."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LeastCutProblem(Frozen):
    """One device's least cut by additive weights, within `limits`, not sending the `silent` tensors.

    Limits of memory are sums that no peak is below: which cuts fit is what `accepts` says.
    """

    graph: SplitGraph
    device_weight: Floats
    server_weight: Floats
    crossing_weight: Floats
    silent: Mask
    limits: tuple[Limit, ...] = ()
    accepts: Accepts | None = None


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LeastCut(Frozen):
    """The cut of a question (all on the device where there is none) and a bound on its weights."""

    mask: Mask
    bound: float
    runtime_s: float
    method: str


def cut_within(asked: LeastCutProblem) -> LeastCut:
    """CP-SAT's cut; where it leaves open whether one fits, the best of all splits of a small model."""
    limits = list(asked.limits)
    if asked.silent.any():
        nothing, silent = np.zeros(asked.graph.op_count), np.where(asked.silent, 1.0, 0.0)
        limits.append(Limit(name="silent", device=nothing, crossing=silent, cap=0.0))
    cut = minimum_cut_within(
        asked.graph,
        device_weight=asked.device_weight,
        server_weight=asked.server_weight,
        crossing_weight=asked.crossing_weight,
        limits=limits,
        accepts=asked.accepts,
    )
    mask, bound, method = cut.mask, cut.bound, "CP-SAT"
    if not cut.ended and (tried := _tried(asked, limits)) is not None:
        (mask, bound), method = tried, "every split"
    mask = np.ones(asked.graph.op_count, dtype=bool) if mask is None else mask
    return LeastCut(mask=mask, bound=bound, runtime_s=cut.runtime_s, method=method)


def _tried(asked: LeastCutProblem, limits: list[Limit]) -> tuple[Mask | None, float] | None:
    """The best of all splits and its weights; None where there are too many to try."""
    try:
        masks = all_splits(asked.graph, max_splits=MOST_SPLITS)
    except SolverError:
        return None
    values = row_sums(masks, asked.device_weight) + row_sums(~masks, asked.server_weight)
    values = values + row_sums(crossing_ops(asked.graph, masks), asked.crossing_weight)
    for limit in limits:
        values = np.where(usage(asked.graph, limit, masks) > limit.cap, np.inf, values)
    accepts = asked.accepts or (lambda _: True)
    at, bound = first_accepted_of(values, lambda at: accepts(masks[at]))
    return (None if at is None else masks[at]), bound


def limits_of(problem: SplitProblem, theirs: Conditions, devices: Ints) -> list[list[tuple[Limit, ...]]]:
    """The finite limits of every class of splits and device, as weights like the score's.

    Those of memory are what no peak is below.
    """
    found = given_limits(problem)
    weights = [cut_weights(problem, theirs, limit.needs) for limit in found]
    memory = [tuple(memory_limits(problem, int(device))) for device in devices]
    return [
        [
            memory[row]
            + tuple(
                Limit(
                    name=limit.rule,
                    device=weight.device_weight[row],
                    server=weight.server_weight[row],
                    crossing=weight.crossing_weight[row],
                    cap=float(limit.caps[device]) * (1 + LIMIT_ROUNDING)
                    - weight.base[row]
                    - weight.charges[number, row],
                )
                for limit, weight in zip(found, weights, strict=True)
            )
            for row, device in enumerate(devices)
        ]
        for number in range(len(split_classes(problem, theirs)))
    ]


def memory_limits(problem: SplitProblem, device: int) -> Iterator[Limit]:
    """What sums say of the memory of a device and of the server, where they do not hold the whole model.

    A copied weight is held where its vertex is; at the server also where the vertex is on the device and
    crosses.
    """
    cost, shared, slack = problem.cost, problem.cost.shared, 1 + LIMIT_ROUNDING
    nothing = np.zeros(len(shared) + len(cost))
    for row, copied in zip(lower_rows(cost), copied_rows(cost), strict=True):
        own = ahead(row, len(shared))
        np.subtract.at(own, shared.charged + len(shared), copied)
        own[: len(shared)] = copied
        crossing = np.concatenate([copied, np.zeros(len(cost))])
        budget, whole = float(problem.device_budget_bytes[device]) * slack, float(row.sum())
        if whole > budget:
            yield Limit(name=DEVICE_MEMORY, device=own, crossing=nothing, cap=budget)
        budget = problem.server_budget_bytes * slack
        if whole > budget:
            yield Limit(name=SERVER_MEMORY, device=-own, crossing=crossing, cap=budget - whole)


def fits_memory(problem: SplitProblem, device: int) -> Accepts | None:
    """Tells of a cut whether both its sides fit by the sweep; None where no memory is limited.

    A mask may have copied weights ahead of the ops.
    """
    budgets = (float(problem.device_budget_bytes[device]), problem.server_budget_bytes)
    if not np.isfinite(budgets).any():
        return None
    runtimes = (problem.device_runtime.of(device), problem.server_runtime)

    def accepts(mask: Mask) -> bool:
        ops = mask[len(mask) - len(problem.cost) :]
        return all(
            side_fits(problem, side, runtime, budget)
            for side, runtime, budget in zip((ops, ~ops), runtimes, budgets, strict=True)
        )

    return accepts


def side_fits(problem: SplitProblem, side: Mask, runtime: RuntimeFigures, budget_bytes: float) -> bool:
    """Whether a party that may be charged so much holds the side at its peak."""
    if not np.isfinite(budget_bytes):
        return True
    held = held_at_peak(problem.cost, side)
    charged = runtime.charged_bytes(allocated_bytes=held.allocated_bytes, largest_bytes=held.largest_bytes)
    return bool(charged <= budget_bytes * (1 + LIMIT_ROUNDING))
