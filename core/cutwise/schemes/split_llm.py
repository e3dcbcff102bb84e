"""P2: user, edge and cloud, the edges' users at once, each with two cuts of its own model.

"SplitLLM: Hierarchical Split Learning for Large Language Model over Wireless Network", arXiv 2501.13318.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.costs.cut_sums import nested_sums
from cutwise.costs.memory.runtime import RuntimeFigures
from cutwise.errors import SolverError
from cutwise.fields.field_values import Settled
from cutwise.frozen import Frozen
from cutwise.planning.answer.assemble import plan_of
from cutwise.planning.answer.best_plan import planned
from cutwise.planning.answer.decisions import Behind
from cutwise.planning.one_device.device_limits import DEVICE_MEMORY, EDGE_MEMORY, SERVER_MEMORY
from cutwise.planning.one_device.nested_cut import EDGE, NestedCut, Place, Tier, nested_cut
from cutwise.planning.one_device.objective import Score, counted_energy, delay
from cutwise.planning.whole_round.best_round import alike
from cutwise.planning.whole_round.joint_choice import deadline_of
from cutwise.planning.whole_round.round_value import objective_value, score_of_round, spread_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.learning import SPLIT, Learning
from cutwise.plans.plan import Certificate, Plan, Report
from cutwise.plans.rounds import AT_ONCE, IN_TURN, Round
from cutwise.problem.conditions import Conditions
from cutwise.problem.edge_links import behind_edges, budgets_of, edge_columns
from cutwise.problem.split_problem import SplitProblem
from cutwise.schemes.base import SCHEMES
from cutwise.solvers.groups.assignment import (
    cheapest_assignment,
    exact_assignment,
    longest_first_assignment,
)
from cutwise.units import quantity

Phases = tuple[tuple[tuple[int, ...], ...], ...]
MEMORIES = frozenset({DEVICE_MEMORY, EDGE_MEMORY, SERVER_MEMORY})
"""What fewer users at once may mend: what the cloud holds then bears on every tier."""
MOST_EXACT = 400
"""Users times edges up to which CP-SAT assigns users; beyond it the longest turn goes first."""


@SCHEMES.named("split_llm")
@dataclass(frozen=True, slots=True, kw_only=True)
class SplitLlm(Settled):
    """SplitLLM (P2): user, edge and cloud; every edge serves one user at a time, all edges at once."""

    is_baseline: ClassVar[bool] = False
    round_of: ClassVar[Round] = AT_ONCE
    separable: ClassVar[bool] = False
    exhaustive: ClassVar[bool] = False
    learning: ClassVar[Learning] = SPLIT
    uses_edges: ClassVar[bool] = True
    reading: Literal["sample", "sweep"] = quantity(
        "sample", title="A round",
        help="sample: one user an edge, then averaging; sweep: an edge's users in turn, then averaging",
    )  # fmt: skip
    association: Literal["exact", "lpt", "in_turn"] = quantity(
        "exact", title="Users to edges", help="CP-SAT with a bound, the longest turn first, or dealt in turn"
    )
    waves: int = quantity(
        0, ge=0, le=10_000, title="Waves", shown=(0, 10),
        help="Parts in which the edges are active; 0: as many as end first within the cloud's memory",
    )  # fmt: skip

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan of a pass over all users: every round has one user an edge, or all of them in turn.

        Each user has its best two cuts at its edge, and users are divided so that the edges end early, or,
        where energy alone counts, so that each is where it needs least.
        Without edges it is split learning between users and the server. Raises `SolverError` for a queue
        at the server, which would mix edges and cloud.
        """
        if not problem.scenario.edges:
            plan = planned(problem, scheme="split_llm", round_of=IN_TURN, conditions=problem.conditions())
            return replace(plan, report=replace(plan.report, method=f"no edges; {plan.report.method}"))
        if problem.scenario.sharing.server == "queue":
            raise SolverError("split_llm shares the cloud; set sharing.server to equal or dedicated")
        most = min(len(problem.scenario.edges), problem.device_count)
        if self.waves:
            return self._planned(problem, min(self.waves, most))
        several = range(1, (most if np.isfinite(problem.server_budget_bytes) else 1) + 1)
        plans = [self._planned(problem, waves) for waves in several]
        return min(plans, key=lambda plan: (plan.status == "infeasible", plan.report.value))

    def _planned(self, problem: SplitProblem, waves: int) -> Plan:
        """Each user's best cuts if the cloud held it alone; where it does not, with room for all."""
        chains = -(-min(len(problem.scenario.edges), problem.device_count) // waves)
        at_once = min(chains, problem.device_count)
        alone = _CutsByEdge.of(problem, chains, held=1)
        alone.check_decided()
        plan = self._in_time(alone, alone, waves)
        if at_once == 1 or not any(found.rule == SERVER_MEMORY for found in plan.violations):
            return plan
        return self._in_time(_CutsByEdge.of(problem, chains, held=at_once), alone, waves)

    def _in_time(self, by_edge: _CutsByEdge, bounding: _CutsByEdge, waves: int) -> Plan:
        """The best plan with these cuts; where it ends too late, the one whose users end first."""
        problem = by_edge.problem
        plan = self._best(by_edge, bounding, waves)
        if plan.delay_s <= deadline_of(problem) or problem.scenario.objective.is_delay:
            return plan
        hurried = _CutsByEdge.of(problem, by_edge.chains, held=by_edge.held, score=delay)
        other = self._best(hurried, bounding, waves)
        return plan if other.status == "infeasible" else other

    def _best(self, by_edge: _CutsByEdge, bounding: _CutsByEdge, waves: int) -> Plan:
        """The plan of the best association tried; that fewer waves do not do is not proven."""
        started, plans = time.perf_counter(), []
        for owner in self._owners(by_edge):
            groups = [np.flatnonzero(owner == edge) for edge in range(by_edge.delays_s.shape[1])]
            order = [sorted(g.tolist(), key=lambda i: -by_edge.delays_s[i, owner[i]]) for g in groups]
            round_of = _round(self.reading, order, by_edge.chains)
            bound = bounding.bound(self.association, round_of) if waves == 1 or self.waves else None
            words = f"{self.association.replace('_', ' ')}; {waves} wave{'s' * (waves > 1)}"
            plans.append(by_edge.plan(owner, round_of, bound, words, started))
        return min(plans, key=lambda plan: (plan.status == "infeasible", plan.report.value))

    def _owners(self, by_edge: _CutsByEdge) -> Iterator[Ints]:
        """Edges of the users (users,) to try: dealt in turn, the cheapest, or those that end early.

        Energies add up, so that where they alone count everybody's cheapest edge is best; a deadline, or a
        delay that counts beside them, may ask for another.
        """
        loads, objective = by_edge.loads, by_edge.problem.scenario.objective
        if self.association == "in_turn":
            yield np.arange(len(loads)) % loads.shape[1]
            return
        if not objective.is_delay:
            yield cheapest_assignment(by_edge.costs, by_edge.delays_s)
        if not objective.is_energy or by_edge.problem.scenario.limits.deadline_s is not None:
            small = self.association == "exact" and loads.size <= MOST_EXACT
            yield (exact_assignment if small else longest_first_assignment)(loads).owner


def _tier(budgets: Floats, runtime: RuntimeFigures, at: int) -> Tier:
    return Tier(budget_bytes=float(budgets[at]), runtime=runtime.of(at))


def _round(reading: str, order: Sequence[Sequence[int]], chains: int) -> Round:
    """Edges in waves of `chains`; of every edge one user after another, averaged after each or at the end."""
    busy = [tuple(users) for users in order if users]
    waves = [busy[first : first + chains] for first in range(0, len(busy), chains)]
    if reading == "sweep":
        rule = "One round serves every user once: edges at the same time, an edge's users one after another."
        phases: Phases = tuple(tuple(wave) for wave in waves)
    else:
        rule = (
            "This is a pass of rounds over all users: in each every edge serves one user, all at the same "
            "time, and the adapters are averaged."
        )
        longest = max(map(len, busy))
        phases = tuple(
            tuple((users[k],) for users in wave if k < len(users)) for k in range(longest) for wave in waves
        )
    phases = tuple(phase for phase in phases if phase)
    return Round(parallel=any(len(phase) > 1 for phase in phases), rule=rule, phases=phases)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _CutsByEdge(Frozen):
    """The best cuts of every user at every edge, and how long its turn is there."""

    problem: SplitProblem
    conditions: Conditions
    cuts: tuple[tuple[NestedCut, ...], ...]
    chains: int
    held: int

    @classmethod
    def of(cls, problem: SplitProblem, chains: int, *, held: int, score: Score | None = None) -> _CutsByEdge:
        """Prices every kind of user at every kind of edge once, by the objective or by a given `score`.

        The cloud must hold `held` users alike, of the `chains` that share it.
        """
        dedicated = problem.scenario.sharing.server == "dedicated"
        conditions = problem.conditions(active=1, server_share=1.0 if dedicated else 1.0 / chains)
        kinds, known = alike(problem, conditions), {}
        score = score or score_of_round(problem, conditions, AT_ONCE)
        columns = edge_columns(problem.scenario.edges, problem.workload.compute)
        edge_budgets = budgets_of(problem.scenario, columns)
        rows = []
        for device, kind in enumerate(kinds):
            row = []
            for edge, given in enumerate(problem.scenario.edges):
                key = (kind, replace(given, name=""))
                if key not in known:
                    own = behind_edges(problem, conditions.of(np.array([device])), [edge])
                    place = Place(
                        conditions=own.of(0),
                        tiers=(
                            _tier(problem.device_budget_bytes, problem.device_runtime, device),
                            _tier(edge_budgets, columns.runtime, edge),
                            Tier(budget_bytes=problem.server_budget_bytes, runtime=problem.server_runtime),
                        ),
                        chains=held,
                    )
                    known[key] = nested_cut(problem, place, score)
                row.append(known[key])
            rows.append(tuple(row))
        return cls(problem=problem, conditions=conditions, cuts=tuple(rows), chains=chains, held=held)

    @property
    def delays_s(self) -> Floats:
        """How long every user's turn is at every edge (users, edges)."""
        return np.array([[cut.delay_s for cut in row] for row in self.cuts])

    @property
    def costs(self) -> Floats:
        """The score of every user at every edge, infinite where the memories do not hold its cut."""
        return np.array([[cut.score if cut.fits else np.inf for cut in row] for row in self.cuts])

    @property
    def loads(self) -> Floats:
        """What is divided evenly: scores, those of cuts that the memories do not hold above all others."""
        scores = np.array([[cut.score for cut in row] for row in self.cuts])
        if not self.problem.scenario.objective.is_weighted:
            scores = self.delays_s
        unfit = np.array([[not cut.fits for cut in row] for row in self.cuts])
        return scores + unfit * (1.0 + scores.sum())

    def plan(self, owner: Ints, round_of: Round, bound: float | None, method: str, started: float) -> Plan:
        """The plan with every user at the edge that owns it."""
        problem = self.problem
        picked = [self.cuts[device][edge] for device, edge in enumerate(owner)]
        labels = np.stack([cut.labels for cut in picked])
        conditions = behind_edges(problem, self.conditions, owner.tolist())
        masks, edge_masks = labels == 0, labels <= EDGE
        stages = stage_times(nested_sums(problem.cost, masks, edge_masks), conditions)
        count = problem.device_count
        energy = np.broadcast_to(counted_energy(problem.scenario.objective)(stages), count)
        value = objective_value(
            problem,
            delay_s=float(round_of.total(np.broadcast_to(stages.delay_s, count))),
            energy_j=float(energy.sum()),
            spread=spread_of(problem, self.conditions, AT_ONCE),
        )
        cuts = " and ".join(sorted({cut.method for cut in picked}))
        method = f"{cuts}; users to edges: {method}"
        proof = None if bound is None else Certificate(method=method, value=value, bound=bound)
        return plan_of(
            problem,
            scheme="split_llm",
            masks=masks,
            behind=Behind.of(problem, edge_masks, owner),
            conditions=conditions,
            round_of=round_of,
            stages=stages,
            report=Report.of(
                method=method,
                value=value,
                bound=bound,
                certificate=proof,
                timing={"decide_s": time.perf_counter() - started},
            ),
        )

    def check_decided(self) -> None:
        """Raises `SolverError` where a user's search ended with no cuts found and none ruled out."""
        for name, row in zip(self.problem.scenario.device_names, self.cuts, strict=True):
            if not any(cut.fits for cut in row) and any(np.isfinite(cut.bound) for cut in row):
                raise SolverError(
                    f"{name}: no cuts within the memories were found, and none were ruled out; "
                    "give a tier more memory"
                )

    def bound(self, association: str, round_of: Round) -> float | None:
        """What no cuts and no association are below: their own bounds, assigned at best."""
        objective, problem = self.problem.scenario.objective, self.problem
        bounds = np.array([[cut.bound for cut in row] for row in self.cuts])
        held = np.isfinite(bounds)
        if problem.micro_batches > 1 or objective.is_weighted or not held.any(axis=1).all():
            return None
        if objective.is_energy:
            return float(bounds.min(axis=1).sum())
        if len(round_of.of(problem.device_count)) > 1:
            return None
        small = association == "exact" and bounds.size <= MOST_EXACT
        never = 1.0 + bounds[held].sum()  # at an edge that does not hold its part
        least = np.where(held, np.maximum(bounds, 0.0), never)
        return (exact_assignment if small else longest_first_assignment)(least).bound
