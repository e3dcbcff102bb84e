"""The picture of rounds by the number of groups, as the report of a plan shows it."""

from __future__ import annotations

import numpy as np

from cutwise.analyses.divisions.group_counts import DividedRounds
from cutwise.plans.inference_words import said
from cutwise_dashboard.format import quantity_text, seconds_text
from cutwise_dashboard.reports.bars import BarRow, bars
from cutwise_dashboard.reports.markup import Markup

MOST_BARS = 24
"""Of more numbers some are drawn, evenly and the best among them; the table has them all."""
LEGEND = (("Best number", "scheme"), ("Other numbers", "baseline"), ("Breaks a limit", "hatched"))


def group_picture(found: DividedRounds) -> Markup:
    """A bar a number, the best one marked, hatched where a limit is broken."""
    places = np.linspace(0, len(found.rounds) - 1, MOST_BARS).round().astype(int).tolist()
    rows = []
    for place in sorted({*places, found.best}):
        one, is_best = found.rounds[place], place == found.best
        told = f"{seconds_text(one.delay_s)}, {quantity_text(one.energy_j, 'J')}"
        rows.append(
            BarRow(
                name=found.count_text(one),
                parts=(one.delay_s,),
                text=f"{'★ ' * is_best}{told}",
                hatched=not one.keeps_limits,
                classes=("scheme" if is_best else "baseline",),
            )
        )
    alt = said(f"Time of one round by the number of {found.parts}", training=found.training)
    return bars(rows, legend=LEGEND, alt=alt)
