"""The power mode of every party whose mode is to be decided: all are tried, each with its best cuts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from cutwise.errors import ScenarioError
from cutwise.frozen import Frozen
from cutwise.planning.one_device.candidates import server_may_overflow
from cutwise.planning.one_device.objective import Prices, counted_energy
from cutwise.planning.whole_round.joint_choice import is_coupled
from cutwise.planning.whole_round.round_value import scores_of_round, spread_of
from cutwise.plans.party_modes import AS_IS, PartyMode, TriedMode
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import Round
from cutwise.problem.split_problem import SplitProblem, with_parties
from cutwise.scenario.parties import OPTIMISED, Party
from cutwise.scenario.parts import Scenario

MOST_TRIED = 256
"""Sets of modes that are tried, each with a plan of its own."""
MOST_TURNS = 100_000
"""Turns of devices in all of these plans together, which are held at once."""
Modes: TypeAlias = tuple[str, ...]
Solve: TypeAlias = Callable[[SplitProblem], Plan]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ChosenModes(Frozen):
    """The problem in the best modes, and what is told of them; `proven` where every trial was."""

    problem: SplitProblem
    told: tuple[PartyMode, ...] = ()
    proven: bool = True

    def plan(self, found: Plan) -> Plan:
        """The plan in these modes, with what is told of them; no proof that speaks of these alone."""
        if not self.told:
            return found
        method = f"{found.report.method}; best of all power modes"
        report = replace(found.report, method=method)
        if self.proven:
            return replace(found, power_modes=self.told, report=report)
        report = replace(report, bound=None, gap=None, certificate=None)
        status = "feasible" if found.status == "optimal" else found.status
        return replace(found, power_modes=self.told, report=report, status=status)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Trial(Frozen):
    """One set of modes, of the devices and then of server and edges, with its plan."""

    modes: Modes
    plan: Plan

    @property
    def rank(self) -> tuple[bool, float]:
        """Smaller is better: what keeps every limit, then the objective."""
        return self.plan.status == "infeasible", self.plan.report.value


def asks_modes(scenario: Scenario) -> bool:
    """True where the power mode of some party is to be decided."""
    return any(party.power_mode == OPTIMISED for party in _parties(scenario))


def best_modes(problem: SplitProblem, solve: Solve, round_of: Round, *, alone: bool) -> ChosenModes:
    """The best power modes, exactly, for a scheme that answers a problem by `solve`.

    Where each device is decided `alone`, so are the modes: the m-th of every device at once, then
    each device takes its best. Else every combination is tried. Raises `ScenarioError` where those are more
    than are tried, and where a model's seconds were measured in one mode.
    """
    if not asks_modes(problem.scenario):
        return ChosenModes(problem=problem)
    _check_measured(problem)
    problem = replace(problem, scale=replace(problem, scale=None))
    alone = alone and not _are_coupled(problem, round_of)
    sets = list(_level_sets(problem.scenario) if alone else _all_sets(problem.scenario))
    trials = [_Trial(modes=modes, plan=solve(_in_modes(problem, modes))) for modes in sets]
    best = _alone(problem, trials, round_of) if alone else min(trials, key=lambda one: one.rank).modes
    told = _told_alone(problem, trials, best) if alone else _told(problem, trials, best)
    return ChosenModes(
        problem=_in_modes(problem, best),
        told=told,
        proven=all(one.plan.status == "optimal" for one in trials),
    )


def _are_coupled(problem: SplitProblem, round_of: Round) -> bool:
    """True where the best mode of one device may depend on the others'."""
    sharing, count = problem.scenario.sharing, problem.device_count
    shared = sharing.bandwidth == "optimised" or sharing.server == "queue"
    at_once = round_of.parallel and count > 1
    full = at_once and (shared or server_may_overflow(problem, clients=count))
    return full or is_coupled(problem.scenario, round_of)


def in_modes_of(problem: SplitProblem, plan: Plan) -> SplitProblem:
    """The problem in the modes that a plan decided."""
    decided = {row.party: "" if row.mode == AS_IS else row.mode for row in plan.power_modes}
    scenario = problem.scenario
    names = (*scenario.device_names, scenario.server.name, *scenario.edge_names)
    modes = [
        decided.get(name, party.power_mode) for name, party in zip(names, _parties(scenario), strict=True)
    ]
    if not decided:
        return problem
    return _in_modes(replace(problem, scale=replace(problem, scale=None)), tuple(modes))


def _parties(scenario: Scenario) -> tuple[Party, ...]:
    return (*scenario.devices, scenario.server, *scenario.edges)


def _level_sets(scenario: Scenario) -> Iterator[Modes]:
    """For every set of modes of server and edges, the m-th mode of all devices at once."""
    own = [device.modes for device in scenario.devices]
    shared = [party.modes for party in _parties(scenario)[len(own) :]]
    levels = max(map(len, own))
    _check_count(levels * math.prod(map(len, shared)), len(own))
    for others in itertools.product(*shared):
        for level in range(levels):
            yield (*(modes[min(level, len(modes) - 1)] for modes in own), *others)


