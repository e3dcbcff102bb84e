"""Every cut of one device in every row of swept numbers: delay, energy, objective, and broken limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.columns.device_rows import (
    FREE,
    DeviceRows,
    cuts_for,
    given_limits,
    groups_of_rows,
    memory_limits,
    rules_of,
)
from cutwise.columns.picks.row_limits import excess_in
from cutwise.columns.swept_paths import checked_column
from cutwise.errors import ScenarioError
from cutwise.frozen import Frozen
from cutwise.planning.answer.cut_labels import labels_of
from cutwise.planning.answer.plan_conditions import conditions_of_plan
from cutwise.planning.one_device.candidates import Candidates, candidates_from
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.planning.one_device.objective import Spread, delay, score_of
from cutwise.planning.whole_round.round_value import spread_of
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import AT_ONCE, IN_TURN
from cutwise.plans.stages import StageTimes
from cutwise.problem.split_problem import SplitProblem


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CutScores(Frozen):
    """Cuts (cuts, ops) of one device, and what each takes in every row, arrays of shape (cuts, rows).

    `excess` says by how much a cut breaks the worst limit of its device, 0 or less if none. `complete` is
    true where no other cut can be better in any row.
    """

    masks: Mask
    labels: tuple[str, ...]
    delay_s: Floats
    energy_j: Floats
    objective: Floats
    excess: Floats
    complete: bool


def cut_scores(
    problem: SplitProblem, columns: Mapping[str, Any], device: int = 0, *, plan: Plan | None = None
) -> CutScores:
    """The cuts of a device that can be best in some row of numeric columns (rows,), priced in all of them.

    The device is served in turn and has what the scenario shares out, or what it has in the `plan`, whose
    cuts of the other devices stay. Of a model with too many cuts the positions along it stand for all.

    >>> import cutwise
    >>> from cutwise.problem.split_problem import build_problem
    >>> from cutwise.scenario.parts import Scenario
    >>> vgg = build_problem(cutwise.load_model("sample:vgg16"), Scenario())
    >>> found = cut_scores(vgg, {"channel.uplink_bps": [1e6, 1e9]})
    >>> [found.labels[at] for at in found.objective.argmin(axis=0)]
    ['after features/5/pool', 'after features/3/pool']
    """
    scenario = problem.scenario
    checked = {path: checked_column(scenario, path, values) for path, values in columns.items()}
    lengths = {len(column) for column in checked.values()} or {1}
    if len(lengths) > 1:
        raise ScenarioError([f"columns have one length, these have {sorted(lengths)}"])
    active = 1 if plan is None else plan.active
    rows = DeviceRows.of(problem, scenario, checked, device=device, active=active, count=lengths.pop())
    if plan is not None:
        rows = _as_planned(problem, rows, plan, device)
    return _scored(rows, _spread(problem, active))


def _spread(problem: SplitProblem, active: int) -> Spread:
    return spread_of(problem, problem.conditions(active=active), AT_ONCE if active > 1 else IN_TURN)


def _as_planned(problem: SplitProblem, rows: DeviceRows, plan: Plan, device: int) -> DeviceRows:
    """The rows with the shares that a plan decided for the device."""
    decided = conditions_of_plan(problem, plan).of([device])
    decision = plan.decisions[device]
    own = rows.problem.conditions(active=rows.active, share=decision.bandwidth_share / decision.duty_ratio)
    duty = decision.duty_ratio
    link = replace(
        own.link,
        uplink_bps=duty * own.link.uplink_bps,
        downlink_bps=duty * own.link.downlink_bps,
        duty_ratio=duty,
    )
    compute = replace(
        own.compute,
        server_share=decision.server_share,
        waiting_s=_plain(decided.compute.waiting_s),
    )
    power = replace(own.power, server_idle_ratio=_plain(decided.power.server_idle_ratio))
    clocked = replace(own, link=link, compute=compute, power=power)
    if decision.server_frequency_ratio != 1:
        clocked = clocked.at_clock(decision.server_frequency_ratio, problem.scenario.energy.clock)
    return rows.under(clocked)


def _plain(value: Any) -> float:
    return float(np.asarray(value).reshape(-1)[0])


def _scored(rows: DeviceRows, spread: Spread) -> CutScores:
    score, cuts = score_of(rows.problem.scenario.objective, spread), _cuts(rows, spread)
    every = slice(0, rows.count)
    limits = [one for one in memory_limits(rows, cuts) if not one.spared]
    return CutScores(
        masks=cuts.masks,
        labels=labels_of(rows.problem, cuts.masks),
        delay_s=rows.scores(delay, cuts).at(every),
        energy_j=rows.scores(_energy, cuts).at(every),
        objective=rows.scores(score, cuts).at(every),
        excess=excess_in((*limits, *given_limits(rows, cuts, None)), every, len(cuts.masks)),
        complete=cuts.complete,
    )


def _energy(stages: StageTimes) -> Any:
    return stages.energy_j


def _cuts(rows: DeviceRows, spread: Spread) -> Candidates:
    """The cuts of all groups of rows; where memory may bind, also those told apart by what they hold."""
    score, masks, complete = score_of(rows.problem.scenario.objective, spread), [], True
    for group in groups_of_rows(rows, score):
        found = cuts_for(rows, group, FREE)
        if found is not None and not all(one.spared for one in memory_limits(rows, found)):
            bound = cuts_for(rows, group, rules_of(memory_limits(rows, found)))
            complete &= bound is not None
            masks += [found.masks] if bound is None else [bound.masks]
        elif found is not None:
            masks.append(found.masks)
        complete &= found is not None
    if complete and len(masks) == 1:
        return candidates_from(rows.problem.cost, masks[0], complete=True)
    if not complete:
        masks.append(cut_positions(rows.problem))
    every = np.unique(np.vstack(masks), axis=0)
    return candidates_from(rows.problem.cost, every, complete=complete)
