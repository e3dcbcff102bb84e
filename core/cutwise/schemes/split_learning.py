"""Vanilla split learning: devices in turn, each with its best cut, one common cut, or a given one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cutwise.fields.field_values import Settled
from cutwise.planning.answer.best_plan import planned
from cutwise.plans.learning import SPLIT, Learning
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import IN_TURN, Round
from cutwise.problem.split_problem import SplitProblem
from cutwise.schemes.base import SCHEMES
from cutwise.schemes.shared_options import certify_option, common_cut_option, cut_option


@SCHEMES.named("split_learning")
@dataclass(frozen=True, slots=True, kw_only=True)
class SplitLearning(Settled):
    """Split learning: devices in turn, each with its best cut, one for all, or a given one."""

    is_baseline: ClassVar[bool] = False
    round_of: ClassVar[Round] = IN_TURN
    separable: ClassVar[bool] = True
    exhaustive: ClassVar[bool] = False
    learning: ClassVar[Learning] = SPLIT
    cut: str = cut_option()
    common_cut: bool = common_cut_option()
    certify: bool = certify_option()

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan with devices served in turn."""
        return planned(
            problem,
            scheme="split_learning",
            round_of=IN_TURN,
            conditions=problem.conditions(),
            cut=self.cut,
            common_cut=self.common_cut,
            certify=self.certify,
        )
