"""The cuts of a grouped round whose devices are coupled: one choice a device, exactly, by CP-SAT."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.cuts.cp_sat import steady_solver
from cutwise.frozen import Frozen
from cutwise.planning.one_device.cut_memory import shared_bytes
from cutwise.planning.one_device.cut_table import CutTable
from cutwise.planning.one_device.objective import Spread
from cutwise.planning.whole_round.round_value import objective_value
from cutwise.plans.rounds import Groups, Round
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import LIMIT_ROUNDING

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

Takes = list[dict[int, Any]]
WHOLE = 1 << 40
"""Whole numbers that the largest total becomes."""
SECONDS = 10.0


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class GroupedChoice(Frozen):
    """The cut of every device, None where none fit, and what no cuts of the table can beat."""

    cuts: Ints | None
    bound: float


def grouped_choice(
    problem: SplitProblem, table: CutTable, round_of: Round, spread: Spread, *, memory: bool
) -> GroupedChoice:
    """The best cuts of the table within the deadline and, with `memory`, the server's memory."""
    from ortools.sat.python import cp_model

    allowed = table.excess <= 0
    if not allowed.any(axis=1).all():
        return GroupedChoice(cuts=None, bound=np.inf)
    model = cp_model.CpModel()
    takes = [{int(k): model.new_bool_var("") for k in np.flatnonzero(row)} for row in allowed]
    for row in takes:
        model.add_exactly_one(row.values())
    end, unit_s = _end(model, takes, np.where(allowed, table.delays_s, 0.0), round_of)
    deadline_s = problem.scenario.limits.deadline_s
    if deadline_s is not None:
        model.add(end <= int(deadline_s * (1 + LIMIT_ROUNDING) / unit_s))
    if memory:
        _within_memory(model, takes, problem, table, round_of)
    energies_j = np.where(allowed, table.counted_j, 0.0)
    scale = _minimised(model, problem, takes, end, unit_s, energies_j, spread)
    solver = steady_solver()
    solver.parameters.max_time_in_seconds = SECONDS
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return GroupedChoice(cuts=None, bound=np.inf if status == cp_model.INFEASIBLE else 0.0)
    cuts = np.array([next(k for k, take in row.items() if solver.value(take)) for row in takes])
    return GroupedChoice(cuts=cuts, bound=solver.best_objective_bound * scale)


def _end(model: cp_model.CpModel, takes: Takes, delays_s: Floats, round_of: Round) -> tuple[Any, float]:
    """The end of the round in whole units, and the seconds of a unit."""
    unit_s = float(delays_s.max(axis=1).sum()) / WHOLE or 1.0
    whole = np.rint(delays_s / unit_s).astype(np.int64)
    ends = []
    for groups in round_of.of(len(takes)):
        ends.append(model.new_int_var(0, 2 * WHOLE, ""))
        for group in groups:
            model.add(sum(_weighted(takes[i], whole[i]) for i in group) <= ends[-1])
    return sum(ends), unit_s


def _minimised(
    model: cp_model.CpModel,
    problem: SplitProblem,
    takes: Takes,
    end: Any,
    unit_s: float,
    energies_j: Floats,
    spread: Spread,
) -> float:
    """What one unit of the model's objective is worth; delay and energy as the round's value weighs them."""
    second, joule = (
        objective_value(problem, delay_s=d, energy_j=e, spread=spread) for d, e in ((1.0, 0.0), (0.0, 1.0))
    )
    scale = (second * unit_s * WHOLE + joule * float(energies_j.max(axis=1).sum())) / WHOLE or 1.0
    whole = np.rint(energies_j * joule / scale).astype(np.int64)
    cost = sum(_weighted(row, whole[i]) for i, row in enumerate(takes))
    factor = round(second * unit_s / scale * _FINE)
    model.minimize(end * factor + cost * _FINE)
    return scale / _FINE


_FINE = 1 << 14
"""Parts of a unit, so that a second's weight beside a joule's is not rounded away."""


def _within_memory(
    model: cp_model.CpModel, takes: Takes, problem: SplitProblem, table: CutTable, round_of: Round
) -> None:
    """In every phase: the largest own part of each group, and each frozen weight at the server once."""
    unit = problem.server_budget_bytes / (1 << 36)
    (present,), amounts = shared_weights(problem, [table])
    for groups in round_of.of(len(takes)):
        apart = len(groups) > 1
        held = list(_frozen(model, takes, groups, present, amounts / unit)) if apart else []
        for group in groups:
            held.append(model.new_int_var(0, 1 << 50, ""))
            for i in group:
                own = table.server_bytes[i] - (present[i] @ amounts if apart else 0.0)
                own = np.where(np.isfinite(own), np.maximum(own, 0.0), 0.0)
                whole = np.ceil(own / unit * (1 - LIMIT_ROUNDING)).astype(np.int64)
                model.add(_weighted(takes[i], whole) <= held[-1])
        model.add(sum(held) <= 1 << 36)


def _frozen(
    model: cp_model.CpModel, takes: Takes, groups: Groups, present: list[Mask], amounts: Floats
) -> Iterator[Any]:
    """Whole amounts of frozen weights that some active device needs at the server."""
    for weight, amount in enumerate(amounts):
        needed = model.new_bool_var("")
        for i in (device for group in groups for device in group):
            users = [take for k, take in takes[i].items() if present[i][k, weight]]
            if users:
                model.add(sum(users) <= needed)
        yield needed * int(np.ceil(amount * (1 - LIMIT_ROUNDING)))


def shared_weights(problem: SplitProblem, tables: Sequence[CutTable]) -> tuple[list[list[Mask]], Floats]:
    """Which frozen weights each device's cuts leave at the server, (cuts, weights), and their bytes.

    A list of devices for each table. Weights that no cut of the tables tells apart are one.
    """
    shared, copied = shared_bytes(problem.cost).copy(), problem.cost.shared
    np.subtract.at(shared, copied.charged, copied.frozen_bytes)
    ops = np.flatnonzero(shared)
    groups = [group for table in tables for group in table.groups]
    sides = np.vstack([np.hstack([~group.masks[:, ops], copied.read_on(~group.masks)]) for group in groups])
    patterns, member = np.unique(sides, axis=1, return_inverse=True)
    amounts = np.zeros(patterns.shape[1])
    np.add.at(amounts, member.ravel(), np.concatenate([shared[ops], copied.frozen_bytes]))
    ends = np.cumsum([len(group.masks) for group in groups])
    rows = iter(np.split(patterns, ends[:-1]))
    found = []
    for table in tables:
        padded = []
        for own in itertools.islice(rows, len(table.groups)):
            width = table.excess.shape[1] - len(own)
            padded.append(np.pad(own, ((0, width), (0, 0))))
        found.append([padded[number] for number in table.group_of])
    return found, amounts


def _weighted(takes: dict[int, Any], whole: Ints) -> Any:
    return sum(int(whole[k]) * take for k, take in takes.items())
