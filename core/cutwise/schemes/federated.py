"""Federated learning: the whole model on every device, all at once, then averaging."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from cutwise.arrays import Mask
from cutwise.fields.field_values import Settled
from cutwise.planning.answer.best_plan import fixed_plan, last_ops
from cutwise.planning.sharing.band_split import planned_with_best_shares
from cutwise.plans.learning import WHOLE_MODELS, Learning
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import AT_ONCE, Round
from cutwise.problem.split_problem import SplitProblem
from cutwise.schemes.base import SCHEMES


@SCHEMES.named("federated")
@dataclass(frozen=True, slots=True, kw_only=True)
class Federated(Settled):
    """Federated learning: everybody trains the whole model at once; only models are exchanged."""

    is_baseline: ClassVar[bool] = False
    round_of: ClassVar[Round] = AT_ONCE
    separable: ClassVar[bool] = False
    turns_alone: ClassVar[bool] = True
    exhaustive: ClassVar[bool] = False
    learning: ClassVar[Learning] = WHOLE_MODELS

    def given_cut(self, problem: SplitProblem) -> Mask:
        """No split."""
        return np.ones(len(problem.cost.graph), dtype=bool)

    def solve(self, problem: SplitProblem) -> Plan:
        r"""The plan with no split.

        $T = \max_n [w / R^D_n(N) + I B (\varphi^F + \varphi^B) / F_n + w / R^U_n(N)]$ (P5's comparison;
        science notes 4.2). The server only averages, which costs nothing and counts no memory.
        """
        masks = np.tile(self.given_cut(problem), (problem.device_count, 1))
        if problem.scenario.sharing.bandwidth == "optimised" and problem.device_count > 1:
            whole = last_ops(problem, masks[0])
            plan = planned_with_best_shares(problem, scheme="federated", cut=whole, common_cut=False)
            # that bound is of plans that split the model
            return replace(plan, report=replace(plan.report, bound=None, gap=None))
        return fixed_plan(
            problem,
            scheme="federated",
            round_of=AT_ONCE,
            conditions=problem.conditions(active=problem.device_count),
            masks=masks,
            method="fixed cut",
        )
