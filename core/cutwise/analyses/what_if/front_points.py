"""Points of a front: a plan's figures, and what to set so that the plan is this one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cutwise.analyses.what_if.inputs.asked_rows import unproven
from cutwise.frozen import Frozen
from cutwise.planning.answer.best_plan import last_ops
from cutwise.planning.one_device.cut_positions import ops_mask
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.question import Question, shown_scheme
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario
from cutwise.schemes.base import SCHEMES, answered
from cutwise.schemes.options import scheme_with
from cutwise.tolerances import LIMIT_ROUNDING, SAME_RATIO


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontPoint(Frozen):
    """One plan: its round's delay and energy, and the largest of its devices' memories and traffics.

    `settings` are what to set in the scenario so that `scheme` gives this plan; `pinned` is the cut
    that gives it too where all devices have one. `keeps_limits` says whether it keeps those limits of the
    scenario that the front leaves aside.
    """

    delay_s: float
    energy_j: float
    device_memory_bytes: float
    traffic_bytes: float
    private_layers: int
    accuracy_loss_ratio: float
    cut: str
    keeps_limits: bool
    settings: Mapping[str, Any]
    pinned: str
    scheme: str

    def amount(self, name: str) -> Any:
        """The figure of a column; under "adopt" what to set, in words."""
        if name == "adopt":
            return "; ".join(f"{path} = {_short(value)}" for path, value in self.settings.items())
        return getattr(self, name)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(getattr(value, "label", value))


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPoints(Frozen):
    """The points of a front, whether all are there, and how they were found."""

    points: tuple[FrontPoint, ...]
    complete: bool
    basis: str


def plan_under(question: Question, settings: Mapping[str, Any]) -> tuple[SplitProblem, Plan]:
    """The scheme's plan with these settings, without its proof."""
    scenario = changed(question.scenario, settings)
    problem = build_problem(question.graph, scenario)
    return problem, answered(problem, scheme_with(shown_scheme(question), unproven(question)))


def point_of(
    question: Question, problem: SplitProblem, plan: Plan, settings: Mapping[str, Any], **known: Any
) -> FrontPoint:
    """The plan as a point."""
    labels = dict.fromkeys(one.cut.label for one in plan.decisions)
    point = FrontPoint(
        delay_s=plan.delay_s,
        energy_j=plan.energy_j,
        device_memory_bytes=device_memory_bytes(question.scenario, plan),
        traffic_bytes=max(float(one.traffic_bytes) for one in plan.stages),
        private_layers=known.get("private_layers", 0),
        accuracy_loss_ratio=max(one.accuracy_loss_ratio for one in plan.decisions),
        cut=" | ".join(labels),
        keeps_limits=True,
        settings=dict(settings),
        pinned=common_cut(problem, plan),
        scheme=plan.scheme,
    )
    return replace(point, keeps_limits=keeps(question.scenario, plan, point))


def common_cut(problem: SplitProblem, plan: Plan) -> str:
    """What pins the plan's cut where all devices have one; empty where they differ or ops come back."""
    sides = {one.cut.device_ops for one in plan.decisions}
    if len(sides) > 1 or any(one.returned_ops or one.edge_cut for one in plan.decisions):
        return ""
    return last_ops(problem, ops_mask(problem, next(iter(sides))))


def device_memory_bytes(scenario: Scenario, plan: Plan) -> float:
    """What the fullest device's process takes, with what the limits keep free."""
    names = set(scenario.device_names)
    held = [one.process_bytes for one in plan.memory if one.party in names]
    return scenario.limits.memory_margin_ratio * max(held, default=0.0)


def keeps(scenario: Scenario, plan: Plan, point: FrontPoint) -> bool:
    """True where the plan keeps the scenario's deadline, traffic, energy, accuracy and device memories."""
    limits, slack = scenario.limits, 1 + LIMIT_ROUNDING
    own = {one.party: one for one in plan.memory}
    pairs = [
        (plan.delay_s, limits.deadline_s),
        (point.traffic_bytes, limits.traffic_bytes),
        (point.accuracy_loss_ratio, limits.accuracy_loss_ratio),
        (max(float(s.device_energy_j + s.radio_energy_j) for s in plan.stages), limits.device_energy_j),
        *(
            (own[name].process_bytes * limits.memory_margin_ratio, _memory(scenario, i))
            for i, name in enumerate(scenario.device_names)
            if name in own
        ),
    ]
    return all(cap is None or needs <= cap * slack for needs, cap in pairs)


def _memory(scenario: Scenario, device: int) -> float | None:
    one = scenario.devices[device]
    return one.memory_bytes if one.memory_bytes is not None else one.catalogue_row().memory_bytes


def undominated(points: Iterable[FrontPoint], column: str, *, more: bool = False) -> tuple[FrontPoint, ...]:
    """Those that no other beats in both delay and the column, fastest first; `more` where more is better."""
    sign = -1.0 if more else 1.0
    ordered = sorted(points, key=lambda one: (one.delay_s, sign * one.amount(column)))
    found: list[FrontPoint] = []
    for one in ordered:
        value = sign * one.amount(column)
        if not found or value < sign * found[-1].amount(column) - SAME_RATIO * abs(value):
            found.append(one)
    return tuple(found)


def can_decide_clock(scheme: str) -> bool:
    """True for a scheme that decides the server's clock with the cut."""
    return "frequency" in {name for name in SCHEMES[scheme].__dataclass_fields__}
