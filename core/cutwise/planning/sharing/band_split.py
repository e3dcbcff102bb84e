"""The band split that ends a parallel round first, together with every device's cut."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.frozen import Frozen
from cutwise.planning.answer.assemble import plan_of
from cutwise.planning.answer.best_plan import cut_after, planned
from cutwise.planning.one_device.cut_table import CutTable, listed_table, repriced, table_of
from cutwise.planning.one_device.objective import Score, delay, device_energy
from cutwise.planning.whole_round.best_round import best_round
from cutwise.planning.whole_round.joint_choice import holds_all
from cutwise.planning.whole_round.round_value import round_value, spread_of
from cutwise.plans.plan import Certificate, Plan, Report
from cutwise.plans.rounds import AT_ONCE
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.solvers.shares.minmax_share import Finish, ShareSplit, is_reachable, minmax_share
from cutwise.solvers.shares.tangent_shares import minmax_convex_shares
from cutwise.tolerances import LIMIT_ROUNDING

TANGENTS = 4
"""Rounds of tangents that bring the shares near; three or four mostly do."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class OpenCuts(Frozen):
    """The cuts of `table` that each device may take whatever its share, `allowed` (devices, cuts).

    `complete` says that no cut outside can end the round earlier.
    """

    table: CutTable
    allowed: Mask
    complete: bool


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SharedBand(Frozen):
    """The best shares for the open cuts, the conditions they make, and every device's pick from `table`."""

    split: ShareSplit
    conditions: Conditions
    table: CutTable
    picks: Ints
    complete: bool

    @property
    def bound(self) -> float | None:
        """What no shares and cuts can beat, where all cuts were looked at."""
        return self.split.bound if self.complete else None


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PerBit(Frozen):
    """A score of (device, cut) as what it is without transfers and what a second a bit adds, up and down."""

    still: Floats
    up: Floats
    down: Floats

    def at(self, uplink_bps: Floats, downlink_bps: Floats) -> Floats:
        """The score at rates of shape (devices,)."""
        return self.still + self.up / uplink_bps[:, None] + self.down / downlink_bps[:, None]

    def column(self, cut: int) -> PerBit:
        """The score of one cut only."""
        one = slice(cut, cut + 1)
        return PerBit(still=self.still[:, one], up=self.up[:, one], down=self.down[:, one])


def planned_with_best_shares(problem: SplitProblem, *, scheme: str, cut: str, common_cut: bool) -> Plan:
    """The plan whose band split and cuts together end the round first.

    Each device holds the same share of the band in both directions. For a given end of the round every
    device needs a least share over its cuts; the end is bisected until the shares just fill the band.
    Where the cuts are chosen at equal shares first (another objective than delay, a server too small for
    all devices' fastest cuts), the plan is `feasible`, not proven optimal. Where micro-batches overlap, the
    band is shared equally.
    """
    if problem.micro_batches > 1:
        conditions = problem.conditions(active=problem.device_count)
        return planned(
            problem, scheme=scheme, round_of=AT_ONCE, conditions=conditions, cut=cut, common_cut=common_cut
        )
    started = time.perf_counter()
    even = even_shares(problem)
    best = best_band(problem, even, common_cut=common_cut)
    band = _shared(problem, even, _open_given(problem, even, cut), common_cut=common_cut) if cut else best
    timing = {"decide_s": time.perf_counter() - started}
    bound = best.bound
    return plan_with_band(
        problem,
        scheme=scheme,
        band=band,
        bound=bound,
        proven=not cut,
        method="min-max band split",
        timing=timing,
    )


def even_shares(problem: SplitProblem) -> Conditions:
    """The conditions of equal shares, whatever the sharing policy of the band."""
    return problem.conditions(active=problem.device_count, share=1.0 / problem.device_count)