def _all_sets(scenario: Scenario) -> Iterator[Modes]:
    choices = [party.modes for party in _parties(scenario)]
    _check_count(math.prod(map(len, choices)), len(scenario.devices))
    return itertools.product(*choices)


def _check_count(count: int, devices: int) -> None:
    """Raises `ScenarioError` where so many sets of modes, each planned for all devices, are too many."""
    most = min(MOST_TRIED, max(1, MOST_TURNS // devices))
    if count > most:
        raise ScenarioError(
            [
                f"power_mode: {count:,} combinations of modes are more than the {most:,} that are tried "
                f"with {devices:,} devices; name the modes of some parties"
            ]
        )


def _check_measured(problem: SplitProblem) -> None:
    if problem.cost.measured_s.any():
        raise ScenarioError(
            [
                "power_mode: the seconds of this model were measured in one mode, so none can be chosen; "
                "name the mode they were measured in"
            ]
        )


def _in_modes(problem: SplitProblem, modes: Modes) -> SplitProblem:
    scenario = problem.scenario
    held: list[Any] = [
        party if party.power_mode == mode else replace(party, power_mode=mode)
        for party, mode in zip(_parties(scenario), modes, strict=True)
    ]
    count = len(scenario.devices)
    named = replace(scenario, devices=tuple(held[:count]), server=held[count], edges=tuple(held[count + 1 :]))
    return with_parties(problem, named)


def _alone(problem: SplitProblem, trials: Sequence[_Trial], round_of: Round) -> Modes:
    """The best mode of each device, and of the sets of server and edges the one whose round is best then."""
    count, ranks = len(problem.scenario.devices), _ranks(problem, trials, round_of)
    found: dict[Modes, tuple[tuple[int, float], Modes]] = {}
    for others in dict.fromkeys(one.modes[count:] for one in trials):
        places = [at for at, one in enumerate(trials) if one.modes[count:] == others]
        best = [min(places, key=lambda at: ranks[at][device]) for device in range(count)]
        own = [ranks[at][device] for device, at in enumerate(best)]
        broken = sum(one[0] for one in own)
        total = scores_of_round(problem, round_of, np.array([one[1] for one in own]))
        modes = tuple(trials[at].modes[device] for device, at in enumerate(best))
        found[others] = ((broken, total), (*modes, *others))
    return min(found.values(), key=lambda one: one[0])[1]


def _ranks(
    problem: SplitProblem, trials: Sequence[_Trial], round_of: Round
) -> list[list[tuple[bool, float]]]:
    """For every trial, of every device: whether it breaks a limit of its own, and its score."""
    active = round_of.active(problem.device_count)
    spread = spread_of(problem, problem.conditions(active=active), round_of)
    objective = problem.scenario.objective
    prices, energy = Prices.of(objective, spread), counted_energy(objective)
    names = problem.scenario.device_names
    found = []
    for one in trials:
        broken = {violation.where for violation in one.plan.violations}
        scores = [prices.value(delay_s=stage.delay_s, energy_j=energy(stage)) for stage in one.plan.stages]
        found.append([(name in broken, float(s)) for name, s in zip(names, scores, strict=True)])
    return found


def _told_alone(problem: SplitProblem, trials: Sequence[_Trial], best: Modes) -> tuple[PartyMode, ...]:
    """Devices by their own turns, with server and edges in their best modes; these by the round."""
    scenario, count = problem.scenario, len(problem.scenario.devices)
    energy = counted_energy(scenario.objective)
    at_best = [one for one in trials if one.modes[count:] == best[count:]]
    told = []
    for at, name in enumerate(scenario.device_names):
        if scenario.devices[at].power_mode != OPTIMISED:
            continue
        tried = {
            one.modes[at]: TriedMode(
                mode=one.modes[at] or AS_IS,
                delay_s=float(one.plan.stages[at].delay_s),
                energy_j=float(energy(one.plan.stages[at])) or float(one.plan.stages[at].energy_j),
                fits=name not in {violation.where for violation in one.plan.violations},
            )
            for one in at_best
        }
        told.append(PartyMode(party=name, mode=best[at] or AS_IS, tried=tuple(tried.values())))
    return (*told, *_told(problem, trials, best, first=count))


def _told(
    problem: SplitProblem, trials: Sequence[_Trial], best: Modes, *, first: int = 0
) -> tuple[PartyMode, ...]:
    """Each party by the best round with it in each of its modes."""
    scenario = problem.scenario
    names = (*scenario.device_names, scenario.server.name, *scenario.edge_names)
    told = []
    for at, party in list(enumerate(_parties(scenario)))[first:]:
        if party.power_mode != OPTIMISED:
            continue
        tried = []
        for mode in party.modes:
            one = min((one for one in trials if one.modes[at] == mode), key=lambda one: one.rank)
            tried.append(
                TriedMode(
                    mode=mode or AS_IS,
                    delay_s=one.plan.delay_s,
                    energy_j=one.plan.energy_j,
                    fits=one.plan.status != "infeasible",
                )
            )
        told.append(PartyMode(party=names[at], mode=best[at] or AS_IS, tried=tuple(tried)))
    return tuple(told)
