"""How many devices like these fit, what stops the next one, what ten more need, and what all that costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cutwise.analyses.base import registered, rows_of, table_text
from cutwise.analyses.explain import dominant
from cutwise.analyses.what_if.alike_devices import (
    MOST_PLANNED,
    AlikeRound,
    fits,
    of_count,
    own_cuts,
    plan_of_alike,
    round_of_alike,
)
from cutwise.analyses.what_if.inputs.asked_rows import MOST_S, AskedRows
from cutwise.analyses.what_if.inputs.changed_quantities import Quantity, quantities_named
from cutwise.analyses.what_if.inputs.helping_ways import end_of
from cutwise.analyses.what_if.inputs.sections import Precision, turning_factors
from cutwise.analyses.what_if.inputs.written_out import written_out
from cutwise.analyses.what_if.least_factors import CALLS_A_SEARCH, FARTHEST, ROWS_A_SEARCH, least_factors
from cutwise.arrays import Floats, Ints, Mask
from cutwise.fields.field_values import Settled
from cutwise.frozen import Frozen
from cutwise.question import Question
from cutwise.scenario.changes import changed
from cutwise.units import in_prefix, quantity

if TYPE_CHECKING:
    import pandas

JOULES_OF_KWH = 3.6e6
NEEDS = Precision(first=1, points=1, nearness=1e-6)
NOT_LOOKED_AT = 0.0
PLANS = 14
"""Numbers of devices that are planned to find how many fit, about."""
RESOURCES = (
    "channel.uplink_bps", "channel.downlink_bps", "channel.uplink_bandwidth_hz",
    "channel.downlink_bandwidth_hz", "devices.*.speed", "devices.*.memory_bytes", "server.speed",
    "server.memory_bytes", "limits.deadline_s", "limits.device_energy_j", "limits.traffic_bytes",
)  # fmt: skip
"""What there may be more of so that more devices fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need(Frozen):
    """What one resource would have to become so that the next devices fit; None where it cannot alone."""

    name: str
    title: str
    factor: float | None
    becomes: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load(Frozen):
    """A round of so many devices, and what all rounds of the scenario cost in money and in carbon dioxide.

    Where it is not the `best` it is one that keeps the limits.
    """

    what: str
    devices: int
    delay_s: float
    energy_j: float
    traffic_bytes: float
    keeps: bool
    best: bool
    cost: float
    carbon_g: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimensioning(Frozen):
    """How many devices `fit`, what `binds` the next one, what `more` further ones need, and what they cost.

    Where not `ends`, as many as were looked at fit. `loads` are the round as it is, the fullest that fits and
    the one with ten more, under the cheapest change that lets them in.
    """

    fit: int
    ends: bool
    more: int
    binds: str
    resource: str
    needs: tuple[Need, ...]
    loads: tuple[Load, ...]

    def to_frame(self) -> pandas.DataFrame:
        """One row a load."""
        import pandas

        names = [name for name in Load.__dataclass_fields__ if any(_told(one, name) for one in self.loads)]
        return pandas.DataFrame([[getattr(one, n) for n in names] for one in self.loads], columns=names)

    def plain(self) -> dict[str, Any]:
        """The number, what binds, every need and every load."""
        return {
            "fit": self.fit,
            "ends": self.ends,
            "binds": self.binds,
            "resource": self.resource,
            "more": self.more,
            "needs": list(self.needs),
            "loads": rows_of(self.to_frame()),
        }

    def summary(self) -> str:
        """How many fit, what stops the next, and the least that the next ten need."""
        if not self.ends:
            return f"as many as were looked at fit: {self.fit}"
        many = f"{self.fit} devices fit" if self.fit != 1 else "1 device fits"
        able = [one for one in self.needs if one.factor is not None]
        need = f"{able[0].title} {able[0].becomes}" if able else "more than one resource"
        of = f"the next {self.more} need" if self.fit else f"{self.more} would need"
        return f"{many}; one more does not: {self.binds}; {of} {need[0].lower()}{need[1:]}"

    def text(self) -> str:
        """The loads, what the next ones need, and the summary."""
        lines = [f"  {one.title}: {one.becomes}" for one in self.needs]
        head = [f"for {self.fit + self.more} devices, one of:"] if lines else []
        return "\n".join([table_text(self.to_frame()), *head, *lines, self.summary()])