def plan_with_band(
    problem: SplitProblem,
    *,
    scheme: str,
    band: SharedBand,
    bound: float | None,
    proven: bool,
    method: str,
    timing: Mapping[str, float],
) -> Plan:
    """The plan with these shares and cuts; where `proven`, the bound certifies it."""
    spread = spread_of(problem, even_shares(problem), AT_ONCE)
    value = round_value(problem, band.table, band.picks, AT_ONCE, spread)
    proof = None
    if bound is not None and proven:
        proof = Certificate(method="bisection over the band", value=value, bound=bound)
    return plan_of(
        problem,
        scheme=scheme,
        masks=band.table.masks(band.picks),
        conditions=band.conditions,
        round_of=AT_ONCE,
        report=Report.of(method=method, value=value, bound=bound, certificate=proof, timing=timing),
    )


def best_band(problem: SplitProblem, even: Conditions, *, common_cut: bool) -> SharedBand:
    """The best shares and cuts together, or the best shares for the cuts that are best at equal shares."""
    if problem.scenario.objective.is_delay:
        band = _shared(problem, even, open_cuts_of(problem, even, common_cut), common_cut=common_cut)
        if holds_all(problem, band.table, band.picks, AT_ONCE):
            return band
    cuts = best_round(problem, even, AT_ONCE, common_cut=common_cut, certify=False)
    own = np.eye(problem.device_count, dtype=bool)
    open_cuts = OpenCuts(table=listed_table(problem, even, delay, cuts.masks), allowed=own, complete=False)
    return _shared(problem, even, open_cuts, common_cut=False)


def _open_given(problem: SplitProblem, even: Conditions, cut: str) -> OpenCuts:
    table = listed_table(problem, even, delay, cut_after(problem, cut)[None])
    return OpenCuts(table=table, allowed=np.ones_like(table.delays_s, dtype=bool), complete=False)


def open_cuts_of(problem: SplitProblem, even: Conditions, common_cut: bool) -> OpenCuts:
    """Cuts that keep the limits no share changes; where none of a device does, the one that comes nearest."""
    table = table_of(problem, even, delay, common=common_cut, clients=problem.device_count)
    excess = table.excess
    if problem.scenario.limits.device_energy_j is not None:
        limits = replace(problem.scenario.limits, device_energy_j=None)
        lasting = replace(problem, scenario=replace(problem.scenario, limits=limits))
        excess = repriced(table, lasting, even, delay).excess
    nearest = np.arange(excess.shape[1]) == excess.argmin(axis=1)[:, None]
    allowed = np.where((excess <= 0).any(axis=1, keepdims=True), excess <= 0, nearest)
    return OpenCuts(table=table, allowed=allowed, complete=table.complete)


def _shared(problem: SplitProblem, even: Conditions, open_cuts: OpenCuts, *, common_cut: bool) -> SharedBand:
    """The shares that end the round first, and the cuts that each device takes with its share."""
    cap_j = problem.scenario.limits.device_energy_j
    ends = per_bit(problem, even, open_cuts.table, delay)
    energies = ends if cap_j is None else per_bit(problem, even, open_cuts.table, device_energy)
    search = _one_column if common_cut else _any_columns
    split, allowed = search(problem, ends, energies, open_cuts.allowed, cap_j)
    if not np.isfinite(split.value):
        split, allowed = search(problem, ends, energies, open_cuts.allowed, None)
        split = replace(split, bound=np.inf)
    conditions = at_shares(problem, even, split.shares)
    table = repriced(open_cuts.table, problem, conditions, delay)
    delays = np.where(allowed, table.delays_s, np.inf)
    kept = np.where(table.excess <= 0, delays, np.inf)
    picks = np.where(np.isfinite(kept).any(axis=1), kept.argmin(axis=1), delays.argmin(axis=1))
    return SharedBand(
        split=split, conditions=conditions, table=table, picks=picks, complete=open_cuts.complete
    )


def at_shares(problem: SplitProblem, even: Conditions, shares: Floats) -> Conditions:
    """The conditions when each device holds its share of the band, all else as it was."""
    uplink_bps, downlink_bps = _rates(problem, shares)
    return even.at_share(shares, uplink_bps=uplink_bps, downlink_bps=downlink_bps)


