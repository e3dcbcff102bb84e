"""The cuts that end a grouped round first while the server holds a model for every active group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.frozen import Frozen
from cutwise.planning.one_device.cut_memory import shared_on
from cutwise.planning.one_device.cut_table import CutTable
from cutwise.planning.one_device.device_limits import held_by
from cutwise.planning.whole_round.grouped_choice import GroupedChoice
from cutwise.plans.rounds import Groups, Round
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import LIMIT_ROUNDING


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Phase(Frozen):
    """Cuts of some devices, infinite in both arrays (devices, cuts) where a device may not take one."""

    groups: Groups
    delays_s: Floats
    own_bytes: Floats
    budget_bytes: float


def earliest_groups(
    problem: SplitProblem, table: CutTable, round_of: Round, *, memory: bool
) -> GroupedChoice:
    """The cuts of the table that end every phase first, and the delay that no cuts of it can beat.

    A group holds at the server what its largest client needs. If a phase may end at $T$, each group takes
    the least bytes $c$ at which the fastest cuts of up to $c$ bytes end by $T$; the least $T$ whose bytes
    add up to the memory is exact. Frozen weights, held once by all, are tried by how many bytes of them
    are at the server, which is exact where cuts nest.
    """
    allowed = table.excess <= 0
    delays_s = np.where(allowed, table.delays_s, np.inf)
    cuts, bound_s = delays_s.argmin(axis=1), 0.0
    if not allowed.any(axis=1).all():
        return GroupedChoice(cuts=None, bound=np.inf)
    for groups in round_of.of(problem.device_count):
        if not memory or len(groups) == 1:
            bound_s += max(float(delays_s[list(group)].min(axis=1).sum()) for group in groups)
            continue
        found, least_s = _best_phase(problem, table, groups, delays_s)
        if found is None:
            return GroupedChoice(cuts=None, bound=least_s)
        active = [device for group in groups for device in group]
        cuts[active] = found[active]
        bound_s += least_s
    return GroupedChoice(cuts=cuts, bound=bound_s)


def least_by(thresholds: Floats, amounts: Floats, levels: Floats) -> Floats:
    """For each level the sum over rows of the least amount among the columns within that threshold.

    >>> least_by(np.array([[1.0, 2.0]]), np.array([[9.0, 4.0]]), np.array([1.0, 3.0])).tolist()
    [9.0, 4.0]
    """
    order = np.argsort(thresholds, axis=1)
    ends = np.take_along_axis(thresholds, order, axis=1)
    least = np.minimum.accumulate(np.take_along_axis(amounts, order, axis=1), axis=1)
    totals = np.zeros(len(levels))
    for row, best in zip(ends, least, strict=True):
        totals += best[np.searchsorted(row, levels, side="right") - 1]
    return totals


def shared_at_server(problem: SplitProblem, table: CutTable) -> Floats:
    """Bytes of weights at the server that clients hold once together, shape (devices, cuts)."""
    shared = np.zeros_like(table.server_bytes)
    for number, group in enumerate(table.groups):
        shared[table.group_of == number, : len(group.masks)] = shared_on(problem.cost, ~group.masks)
    return shared


def _best_phase(
    problem: SplitProblem, table: CutTable, groups: Groups, delays_s: Floats
) -> tuple[Ints | None, float]:
    """The cuts that end one phase first, None where none fit, and a bound on its end."""
    cap = problem.server_budget_bytes * (1 + LIMIT_ROUNDING)
    best, found, bound_s = np.inf, None, np.inf
    for phase in _phases(problem, table, groups, delays_s):
        end_s, cuts = _earliest(phase)
        bound_s = min(bound_s, end_s)
        if end_s < best:
            client_bytes = table.server_bytes[np.arange(len(cuts)), cuts]
            if held_by(problem, table.masks(cuts), client_bytes, groups) <= cap:
                best, found = end_s, cuts
    return found, bound_s


def _phases(problem: SplitProblem, table: CutTable, groups: Groups, delays_s: Floats) -> Iterator[_Phase]:
    """The phase with at most so many bytes of frozen weights at the server, for every such number."""
    shared, allowed = shared_at_server(problem, table), np.isfinite(delays_s)
    own_bytes = np.where(allowed, table.server_bytes, 0.0) - shared
    active = [device for group in groups for device in group]
    for amount in np.unique(shared[active][allowed[active]]):
        taken = allowed & (shared <= amount)
        if taken[active].any(axis=1).all():
            yield _Phase(
                groups=groups,
                delays_s=np.where(taken, delays_s, np.inf),
                own_bytes=np.where(taken, own_bytes, np.inf),
                budget_bytes=problem.server_budget_bytes * (1 + LIMIT_ROUNDING) - float(amount),
            )


def _earliest(phase: _Phase) -> tuple[float, Ints]:
    """The earliest end within the budget, infinite if there is none, and the cuts of every device."""
    steps = [_steps(phase, group) for group in phase.groups]
    ends = np.unique(np.concatenate([ends for _, ends in steps]))
    first = [len(falling) - np.searchsorted(falling[::-1], ends, side="right") for _, falling in steps]
    needs = [np.append(levels, np.inf)[index] for (levels, _), index in zip(steps, first, strict=True)]
    fits = np.sum(needs, axis=0) <= phase.budget_bytes
    cuts = phase.delays_s.argmin(axis=1)
    if not fits.any():
        return np.inf, cuts
    at = int(fits.argmax())
    for group, need in zip(phase.groups, needs, strict=True):
        rows = list(group)
        cuts[rows] = np.where(phase.own_bytes[rows] <= need[at], phase.delays_s[rows], np.inf).argmin(axis=1)
    return float(ends[at]), cuts


def _steps(phase: _Phase, group: tuple[int, ...]) -> tuple[Floats, Floats]:
    """The bytes at which a group's end falls, ascending, and the ends."""
    own = phase.own_bytes[list(group)]
    levels = np.unique(own[np.isfinite(own)])
    levels = levels[levels >= own.min(axis=1).max()]
    return levels, least_by(own, phase.delays_s[list(group)], levels)
