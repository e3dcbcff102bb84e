"""The decision map as an analysis: which cut, which cuts of all, or which scheme is best where."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from cutwise.analyses.base import asked_plan, registered
from cutwise.analyses.cut_curve import device_at
from cutwise.analyses.maps.axes.usual_quantities import usual_link, usual_speed
from cutwise.analyses.maps.decision_map import DecisionMap
from cutwise.analyses.maps.device_map import device_map
from cutwise.analyses.maps.places.map_places import MapPlaces
from cutwise.analyses.maps.rounds.round_map import round_map
from cutwise.errors import ScenarioError
from cutwise.fields.field_values import Settled
from cutwise.question import Question, unpinned
from cutwise.scenario.changes import path_parts
from cutwise.units import quantity


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class MapAnalysis(Settled):
    """The best cut of one device at every point of two quantities, with the second best and its regret.

    Or the best cuts of all devices under the scheme, or the best of several schemes: every point then takes
    a plan.
    """

    name: ClassVar[str] = "map"
    title: ClassVar[str] = "Where the cut moves"
    asks: ClassVar[str] = "Which cut is best where, over two quantities of the scenario?"
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = True
    device: str = quantity("", title="Device", help="Name of the device; the slowest one if absent")
    across: str = quantity(
        "", title="Across", help="Path of the first quantity; the uplink, or its bandwidth, if absent"
    )
    up: str = quantity("", title="Up", help="Path of the second quantity; the device's own speed if absent")
    of: Literal["cut", "cuts"] = quantity(
        "cut", title="Of", help="What is best where: the cut of the device, or the cuts of all devices"
    )
    schemes: tuple[str, ...] = quantity(
        (), title="Schemes", help="Schemes that are mapped instead of cuts, separated by commas"
    )

    def run(self, question: Question) -> DecisionMap:
        """The map, with all that it does not look at as the scheme plans it."""
        asked = unpinned(question)
        plan = asked_plan(asked)
        device = device_at(plan, self.device)
        shown = asked_plan(question).decisions[device].cut.label
        paths = self._paths(usual_link(asked.scenario), usual_speed(device))
        places = MapPlaces.of(asked, plan, dict.fromkeys(paths, (None, None)), device=device)
        own = {asked.scheme: asked.options}
        if self.schemes:
            return round_map(places, {name: own.get(name, {}) for name in self.schemes}, by_cuts=False)
        if self.of == "cuts":
            return round_map(places, own, by_cuts=True)
        return replace(device_map(places, device), planned=shown)

    def _paths(self, link: str, speed: str) -> tuple[str, str]:
        """The two quantities; raises `ScenarioError` where they are one."""
        across = self.across or (speed if self.up == link else link)
        up = self.up or (link if across == speed else speed)
        if path_parts(across) == path_parts(up):
            raise ScenarioError([f"up: is {up}, as across is; name another quantity"])
        return across, up