def _any_columns(
    problem: SplitProblem, ends: PerBit, energies: PerBit, allowed: Mask, cap_j: float | None
) -> tuple[ShareSplit, Mask]:
    """The best shares when each device takes any of its cuts."""
    finish = ends_by_share(problem, ends, energies, allowed, cap_j)
    return best_shares(finish, problem.device_count, cap_j), allowed


def best_shares(finish: Finish, count: int, device_energy_j: float | None) -> ShareSplit:
    """The best shares and their proof; from tangents, which find them unless a limit makes finishes jump."""
    if device_energy_j is not None:
        return minmax_share(finish, count)
    near = minmax_convex_shares(finish, np.zeros(count), steps=TANGENTS)
    return minmax_share(finish, count, start=near.shares[:, 0])


def _one_column(
    problem: SplitProblem, ends: PerBit, energies: PerBit, allowed: Mask, cap_j: float | None
) -> tuple[ShareSplit, Mask]:
    """The best shares and the one cut for all, tried in order of what each reaches on the whole band."""
    everywhere = np.asarray(allowed.all(axis=0))
    fitting = everywhere if everywhere.any() else np.asarray(allowed.any(axis=0))
    alone = np.where(fitting, ends.at(*_rates(problem, np.ones(problem.device_count))), np.inf).max(axis=0)
    everyone = np.ones((problem.device_count, 1), dtype=bool)
    found: list[tuple[int, ShareSplit]] = []
    best = np.inf
    for cut in np.argsort(alone, kind="stable")[: fitting.sum()].tolist():
        if alone[cut] >= best:
            break
        finish = ends_by_share(problem, ends.column(cut), energies.column(cut), everyone, cap_j)
        if not found or is_reachable(finish, problem.device_count, best):
            found.append((cut, best_shares(finish, problem.device_count, cap_j)))
            best = min(best, found[-1][1].value)
    cut, split = min(found, key=lambda row: row[1].value)
    bound = min(split.bound for _, split in found)
    return replace(split, bound=bound), np.tile(np.arange(len(fitting)) == cut, (problem.device_count, 1))


def ends_by_share(
    problem: SplitProblem, ends: PerBit, energies: PerBit, allowed: Mask, device_energy_j: float | None
) -> Finish:
    """Every device's earliest end as a function of its share of the band, over the cuts it may take.

    `device_energy_j` is the most energy it may spend.
    """

    def finish(shares: Floats) -> Floats:
        rates = _rates(problem, shares)
        usable = (
            allowed
            if device_energy_j is None
            else allowed & (energies.at(*rates) <= device_energy_j * (1 + LIMIT_ROUNDING))
        )
        return np.where(usable, ends.at(*rates), np.inf).min(axis=1)

    return finish


def _rates(problem: SplitProblem, shares: Floats) -> tuple[Floats, Floats]:
    uplink_bps, downlink_bps = problem.rates_bps(shares)
    return np.asarray(uplink_bps, dtype=np.float64), np.asarray(downlink_bps, dtype=np.float64)


def per_bit(problem: SplitProblem, even: Conditions, table: CutTable, score: Score) -> PerBit:
    """Delay and energy are affine in the seconds a bit takes, so three calls of the evaluator tell all."""
    endless, one = np.full(problem.device_count, np.inf), np.ones(problem.device_count)
    still, up, down = (
        _priced(problem, even.at_rates(uplink_bps=uplink, downlink_bps=downlink), table, score)
        for uplink, downlink in ((endless, endless), (one, endless), (endless, one))
    )
    return PerBit(still=still, up=up - still, down=down - still)


def _priced(problem: SplitProblem, conditions: Conditions, table: CutTable, score: Score) -> Floats:
    """The score of every (device, cut); 0 where there is no such cut."""
    values = repriced(table, problem, conditions, score).raw_scores
    return np.where(np.isfinite(values), values, 0.0)
