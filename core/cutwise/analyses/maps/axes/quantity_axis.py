"""A numeric quantity of the scenario as an axis: where it stands today, and the range that is looked at."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any, get_args

import numpy as np

from cutwise.arrays import Floats, Number
from cutwise.errors import ScenarioError, UnknownNameError, shown
from cutwise.frozen import FrozenDict
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.changes import EVERY, path_parts
from cutwise.scenario.parts import Scenario
from cutwise.units import UNITS, facts_of, hints_of

DECADES = 2
"""How far an axis reaches to either side of today's value."""
PartyNumber = Callable[[SplitProblem], Number]
EFFECTIVE: Mapping[str, PartyNumber] = FrozenDict(
    {
        "devices.flops_per_s": lambda p: p.roofs.device.flops_per_s if p.roofs else p.device_flops_per_s,
        "devices.memory_bytes": lambda p: p.device_memory_bytes,
        "devices.moved_bytes_per_s": lambda p: p.device_pace.bytes_per_s,
        "devices.launch_s": lambda p: p.device_pace.launch_s,
        "devices.backward_ratio": lambda p: p.device_pace.backward_ratio,
        "devices.compute_power_w": lambda p: p.power.device_power_w,
        "devices.idle_power_w": lambda p: p.power.device_idle_power_w,
        "server.flops_per_s": lambda p: p.roofs.server.flops_per_s if p.roofs else p.server_flops_per_s,
        "server.memory_bytes": lambda p: p.server_memory_bytes,
        "server.moved_bytes_per_s": lambda p: p.server_pace.bytes_per_s,
        "server.launch_s": lambda p: p.server_pace.launch_s,
        "server.backward_ratio": lambda p: p.server_pace.backward_ratio,
        "server.compute_power_w": lambda p: p.power.server_power_w,
        "server.idle_power_w": lambda p: p.power.server_idle_power_w,
        "workload.label_bytes": lambda p: p.label_bytes,
        "workload.local_epochs": lambda p: 1.0,
    }
)
"""What stands where a field is not given: what a party's profile says, and what a model's output asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityAxis:
    """A field of the scenario, its value `here` today (None where there is not one), and a range.

    `whole` quantities take whole numbers only; a range is logarithmic where `log`.
    """

    path: str
    title: str
    unit: str
    whole: bool
    log: bool
    here: float | None
    low: float
    high: float

    def values(self, count: int) -> Floats:
        """So many values from end to end, fewer where only whole numbers count."""
        spread = np.geomspace if self.log else np.linspace
        found = spread(self.low, self.high, count)
        found[0], found[-1] = self.low, self.high
        return np.unique(found.round()) if self.whole else found

    def given(self, value: float) -> float | int:
        """A value as the scenario takes it."""
        return round(value) if self.whole else float(value)


def quantity_axis(
    problem: SplitProblem,
    path: str,
    *,
    device: int | None = None,
    low: float | None = None,
    high: float | None = None,
) -> QuantityAxis:
    """The axis of a quantity; today's value is that of `device`, else the one that all share.

    Raises `ScenarioError` for a path that is no number, and for a range that its field does not have.
    """
    owner, name, given = found_at(problem.scenario, path)
    facts, kinds = facts_of(owner, name), _number_kinds(owner, name)
    if not kinds:
        raise ScenarioError([f"{shown(path)} is no number; give a quantity such as channel.uplink_bps"])
    here = _here(problem, path, given, device)
    from_here = _low_and_high(path, facts, here, low, high)
    return QuantityAxis(
        path=path,
        title=facts["title"] or name.replace("_", " "),
        unit=UNITS.get(facts["unit"], ""),
        whole=float not in kinds,
        log=from_here[0] > 0 and (facts["scale"] == "log" or from_here[1] / from_here[0] > 100),
        here=here,
        low=from_here[0],
        high=from_here[1],
    )


def is_quantity(scenario: Scenario, path: str) -> bool:
    """True where a path leads to a number of the scenario.

    >>> is_quantity(Scenario(), "channel.uplink_bps"), is_quantity(Scenario(), "devices.*.profile")
    (True, False)
    """
    try:
        owner, name, _ = found_at(scenario, path)
    except ScenarioError:
        return False
    return bool(_number_kinds(owner, name))


def found_at(scenario: Scenario, path: str) -> tuple[type[Any], str, list[tuple[int, Any]]]:
    """Whose field a path leads to, its name, and the value of each position that it means.

    Raises `ScenarioError` where it leads nowhere.
    """
    *parts, name = path_parts(path)
    within: list[tuple[int, Any]] = [(0, scenario)]
    for part in parts:
        within = [one for at, owner in within for one in _into(path, at, owner, part)]
    if not within or not all(is_dataclass(one) and name in hints_of(type(one)) for _, one in within):
        known = hints_of(type(within[0][1])) if within and is_dataclass(within[0][1]) else ()
        raise ScenarioError([f"{shown(path)}: {UnknownNameError('field', name, known)}"])
    return type(within[0][1]), name, [(at, getattr(one, name)) for at, one in within]


def _into(path: str, at: int, owner: Any, part: str) -> list[tuple[int, Any]]:
    if isinstance(owner, tuple):
        chosen = range(len(owner)) if part == EVERY else [int(part)] if part.isdigit() else []
        if not chosen or max(chosen) >= len(owner):
            raise ScenarioError([f"{shown(path)}: {UnknownNameError('position', part, [EVERY])}"])
        return [(k, owner[k]) for k in chosen]
    if not is_dataclass(owner) or not hasattr(owner, part):
        raise ScenarioError([f"{shown(path)}: {UnknownNameError('field', part, hints_of(type(owner)))}"])
    return [(at, getattr(owner, part))]


def _number_kinds(owner: type[Any], name: str) -> set[type]:
    hint = hints_of(owner)[name]
    options = {hint, *get_args(hint)}
    return {kind for kind in (int, float) if kind in options} if bool not in options else set()


def _here(problem: SplitProblem, path: str, given: list[tuple[int, Any]], device: int | None) -> float | None:
    head, name = path_parts(path)[0], path_parts(path)[-1]
    usual = EFFECTIVE.get(f"{head}.{name}")
    found = {}
    for at, value in given:
        if value is None and usual:
            column = np.asarray(usual(problem), dtype=np.float64)
            value = float(column if column.ndim == 0 else column[at])
        found[at] = None if value is None or not math.isfinite(value) else float(value)
    if device in found and head == "devices":
        return found[device]
    values = set(found.values())
    return values.pop() if len(values) == 1 else None


def _low_and_high(
    path: str, facts: Mapping[str, Any], here: float | None, low: float | None, high: float | None
) -> tuple[float, float]:
    least, most = facts.get("ge", facts.get("gt", -math.inf)), facts.get("le", facts.get("lt", math.inf))
    usual = _usual_range(facts, here)
    if usual is None and (low is None or high is None):
        raise ScenarioError([f"{shown(path)} has no value now; say from where to where it is looked at"])
    first, last = usual or (0.0, 0.0)
    ends = (first if low is None else low, last if high is None else high)
    if not least <= ends[0] < ends[1] <= most:
        raise ScenarioError(
            [f"{shown(path)}: from {ends[0]:g} to {ends[1]:g} is no range within {least:g} and {most:g}"]
        )
    return ends


def _usual_range(facts: Mapping[str, Any], here: float | None) -> tuple[float, float] | None:
    """Decades around today's value; the range of its slider where that is not logarithmic."""
    known = facts.get("shown")
    least, most = facts.get("ge", facts.get("gt", 0.0)), facts.get("le", facts.get("lt", math.inf))
    if known and (facts["scale"] != "log" or here is None or here <= 0):
        low, high = known
        return (min(low, here), max(high, here)) if here is not None else (low, high)
    if here is None or here <= 0:
        return None
    middle = round(math.log10(here))
    return max(10.0 ** (middle - DECADES), least), min(10.0 ** (middle + DECADES), most)
