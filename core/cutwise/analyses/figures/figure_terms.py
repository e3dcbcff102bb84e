"""The terms of which a headline figure of a plan is made, and the rule by which they make it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cutwise.analyses.figures.figure_formulas import Formula
from cutwise.costs.memory.by_kind import KINDS
from cutwise.frozen import FrozenDict
from cutwise.plans.plan import Plan

MOST_ROWS = 8
MOST_TURNS = 24
"""Turns of a phase that are put into its formula one by one; of more, the sums of its groups."""
OWNERS = {
    "device_compute": "devices, computing and idle", "device_radio": "devices' radios",
    "server": "server and edges", "network": "access points",
}  # fmt: skip
ADDED, LONGEST = "the turns are added up", "the longest turn counts"
IN_PHASES = "the phases are added up; in each the longest group counts, in a group its turns are added up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One part of a figure: its name, its value, and its formula, where it has one."""

    part: str
    value: float
    formula: Formula | None = None

    @property
    def words(self) -> str:
        """Its formula in words; empty for none."""
        return self.formula.words if self.formula else ""

    @property
    def numbers(self) -> str:
        """Its formula with numbers put in; empty for none."""
        return self.formula.numbers if self.formula else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A figure with its unit, and the terms that make it by a rule."""

    value: float
    unit: str
    rule: str
    terms: tuple[Term, ...]


def delay_terms(plan: Plan, at: int) -> Made:
    """The round's delay: its turns, or its phases where groups of several devices work at once."""
    turns = [float(stage.delay_s) for stage in plan.stages]
    grouped = len(plan.phases) > 1 or any(len(group) > 1 for group in plan.phases[0])
    if plan.active > 1 and grouped:
        return Made(value=plan.delay_s, unit="s", rule=IN_PHASES, terms=tuple(_phases(plan, turns)))
    names = [one.device for one in plan.decisions]
    adding = plan.active == 1
    terms = _largest(names, turns, adding=adding)
    return Made(value=plan.delay_s, unit="s", rule=ADDED if adding else LONGEST, terms=terms)


def energy_terms(plan: Plan, at: int) -> Made:
    """The round's energy by owner."""
    terms = tuple(Term(part=OWNERS[name], value=float(j)) for name, j in plan.energy_by_owner_j.items())
    return Made(value=plan.energy_j, unit="J", rule="what all owners spend in a round, added up", terms=terms)


def traffic_terms(plan: Plan, at: int) -> Made:
    """The round's traffic by device."""
    sent = [float(stage.traffic_bytes) for stage in plan.stages]
    terms = _largest([one.device for one in plan.decisions], sent, adding=True)
    rule = "what every device sends and receives, added up"
    return Made(value=sum(sent), unit="B", rule=rule, terms=terms)


def memory_terms(plan: Plan, at: int) -> Made:
    """What the device's process takes at its fullest moment, by what fills it."""
    held = plan.stages[at].device_memory
    terms = [
        Term(part=title, value=float(getattr(held, name)))
        for name, title in KINDS.items()
        if float(getattr(held, name))
    ]
    party = plan.memory[at]
    rule = f"what fills the memory of {party.party} at its fullest moment, added up"
    return Made(value=party.process_bytes, unit="B", rule=rule, terms=tuple(terms))


FIGURES: Mapping[str, Callable[[Plan, int], Made]] = FrozenDict(
    {"delay": delay_terms, "energy": energy_terms, "traffic": traffic_terms, "memory": memory_terms}
)
"""What can be explained, each by its terms for the device looked at."""


def _phases(plan: Plan, turns: Sequence[float]) -> list[Term]:
    """A term a phase, with the longest of its groups as a formula."""
    terms = []
    names = [one.device for one in plan.decisions]
    for number, groups in enumerate(plan.phases, start=1):
        sums = [sum(turns[device] for device in group) for group in groups]
        each = sum(map(len, groups)) <= MOST_TURNS
        told = [
            " + ".join(f"{turns[device]:.9g}" for device in group) if each else f"{total:.9g}"
            for group, total in zip(groups, sums, strict=True)
        ]
        called = [
            " + ".join(f"turn of {names[device]}" for device in group) if each else f"turns of group {at}"
            for at, group in enumerate(groups, start=1)
        ]
        part = f"phase {number}: {len(groups)} groups at once" if len(groups) > 1 else f"phase {number}"
        formula = Formula(words=_longest(called), numbers=_longest(told))
        terms.append(Term(part=part, value=max(sums), formula=formula))
    return terms


def _longest(groups: Sequence[str]) -> str:
    return f"max({', '.join(groups)})" if len(groups) > 1 else groups[0]


def _largest(names: Sequence[str], values: Sequence[float], *, adding: bool) -> tuple[Term, ...]:
    """The largest terms; the rest as one where they are added up."""
    order = sorted(range(len(values)), key=lambda at: -values[at])
    terms = [Term(part=names[at], value=values[at]) for at in order[:MOST_ROWS]]
    rest = order[MOST_ROWS:]
    if rest and adding:
        terms.append(Term(part=f"{len(rest)} others", value=sum(values[at] for at in rest)))
    return tuple(terms)
