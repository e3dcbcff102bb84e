"""The best split under hard limits, exactly, by CP-SAT: where the pool is too large to filter."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Floats, Ints, Mask
from cutwise.cuts.accepted_cut import Accepts, first_accepted
from cutwise.cuts.integer_program import (
    OBJECTIVE_BITS,
    CutProgram,
    Rounding,
    Status,
    exponent_of,
    model_of,
    rounding_error,
    scaled,
    searched,
    status_of,
    total_of,
    weighted,
)
from cutwise.cuts.max_flow import checked_weights, minimum_cut, split_cost
from cutwise.cuts.pool.contraction import Units, contract
from cutwise.cuts.split_graph import SplitGraph, crossing_ops, row_peaks, row_sums
from cutwise.frozen import Frozen

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

LIMIT_BITS = 50


@dataclass(frozen=True, eq=False, kw_only=True)
class Limit(Frozen):
    """Sum of `device` over the device side + largest `peak` there + sum of `crossing` <= `cap`.

    `device` and `crossing` (n,) may have any sign; `peak` (n,) is not negative, None for no such term.
    """

    name: str
    device: Floats
    crossing: Floats
    cap: float
    peak: Floats | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class LimitedCut(Frozen):
    """The cheapest split within the limits; (inf, None) when there is none.

    No split within the limits costs less than `bound` (to the rounding of the integers). `status` is
    "feasible" when the time ran out before the gap was closed. `method` says what answered; `ended` is
    False where the search for an accepted split ended before there was one, so that there may be some.
    """

    status: Status
    value: float
    mask: Mask | None
    bound: float
    method: Literal["max_flow", "cp_sat"]
    runtime_s: float = field(compare=False)
    ended: bool = True


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
    accepts: Accepts | None = None,
    time_limit_s: float = 10.0,
) -> LimitedCut:
    """The split of least additive cost (weights as in `minimum_cut`) that keeps every limit.

    Of the splits only those that `accepts` says yes to count; the others are excluded one by one.

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
    mask, bound, ended = _within(graph, free.mask, limits, accepts), free.bound, True
    if mask is None and accepts is not None:
        method = "cp_sat"
        found = first_accepted(
            limited_program(contract(graph), device, crossing, limits, np.floor),
            lambda mask: _within(graph, mask, limits, accepts) is not None,
            within=", ".join(limit.name for limit in limits),
            time_limit_s=time_limit_s,
        )
        mask, bound, ended = found.mask, max(found.bound, free.bound), found.ended
    elif mask is None:
        method = "cp_sat"
        units = contract(graph)
        mask, bound, _ = searched(
            lambda rounded: limited_program(units, device, crossing, limits, rounded),
            lambda mask: _within(graph, mask, limits) is not None,
            within=", ".join(limit.name for limit in limits),
            time_limit_s=time_limit_s,
        )
        bound = max(bound, free.bound)
    value = math.inf
    if mask is not None:
        value = split_cost(graph, mask, device_weight=device, crossing_weight=crossing)
    return LimitedCut(
        status=status_of(value, bound),
        value=value,
        mask=mask,
        bound=min(bound, value),
        method=method,
        runtime_s=time.perf_counter() - began,
        ended=ended,
    )


def _within(
    graph: SplitGraph, mask: Mask | None, limits: Sequence[Limit], accepts: Accepts | None = None
) -> Mask | None:
    """The mask itself when it keeps every limit in float64 and is accepted."""
    if mask is None or any(usage(graph, limit, mask)[0] > limit.cap for limit in limits):
        return None
    return mask if accepts is None or accepts(mask) else None


def limited_program(
    units: Units, device: Floats, crossing: Floats, limits: Sequence[Limit], rounded: Rounding
) -> CutProgram:
    """The program with `rounded` integer limits: down to lose no split, up to accept no wrong one."""
    model, variables = model_of(units)
    all_read = _all_read(model, units, variables)
    for limit in limits:
        add_limit(model, units, variables, limit, rounded, all_read)
    exponent = exponent_of(total_of([device, crossing]), OBJECTIVE_BITS)
    cost = op_weights(units, len(variables), scaled(device, exponent, np.rint))
    _add_crossing(cost, units, all_read, scaled(crossing, exponent, np.rint))
    model.minimize(weighted(cost, variables))
    return CutProgram(
        model=model,
        units=variables[: units.count],
        unit_of=units.unit_of,
        exponent=exponent,
        error=rounding_error([device, crossing], exponent),
    )


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


def add_limit(
    model: cp_model.CpModel,
    units: Units,
    variables: Sequence[cp_model.IntVar],
    limit: Limit,
    rounded: Rounding,
    all_read: Ints | None = None,
) -> None:
    """Adds the limit, its crossing part only where `all_read` says when a sender does not cross."""
    peaks = units.peaks(np.zeros((len(limit.device), 1)) if limit.peak is None else limit.peak[:, None])[:, 0]
    total = total_of([limit.device, limit.crossing, peaks])
    exponent = exponent_of(total, LIMIT_BITS)
    used = op_weights(units, len(variables), scaled(limit.device, exponent, rounded))
    if all_read is not None:
        _add_crossing(used, units, all_read, scaled(limit.crossing, exponent, rounded))
    heights = scaled(peaks, exponent, rounded)
    beyond = 2 * total if total > 0 else 1.0
    cap = math.floor(math.ldexp(min(max(limit.cap, -beyond), beyond), exponent))
    highest = model.new_int_var(int(heights[0]), int(heights.max()), "")
    for unit in np.flatnonzero(heights > heights[0]).tolist():
        model.add(highest >= int(heights[unit]) * variables[unit])
    model.add(weighted(used, variables) + highest <= cap)


def op_weights(units: Units, count: int, device: Ints) -> Ints:
    """The weights (n,) of ops on the device as weights (count,) of variables, the units first."""
    weights = np.zeros(count, dtype=np.int64)
    np.add.at(weights, units.unit_of, device)
    return weights


def _add_crossing(weights: Ints, units: Units, all_read: Ints, crossing: Ints) -> None:
    """Adds what senders (n,) pay that are on the device but not all read there."""
    sent = crossing[units.sender_op]
    np.add.at(weights, units.sender_unit, sent)
    np.subtract.at(weights, all_read, sent)
