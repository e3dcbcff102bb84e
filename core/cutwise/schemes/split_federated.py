"""Split federated learning: all devices at once, each with a server-side model of its own, then averaging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from cutwise.fields.field_values import Settled
from cutwise.planning.answer.best_plan import planned
from cutwise.planning.sharing.band_split import planned_with_best_shares
from cutwise.planning.sharing.shared_server_model import planned_with_queue
from cutwise.plans.learning import ONE_SERVER_MODEL, SPLIT, Learning
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import AT_ONCE, Round
from cutwise.problem.split_problem import SplitProblem
from cutwise.schemes.base import SCHEMES
from cutwise.schemes.shared_options import certify_option, common_cut_option, cut_option
from cutwise.units import quantity


@SCHEMES.named("split_federated")
@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFederated(Settled):
    """Split federated learning: all devices train at once; the round ends with the last of them."""

    is_baseline: ClassVar[bool] = False
    round_of: ClassVar[Round] = AT_ONCE
    separable: ClassVar[bool] = True
    exhaustive: ClassVar[bool] = False
    version: Literal["v1", "v2"] = quantity(
        "v1", title="Version",
        help="v1: a server-side model for every device; v2: one for all, which serves them one after another",
    )  # fmt: skip
    cut: str = cut_option()
    common_cut: bool = common_cut_option()
    certify: bool = certify_option()

    @property
    def learning(self) -> Learning:
        """Version 2 trains one model at the server, which serves the devices in the order they come."""
        return ONE_SERVER_MODEL if self.version == "v2" else SPLIT

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan with all devices active; the band is shared by policy or by the exact min-max split.

        Version 2 (SplitFed V2) keeps one server-side model, so that all devices have one cut; the server
        works at full speed for whoever comes first. Its band is shared equally where the best shares are
        asked for.
        """
        if self.version == "v2":
            return planned_with_queue(problem, scheme="split_federated", cut=self.cut, certify=self.certify)
        if problem.scenario.sharing.bandwidth == "optimised" and problem.device_count > 1:
            return planned_with_best_shares(
                problem, scheme="split_federated", cut=self.cut, common_cut=self.common_cut
            )
        return planned(
            problem,
            scheme="split_federated",
            round_of=AT_ONCE,
            conditions=problem.conditions(active=problem.device_count),
            cut=self.cut,
            common_cut=self.common_cut,
            certify=self.certify,
        )
