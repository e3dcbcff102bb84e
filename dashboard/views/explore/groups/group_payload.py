"""What the bars of the numbers of groups are sent, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cutwise.analyses.divisions.group_counts import DividedRounds
from cutwise.plans.inference_words import said
from cutwise_dashboard.charts.palette import PALETTES, color_of
from cutwise_dashboard.format import quantity_text
from cutwise_dashboard.reports.round_timeline import tick_places, tick_text
from cutwise_dashboard.views.explore.groups.group_words import BROKEN, bar_words

NAMED_STEPS = (1, 2, 5, 10, 20, 50)
MOST_NAMED = 12
"""So many numbers are written under their bars; of more, every second one, every fifth, and so on."""


def group_payload(found: DividedRounds, *, now: int, theme: str) -> dict[str, Any]:
    """A bar a number, on one scale from nothing; `now` is the number of groups of the plan that is shown."""
    palette = PALETTES[theme]
    longest_s, most_j = (
        max(getattr(one, name) for one in found.rounds) or 1.0 for name in ("delay_s", "energy_j")
    )
    named = named_places([one.count for one in found.rounds])
    bars = [
        {
            "count": one.count,
            "delay": one.delay_s / longest_s,
            "energy": one.energy_j / most_j,
            "text": bar_words(found, one, now=one.count == now),
            "named": place in named,
            "best": place == found.best,
            "now": one.count == now,
            "broken": not one.keeps_limits,
        }
        for place, one in enumerate(found.rounds)
    ]
    keys = [("best", "the best number"), ("now", "asked now"), ("energy", "energy, on a scale of its own")]
    if any(bar["broken"] for bar in bars):
        keys.append(("broken", BROKEN))
    above = said("Time of one round", training=found.training)
    return {
        "label": f"{above} by the number of {found.parts}",
        "above": above,
        "most": quantity_text(most_j, "J"),
        "below": f"Number of {found.parts}. Click one to take it; Undo returns.",
        "path": f"option.{found.parts}",
        "bars": bars,
        "ticks": [{"share": tick / longest_s, "text": tick_text(tick)} for tick in tick_places(longest_s)],
        "keys": [{"kind": kind, "text": text} for kind, text in keys],
        "colors": {
            "bar": color_of("device", theme),
            "best": palette.good,
            "now": palette.cut,
            "energy": color_of("energy", theme),
            "line": palette.border,
            "page": palette.background,
        },
    }


def named_places(counts: Sequence[int]) -> set[int]:
    """Whose numbers are written: of many only some, both ends among them.

    >>> sorted(named_places(range(1, 31)))
    [0, 4, 9, 14, 19, 24, 29]
    >>> sorted(named_places(range(1, 64)))
    [0, 9, 19, 29, 39, 49, 62]
    """
    last = len(counts) - 1
    step = next((step for step in NAMED_STEPS if len(counts) <= step * MOST_NAMED), NAMED_STEPS[-1])
    even = {
        place for place in range(step - 1, last, step) if 2 * (last - place) > step and place >= step // 2
    }
    return {0, last, *even}
