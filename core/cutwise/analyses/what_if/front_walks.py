"""How the points of each front are found, one axis a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from cutwise.analyses.what_if.front_points import (
    FoundPoints,
    FrontPoint,
    can_decide_clock,
    device_memory_bytes,
    plan_under,
    point_of,
    undominated,
)
from cutwise.analyses.what_if.inputs.changed_quantities import amount_text
from cutwise.compression import compressor_names
from cutwise.frozen import Frozen, FrozenDict
from cutwise.planning.sharing.codec_choice import CodecSetting, frontier, with_compressor
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import build_problem
from cutwise.question import Question, shown_scheme
from cutwise.scenario.changes import changed
from cutwise.tolerances import LIMIT_ROUNDING
from cutwise.units import percent

AxisName: TypeAlias = Literal["energy", "device_memory", "traffic", "private_layers", "accuracy_loss"]
UNDER = 1 - 3 * LIMIT_ROUNDING
"""A limit so little below an amount is broken by it."""
DEADLINE, KIND = "limits.deadline_s", "objective.kind"
EVERY_PLAN = "all plans of the scheme that no other beats in both"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontAxis(Frozen):
    """What delay is held against: its column, its name in words, its limit's path and how it is walked."""

    column: str
    title: str
    unit: str
    limit: str
    walk: Callable[[Question, int], FoundPoints]

    def text(self, point: FrontPoint) -> str:
        """The point's figure in words."""
        value = point.amount(self.column)
        if self.unit == "ratio":
            return f"{percent(value):.3g} % of accuracy lost"
        return f"{value} private layers" if not self.unit else amount_text(value, self.unit)

    def limits(self, question: Question) -> dict[str, float]:
        """The scenario's limits on the two axes."""
        given = question.scenario.limits
        both = {"delay_s": given.deadline_s}
        if self.limit:
            both[self.column] = getattr(given, self.limit)
        if self.column == "device_memory_bytes":
            rows = [(one, one.catalogue_row()) for one in question.scenario.devices]
            least = min(_given(one.memory_bytes, row.memory_bytes) for one, row in rows)
            both[self.column] = least if np.isfinite(least) else None
        return {name: value for name, value in both.items() if value is not None}


