"""P1: any model as a graph, the best split as a minimum s-t cut, devices served one after another.

"Fast AI Model Partition for Split Learning over Edge Networks", arXiv 2507.01041.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from cutwise.fields.field_values import Settled
from cutwise.planning.answer.best_plan import fixed_plan, planned
from cutwise.planning.one_device.exact_cut import exact_cuts
from cutwise.planning.whole_round.best_round import alike, best_round
from cutwise.planning.whole_round.joint_choice import is_coupled
from cutwise.planning.whole_round.round_value import score_of_round
from cutwise.plans.learning import SPLIT, Learning
from cutwise.plans.plan import Plan, Report
from cutwise.plans.rounds import IN_TURN, Round
from cutwise.problem.split_problem import SplitProblem
from cutwise.schemes.base import SCHEMES
from cutwise.schemes.shared_options import certify_option
from cutwise.units import quantity

Method = Literal["pool", "max_flow", "block_wise"]


@SCHEMES.named("fast_split")
@dataclass(frozen=True, slots=True, kw_only=True)
class FastSplit(Settled):
    """Fast DAG split (P1): devices in turn, each with the minimum cut of its own graph."""

    is_baseline: ClassVar[bool] = False
    round_of: ClassVar[Round] = IN_TURN
    separable: ClassVar[bool] = True
    exhaustive: ClassVar[bool] = False
    learning: ClassVar[Learning] = SPLIT
    method: Method = quantity(
        "pool", title="Method",
        help="pool: every cut that can be optimal, priced at once; or P1's general or block-wise algorithm",
    )  # fmt: skip
    certify: bool = certify_option()

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan with devices served in turn."""
        if self.method == "pool":
            return planned(
                problem,
                scheme="fast_split",
                round_of=IN_TURN,
                conditions=problem.conditions(),
                certify=self.certify,
            )
        return cut_one_by_one(problem, scheme="fast_split", solver=self.method, certify=self.certify)


@SCHEMES.named("block_wise_split")
@dataclass(frozen=True, slots=True, kw_only=True)
class BlockWiseSplit(Settled):
    """Block-wise split (P1): blocks that no optimal cut divides become one vertex, then the minimum cut."""

    is_baseline: ClassVar[bool] = False
    round_of: ClassVar[Round] = IN_TURN
    separable: ClassVar[bool] = False
    turns_alone: ClassVar[bool] = True
    exhaustive: ClassVar[bool] = False
    learning: ClassVar[Learning] = SPLIT
    certify: bool = certify_option()

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan with devices served in turn."""
        return cut_one_by_one(problem, scheme="block_wise_split", solver="block_wise", certify=self.certify)


def cut_one_by_one(
    problem: SplitProblem, *, scheme: str, solver: Literal["max_flow", "block_wise"], certify: bool
) -> Plan:
    """The plan in which one of P1's algorithms cuts for each device, with its own run time in the report.

    The algorithms know no limits: where one binds, CP-SAT cuts instead, and where a deadline couples the
    devices, the cuts come from the pool; the method says so.
    """
    conditions = problem.conditions()
    best = best_round(problem, conditions, IN_TURN, certify=certify)
    masks, method, algorithm_s = best.masks, "pool of cuts, as a deadline couples the devices", 0.0
    if not is_coupled(problem.scenario, IN_TURN):
        keys = alike(problem, conditions)
        first = {key: device for device, key in reversed(list(enumerate(keys)))}
        score = score_of_round(problem, conditions, IN_TURN)
        found = exact_cuts(problem, conditions, score, devices=list(first.values()), solver=solver)
        cuts = dict(zip(first, found, strict=True))
        masks = np.stack([cuts[key].mask for key in keys])
        method = " and ".join(sorted({cut.method for cut in found}))
        algorithm_s = sum(cut.runtime_s for cut in found)
    plan = fixed_plan(
        problem,
        scheme=scheme,
        round_of=IN_TURN,
        conditions=conditions,
        masks=masks,
        method=method,
        best=best,
    )
    report = Report.of(
        method=method,
        value=plan.report.value,
        bound=plan.report.bound,
        certificate=best.certificate,
        timing={"algorithm_s": algorithm_s, **best.timing},
    )
    return replace(plan, report=report, status=report.status if plan.status == "feasible" else plan.status)
