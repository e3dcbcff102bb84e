"""The cuts that can be best for one device at some rate and speed, and which of them it can hold."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cutwise.analyses.cut_curve import cut_curve
from cutwise.arrays import Mask
from cutwise.costs.cut_sums import CutSums
from cutwise.cuts.pool.closure import PoolTooLarge
from cutwise.frozen import Frozen
from cutwise.planning.answer.plan_conditions import conditions_of_plan
from cutwise.planning.one_device.candidates import candidates_of, listed
from cutwise.planning.one_device.curve_sides import curve_sides
from cutwise.planning.one_device.device_limits import rounded_excess
from cutwise.planning.one_device.objective import Score, delay, device_energy
from cutwise.planning.one_device.work.compute_features import Features, compute_features
from cutwise.plans.plan import Plan
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parts import Limits
from cutwise.schemes.base import comes_back


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ExploredCuts(Frozen):
    """Device sides `masks` (cuts, ops) with their sums, and the `conditions` that the device meets.

    `fits` says which the memories hold, `positions` which are on the curve of the device. `complete` is true
    when no cut outside can be better at any rate and speed.
    """

    masks: Mask
    sums: CutSums
    conditions: Conditions
    fits: Mask
    positions: Mask
    complete: bool


def explored_cuts(
    problem: SplitProblem, plan: Plan, device: int, score: Score, speeds: tuple[float, ...]
) -> ExploredCuts:
    """The cuts of one device, all else as planned; complete for speeds between those given."""
    decision = plan.decisions[device]
    back = comes_back(plan.scheme)
    everyone = conditions_of_plan(problem, plan)
    sides = curve_sides(problem, decision, "device", comes_back=back)
    if sides.has_edge or back or sides.returned.any():
        own = everyone.of(device)
        return ExploredCuts(
            masks=sides.masks,
            sums=sides.sums(problem),
            conditions=own.without_labels() if back else own,
            fits=cut_curve(_memories_only(problem), plan, device, with_peaks=False).fits,
            positions=np.ones(len(sides.masks), dtype=bool),
            complete=False,
        )
    pooled, complete = _pooled(problem, everyone, device, score, speeds, plan.active)
    masks = np.unique(np.vstack([sides.masks, pooled]), axis=0)
    masks = masks[np.argsort(masks.sum(axis=1), kind="stable")]
    cuts = listed(problem, masks)
    on_curve = {mask.tobytes() for mask in sides.masks}
    return ExploredCuts(
        masks=masks,
        sums=cuts.sums,
        conditions=everyone.of(device),
        fits=rounded_excess(cuts.memory.excess_ratio(problem, np.array([device])))[0] <= 0,
        positions=np.array([mask.tobytes() in on_curve for mask in masks]),
        complete=complete,
    )


def at_point(conditions: Conditions, *, uplink_bps: object, flops_per_s: float) -> Conditions:
    """The conditions of one device at another uplink rate, or several, and another speed."""
    roofs = conditions.roofs
    if roofs is not None:
        roofs = replace(roofs, device=replace(roofs.device, flops_per_s=flops_per_s))
    return replace(
        conditions,
        link=replace(conditions.link, uplink_bps=uplink_bps),
        compute=replace(conditions.compute, device_flops_per_s=flops_per_s),
        roofs=roofs,
    )


def _pooled(
    problem: SplitProblem,
    conditions: Conditions,
    device: int,
    score: Score,
    speeds: tuple[float, ...],
    clients: int,
) -> tuple[Mask, bool]:
    """All cuts that can be optimal; of a model with too many none, and False.

    Between two speeds work is dear as a sum of what it is at both: where all of it is FLOPs, as one of them.
    """
    found = []
    at_ends: list[Features] = []
    for speed in speeds:
        speed_of = np.array(conditions.compute.device_flops_per_s, dtype=np.float64)
        speed_of[device] = speed
        faster = replace(conditions, compute=replace(conditions.compute, device_flops_per_s=speed_of))
        at_ends.append(compute_features(problem, faster, (score, delay, device_energy))[device])
    compute = conditions.compute
    alone = compute.device_pace.is_flops_alone and compute.server_pace.is_flops_alone
    together = tuple(dict.fromkeys(feature for features in at_ends for feature in features))
    for features in at_ends if alone else (together,):
        try:
            found.append(candidates_of(problem, features, clients=clients))
        except PoolTooLarge:
            return np.zeros((0, len(problem.cost)), dtype=bool), False
    return np.vstack([pool.masks for pool in found]), all(pool.complete for pool in found)


def _memories_only(problem: SplitProblem) -> SplitProblem:
    limits = Limits(memory=problem.scenario.limits.memory)
    return replace(problem, scenario=replace(problem.scenario, limits=limits))
