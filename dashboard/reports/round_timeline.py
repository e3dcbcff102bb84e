"""Rounds on one time axis as HTML that page and report share: widths in percent, texts as text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cutwise.frozen import FrozenDict
from cutwise_dashboard.format import figures, seconds_text
from cutwise_dashboard.reports.figures import PART_KEYS
from cutwise_dashboard.reports.markup import Child, Markup, element
from cutwise_dashboard.side_by_side.round_rows import (
    WAITING,
    PartBar,
    RoundRow,
    RoundShown,
    parts_drawn,
)

HOW_TO_READ = (
    "All rounds on one time axis, as planned. A row is what goes on one after another: a device, or the "
    "devices of a group in turn; rows that look alike are one. Within a turn the parts of all its "
    "mini-batches stand together; where turns are too short to be seen, those of the whole row. A thin line "
    "is time in which a row waits for the others. A round that is too short to be seen on the axis is a mark "
    "at its start, and stands below that on an axis of its own, which rounds of like length share."
)
MOST_TICKS = 5
STEPS = (1.0, 2.0, 5.0, 10.0)
TIDY_S = (60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 21600.0, 43200.0, 86400.0)
LEAST_TURN, LEAST_ROUND = 0.04, 0.04
"""The parts of the axis that a turn, and a whole round, take at least to be seen."""
KEYS: Mapping[str, str] = FrozenDict({**dict(PART_KEYS), WAITING: "wait"})
"""Part → its class."""


def round_timeline(rounds: Sequence[RoundShown], *, alt: str) -> Markup:
    """Every round under its name on the time axis of the longest; also enlarged where too short there."""
    longest_s = max((one.delay_s for one in rounds), default=0.0) or 1.0
    legend = [
        element("span", element("i", class_=f"key {KEYS[part]}"), part, class_="entry")
        for part in parts_drawn(rounds)
    ]
    return element(
        "figure",
        element("div", legend, class_="legend"),
        *(
            _round(one, longest_s, seen_s)
            for one, seen_s in zip(rounds, axes_s([one.delay_s for one in rounds]), strict=True)
        ),
        _axis(longest_s),
        class_="timeline",
        role="group",
        aria_label=alt,
    )


def axes_s(delays_s: Sequence[float]) -> list[float]:
    """For each round the length of the axis on which it is seen: of the longest one that does not hide it.

    >>> axes_s([3600.0, 360.0, 90.0, 0.01, 80.0, 0.005])
    [3600.0, 3600.0, 90.0, 0.01, 90.0, 0.01]
    """
    found, axis_s = [0.0] * len(delays_s), math.inf
    for place in sorted(range(len(delays_s)), key=lambda place: -delays_s[place]):
        if delays_s[place] < LEAST_ROUND * axis_s:
            axis_s = delays_s[place]
        found[place] = axis_s
    return found


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


def _round(one: RoundShown, longest_s: float, seen_s: float) -> Markup:
    told = one.refused or seconds_text(one.delay_s)
    more = element("p", one.left_out, class_="more") if one.left_out else None
    rows = [_row(row, one.delay_s, seen_s) for row in one.rows]
    drawn: list[Child] = [rows, more]
    if 0 < one.delay_s < LEAST_ROUND * longest_s:
        told = f"{told}, enlarged {figures(longest_s / seen_s)} times below"
        drawn = [_mark(one, longest_s), element("div", rows, _axis(seen_s), more, class_="enlarged")]
    head = element("p", element("b", one.name), " ", told, class_="head")
    return element("div", head, drawn, class_="round")


def _mark(one: RoundShown, longest_s: float) -> Markup:
    """Where a round that is too short to be seen stands on the axis of all."""
    mark = element("i", class_="bar mark", style=f"left:0;width:{_percent(one.delay_s, longest_s)}")
    told = f"On the axis of all: ends after {seconds_text(one.delay_s)}"
    return _lane("On the axis of all", [mark], longest_s, told=told)


def _row(row: RoundRow, delay_s: float, longest_s: float) -> Markup:
    bars = [*row.drawn(LEAST_TURN * longest_s), *row.waits(delay_s)]
    told = f"{row.name}: ends after {seconds_text(row.end_s)}"
    return _lane(row.name, _bars(bars, longest_s), longest_s, told=told, title=", ".join(row.devices))


def _lane(name: str, bars: Iterable[Child], longest_s: float, *, told: str, title: str = "") -> Markup:
    ticks = tick_places(longest_s)
    grid = [element("i", class_="grid", style=f"left:{_percent(tick, longest_s)}") for tick in ticks]
    return element(
        "div",
        element("span", name, class_="name", title=title or None),
        element("span", grid, list(bars), class_="lane", role="img", aria_label=told),
        class_="row",
    )


def _bars(bars: Sequence[PartBar], longest_s: float) -> Iterator[Child]:
    for bar in bars:
        place = f"left:{_percent(bar.start_s, longest_s)};width:{_percent(bar.length_s, longest_s)}"
        yield element("i", class_=f"bar {KEYS[bar.part]}", style=place, title=bar.text)


def _axis(longest_s: float) -> Markup:
    labels = [
        element("span", tick_text(tick), class_="tick", style=f"left:{_percent(tick, longest_s)}")
        for tick in tick_places(longest_s)
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
