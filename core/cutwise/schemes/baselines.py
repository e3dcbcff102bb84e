"""What a plan is compared with: fixed, fitted, random and exhaustive cuts on the same scenario.

All serve devices in turn, so that they differ from `fast_split` in the cut alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.compression import Uncompressed
from cutwise.costs.cut_sums import CutSums, cut_sums
from cutwise.cuts.brute_force import all_splits
from cutwise.planning.answer.assemble import plan_of
from cutwise.planning.answer.best_plan import fixed_plan
from cutwise.planning.one_device.candidates import split_graph
from cutwise.planning.one_device.cut_positions import cut_positions, smallest_split
from cutwise.planning.one_device.cut_table import listed_table
from cutwise.planning.one_device.objective import counted_energy, score_of
from cutwise.planning.sharing.codec_choice import with_codec
from cutwise.planning.whole_round.best_round import best_round
from cutwise.planning.whole_round.joint_choice import chosen
from cutwise.planning.whole_round.round_value import objective_value, round_value, spread_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.learning import POOLED, SPLIT, Learning
from cutwise.plans.plan import Certificate, Plan, Report
from cutwise.plans.rounds import IN_TURN, Round
from cutwise.problem.conditions import Conditions
from cutwise.problem.private_ops import private_ops, with_ancestors
from cutwise.problem.split_problem import SplitProblem
from cutwise.schemes.base import SCHEMES

MOST_ENTRIES = 1 << 20
"""Pairs of device and split that enumeration prices at once."""


class Baseline:
    """What all baselines have in common: devices in turn, each scenario of a sweep by itself."""

    __slots__ = ()
    is_baseline: ClassVar[bool] = True
    round_of: ClassVar[Round] = IN_TURN
    separable: ClassVar[bool] = False
    turns_alone: ClassVar[bool] = True
    exhaustive: ClassVar[bool] = False
    learning: ClassVar[Learning] = SPLIT


@SCHEMES.named("device_only")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOnly(Baseline):
    """Everything on the device; only the model is exchanged."""

    def given_cut(self, problem: SplitProblem) -> Mask:
        """No split."""
        return np.ones(len(problem.cost.graph), dtype=bool)

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan with no split."""
        return _same_cut(problem, "device_only", self.given_cut(problem))


@SCHEMES.named("server_only")
@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOnly(Baseline):
    """Raw data go up in every iteration and everything runs on the server."""

    def given_cut(self, problem: SplitProblem) -> Mask:
        """Only the inputs on the device."""
        return problem.cost.is_input

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan with only the inputs on the devices."""
        return _same_cut(problem, "server_only", self.given_cut(problem))


@SCHEMES.named("first_layer")
@dataclass(frozen=True, slots=True, kw_only=True)
class FirstLayer(Baseline):
    """The first layer stays on the device, the rest runs on the server."""

    def given_cut(self, problem: SplitProblem) -> Mask:
        """The smallest device side that hides raw data."""
        return private_ops(problem.cost, "first_layer")

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan with the smallest device side that hides raw data."""
        return _same_cut(problem, "first_layer", self.given_cut(problem))


@SCHEMES.named("centralised")
@dataclass(frozen=True, slots=True, kw_only=True)
class Centralised(Baseline):
    """Raw data and labels go up once; the server works alone.

    What goes up is spread over the rounds of a training. In inference each request brings its samples.
    """

    learning: ClassVar[Learning] = POOLED

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan in which a round sends the samples' share of that round, in one message."""
        if not problem.workload.training:
            return _same_cut(with_codec(problem, Uncompressed()), "centralised", problem.cost.is_input)
        # raw data are no smashed data
        problem = with_codec(problem, Uncompressed())
        count, rounds = problem.device_count, problem.scenario.rounds
        masks = np.tile(problem.cost.is_input, (count, 1))
        conditions = problem.conditions()
        sums, spread = cut_sums(problem.cost, masks), spread_of(problem, conditions, IN_TURN)
        trained = conditions.compute.iterations * conditions.compute.batch_size
        once_bytes = problem.samples * (problem.input_bytes + conditions.link.label_bytes) / rounds
        sums = replace(sums, output_bytes=once_bytes / trained, gradient_bytes=np.zeros(count))
        messages = 1.0 / (conditions.compute.iterations * rounds)
        latency_s = conditions.link.uplink_latency_s * messages
        once = replace(conditions, link=replace(conditions.link, label_bytes=0.0, uplink_latency_s=latency_s))
        stages = stage_times(sums, once)
        counted_j = counted_energy(problem.scenario.objective)(stages)
        value = objective_value(
            problem,
            delay_s=float(np.sum(stages.delay_s)),
            energy_j=float(np.sum(counted_j)),
            spread=spread,
        )
        return plan_of(
            problem,
            scheme="centralised",
            masks=masks,
            conditions=once,
            round_of=IN_TURN,
            report=Report.of(method="raw data at the server", value=value, bound=None, certificate=None),
            stages=stages,
        )


