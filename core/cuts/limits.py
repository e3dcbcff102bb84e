"""The best split under hard limits, exactly, by CP-SAT: where the pool is too large to filter."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from core.cuts.contraction import Units, contract
from core.cuts.max_flow import checked_weights, minimum_cut, split_cost
from core.cuts.split_graph import Bools, Floats, Ints, SplitGraph, crossing_ops, row_peaks, row_sums
from core.errors import SolverError

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

LIMIT_BITS = 50
OBJECTIVE_BITS = 54
CLOSED_GAP = 1e-9
REFUSALS = 16


@dataclass(frozen=True, eq=False, kw_only=True)
class Limit:
    """Sum of `device` over the device side + largest `peak` there + sum of `crossing` <= `cap`.

    `device` and `crossing` (n,) may have any sign; `peak` (n,) is not negative, None for no such term.
    """

    name: str
    device: Floats
    crossing: Floats
    cap: float
    peak: Floats | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class LimitedCut:
    """The cheapest split within the limits; (inf, None) when there is none.

    No split within the limits costs less than `bound` (to the rounding of the integers). `status` is
    "feasible" when the time ran out before the gap was closed. `method` says what answered.
    """

    status: Literal["optimal", "feasible", "infeasible"]
    value: float
    mask: Bools | None
    bound: float
    method: Literal["max_flow", "cp_sat"]
    runtime_s: float = field(compare=False)


def usage(graph: SplitGraph, limit: Limit, masks: npt.ArrayLike) -> Floats:
    """What the splits `masks` (K, n) use of a limit (K,), as it is compared with the cap."""
    rows = np.atleast_2d(np.asarray(masks, dtype=bool))
    used = row_sums(rows, limit.device) + row_sums(crossing_ops(graph, rows), limit.crossing)
    return used if limit.peak is None else used + row_peaks(rows, limit.peak)


def minimum_cut_within(
    graph: SplitGraph,
    *,
    device_weight: npt.ArrayLike,
    crossing_weight: npt.ArrayLike,
    limits: Sequence[Limit],
    time_limit_s: float = 10.0,
) -> LimitedCut:
    """The split of least additive cost (weights as in `minimum_cut`) that keeps every limit.

    Max-flow answers when its cut keeps the limits already. CP-SAT works on integers: first with what is
    used rounded down, so that no split is lost; a result that breaks a limit in float64 is excluded and
    the search repeated, and after 16 such results what is used is rounded up (a relative 2^-50 of the
    sum). So no split is accepted that does not fit. One worker, fixed seed: the same answer every time
    unless the time ends.

    Raises `SolverError` when the time ends before any split within the limits was found.
    """
    began = time.perf_counter()
    device, crossing = checked_weights(graph, device_weight, crossing_weight)
    free = minimum_cut(graph, device_weight=device, crossing_weight=crossing)
    method: Literal["max_flow", "cp_sat"] = "max_flow"
    mask, bound = _within(graph, free.mask, limits), free.bound
    if mask is None:
        method = "cp_sat"
        mask, bound = _searched(graph, device, crossing, limits, time_limit_s)
        bound = max(bound, free.bound)
    value = math.inf
    if mask is not None:
        value = split_cost(graph, mask, device_weight=device, crossing_weight=crossing)
    return LimitedCut(
        status=_status(value, bound),
        value=value,
        mask=mask,
        bound=min(bound, value),
        method=method,
        runtime_s=time.perf_counter() - began,
    )


def _status(value: float, bound: float) -> Literal["optimal", "feasible", "infeasible"]:
    if value == math.inf:
        return "infeasible"
    return "optimal" if value - bound <= CLOSED_GAP * max(abs(value), abs(bound)) else "feasible"


def _within(graph: SplitGraph, mask: Bools | None, limits: Sequence[Limit]) -> Bools | None:
    """The mask itself when it keeps every limit in float64."""
    if mask is None or any(usage(graph, limit, mask)[0] > limit.cap for limit in limits):
        return None
    return mask


def _searched(
    graph: SplitGraph, device: Floats, crossing: Floats, limits: Sequence[Limit], time_limit_s: float
) -> tuple[Bools | None, float]:
    """The best split that keeps the limits, if there is one, and what none of them is below."""
    units = contract(graph)
    bound = -math.inf
    for rounded in (np.floor, np.ceil):
        program = _program(graph, units, device, crossing, limits, rounded)
        for _ in range(REFUSALS):
            mask, proven = program.solve(units, limits, time_limit_s)
            bound = max(bound, proven) if rounded is np.floor else bound
            if mask is None or _within(graph, mask, limits) is not None:
                return mask, bound
            program.exclude(mask, units)
    return None, bound


@dataclass(frozen=True, eq=False, kw_only=True)
class _Program:
    """An integer program whose first variables are the units, and the exponent of its objective's scale."""

    model: cp_model.CpModel
    units: Sequence[cp_model.IntVar]
    exponent: int

    def solve(self, units: Units, limits: Sequence[Limit], time_limit_s: float) -> tuple[Bools | None, float]:
        """The best mask (n,) and the proven bound; (None, inf) when there is none."""
        from ortools.sat.python import cp_model

        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        # OR-Tools 9.15 counts coefficients beyond 2^31 in 32 bits here and loses optima (its issue 5293).
        solver.parameters.presolve_inclusion_work_limit = 0
        solver.parameters.max_time_in_seconds = time_limit_s
        status = solver.solve(self.model)
        if status == cp_model.INFEASIBLE:
            return None, math.inf
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            names = ", ".join(limit.name for limit in limits)
            raise SolverError(
                f"no split within {names} was found in {time_limit_s} s ({solver.status_name(status)}); "
                "allow more time"
            )
        on_device = np.array([bool(solver.value(unit)) for unit in self.units])
        return on_device[units.unit_of], math.ldexp(solver.best_objective_bound, -self.exponent)

    def exclude(self, mask: Bools, units: Units) -> None:
        """Forbids exactly the split `mask` (n,)."""
        chosen = np.zeros(units.count, dtype=bool)
        chosen[units.unit_of] = mask
        self.model.add_bool_or(
            unit.negated() if on else unit for unit, on in zip(self.units, chosen.tolist(), strict=True)
        )


