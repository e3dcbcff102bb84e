"""Rounds on one time axis as HTML that page and report share: widths in percent, texts as text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from cutwise_dashboard.format import seconds_text
from cutwise_dashboard.reports.figures import PART_KEYS
from cutwise_dashboard.reports.markup import Child, Markup, element
from cutwise_dashboard.side_by_side.round_rows import PartBar, RoundRow, RoundShown, parts_drawn

HOW_TO_READ = (
    "All rounds on one time axis, as planned. A row is what goes on one after another: a device, or the "
    "devices of a group in turn; rows that look alike are one. Within a turn the parts of all its "
    "mini-batches stand together; where turns are too short to be seen, those of the whole row."
)
MOST_TICKS = 5
STEPS = (1.0, 2.0, 5.0, 10.0)
TIDY_S = (60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 21600.0, 43200.0, 86400.0)
LEAST_TURN = 0.04
"""The part of the axis that a turn takes at least to be seen."""


def round_timeline(rounds: Sequence[RoundShown], *, alt: str) -> Markup:
    """Every round under its name, all on the time axis of the longest."""
    longest_s = max((one.delay_s for one in rounds), default=0.0) or 1.0
    ticks = tick_places(longest_s)
    keys = dict(PART_KEYS)
    legend = [
        element("span", element("i", class_=f"key {keys[part]}"), part, class_="entry")
        for part in parts_drawn(rounds)
    ]
    return element(
        "figure",
        element("div", legend, class_="legend"),
        *(_round(one, longest_s, ticks) for one in rounds),
        _axis(ticks, longest_s),
        class_="timeline",
        role="group",
        aria_label=alt,
    )


def tick_places(longest_s: float) -> list[float]:
    """Round numbers of seconds from 0 to the longest round, at most six.

    >>> tick_places(361.0), tick_places(0.23)
    ([0.0, 120.0, 240.0, 360.0], [0.0, 0.05, 0.1, 0.15, 0.2])
    """
    least_s = longest_s / MOST_TICKS
    power = 10.0 ** math.floor(math.log10(least_s))
    step_s = next(power * step for step in STEPS if power * step >= least_s * (1 - 1e-9))
    if least_s > TIDY_S[0] / 2:
        step_s = next((tidy for tidy in TIDY_S if tidy >= least_s), step_s)
    return [round(step_s * count, 12) for count in range(int(longest_s / step_s * (1 + 1e-9)) + 1)]


def _round(one: RoundShown, longest_s: float, ticks: Sequence[float]) -> Markup:
    head = element("p", element("b", one.name), " ", one.refused or seconds_text(one.delay_s), class_="head")
    rows = [_row(row, longest_s, ticks) for row in one.rows]
    more = element("p", one.left_out, class_="more") if one.left_out else None
    return element("div", head, rows, more, class_="round")


def _row(row: RoundRow, longest_s: float, ticks: Sequence[float]) -> Markup:
    bars = list(_bars(row.drawn(LEAST_TURN * longest_s), longest_s))
    grid = [element("i", class_="grid", style=f"left:{_percent(tick, longest_s)}") for tick in ticks]
    told = f"{row.name}: ends after {seconds_text(row.end_s)}"
    return element(
        "div",
        element("span", row.name, class_="name", title=", ".join(row.devices)),
        element("span", grid, bars, class_="lane", role="img", aria_label=told),
        class_="row",
    )


def _bars(bars: Sequence[PartBar], longest_s: float) -> Iterator[Child]:
    keys = dict(PART_KEYS)
    for bar in bars:
        place = f"left:{_percent(bar.start_s, longest_s)};width:{_percent(bar.length_s, longest_s)}"
        yield element("i", class_=f"bar {keys[bar.part]}", style=place, title=bar.text)


def _axis(ticks: Sequence[float], longest_s: float) -> Markup:
    labels = [
        element("span", tick_text(tick), class_="tick", style=f"left:{_percent(tick, longest_s)}")
        for tick in ticks
    ]
    return element(
        "div", element("span", class_="name"), element("span", labels, class_="lane"), class_="row axis"
    )


def tick_text(tick_s: float) -> str:
    """Whole minutes and hours without what is nothing.

    >>> tick_text(120.0), tick_text(5400.0), tick_text(0.0)
    ('2 min', '1 h 30 min', '0 s')
    """
    return seconds_text(tick_s).removesuffix(" 0 s").removesuffix(" 0 min") if tick_s else "0 s"


def _percent(value_s: float, longest_s: float) -> str:
    return f"{100 * value_s / longest_s:.3f}%"