def _given(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def front_points(question: Question, against: AxisName, most: int) -> FoundPoints:
    """The points of a front; delay is minimised under every limit that is on neither axis."""
    axis = AXES[against]
    free = {DEADLINE: None, **({f"limits.{axis.limit}": None} if axis.limit else {})}
    asked = replace(question, scenario=changed(question.scenario, {**free, KIND: "delay"}))
    found = axis.walk(asked, most)
    more = against == "private_layers"
    kept = (_marked(question, one, free) for one in undominated(found.points, axis.column, more=more))
    return replace(found, points=tuple(kept))


def _marked(question: Question, point: FrontPoint, free: Mapping[str, Any]) -> FrontPoint:
    """The point by the limits of the scenario that was asked about, with all that has to be set for it."""
    now = question.scenario
    lifted = {path: value for path, value in free.items() if path not in point.settings}
    lifted = {path: value for path, value in lifted.items() if getattr(now.limits, path.split(".")[1])}
    kind = {} if KIND in point.settings or now.objective.kind == "delay" else {KIND: "delay"}
    settings = {**lifted, **kind, **point.settings}
    problem, plan = plan_under(question, settings)
    again = point_of(question, problem, plan, settings, private_layers=point.private_layers)
    return replace(point, keeps_limits=again.keeps_limits, settings=settings)


def _stepwise(
    question: Question, most: int, tightened: Callable[[Plan], Mapping[str, Any]], start: Mapping[str, Any]
) -> FoundPoints:
    """Plans under a limit that each of them only just breaks, until none keeps it: no point is left out."""
    points: list[FrontPoint] = []
    settings = dict(start)
    while len(points) < most:
        problem, plan = plan_under(question, settings)
        if plan.status == "infeasible":
            return FoundPoints(points=tuple(points), complete=True, basis=EVERY_PLAN)
        points.append(point_of(question, problem, plan, settings))
        settings = {**start, **tightened(plan)}
    return FoundPoints(
        points=tuple(points), complete=False, basis=f"the first {most}, and more after them: raise points"
    )


def _traffic(question: Question, most: int) -> FoundPoints:
    def tightened(plan: Plan) -> dict[str, Any]:
        return {"limits.traffic_bytes": UNDER * max(float(one.traffic_bytes) for one in plan.stages)}

    return _named(_stepwise(question, most, tightened, {}), "limits.traffic_bytes", "traffic_bytes")


def _memory(question: Question, most: int) -> FoundPoints:
    def tightened(plan: Plan) -> dict[str, Any]:
        return {"devices.*.memory_bytes": UNDER * device_memory_bytes(question.scenario, plan)}

    unlimited = {"devices.*.memory_bytes": MOST_BYTES}
    found = _stepwise(question, most, tightened, unlimited)
    return _named(found, "devices.*.memory_bytes", "device_memory_bytes")


def _named(found: FoundPoints, path: str, column: str) -> FoundPoints:
    """The points with their own amount as the limit to set, just above it for the sake of rounding."""
    points = (
        replace(one, settings={**one.settings, path: max(one.amount(column), LEAST) * (1 + LIMIT_ROUNDING)})
        for one in found.points
    )
    return replace(found, points=tuple(points))


def _energy(question: Question, most: int) -> FoundPoints:
    """Least energy under ever shorter deadlines; where there are too many, under some of them."""
    if can_decide_clock(shown_scheme(question)) and not question.cut:
        return _with_clock(question, most)
    saving = {KIND: "energy", "objective.energy_of": ("device", "network", "server")}

    def tightened(plan: Plan) -> dict[str, Any]:
        return {DEADLINE: UNDER * plan.delay_s}

    found = _stepwise(question, most, tightened, saving)
    if not found.complete:
        found = _some_deadlines(question, most, saving, found.points[0].delay_s)
    return _named(found, DEADLINE, "delay_s")


def _some_deadlines(
    question: Question, most: int, saving: Mapping[str, Any], slowest_s: float
) -> FoundPoints:
    _, fastest = plan_under(question, {})
    points = []
    for deadline_s in np.geomspace(max(fastest.delay_s, LEAST), slowest_s, most).tolist():
        settings = {**saving, DEADLINE: deadline_s * (1 + LIMIT_ROUNDING)}
        problem, plan = plan_under(question, settings)
        if plan.status != "infeasible":
            points.append(point_of(question, problem, plan, settings))
    basis = f"the least energy at {most} deadlines, with more between"
    return FoundPoints(points=tuple(points), complete=False, basis=basis)


def _with_clock(question: Question, most: int) -> FoundPoints:
    """The rounds of the front of delay and energy with the best clocks, one a weight between them."""
    weights = np.linspace(0.0, 1.0, most).tolist()
    points = list(_weighted(question, weights))
    basis = f"the best cuts and clocks for {most} weights; none lies below the line between two neighbours"
    return FoundPoints(points=tuple(points), complete=False, basis=basis)


def _weighted(question: Question, weights: list[float]) -> Iterator[FrontPoint]:
    owners = question.scenario.objective.energy_of
    for weight in weights:
        settings = {
            KIND: "weighted",
            "objective.delay_weight": weight,
            "objective.energy_weight": 1 - weight,
            "objective.energy_of": owners,
        }
        problem, plan = plan_under(question, settings)
        if plan.status != "infeasible":
            yield point_of(question, problem, plan, settings)


def _private(question: Question, most: int) -> FoundPoints:
    """One plan a number of layers that stay, until all do."""
    cost = build_problem(question.graph, question.scenario).cost
    layers = int((cost.weight_bytes > 0).sum())
    depths = np.unique(np.linspace(0, layers, min(most, layers + 1)).round().astype(int)).tolist()
    points = []
    for depth in depths:
        settings = {"privacy.keep_on_device": {"layers": depth} if depth else "raw_allowed"}
        problem, plan = plan_under(question, settings)
        if plan.status != "infeasible":
            points.append(point_of(question, problem, plan, settings, private_layers=depth))
    complete = len(depths) == layers + 1
    basis = EVERY_PLAN if complete else f"{len(depths)} of {layers + 1} numbers of layers"
    return FoundPoints(points=tuple(points), complete=complete, basis=basis)


def _accuracy(question: Question, most: int) -> FoundPoints:
    """One plan a compressor's setting that no other undercuts in both size and loss, and one uncompressed."""
    problem = build_problem(question.graph, question.scenario)
    settings = [
        one
        for kind in compressor_names()
        for one in frontier(with_compressor(problem, kind).scenario.compression)
    ]
    lightest = _lasting(settings)
    chosen = [
        lightest[i] for i in np.unique(np.linspace(0, len(lightest) - 1, most - 1).astype(int)).tolist()
    ]
    codecs = [{"kind": "none"}, *(one.codec for one in chosen)]
    points = []
    for codec in codecs:
        given = {"compression.codec": codec}
        made, plan = plan_under(question, given)
        if plan.status != "infeasible":
            points.append(point_of(question, made, plan, given))
    few = len(chosen) < len(lightest)
    basis = (
        f"{len(chosen)} of {len(lightest)} settings of compressors" if few else "every setting of compressors"
    )
    return FoundPoints(points=tuple(points), complete=not few, basis=basis)


def _lasting(settings: list[CodecSetting]) -> list[CodecSetting]:
    """Settings by rising size of which each loses less than all smaller ones."""
    least, found = np.inf, []
    for one in sorted(settings, key=lambda s: (s.size_ratio, s.loss_ratio)):
        if one.loss_ratio < least:
            least = one.loss_ratio
            found.append(one)
    return found


LEAST, MOST_BYTES = 1e-12, 1e18
AXES: Mapping[AxisName, FrontAxis] = FrozenDict(
    {
        "energy": FrontAxis(column="energy_j", title="energy", unit="j", limit="", walk=_energy),
        "device_memory": FrontAxis(
            column="device_memory_bytes", title="device memory", unit="bytes", limit="", walk=_memory
        ),
        "traffic": FrontAxis(
            column="traffic_bytes", title="traffic", unit="bytes", limit="traffic_bytes", walk=_traffic
        ),
        "private_layers": FrontAxis(
            column="private_layers", title="private layers", unit="", limit="", walk=_private
        ),
        "accuracy_loss": FrontAxis(
            column="accuracy_loss_ratio",
            title="accuracy loss",
            unit="ratio",
            limit="accuracy_loss_ratio",
            walk=_accuracy,
        ),
    }
)
