"""The figures of a plan beside those of its baseline, and how good the plan is known to be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from cutwise.analyses.bands.certainty import Certainty
from cutwise.costs.memory.verdict import PartyMemory
from cutwise.frozen import Frozen
from cutwise.plans.plan import Plan
from cutwise.stated.stated_question import BEST_BASELINE
from cutwise_dashboard.format import (
    change_kind,
    change_text,
    figures,
    quantity_text,
    readable,
    seconds_text,
    sentence_case,
    share_text,
)

Kind = Literal["good", "bad", "note", ""]
MOST_RULES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadlineFigure(Frozen):
    """One figure: what it is called, the value, what is said beneath, and whether that is good or bad."""

    label: str
    value: str
    change: str = ""
    kind: Kind = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(Frozen):
    """How good a plan is known to be: a short verdict, its kind, and by what, to be read on."""

    verdict: str
    kind: Kind
    by: str


def headline_figures(plan: Plan, baseline: Plan | None) -> tuple[HeadlineFigure, ...]:
    """Delay, energy, data and the fullest memory; in inference requests a second and tokens too."""
    return (
        _compared(
            "One round takes" if plan.inference is None else "All requests take",
            seconds_text(plan.delay_s),
            plan.delay_s,
            baseline and baseline.delay_s,
            words=("faster", "slower"),
        ),
        *_served(plan),
        _compared("Energy", quantity_text(plan.energy_j, "J"), plan.energy_j, baseline and baseline.energy_j),
        _compared(
            "Data sent",
            quantity_text(traffic_bytes(plan), "B"),
            traffic_bytes(plan),
            baseline and traffic_bytes(baseline),
        ),
        _fullest(plan),
    )


def traffic_bytes(plan: Plan) -> float:
    """What all devices send and receive."""
    return sum(float(stage.traffic_bytes) for stage in plan.stages)


def _compared(
    label: str, text: str, value: float, base: float | None, *, words: tuple[str, str] = ("less", "more")
) -> HeadlineFigure:
    if base is None:
        return HeadlineFigure(label=label, value=text)
    change = change_text(value, base, less=words[0], more=words[1])
    kind: Kind = "good" if change_kind(value, base) == "good" else "bad" if change_kind(value, base) else ""
    return HeadlineFigure(label=label, value=text, change=change, kind=kind if change else "")


def _served(plan: Plan) -> tuple[HeadlineFigure, ...]:
    """What those who wait for requests ask: how many a second, and when the first word comes."""
    served = plan.inference
    if served is None:
        return ()
    slowest = max(served.devices, key=lambda one: one.request_delay_s)
    rate = HeadlineFigure(
        label="Requests a second",
        value=figures(served.sequential_requests_per_s),
        change=f"{figures(served.pipelined_requests_per_s)} pipelined",
    )
    if slowest.tokens is None:
        return (rate,)
    each = slowest.tokens.token_s
    first = HeadlineFigure(
        label="First token",
        value=seconds_text(slowest.tokens.time_to_first_token_s),
        change="" if each is None else f"{seconds_text(each)} a token",
    )
    return (rate, first)


def _fullest(plan: Plan) -> HeadlineFigure:
    """The memory that is fullest, of any party; the largest where none has a limit."""
    limited = [one for one in plan.memory if math.isfinite(one.limit_bytes)]
    if not limited:
        most = max(plan.memory, key=lambda one: one.process_bytes)
        size = quantity_text(most.process_bytes, "B")
        return HeadlineFigure(label="Fullest memory", value=size, change=f"at {most.party}, no limit given")
    one = max(limited, key=lambda party: party.process_bytes / party.limit_bytes)
    return HeadlineFigure(
        label="Fullest memory",
        value=quantity_text(one.process_bytes, "B"),
        change=f"of {quantity_text(one.limit_bytes, 'B')} at {one.party}{_tight(one)}",
        kind="bad" if one.process_bytes > one.limit_bytes else "",
    )


def _tight(one: PartyMemory) -> str:
    if one.process_bytes > one.limit_bytes:
        return ", over the limit"
    return "" if one.verdict == "fits" else f", {one.verdict}"


def standing(plan: Plan, *, pinned: bool) -> Standing:
    """The verdict on a plan: rules it breaks before all, then who pinned it, then what proves it."""
    if plan.violations:
        shown = "; ".join(one.sentence for one in plan.violations[:MOST_RULES])
        more = len(plan.violations) - MOST_RULES
        return Standing(
            verdict="Not allowed", kind="bad", by=f": {shown}{f'; and {more} more' if more > 0 else ''}."
        )
    if plan.status == "infeasible":
        return Standing(verdict="Not allowed", kind="bad", by=f": {plan.report.method}.")
    if pinned:
        return Standing(verdict="Pinned by you", kind="note", by=": one cut for every device.")
    proof = plan.report.certificate
    if proof and plan.status == "optimal":
        return Standing(
            verdict="Proven optimal", kind="good", by=f" in this model of the world, by {proof.method}."
        )
    near = f"; at most {share_text(plan.report.gap)} from the best" if plan.report.gap else ""
    return Standing(verdict="Not proven optimal", kind="note", by=f": {plan.report.method}{near}.")


def certainty_text(found: Certainty) -> str:
    """Between which values the figures lie, how near the best the cut is, and why the plan's own lie beside.

    >>> from cutwise.analyses.bands.plan_bands import Band
    >>> band = Band(name="delay", unit="s", value=60.0, low=45.0, median=66.0, high=100.0)
    >>> certainty_text(Certainty(bands=(band,), basis=(("pi", "one speed"),), device="pi", near_ratio=0.93,
    ...                          draws=400))
    'Eight of ten times 45 s to 100 s; within 5 % of the best with probability 0.93.'
    """
    written = {"s": seconds_text, "J": lambda value: quantity_text(value, "J")}
    bands = (f"{written[one.unit](one.low)} to {written[one.unit](one.high)}" for one in found.bands)
    near = f"; {found.nearness}" if found.nearness else ""
    beside = f" {sentence_case(found.beside)}." if found.beside else ""
    return f"Eight of ten times {' and '.join(bands)}{near}.{beside}"


def baseline_text(name: str, baseline: Plan | None) -> str:
    """What the figures are compared with, and what that breaks; empty where nothing is asked for.

    >>> baseline_text("", None), baseline_text("best", None)
    ('', 'No baseline keeps every rule here.')
    >>> baseline_text("brute_force", None)
    'Nothing to compare with: brute force has no plan here.'
    """
    if not name:
        return ""
    if baseline is None:
        nothing = f"Nothing to compare with: {readable(name)} has no plan here."
        return "No baseline keeps every rule here." if name == BEST_BASELINE else nothing
    best = "the best valid baseline, " if name == BEST_BASELINE else ""
    broken = f", which breaks a rule here: {baseline.violations[0].sentence}" if baseline.violations else ""
    return f"Compared with {best}{readable(baseline.scheme)}{broken}."
