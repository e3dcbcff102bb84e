"""What would have to become what for a plan to keep a limit: one quantity, two of them, or another scheme."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from cutwise.analyses.base import asked_plan, registered
from cutwise.analyses.what_if.cheapest_pair import cheapest_pair
from cutwise.analyses.what_if.inputs.asked_rows import AskedRows
from cutwise.analyses.what_if.inputs.changed_quantities import Quantity, amount_text, quantities_named
from cutwise.analyses.what_if.inputs.helping_ways import is_work
from cutwise.analyses.what_if.least_factors import CALLS_A_SEARCH, ROWS_A_SEARCH, least_factors
from cutwise.analyses.what_if.meeting_schemes import schemes_that_meet
from cutwise.analyses.what_if.target_changes import Change, ChangedPair, Targets
from cutwise.arrays import Floats, Ints
from cutwise.errors import ScenarioError
from cutwise.fields.field_values import Settled
from cutwise.plans.plan import Plan
from cutwise.question import Question
from cutwise.scenario.changes import changed, path_parts
from cutwise.scenario.parts import Scenario
from cutwise.units import percent, quantity

SOME_PAIRS = "pairs of two speeds, and of others than rates, speeds and memories"
LESS_RATIO = 0.3


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetsAnalysis(Settled):
    """The least change with which a plan keeps a deadline, an energy or a memory."""

    name: ClassVar[str] = "targets"
    title: ClassVar[str] = "What would meet a target"
    asks: ClassVar[str] = "What would have to become what for a round to end in time?"
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = True
    deadline_s: float | None = quantity(
        None, unit="s", ge=1e-12, le=1e12, title="Deadline", scale="log", shown=(0.1, 1e5),
        help="Longest delay of a round that is asked for; without any target the scenario's limits, or 30 % "
        "less delay where the plan keeps them",
    )  # fmt: skip
    device_energy_j: float | None = quantity(
        None, unit="j", ge=1e-12, le=1e18, title="Device energy", scale="log", shown=(0.1, 1e6),
        help="Most energy that any device may spend in a round",
    )  # fmt: skip
    device_memory_bytes: float | None = quantity(
        None, unit="bytes", ge=1e-12, le=1e18, title="Device memory", scale="log", shown=(1e7, 1e12),
        help="Memory in which the device side has to fit",
    )  # fmt: skip
    pairs: bool = quantity(False, title="Pairs", help="Look for the cheapest change of two quantities too")
    schemes: bool = quantity(True, title="Schemes", help="Say which other schemes would meet it")
    quantities: tuple[str, ...] = quantity(
        (), title="Quantities", help="Only these, separated by commas: paths of the scenario; all if absent"
    )

    def run(self, question: Question) -> Targets:
        """Every quantity's least change towards the target."""
        scenario, said = self._target(question)
        asked, found = replace(question, scenario=scenario), self._changeable(scenario)
        return targets(asked, said, found, pairs=self.pairs, schemes=self.schemes)

    def _changeable(self, scenario: Scenario) -> list[Quantity]:
        """What may change towards the target; raises `ScenarioError` for a quantity that is the target."""
        found = changeable(scenario, self.quantities)
        if self.device_memory_bytes is None:
            return found
        others = [one for one in found if not is_device_memory(one)]
        if self.quantities and len(others) < len(found):
            raise ScenarioError(
                ["quantities: the memory of the devices is the target; name other quantities"]
            )
        return others

    def _target(self, question: Question) -> tuple[Scenario, str]:
        """The scenario with the target as its limits, and the target in words."""
        given = {
            "limits.deadline_s": (self.deadline_s, "a round within {}", "s"),
            "limits.device_energy_j": (self.device_energy_j, "at most {} a device", "j"),
            "devices.*.memory_bytes": (self.device_memory_bytes, "a device side within {}", "bytes"),
        }
        asked = {path: row for path, row in given.items() if row[0] is not None}
        if not asked:
            return self._usual(question)
        said = " and ".join(
            text.format(amount_text(value, unit)) for value, text, unit in asked.values() if value
        )
        return changed(question.scenario, {path: value for path, (value, _, _) in asked.items()}), said

    def _usual(self, question: Question) -> tuple[Scenario, str]:
        """The scenario's own limits where they are missed; else less delay than the plan has."""
        plan = asked_plan(question)
        if plan.status == "infeasible":
            return question.scenario, "every limit of the scenario"
        deadline_s = (1 - LESS_RATIO) * plan.delay_s
        said = f"a round within {deadline_s:.4g} s, {percent(LESS_RATIO):.0f} % less than now"
        return changed(question.scenario, {"limits.deadline_s": deadline_s}), said


