"""Maps of one device in its cell, and the planner at any of their points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

import cutwise
from cutwise.analyses.maps.decision_map import DecisionMap
from cutwise.analyses.maps.device_map import device_map
from cutwise.analyses.maps.places.map_places import MapPlaces
from cutwise.plans.plan import Plan
from cutwise.question import Question, shown_plan
from cutwise.scenario.changes import changed
from cutwise.stated.shipped_scenarios import shipped_scenario

UPLINK, DOWNLINK, SPEED = "channel.uplink_bps", "channel.downlink_bps", "devices.0.flops_per_s"
SERVER, MEMORY, BATCH = "server.flops_per_s", "devices.0.memory_bytes", "workload.batch_size"
LATENCY, BAND, DISTANCE = "channel.uplink_latency_s", "channel.uplink_bandwidth_hz", "devices.0.distance_m"
POWER = "devices.0.transmit_power_w"
CELLS_OF_EACH = 200


@dataclass(frozen=True, eq=False, kw_only=True)
class MappedCell:
    """One device of a shipped scenario alone, and the two quantities that are mapped."""

    model: str
    across: str
    up: str
    scenario: str = "lecture_hall"
    device: int = 2
    setting: tuple[tuple[str, object], ...] = ()
    cells: int = CELLS_OF_EACH

    @cached_property
    def question(self) -> Question:
        given = changed(shipped_scenario(self.scenario), dict(self.setting))
        single = replace(given, devices=(given.devices[self.device],))
        return Question(graph=cutwise.load_model(f"sample:{self.model}"), scenario=single)

    @cached_property
    def found(self) -> DecisionMap:
        asked = self.question
        paths = dict.fromkeys((self.across, self.up), (None, None))
        return device_map(
            MapPlaces.of(asked, shown_plan(asked, listed=False), paths, device=0), 0, cells=self.cells
        )

    def planned(self, across: float, up: float) -> Plan:
        """The plan at a point, from a scenario that says so."""
        values = {
            axis.path: round(value) if axis.whole else float(value)
            for axis, value in ((self.found.across, across), (self.found.up, up))
        }
        there = changed(self.question.scenario, {**self.found.beside, **values})
        return shown_plan(replace(self.question, scenario=there), listed=False)

    def said(self, across: float, up: float) -> str | None:
        """What is best at a point by the nearest lines: runs of the row, which has to be one of the map's."""
        value, row = (across, up) if self.found.along_across else (up, across)
        at = int(np.abs(self.found.row_values / row - 1).argmin()) if row else 0
        starts = self.found.runs.start[:, at]
        last = int(np.searchsorted(starts[np.isfinite(starts)], value, side="right")) - 1
        cut = int(self.found.runs.cut[last, at])
        return self.found.labels[cut] if cut >= 0 else None


def cut_of(plan: Plan) -> str | None:
    """The cut of the plan's device; None where it breaks a limit."""
    return None if plan.status == "infeasible" else plan.decisions[0].cut.label


CELLS: Mapping[str, MappedCell] = {
    "rate and speed": MappedCell(model="resnet18", across=UPLINK, up=SPEED),
    "rates": MappedCell(model="googlenet", across=UPLINK, up=DOWNLINK, device=1),
    "speeds": MappedCell(model="mobilenet_v2", across=SERVER, up=SPEED),
    "latency and speed": MappedCell(model="googlenet", across=LATENCY, up=SPEED, device=1),
    "memory and rate": MappedCell(model="vgg16", across=UPLINK, up=MEMORY, device=1),
    "batch and rate": MappedCell(model="resnet18", across=UPLINK, up=BATCH, cells=31),
    "batch across": MappedCell(model="mobilenet_v2", across=BATCH, up=SPEED, cells=31),
    "distance and power": MappedCell(
        model="mobilenet_v2", across=DISTANCE, up=POWER, scenario="campus_cell", device=0
    ),
    "band and speed": MappedCell(model="resnet18", across=BAND, up=SPEED, scenario="campus_cell", device=3),
    "two towers": MappedCell(model="two_tower", across=UPLINK, up=SPEED),
    "least energy": MappedCell(
        model="resnet18", across=UPLINK, up="devices.0.compute_power_w",
        setting=(("objective.kind", "energy"),),
    ),
    "an energy limit": MappedCell(
        model="resnet18", across=UPLINK, up="limits.device_energy_j",
        setting=(("limits.device_energy_j", 300.0),),
    ),
    "micro-batches": MappedCell(
        model="mobilenet_v2", across=UPLINK, up=SPEED, setting=(("workload.micro_batches", 4),)
    ),
    "inference": MappedCell(
        model="vit_b16", across=UPLINK, up=SPEED, setting=(("workload.mode", "inference"),)
    ),
}  # fmt: skip
"""Pairs of quantities of every kind over several models, by what they are of."""
