"""The best cut into K tiers that keeps a cap on each tier, such as its memory, exactly, by CP-SAT."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Ints
from cutwise.cuts.accepted_cut import first_accepted
from cutwise.cuts.cut_under_limits import limited_program
from cutwise.cuts.integer_program import Status, searched, status_of
from cutwise.cuts.tiers.tier_cut import TierProblem, tier_cost, tier_cut
from cutwise.cuts.tiers.tier_labels import LabelCap, by_level, label_caps, labels_of, level_units, net_of_next
from cutwise.frozen import Frozen


@dataclass(frozen=True, eq=False, kw_only=True)
class CappedTierCut(Frozen):
    """The cheapest tiers within the caps; (inf, None) when there are none.

    Nothing within the caps costs less than `bound` - `bound_error`. `status` is "feasible" when the
    time ran out before the gap was closed. `method` says what answered; `ended` is False where the search
    for accepted tiers ended before there were any, so that there may be some.
    """

    status: Status
    value: float
    labels: Ints | None
    bound: float
    bound_error: float
    method: Literal["max_flow", "cp_sat"]
    runtime_s: float = field(compare=False)
    ended: bool = True


def capped_tier_cut(
    problem: TierProblem,
    *,
    use: npt.ArrayLike,
    caps: npt.ArrayLike,
    constant: npt.ArrayLike | None = None,
    accepts: Callable[[Ints], bool] | None = None,
    time_limit_s: float = 10.0,
) -> CappedTierCut:
    """The tiers of least cost with sum of `use[v, k]` of the ops v on tier k + `constant[k]` <= `caps[k]`.

    `use` is (n, K), or (n, K, R) for R resources with `caps` and `constant` (K, R); `inf` is no cap.
    Of the tiers only those that `accepts` says yes to count; the others are excluded one by one.
    Max-flow answers when its tiers keep the caps already; otherwise CP-SAT does on the same binaries,
    as `minimum_cut_within` does for two tiers: no answer is lost to rounding, and none is accepted
    that breaks a cap in float64.

    Raises `SolverError` for a wrong shape, or when the time ends before any answer was found.
    """
    began = time.perf_counter()
    within = label_caps(problem.graph, holds=np.eye(problem.tiers), use=use, caps=caps, constant=constant)
    free = tier_cut(problem)
    method: Literal["max_flow", "cp_sat"] = "max_flow"
    labels: Ints | None = free.labels
    bound, error, ended = free.bound, free.bound_error, True
    if not (all(cap.keeps(free.labels) for cap in within) and (accepts is None or accepts(free.labels))):
        method = "cp_sat"
        if accepts is None:
            labels, bound, error = _searched(problem, within, time_limit_s)
        else:
            labels, bound, error, ended = _first_accepted(problem, within, accepts, time_limit_s)
        if free.bound > bound:
            bound, error = free.bound, free.bound_error
    value = math.inf if labels is None else tier_cost(problem, labels)
    return CappedTierCut(
        status=status_of(value, bound, error),
        value=value,
        labels=labels,
        bound=min(bound, value),
        bound_error=error,
        method=method,
        runtime_s=time.perf_counter() - began,
        ended=ended,
    )


def _searched(
    problem: TierProblem, within: Sequence[LabelCap], time_limit_s: float
) -> tuple[Ints | None, float, float]:
    """The best tiers that keep the caps, if there are any, and what none of them is below."""
    ops = problem.graph.op_count
    units = level_units(problem.graph, problem.tiers - 1)
    net, hops = by_level(net_of_next(problem.tier_costs)), by_level(problem.hop_costs)
    constant = math.fsum(problem.tier_costs[:, -1].tolist())
    mask, bound, error = searched(
        lambda rounded, *, known: limited_program(
            units, net, hops, [cap.limit(rounded) for cap in within], rounded
        ),
        lambda mask: all(cap.keeps(labels_of(mask, ops)) for cap in within),
        lambda mask: tier_cost(problem, labels_of(mask, ops)) - constant,
        within=", ".join(cap.name for cap in within),
        time_limit_s=time_limit_s,
    )
    return None if mask is None else labels_of(mask, ops), bound + constant, error


def _first_accepted(
    problem: TierProblem, within: Sequence[LabelCap], accepts: Callable[[Ints], bool], time_limit_s: float
) -> tuple[Ints | None, float, float, bool]:
    """The same of those that are accepted, and whether the search ended with an answer."""
    ops = problem.graph.op_count
    units = level_units(problem.graph, problem.tiers - 1)
    net, hops = by_level(net_of_next(problem.tier_costs)), by_level(problem.hop_costs)
    program = limited_program(units, net, hops, [cap.limit(np.floor) for cap in within], np.floor)
    found = first_accepted(
        program,
        lambda mask: accepts(labels_of(mask, ops)),
        within=", ".join(cap.name for cap in within),
        time_limit_s=time_limit_s,
    )
    labels = None if found.mask is None else labels_of(found.mask, ops)
    return labels, found.bound + math.fsum(problem.tier_costs[:, -1].tolist()), program.error, found.ended