@SCHEMES.named("best_static")
@dataclass(frozen=True, slots=True, kw_only=True)
class BestStatic(Baseline):
    """One cut for all devices, the best for the mean device at the mean rate."""

    turns_alone: ClassVar[bool] = False

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan whose cut was chosen for average conditions and then used everywhere (P1's OSS)."""
        conditions = problem.conditions()
        average = _mean(conditions)
        score = score_of(problem.scenario.objective, spread_of(problem, conditions, IN_TURN))
        common = best_round(problem, conditions, IN_TURN, common_cut=True, certify=False).table
        scores = np.asarray(score(stage_times(common.groups[0].sums, average)))
        fits = (common.excess <= 0).all(axis=0)
        best = np.where(fits if fits.any() else True, scores, np.inf).argmin()
        return _same_cut(problem, "best_static", common.groups[0].masks[best])


@SCHEMES.named("regression")
@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionFit(Baseline):
    """The cut where smooth fits of work, parameters and smashed data over depth have their minimum."""

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan whose cuts minimise the fitted delay; their true cost is what is shown.

        Over the cut position, FLOPs and parameters are fitted by a quadratic, what crosses by an
        exponential (P1's regression baseline as reconstructed).
        """
        positions = cut_positions(problem)
        fitted = smoothed(cut_sums(problem.cost, positions))
        conditions = problem.conditions()
        score = score_of(problem.scenario.objective, spread_of(problem, conditions, IN_TURN))
        guesses = np.asarray(score(stage_times(fitted, conditions.of((slice(None), None)))))
        return fixed_plan(
            problem,
            scheme="regression",
            round_of=IN_TURN,
            conditions=conditions,
            masks=positions[guesses.argmin(axis=1)],
            method="least fitted cost",
        )


@SCHEMES.named("random_cut")
@dataclass(frozen=True, slots=True, kw_only=True)
class RandomCut(Baseline):
    """A random cut for every device, drawn with the scenario's seed."""

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan with random cuts that keep what must stay."""
        draw = np.random.default_rng(problem.scenario.seed)
        masks = np.stack([_random_split(problem, draw) for _ in range(problem.device_count)])
        return fixed_plan(
            problem,
            scheme="random_cut",
            round_of=IN_TURN,
            conditions=problem.conditions(),
            masks=masks,
            method=f"random with seed {problem.scenario.seed}",
        )


@SCHEMES.named("brute_force")
@dataclass(frozen=True, slots=True, kw_only=True)
class BruteForce(Baseline):
    """Every split of a small model tried; raises an error for a model with too many."""

    exhaustive: ClassVar[bool] = True

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan with each device's best of all splits, which is optimal by enumeration."""
        conditions = problem.conditions()
        spread = spread_of(problem, conditions, IN_TURN)
        masks = all_splits(split_graph(problem), max_splits=MOST_ENTRIES // problem.device_count)
        table = listed_table(problem, conditions, score_of(problem.scenario.objective, spread), masks)
        picks = chosen(problem, table, IN_TURN, spread)
        value = round_value(problem, table, picks.cuts, IN_TURN, spread)
        reached = value if np.isfinite(picks.bound) else np.inf
        proof = Certificate(method=f"all {len(masks)} splits", value=reached, bound=picks.bound)
        return plan_of(
            problem,
            scheme="brute_force",
            masks=table.masks(picks.cuts),
            conditions=conditions,
            round_of=IN_TURN,
            report=Report.of(method="enumeration", value=value, bound=picks.bound, certificate=proof),
        )


def _same_cut(problem: SplitProblem, scheme: str, mask: Mask) -> Plan:
    masks = np.tile(mask, (problem.device_count, 1))
    return fixed_plan(
        problem,
        scheme=scheme,
        round_of=IN_TURN,
        conditions=problem.conditions(),
        masks=masks,
        method="fixed cut",
    )


def _mean(conditions: Conditions) -> Conditions:
    """Every condition averaged over the devices."""
    return conditions.each(lambda value: float(np.mean(value)))


def smoothed(sums: CutSums) -> CutSums:
    """The sums of nested cuts, replaced by smooth functions of their position."""
    position = np.arange(len(sums.has_server), dtype=np.float64)

    def quadratic(column: Floats) -> Floats:
        degree = min(2, len(position) - 1)
        return np.maximum(np.polyval(np.polyfit(position, column, degree), position), 0.0)

    def exponential(column: Floats) -> Floats:
        sent = column > 0
        if sent.sum() < 2:
            return column
        line = np.polyfit(position[sent], np.log(column[sent]), 1)
        return np.exp(np.polyval(line, position))

    smooth = sums.reshaped(quadratic)
    last = position == position[-1]
    return replace(
        smooth,
        has_server=sums.has_server,
        alone=sums.alone,
        output_bytes=np.where(last, sums.output_bytes, exponential(sums.output_bytes)),
        gradient_bytes=np.where(last, sums.gradient_bytes, exponential(sums.gradient_bytes)),
    )


def _random_split(problem: SplitProblem, draw: np.random.Generator) -> Mask:
    """A random op with all it depends on, closed under what must stay together."""
    grown = problem.pinned.copy()
    grown[draw.integers(len(grown), size=draw.integers(1, 3))] = True
    return smallest_split(replace(problem, pinned=with_ancestors(problem.cost.graph, grown)))