def _told(load: Load, name: str) -> bool:
    return name not in ("cost", "carbon_g") or bool(getattr(load, name))


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class DimensioningAnalysis(Settled):
    """How many devices like the scenario's can be served, and what more would take."""

    name: ClassVar[str] = "dimensioning"
    title: ClassVar[str] = "How many devices fit"
    asks: ClassVar[str] = "How many devices like these fit, what binds, and what would ten more need?"
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = True
    deadline_s: float | None = quantity(
        None, unit="s", ge=1e-12, le=1e12, title="Deadline", scale="log", shown=(0.1, 1e5),
        help="Longest delay of a round; the scenario's own if absent, else ten times the round as it is",
    )  # fmt: skip
    more: int = quantity(10, ge=1, le=1000, title="More", shown=(1, 100), help="How many more are looked at")
    most: int = quantity(
        4096, ge=1, le=65536, title="Most", scale="log", shown=(16, 65536), help="As many are looked for"
    )  # fmt: skip
    price_per_kwh: float = quantity(
        0.0, ge=0, le=1e6, title="Price of energy", shown=(0.0, 1.0), help="Money a kilowatt-hour costs"
    )
    price_per_gb: float = quantity(
        0.0,
        ge=0,
        le=1e6,
        title="Price of traffic",
        shown=(0.0, 10.0),
        help="Money a gigabyte on the air costs",
    )
    price_per_device: float = quantity(
        0.0, ge=0, le=1e9, title="Price of a device", shown=(0.0, 1000.0), help="Money a device costs, once"
    )
    carbon_g_per_kwh: float = quantity(
        0.0, ge=0, le=1e5, title="Carbon of energy", shown=(0.0, 1000.0),
        help="Grams of carbon dioxide that a kilowatt-hour stands for",
    )  # fmt: skip

    def run(self, question: Question) -> Dimensioning:
        """The largest number that keeps every limit, by doubling and halving: more only take longer."""
        asked = replace(question, scenario=self._scenario(question))
        now = len(question.scenario.devices)
        most = self.most if own_cuts(asked) else min(self.most, _most_planned(asked))
        fit = largest(lambda count: fits(asked, count, {}), most)
        ends = fit < most
        needs = tuple(_needs(asked, fit + self.more)) if ends else ()
        first = next((one for one in needs if one.factor is not None), None)
        plan = plan_of_alike(asked, fit + 1) if ends else None
        rows: list[tuple[str, int, dict[str, Any]]] = [("as it is", now, {}), ("as many as fit", fit, {})]
        rows += [(f"{self.more} more", fit + self.more, dict(first.settings))] if first else []
        return Dimensioning(
            fit=fit,
            ends=ends,
            more=self.more,
            binds=plan.violations[0].sentence if plan and plan.violations else "",
            resource=dominant(plan).part if plan else "",
            needs=needs,
            loads=tuple(self._load(asked, what, count, settings) for what, count, settings in rows if count),
        )

    def _scenario(self, question: Question) -> Any:
        """The scenario with the deadline that is asked for."""
        deadline_s = self.deadline_s or question.scenario.limits.deadline_s
        if deadline_s is None:
            deadline_s = 10 * round_of_alike(question, len(question.scenario.devices), {}).delay_s
        return changed(written_out(question.scenario), {"limits.deadline_s": deadline_s})

    def _load(self, asked: Question, what: str, count: int, settings: Mapping[str, Any]) -> Load:
        found: AlikeRound = round_of_alike(asked, count, settings)
        rounds = asked.scenario.rounds
        kwh, gb = rounds * found.energy_j / JOULES_OF_KWH, rounds * in_prefix(found.traffic_bytes, "G")
        return Load(
            what=what,
            devices=count,
            delay_s=found.delay_s,
            energy_j=found.energy_j,
            traffic_bytes=found.traffic_bytes,
            keeps=found.keeps,
            best=found.best,
            cost=kwh * self.price_per_kwh + gb * self.price_per_gb + count * self.price_per_device,
            carbon_g=kwh * self.carbon_g_per_kwh,
        )


def largest(holds: Callable[[int], bool], most: int) -> int:
    """The largest number up to `most` for which it holds, where it holds up to some number and never after.

    >>> largest(lambda count: count**2 <= 50, 1000), largest(lambda count: False, 9), largest(bool, 9)
    (7, 0, 9)
    """
    low, high = 0, 1
    while high <= most and holds(high):
        low, high = high, 2 * high
    high = min(high, most + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _most_planned(asked: Question) -> int:
    """As many devices as are looked for where all of them are planned, about `MOST_S` in all."""
    now, row_s = len(asked.scenario.devices), AskedRows.of(asked).row_s
    return min(MOST_PLANNED, max(2 * now, int(now * MOST_S / (PLANS * row_s)) if row_s else MOST_PLANNED))


def _needs(asked: Question, count: int) -> Iterator[Need]:
    """What each resource would have to become for so many devices, cheapest first."""
    known = (one for one in quantities_named(asked.scenario, ()) if one.name in RESOURCES)
    found = {one.name: one for one in known}
    factors = (_factors if own_cuts(asked) else _factors_of_all)(asked, count, list(found.values()))
    order = sorted(factors, key=lambda name: factors[name] if factors[name] >= 1 else math.inf)
    yield from (_need(found[name], factors[name]) for name in order)


def _factors(asked: Question, count: int, found: Sequence[Quantity]) -> dict[str, float]:
    ends = np.array([end_of(one, 1, FARTHEST) for one in found])

    def keeps(which: Ints, factors: Floats) -> Mask:
        rows = zip(which.tolist(), factors.tolist(), strict=True)
        return np.array([fits(asked, count, found[i].settings(f)) for i, f in rows])

    factors = turning_factors(keeps, ends, NEEDS).tolist()
    return {one.name: factor for one, factor in zip(found, factors, strict=True)}


def _factors_of_all(asked: Question, count: int, found: Sequence[Quantity]) -> dict[str, float]:
    """The same where all devices are planned together; 0 for what would take too long."""
    rows = AskedRows.of(replace(asked, scenario=of_count(asked.scenario, count)))
    many = quantities_named(rows.question.scenario, [one.name for one in found])
    looked, left = rows.looked_at(many, rows=ROWS_A_SEARCH, calls=CALLS_A_SEARCH)
    factors = least_factors(rows.strictly(), looked).tolist()
    known = {one.name: factor for one, factor in zip(looked, factors, strict=True)}
    return {**known, **{one.name: NOT_LOOKED_AT for one in left}}


def _need(one: Quantity, factor: float) -> Need:
    if not factor >= 1:
        why = "not looked at, as it would take long" if factor == NOT_LOOKED_AT else "cannot alone"
        return Need(name=one.name, title=one.title, factor=None, becomes=why, settings={})
    becomes = one.change(factor).removeprefix(one.title[0].lower() + one.title[1:]).strip()
    return Need(name=one.name, title=one.title, factor=factor, becomes=becomes, settings=one.settings(factor))
