"""Finds the cuts of a round and proves them: device by device by max-flow or CP-SAT, or over all cuts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Ints, Mask
from cutwise.errors import SolverError
from cutwise.frozen import Frozen, FrozenDict
from cutwise.planning.one_device.cut_table import CutTable, extended, table_of
from cutwise.planning.one_device.exact_cut import ExactCut, Solver, exact_cuts
from cutwise.planning.one_device.objective import Score, score_of
from cutwise.planning.whole_round.joint_choice import chosen
from cutwise.planning.whole_round.round_value import round_value, scores_of_round, spread_of
from cutwise.plans.plan import Certificate, Report, Status
from cutwise.plans.rounds import Round
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import CLOSED_GAP, rounded_bound

POOLED = "pool of every cut that can be optimal"
UNPOOLED = "max-flow for every device, as its pool of cuts is too large"


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RoundCuts(Frozen):
    """The cuts of a round, one a device: picks from `table`, their value and what proves it.

    `least` is what no cuts of the table are below.
    """

    table: CutTable
    picks: Ints
    value: float
    least: float
    certificate: Certificate | None
    timing: Mapping[str, float]

    @property
    def masks(self) -> Mask:
        """The device sides, shape (devices, ops)."""
        return self.table.masks(self.picks)

    @property
    def bound(self) -> float | None:
        """What no cuts at all are below; None where that is not known."""
        if self.certificate is None:
            return self.least if self.table.complete else None
        return self.report().bound

    @property
    def gap(self) -> float | None:
        """Relative distance of the value from its bound; None without a bound."""
        return self.report().gap

    @property
    def status(self) -> Status:
        """Optimal where the certificate closes the gap."""
        return self.report().status

    def report(self) -> Report:
        """The report of a plan with these cuts."""
        return Report.of(
            method=POOLED if self.table.complete else UNPOOLED,
            value=self.value,
            bound=self.certificate.bound if self.certificate else None,
            certificate=self.certificate,
            timing=self.timing,
        )


def best_round(
    problem: SplitProblem,
    conditions: Conditions,
    round_of: Round,
    *,
    common_cut: bool = False,
    certify: bool = True,
) -> RoundCuts:
    """The best cuts under `conditions`, arrays of shape (devices,), certified unless not asked to."""
    started = time.perf_counter()
    spread = spread_of(problem, conditions, round_of)
    score = score_of(problem.scenario.objective, spread)
    clients = round_of.active(problem.device_count)
    table = table_of(problem, conditions, score, common=common_cut, clients=clients)
    built = time.perf_counter()
    picks = chosen(problem, table, round_of, spread, common_cut=common_cut)
    value = round_value(problem, table, picks.cuts, round_of, spread)
    decided = time.perf_counter()
    adds_up = problem.adds_up or (problem.micro_batches == 1 and not table.complete)
    proof, alone = None, picks.alone and adds_up
    if certify and alone:
        cuts = _exact_alone(problem, conditions, score, table, picks.cuts)
        if better := _better_masks(cuts, table, picks.cuts):
            table = extended(table, problem, conditions, score, np.stack(better))
            picks = chosen(problem, table, round_of, spread, common_cut=common_cut)
            value = round_value(problem, table, picks.cuts, round_of, spread)
        proof = _certificate(problem, cuts, round_of) if cuts else None
    elif certify and table.complete:
        reached = value if np.isfinite(picks.bound) else np.inf
        proof = Certificate(method="every cut that can be optimal", value=reached, bound=picks.bound)
    timing = {
        "pool_s": built - started,
        "choose_s": decided - built,
        "certify_s": time.perf_counter() - decided,
    }
    return RoundCuts(
        table=table,
        picks=picks.cuts,
        value=value,
        least=picks.bound,
        certificate=proof,
        timing=timing,
    )


def _exact_alone(
    problem: SplitProblem, conditions: Conditions, score: Score, table: CutTable, picks: Ints
) -> list[ExactCut]:
    """By max-flow for every device whose limits do not bind, by CP-SAT for the others; alike devices once.

    Empty where the search ends without a proof.
    """
    chosen_scores = table.raw_scores[np.arange(problem.device_count), picks]
    binds = chosen_scores > table.raw_scores.min(axis=1) * (1 + CLOSED_GAP)
    keys = list(zip(alike(problem, conditions), map(bool, binds), strict=True))
    first = {key: device for device, key in reversed(list(enumerate(keys)))}
    cuts: dict[tuple[bytes, bool], ExactCut] = {}
    try:
        for bound, solver in _PROVERS.items():
            members = {key: device for key, device in first.items() if key[1] is bound}
            devices = list(members.values())
            proven = exact_cuts(problem, conditions, score, devices=devices, solver=solver)
            cuts |= dict(zip(members, proven, strict=True))
    except SolverError:
        return []
    return [cuts[key] for key in keys]


def _better_masks(cuts: list[ExactCut], table: CutTable, picks: Ints) -> list[Mask]:
    """Device sides that are better than the picks: the pool compares sums, which large numbers round."""
    reached = table.scores[np.arange(len(picks)), picks].tolist()
    return [
        cut.mask
        for cut, score in zip(cuts, reached, strict=True)
        if cut.value < score and rounded_bound(cut.value, score) < score
    ]


def _certificate(problem: SplitProblem, cuts: list[ExactCut], round_of: Round) -> Certificate:
    """What the devices' own bounds prove of the round."""
    values = np.array([(cut.value, cut.bound) for cut in cuts])
    return Certificate(
        method=" and ".join(sorted({cut.method for cut in cuts})),
        value=scores_of_round(problem, round_of, values[:, 0]),
        bound=scores_of_round(problem, round_of, values[:, 1]),
    )


_PROVERS: Mapping[bool, Solver] = FrozenDict({False: "max_flow", True: "cp_sat"})


def alike(problem: SplitProblem, conditions: Conditions) -> list[bytes]:
    """A key for every device; devices with equal keys have the same best cut."""
    charged = problem.device_runtime.charged_bytes(allocated_bytes=0.0, largest_bytes=1.0)
    charged = np.broadcast_to(charged, problem.device_budget_bytes.shape)
    rows = np.column_stack([*conditions.columns, problem.device_budget_bytes, charged])
    return [row.tobytes() for row in rows]
