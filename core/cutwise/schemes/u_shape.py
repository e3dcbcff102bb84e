"""Label-private split learning: the first and the last ops on the device, the server between them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.costs.cut_sums import CutSums, looped_sums
from cutwise.cuts.accepted_cut import first_accepted_of
from cutwise.cuts.brute_force import all_splits
from cutwise.cuts.u_shape.u_shape_cut import UShapeCut, u_shape_cut
from cutwise.cuts.u_shape.u_shape_numbers import SERVER, TOP, UShapeProblem
from cutwise.errors import SolverError
from cutwise.fields.field_values import Settled
from cutwise.frozen import Frozen
from cutwise.planning.answer.assemble import plan_of
from cutwise.planning.one_device.cut_memory import swept
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.planning.one_device.cut_weights import FAINT_BYTES
from cutwise.planning.one_device.device_limits import device_limits, excess_ratio, given_limits
from cutwise.planning.one_device.limited_cut import fits_memory
from cutwise.planning.one_device.loop_messages import LoopQuestion, at_server, loops_with_messages
from cutwise.planning.one_device.objective import Score, counted_energy, score_of
from cutwise.planning.one_device.u_shape_question import (
    always_speaks,
    on_one_side,
    u_shapes,
    weighed,
    within_memories,
)
from cutwise.planning.whole_round.best_round import alike
from cutwise.planning.whole_round.round_value import objective_value, scores_of_round, spread_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.learning import SPLIT, Learning
from cutwise.plans.plan import Certificate, Plan, Report
from cutwise.plans.rounds import AT_ONCE, IN_TURN, Round
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.schemes.base import SCHEMES
from cutwise.units import quantity

MOST_SPLITS = 128
"""Splits of a model up to which all cuts between two of them are tried where a limit binds."""


@SCHEMES.named("u_shape")
@dataclass(frozen=True, slots=True, kw_only=True)
class UShape(Settled):
    """Label-private split (U-shape): device, server, device; neither data nor labels leave the device."""

    is_baseline: ClassVar[bool] = False
    comes_back: ClassVar[bool] = True
    round_of: ClassVar[Round] = IN_TURN
    separable: ClassVar[bool] = False
    turns_alone: ClassVar[bool] = True
    exhaustive: ClassVar[bool] = False
    learning: ClassVar[Learning] = SPLIT
    at_once: bool = quantity(
        False, title="All at once", help="All devices at the same time, a server part for each; else in turn"
    )

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan in which every device keeps the model's outputs too, each with its best two cuts.

        Exact by a scan, one minimum cut or CP-SAT, whichever fits the graph; where messages cost time, for
        each set of messages that may be sent, as tensors of no bytes send none. Where the best cuts break a
        limit, all cuts of a small model are tried; of a large one a search offers cuts by what no peak is
        below. Raises `SolverError` for micro-batches, whose overlap over two visits to the device is not
        modelled.
        """
        if problem.micro_batches > 1:
            raise SolverError("u_shape visits the device twice a mini-batch; set micro_batches to 1")
        started = time.perf_counter()
        round_of = AT_ONCE if self.at_once else IN_TURN
        active = problem.device_count if self.at_once else 1
        conditions = problem.conditions(active=active).without_labels()
        search = _UShapeSearch(problem=problem, conditions=conditions, round_of=round_of)
        keys = alike(problem, conditions)
        first = {key: device for device, key in reversed(list(enumerate(keys)))}
        answers = {key: search.best(device) for key, device in first.items()}
        return search.plan([answers[key] for key in keys], started)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Answer(Frozen):
    """A device's labels, the score that nothing is below, and what found them."""

    labels: Ints
    bound: float
    method: str


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _UShapeSearch:
    """What is the same for every device of a round."""

    problem: SplitProblem
    conditions: Conditions
    round_of: Round

    @property
    def score(self) -> Score:
        spread = spread_of(self.problem, self.conditions, self.round_of)
        return score_of(self.problem.scenario.objective, spread)

    def best(self, device: int) -> _Answer:
        """The best cuts of one device; where they break its limits, the best of those that keep them."""
        own, problem = self.conditions.of(np.array([device])), self.problem
        asked = weighed(problem, own, self.score)
        free = u_shape_cut(asked)
        whole = np.zeros(len(problem.cost.graph), dtype=np.int64)
        if free.labels is None:
            return self._kept(device, [whole], -np.inf, "nothing")
        if self._excess([free.labels], device)[0] > 0:
            return self._limited(asked, device)
        candidates = [free.labels, whole, *on_one_side(problem, asked)]
        known = float(self._scores(candidates, device)[self._excess(candidates, device) <= 0].min())
        question = LoopQuestion(cost=problem.cost, asked=asked, conditions=own, score=self.score)
        quieter, bound = loops_with_messages(question, free, known)
        candidates += quieter
        if self._excess(candidates, device)[self._scores(candidates, device).argmin()] > 0:
            return self._limited(asked, device)
        return self._kept(device, candidates, min(known, bound), free.method)

    def _limited(self, asked: UShapeProblem, device: int) -> _Answer:
        """The best cuts within the limits: of all of a small model, else of those that a search offers."""
        whole = np.zeros(len(self.problem.cost.graph), dtype=np.int64)
        try:
            splits = all_splits(asked.untied, max_splits=MOST_SPLITS)
        except SolverError:
            return self._offered(asked, device)
        found, bound = self._best_of([whole, *u_shapes(asked, splits)], device)
        return self._kept(device, [found], bound, "every cut within the limits")

    def _best_of(self, candidates: list[Ints], device: int) -> tuple[Ints, float]:
        """The best candidate that keeps every limit and its score, infinite where none does: the nearest."""
        stages, row = self._stages(candidates, device), np.array([device])
        scores = np.where(
            excess_ratio(given_limits(self.problem), stages, row)[0] > 0,
            np.inf,
            self._scores(candidates, device),
        )
        accepts = fits_memory(self.problem, device) or (lambda _: True)
        at, bound = first_accepted_of(scores, lambda at: accepts(candidates[at] != SERVER))
        nearest = int(self._excess(candidates, device).argmin()) if at is None else at
        return candidates[nearest], bound

    def _offered(self, asked: UShapeProblem, device: int) -> _Answer:
        """The best of what a search offers within what no peak is below, and of nested cut positions."""
        problem, own = self.problem, self.conditions.of(np.array([device]))
        positions = cut_positions(problem)
        few = positions[:: -(-len(positions) // MOST_SPLITS)]
        whole = np.zeros(len(problem.cost.graph), dtype=np.int64)
        candidates = [whole, *u_shapes(asked, few), *on_one_side(problem, asked)]
        offered = within_memories(problem, asked, device)
        others = [offered]
        if offered.labels is None and not offered.ended and len(problem.cost.shared):
            others.append(within_memories(problem, asked, device, each_reader=True))
        candidates += [cut.labels for cut in others if cut.labels is not None]
        found, reached = self._best_of(candidates, device)
        if np.isinf(reached) and not offered.ended:
            raise SolverError(
                f"{problem.scenario.device_names[device]}: no cut within its limits was found, and none was "
                "ruled out; give it more memory"
            )
        alone = self._scores([whole], device)[0] if self._excess([whole], device)[0] <= 0 else np.inf
        bound = min(
            alone, _lower_bound(self, replace(offered, bound=offered.bound - offered.bound_error), own)
        )
        return self._kept(device, [found], bound, f"{offered.method} within the memories")

    def _kept(self, device: int, candidates: list[Ints], bound: float, method: str) -> _Answer:
        """The best candidate within the limits; without one the nearest to them."""
        excess, scores = self._excess(candidates, device), self._scores(candidates, device)
        within = np.where(excess > 0, np.inf, scores)
        best = int(within.argmin() if np.isfinite(within).any() else excess.argmin())
        chosen = candidates[best]
        whole = np.zeros_like(chosen)
        return _Answer(labels=chosen if (chosen == 1).any() else whole, bound=bound, method=method)

    def _scores(self, candidates: list[Ints], device: int) -> Floats:
        stages = self._stages(candidates, device)
        return np.broadcast_to(np.asarray(self.score(stages), dtype=np.float64), (1, len(candidates)))[0]

    def _excess(self, candidates: list[Ints], device: int) -> Floats:
        stages, labels = self._stages(candidates, device), np.stack(candidates)
        stages = swept(stages, self.problem.cost, labels != SERVER)
        return np.asarray(excess_ratio(device_limits(self.problem), stages, np.array([device]))[0])

    def _stages(self, candidates: list[Ints], device: int) -> StageTimes:
        labels = np.stack(candidates)
        return stage_times(self._sums(labels), self.conditions.of(np.array([device])).of((slice(None), None)))

    def _sums(self, labels: Ints) -> CutSums:
        return looped_sums(self.problem.cost, labels == 0, labels == TOP)

    def plan(self, answers: list[_Answer], started: float) -> Plan:
        """The plan of these answers with its proof."""
        problem, labels = self.problem, np.stack([answer.labels for answer in answers])
        stages = stage_times(self._sums(labels), self.conditions)
        value = self._value(stages)
        bound = self._bound(np.array([answer.bound for answer in answers]))
        methods = " and ".join(sorted({answer.method for answer in answers}))
        proof = None if bound is None else Certificate(method=methods, value=value, bound=bound)
        return plan_of(
            problem,
            scheme="u_shape",
            masks=labels == 0,
            returned=labels == TOP,
            conditions=self.conditions,
            round_of=self.round_of,
            stages=stages,
            report=Report.of(
                method=f"device–server–device by {methods}",
                value=value,
                bound=bound,
                certificate=proof,
                timing={"decide_s": time.perf_counter() - started},
            ),
        )

    def _value(self, stages: StageTimes) -> float:
        problem, count = self.problem, self.problem.device_count
        energy = np.broadcast_to(counted_energy(problem.scenario.objective)(stages), count)
        return objective_value(
            problem,
            delay_s=float(self.round_of.total(np.broadcast_to(stages.delay_s, count))),
            energy_j=float(energy.sum()),
            spread=spread_of(problem, self.conditions, self.round_of),
        )

    def _bound(self, bounds: Floats) -> float | None:
        """What no cuts are below; None where devices that work at once are weighed together."""
        weighted = self.problem.scenario.objective.is_weighted
        if not np.isfinite(bounds).all() or (weighted and self.round_of.parallel):
            return None
        return scores_of_round(self.problem, self.round_of, bounds)


def _lower_bound(search: _UShapeSearch, free: UShapeCut, own: Conditions) -> float:
    """A score that no cut with work at the server is below: with the latency of one message each way."""
    given = own.of((slice(None), None))
    faint = np.full(1, FAINT_BYTES if always_speaks(search.problem) else 0.0)
    sums = replace(at_server(search.problem.cost), output_bytes=faint, gradient_bytes=faint)
    return free.bound + float(np.ravel(search.score(stage_times(sums, given)))[0])