def _program(
    graph: SplitGraph,
    units: Units,
    device: Floats,
    crossing: Floats,
    limits: Sequence[Limit],
    rounded: Callable[[Floats], Floats],
) -> _Program:
    """The program with `rounded` integer limits: down to lose no split, up to accept no wrong one."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    variables = [model.new_bool_var("") for _ in range(units.count)]
    model.add(variables[0] == 1)
    for producer, reader in units.arcs.tolist():
        model.add_implication(variables[reader], variables[producer])
    all_read = _all_read(model, units, variables)
    for limit in limits:
        _add_limit(model, units, variables, all_read, limit, rounded)
    exponent = _exponent(_total([device, crossing]), OBJECTIVE_BITS)
    cost = _weights(units, all_read, len(variables), device, crossing, exponent, np.rint)
    model.minimize(_weighted(cost, variables))
    return _Program(model=model, units=variables[: units.count], exponent=exponent)


def _all_read(model: cp_model.CpModel, units: Units, variables: list[cp_model.IntVar]) -> Ints:
    """For each sender the variable that says that all its readers are on the device; adds what is missing."""
    first = np.searchsorted(units.read_sender, np.arange(len(units.sender_op) + 1))
    all_read = units.read_unit[first[:-1]]
    for sender in np.flatnonzero(np.diff(first) > 1).tolist():
        readers = [variables[i] for i in units.read_unit[first[sender] : first[sender + 1]].tolist()]
        all_read[sender] = len(variables)
        variables.append(model.new_bool_var(""))
        model.add_min_equality(variables[-1], readers)
    return all_read


def _add_limit(
    model: cp_model.CpModel,
    units: Units,
    variables: Sequence[cp_model.IntVar],
    all_read: Ints,
    limit: Limit,
    rounded: Callable[[Floats], Floats],
) -> None:
    peaks = units.peaks(np.zeros((len(limit.device), 1)) if limit.peak is None else limit.peak[:, None])[:, 0]
    total = _total([limit.device, limit.crossing, peaks])
    exponent = _exponent(total, LIMIT_BITS)
    used = _weights(units, all_read, len(variables), limit.device, limit.crossing, exponent, rounded)
    heights = rounded(np.ldexp(peaks, exponent)).astype(np.int64)
    beyond = 2 * total if total > 0 else 1.0
    cap = math.floor(math.ldexp(min(max(limit.cap, -beyond), beyond), exponent))
    highest = model.new_int_var(int(heights[0]), int(heights.max()), "")
    for unit in np.flatnonzero(heights > heights[0]).tolist():
        model.add(highest >= int(heights[unit]) * variables[unit])
    model.add(_weighted(used, variables) + highest <= cap)


def _weights(
    units: Units,
    all_read: Ints,
    count: int,
    device: Floats,
    crossing: Floats,
    exponent: int,
    rounded: Callable[[Floats], Floats],
) -> Ints:
    """Integer weight of each variable, for ops on the device and senders that are there but not all read."""
    weights = np.zeros(count, dtype=np.int64)
    np.add.at(weights, units.unit_of, rounded(np.ldexp(device, exponent)).astype(np.int64))
    sent = rounded(np.ldexp(crossing[units.sender_op], exponent)).astype(np.int64)
    np.add.at(weights, units.sender_unit, sent)
    np.subtract.at(weights, all_read, sent)
    return weights


def _weighted(weights: Ints, variables: Sequence[cp_model.IntVar]) -> cp_model.LinearExpr:
    from ortools.sat.python import cp_model

    used = np.flatnonzero(weights).tolist()
    return cp_model.LinearExpr.weighted_sum([variables[i] for i in used], weights[used].tolist())


def _total(weights: Sequence[Floats]) -> float:
    return math.fsum(abs(number) for weight in weights for number in weight.tolist())


def _exponent(total: float, bits: int) -> int:
    """The power of two that scales weights to a sum below 2 ** bits."""
    return bits - math.frexp(total)[1] if total > 0 else 0
