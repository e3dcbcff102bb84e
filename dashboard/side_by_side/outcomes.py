"""What comes of each question, as rows of cells: the figure, what it is beside the first, which is best."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cutwise.analyses.comparison import cuts_text, is_valid, optimality
from cutwise.plans.inference_words import said
from cutwise.plans.plan import OWNERS, Plan
from cutwise.plans.serving import Inference, TokenFigures
from cutwise_dashboard.format import (
    change_kind,
    change_text,
    figures,
    ops_text,
    quantity_text,
    seconds_text,
    sentence_case,
    share_text,
)

Cell = dict[str, Any]
Plans = Sequence[Plan | None]
NO_FIGURE = "–"
MOST_CUTS, MOST_RULES = 4, 2
OWNER_TITLES = {
    "device_compute": "Device computing",
    "device_radio": "Device radio",
    "server": "Server",
    "network": "Network",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """One figure of a plan; None where a plan has none. `inner` rows are parts of the row above."""

    label: str
    value: Callable[[Plan], float | None]
    text: Callable[[float], str]
    less: str = "less"
    more: str = "more"
    most_is_best: bool = False
    inner: bool = False
    note: Callable[[Plan], str] = lambda plan: ""


def _joules(value: float) -> str:
    return quantity_text(value, "J")


def _bytes(value: float) -> str:
    return quantity_text(value, "B")


def _traffic(plan: Plan) -> float:
    return float(sum(stage.traffic_bytes for stage in plan.stages))


def _fullest(plan: Plan) -> Any:
    """The device whose memory is fullest; where none has a limit, the one that takes most."""
    devices = plan.memory[: len(plan.decisions)]
    return max(devices, key=lambda one: (one.process_bytes / one.limit_bytes, one.process_bytes))


def _filled(one: Any) -> str:
    if not math.isfinite(one.limit_bytes):
        return f"{one.party}, no limit"
    return f"{share_text(one.process_bytes / one.limit_bytes)} of {one.party}"


def _owner(name: str) -> Callable[[Plan], float]:
    return lambda plan: plan.energy_by_owner_j[name]


def _served(pick: Callable[[Inference], float | None]) -> Callable[[Plan], float | None]:
    return lambda plan: pick(plan.inference) if plan.inference else None


def _token(pick: Callable[[TokenFigures], float | None]) -> Callable[[Plan], float | None]:
    """The figure of the device where it is worst: the slowest, or the one that spends most."""

    def worst(plan: Plan) -> float | None:
        devices = plan.inference.devices if plan.inference else ()
        known = [pick(one.tokens) for one in devices if one.tokens]
        return max((value for value in known if value is not None), default=None)

    return worst


TIME: dict[str, Any] = {"text": seconds_text, "less": "faster", "more": "slower"}
ROWS = (
    OutcomeRow(label="Delay of one round", value=lambda plan: plan.delay_s, **TIME),
    OutcomeRow(
        label="One pass over all data",
        value=lambda plan: None if plan.inference else plan.delay_per_data_pass_s,
        **TIME,
    ),
    OutcomeRow(label="Time to target", value=lambda plan: plan.time_to_target_s, **TIME),
    OutcomeRow(
        label="A batch, slowest device",
        value=_served(lambda served: max(one.request_delay_s for one in served.devices)),
        **TIME,
    ),
    OutcomeRow(
        label="Requests a second", value=_served(lambda served: served.sequential_requests_per_s),
        text=figures, most_is_best=True,
    ),
    OutcomeRow(
        label="Pipelined, a second", value=_served(lambda served: served.pipelined_requests_per_s),
        text=figures, most_is_best=True,
    ),
    OutcomeRow(label="First token", value=_token(lambda one: one.time_to_first_token_s), **TIME),
    OutcomeRow(label="A token", value=_token(lambda one: one.token_s), **TIME),
    OutcomeRow(label="Energy a token", value=_token(lambda one: one.energy_per_token_j), text=_joules),
    OutcomeRow(label="Energy of one round", value=lambda plan: plan.energy_j, text=_joules),
    *(
        OutcomeRow(label=OWNER_TITLES[owner], value=_owner(owner), text=_joules, inner=True)
        for owner in OWNERS
    ),
    OutcomeRow(label="Data of one round", value=_traffic, text=_bytes),
    OutcomeRow(
        label="Fullest device memory", value=lambda plan: _fullest(plan).process_bytes, text=_bytes,
        note=lambda plan: _filled(_fullest(plan)),
    ),
    OutcomeRow(
        label="Server memory", value=lambda plan: plan.memory[-1].process_bytes, text=_bytes,
        note=lambda plan: _filled(plan.memory[-1]),
    ),
)  # fmt: skip


def outcome_rows(plans: Plans) -> list[dict[str, Any]]:
    """All figures of the plans that have any, with the cells of each; None is a question without a plan.

    Plans of training and of inference stand in one table, but no figure of the one is set beside the other's.
    """
    known = [plan for plan in plans if plan is not None]
    modes = {plan.inference is None for plan in known}
    rows = [
        {
            "label": said(row.label, training=False) if modes == {False} else row.label,
            "inner": row.inner,
            "cells": _cells(row, plans, alike=len(modes) == 1),
        }
        for row in ROWS
        if any(row.value(plan) is not None for plan in known)
    ]
    return [*rows, *(_worded(label, text, plans) for label, text in WORDED.items())] if known else []


def _cells(row: OutcomeRow, plans: Plans, *, alike: bool) -> list[Cell]:
    values = [None if plan is None else row.value(plan) for plan in plans]
    numbers = [value for value in values if value is not None]
    best = _best(row, plans, values) if alike else None
    return [
        {"text": NO_FIGURE}
        if plan is None or value is None
        else {
            "text": row.text(value),
            "note": row.note(plan),
            "share": value / max(numbers) if max(numbers) > 0 else 0.0,
            "best": best is not None and is_valid(plan) and not change_kind(value, best),
            **(_change(row, value, values[0]) if place and _comparable(plan, plans[0]) else {}),
        }
        for place, (plan, value) in enumerate(zip(plans, values, strict=True))
    ]


def _comparable(plan: Plan, first: Plan | None) -> bool:
    return first is not None and (plan.inference is None) == (first.inference is None)


def _best(row: OutcomeRow, plans: Plans, values: Sequence[float | None]) -> float | None:
    """The best value among plans that keep every rule; None where all columns show the same."""
    valid = [
        value
        for plan, value in zip(plans, values, strict=True)
        if plan is not None and value is not None and is_valid(plan)
    ]
    if len(valid) < 2 or not any(change_kind(value, valid[0]) for value in valid):
        return None
    return max(valid) if row.most_is_best else min(valid)


def _change(row: OutcomeRow, value: float, first: float | None) -> Cell:
    if first is None:
        return {}
    kind = change_kind(value, first)
    turned = {"good": "bad", "bad": "good"}
    words = change_text(value, first, less=row.less, more=row.more)
    return {"change": words, "tone": turned.get(kind, kind) if row.most_is_best else kind}


def _worded(label: str, text: Callable[[Plan], str], plans: Plans) -> dict[str, Any]:
    cells = [{"text": NO_FIGURE if plan is None else text(plan), "words": True} for plan in plans]
    return {"label": label, "inner": False, "cells": cells}


def _cuts(plan: Plan) -> str:
    """The cuts, the most frequent first, each with how many devices have it."""
    counts = Counter(decision.cut.label for decision in plan.decisions)
    if len(counts) == 1:
        return cuts_text(plan)
    told = tuple(f"{label} ({count} ×)" if count > 1 else label for label, count in counts.most_common())
    return ops_text(told, most=MOST_CUTS)


def _rules(plan: Plan) -> str:
    told = tuple(violation.sentence for violation in plan.violations)
    return f"{len(told)}: {ops_text(told, most=MOST_RULES)}" if told else "none"


WORDED: dict[str, Callable[[Plan], str]] = {
    "Optimality": lambda plan: sentence_case(optimality(plan)),
    "Broken rules": _rules,
    "Cuts": _cuts,
}
