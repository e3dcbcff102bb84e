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
from cutwise.cuts.max_flow import checked_server_weight, checked_weights, minimum_cut, split_cost
from cutwise.cuts.pool.contraction import Units, contract
from cutwise.cuts.split_graph import SplitGraph, crossing_ops, row_peaks, row_sums
from cutwise.frozen import Frozen
from cutwise.tolerances import CLOSED_GAP, SUM_ROUNDING

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

LIMIT_BITS = 50


@dataclass(frozen=True, eq=False, kw_only=True)
class Limit(Frozen):
    """Sum of `device` over the device side + largest `peak` there + sum of `crossing` <= `cap`.

    `device` and `crossing` (n,) may have any sign; `peak` (n,) is not negative, None for no such term.
    `server` (n,), None for nothing, is added up over the other side.
    """

    name: str
    device: Floats
    crossing: Floats
    cap: float
    peak: Floats | None = None
    server: Floats | None = None


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
    if limit.server is not None:
        used = used + row_sums(~rows, limit.server)
    return used if limit.peak is None else used + row_peaks(rows, limit.peak)


def minimum_cut_within(
    graph: SplitGraph,
    *,
    device_weight: npt.ArrayLike,
    crossing_weight: npt.ArrayLike,
    limits: Sequence[Limit],
    accepts: Accepts | None = None,
    server_weight: npt.ArrayLike | None = None,
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
    server = checked_server_weight(graph, server_weight)
    free = minimum_cut(graph, device_weight=device, crossing_weight=crossing, server_weight=server)
    method: Literal["max_flow", "cp_sat"] = "max_flow"
    mask, bound, error, ended = _within(graph, free.mask, limits, accepts), free.bound, 0.0, True
    if mask is None:
        method = "cp_sat"
        units, least = contract(graph), np.minimum(device, server)
        beyond = {"device_weight": device - least, "server_weight": server - least}
        within = ", ".join(limit.name for limit in limits)
        if accepts is not None:
            program = limited_program(
                units, device - least, crossing, limits, np.floor, server=server - least
            )
            found = first_accepted(
                program,
                lambda mask: _within(graph, mask, limits, accepts) is not None,
                within=within,
                time_limit_s=time_limit_s,
            )
            mask, bound, error, ended = found.mask, found.bound, program.error, found.ended
        else:
            mask, bound, error = searched(
                lambda rounded, *, known: limited_program(
                    units, device - least, crossing, limits, rounded, server=server - least, known=known
                ),
                lambda mask: _within(graph, mask, limits) is not None,
                lambda mask: split_cost(graph, mask, crossing_weight=crossing, **beyond),
                within=within,
                time_limit_s=time_limit_s,
            )
        constant = math.fsum(least.tolist())
        bound, error = max(bound + constant, free.bound), min(error, CLOSED_GAP * abs(constant))
    value = math.inf
    if mask is not None:
        value = split_cost(graph, mask, device_weight=device, crossing_weight=crossing, server_weight=server)
    return LimitedCut(
        status=status_of(value, bound, error),
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
    units: Units,
    device: Floats,
    crossing: Floats,
    limits: Sequence[Limit],
    rounded: Rounding,
    *,
    server: Floats | None = None,
    known: float = math.inf,
) -> CutProgram:
    """The program with `rounded` integer limits: down to lose no split, up to accept no wrong one.

    Of splits that cost over `known` some are left out; only where no weight is negative may it be given.
    """
    model, variables = model_of(units)
    all_read = _all_read(model, units, variables)
    for limit in limits:
        add_limit(model, units, variables, limit, rounded, all_read)
    sides = _sides(units, Limit(name="cost", device=device, server=server, crossing=crossing, cap=known))
    if _none_earns(sides):
        sides = _without_forced(model, variables, units, all_read, sides, known)
    exponent = exponent_of(total_of(list(sides)), OBJECTIVE_BITS)
    cost, constant = _linear(units, len(variables), all_read, sides, exponent, np.floor)
    model.minimize(weighted(cost, variables) + constant)
    return CutProgram(
        model=model,
        units=variables[: units.count],
        unit_of=units.unit_of,
        exponent=exponent,
        error=rounding_error(list(sides), exponent),
    )


Sides = tuple[Floats, Floats, Floats]
"""What units pay on the device, units on the server, and senders that cross."""


def _sides(units: Units, limit: Limit) -> Sides:
    """The amounts of a limit, added up over the ops of every unit."""
    server = np.zeros_like(limit.device) if limit.server is None else limit.server
    both = units.sums(np.stack([limit.device, server], axis=1))
    return both[:, 0], both[:, 1], limit.crossing[units.sender_op]


def _none_earns(sides: Sides) -> bool:
    """True when no amount is negative, so that one alone can be too much."""
    return not any((side < 0).any() for side in sides)


def _without_forced(
    model: cp_model.CpModel,
    variables: Sequence[cp_model.IntVar],
    units: Units,
    all_read: Ints,
    sides: Sides,
    most: float,
) -> Sides:
    """The amounts with those taken out that alone are over `most`, as what they stand for is forbidden.

    What is left is of the size of `most`, so that the integers tell it apart.
    """
    over = [side > most * (1 + SUM_ROUNDING) for side in sides]
    for unit in np.flatnonzero(over[0]).tolist():
        model.add(variables[unit] == 0)
    for unit in np.flatnonzero(over[1]).tolist():
        model.add(variables[unit] == 1)
    for sender in np.flatnonzero(over[2]).tolist():
        model.add(variables[int(units.sender_unit[sender])] == variables[int(all_read[sender])])
    device, server, crossing = (np.where(high, 0.0, side) for high, side in zip(over, sides, strict=True))
    return device, server, crossing


def _linear(
    units: Units, count: int, all_read: Ints | None, sides: Sides, exponent: int, rounded: Rounding
) -> tuple[Ints, int]:
    """Integer weights (count,) of the variables, the units first, and the constant beside them."""
    device, server, crossing = (scaled(side, exponent, rounded) for side in sides)
    weights = np.zeros(count, dtype=np.int64)
    weights[: units.count] = device - server
    if all_read is not None:
        np.add.at(weights, units.sender_unit, crossing)
        np.subtract.at(weights, all_read, crossing)
    return weights, int(np.sum(server))


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
    sides = _sides(units, limit)
    if all_read is not None and _none_earns(sides):
        sides = _without_forced(model, variables, units, all_read, sides, limit.cap)
        peaks = _without_high(model, variables, peaks, limit.cap)
    total = total_of([*sides, peaks])
    exponent = exponent_of(total, LIMIT_BITS)
    used, constant = _linear(units, len(variables), all_read, sides, exponent, rounded)
    heights = scaled(peaks, exponent, rounded)
    beyond = 2 * total if total > 0 else 1.0
    cap = math.floor(math.ldexp(min(max(limit.cap, -beyond), beyond), exponent))
    highest = model.new_int_var(int(heights[0]), int(heights.max()), "")
    for unit in np.flatnonzero(heights > heights[0]).tolist():
        model.add(highest >= int(heights[unit]) * variables[unit])
    model.add(weighted(used, variables) + constant + highest <= cap)


def _without_high(
    model: cp_model.CpModel, variables: Sequence[cp_model.IntVar], peaks: Floats, most: float
) -> Floats:
    """The peaks (units,) with those taken out that alone are over `most`: such a unit is on the server."""
    over = peaks > most * (1 + SUM_ROUNDING)
    for unit in np.flatnonzero(over).tolist():
        model.add(variables[unit] == 0)
    return np.where(over, 0.0, peaks)