def missed_sentence(question: Question, plan: Plan) -> str:
    """One sentence on what would keep the limits that a plan misses; empty where it misses none.

    >>> import cutwise
    >>> from cutwise.scenario.parts import Limits, Scenario
    >>> graph = cutwise.load_model("sample:vgg16")
    >>> asked = Question(graph=graph, scenario=Scenario(limits=Limits(deadline_s=1e6)))
    >>> missed_sentence(asked, asked_plan(asked))
    ''
    """
    if plan.status != "infeasible":
        return ""
    return targets(question, "to keep every limit", changeable(question.scenario)).summary()


def targets(
    question: Question,
    said: str,
    found: Sequence[Quantity],
    *,
    pairs: bool = False,
    schemes: bool = True,
) -> Targets:
    """What would keep the limits of the question's scenario; `said` is the target in words."""
    asked = AskedRows.of(question)
    if asked.present.kept[0]:
        return Targets(target=said, met=True, changes=(), pair=None, schemes=(), exact=True)
    looked, left = asked.looked_at(found, rows=ROWS_A_SEARCH, calls=CALLS_A_SEARCH)
    strict = asked.strictly()
    factors = least_factors(strict, looked)
    changes = sorted(_changes(asked, looked, factors), key=lambda one: _cost_of(one.factor))
    pair = cheapest_pair(strict, looked, factors) if pairs else None
    return Targets(
        target=said,
        met=False,
        changes=tuple(changes),
        pair=_pair(asked, looked, pair),
        schemes=schemes_that_meet(question) if schemes else (),
        exact=asked.quick,
        left=(*(one.title for one in left), *([SOME_PAIRS] if pairs and asked.slow else [])),
    )


def changeable(scenario: Scenario, names: Sequence[str] = ()) -> list[Quantity]:
    """The quantities of these names; for none all but the work itself and the limits to keep."""
    found = quantities_named(scenario, names)
    return [one for one in found if names or not (one.name.startswith("limits.") or is_work(one))]


def is_device_memory(one: Quantity) -> bool:
    """True for the memory of devices."""
    return any(path_parts(place.path)[0] == "devices" for place in one.places) and one.name.endswith(
        ".memory_bytes"
    )


def _cost_of(factor: float | None) -> float:
    return math.inf if factor is None else abs(math.log(factor))


def _changes(asked: AskedRows, found: Sequence[Quantity], factors: Floats) -> Iterator[Change]:
    if not found:
        return
    numbers = np.arange(len(found))
    there = asked.changed_by(found, numbers, np.where(np.isnan(factors), 1.0, factors))
    for i, one in enumerate(found):
        can = not math.isnan(factors[i])
        factor = float(factors[i]) if can else None
        yield Change(
            name=one.name,
            title=one.title,
            now=one.amount(1.0),
            factor=factor,
            becomes=one.told(factors[i]) if can else "cannot",
            cost=_cost_of(factor) if can else None,
            delay_s=float(there.delay_s[i]) if can else None,
            energy_j=float(there.energy_j[i]) if can else None,
            cut=there.label(i) if can else "",
            settings=one.settings(factors[i]) if can else {},
            sentence=one.change(factors[i]) if can else f"{one.title}: no change of it alone",
        )


def _pair(
    asked: AskedRows, found: Sequence[Quantity], pair: tuple[Ints, Floats] | None
) -> ChangedPair | None:
    if pair is None:
        return None
    (i, j), (a, b) = pair[0].tolist(), pair[1].tolist()
    there = asked.changed_together(found, pair[0][None], pair[1][None])
    return ChangedPair(
        names=(found[i].name, found[j].name),
        factors=(a, b),
        cost=abs(math.log(a)) + abs(math.log(b)),
        delay_s=float(there.delay_s[0]),
        energy_j=float(there.energy_j[0]),
        settings={**found[i].settings(a), **found[j].settings(b)},
        sentence=f"{found[i].change(a)} with {found[j].change(b)}",
    )
