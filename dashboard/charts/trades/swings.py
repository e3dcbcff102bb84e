"""A tornado as a figure: how far each quantity moves the plan, a little less and a little more of it."""

from __future__ import annotations

from collections.abc import Sequence

from cutwise.analyses.what_if.tornado import Swing, Tornado
from cutwise.units import percent
from cutwise_dashboard.charts.line_parts import Option
from cutwise_dashboard.charts.palette import PALETTES, color_of
from cutwise_dashboard.format import quantity_text, rounded, seconds_text

MOST_BARS = 12
ROW_PX, FRAME_PX = 34, 96
ENDS = ("low", "high")


def swings_figure(found: Tornado, *, theme: str) -> Option:
    """An ECharts option: a row a quantity, the largest at the top, a bar for less and one for more of it."""
    shown = found.swings[:MOST_BARS][::-1]
    colors = {"low": color_of("server", theme), "high": color_of("device", theme)}
    names = {
        end: f"{percent(found.change_ratio):.3g} % {word}"
        for end, word in zip(ENDS, ("less", "more"), strict=True)
    }
    return {
        "animation": False,
        "grid": {"left": 8, "right": 40, "top": 40, "bottom": 40, "containLabel": True},
        "legend": {"top": 0, "left": 0, "data": list(names.values())},
        "tooltip": {"trigger": "item", "formatter": "{b}", "confine": True},
        "xAxis": {
            "type": "value", "name": f"{found.of}, % more or less than now", "nameLocation": "middle",
            "nameGap": 28,
        },
        "yAxis": {
            "type": "category",
            "data": [one.title for one in shown],
            "axisLabel": {
                "width": 150, "overflow": "break", "lineHeight": 13, "interval": 0,
                "color": PALETTES[theme].text,
            },
        },
        "series": [
            {
                "type": "bar", "name": names[end], "stack": "swing", "barWidth": 16,
                "itemStyle": {"color": colors[end]}, "data": _bars(found, shown, end),
            }
            for end in ENDS
        ],
    }  # fmt: skip


def swings_height(found: Tornado) -> int:
    """How high the figure has to be."""
    return FRAME_PX + ROW_PX * min(MOST_BARS, len(found.swings))


def _bars(found: Tornado, shown: Sequence[Swing], end: str) -> list[Option]:
    return [{"name": end_words(found, one, end), "value": rounded(change(found, one, end))} for one in shown]


def change(found: Tornado, one: Swing, end: str) -> float:
    """How many per cent more or less than now at one end."""
    column = "delay_s" if found.of == "delay" else "energy_j"
    now = getattr(found, column)
    return percent(getattr(one, f"{end}_{column}") / now - 1) if now else 0.0


def end_words(found: Tornado, one: Swing, end: str) -> str:
    """One end of a bar: the value there, delay, energy, the cut where it moves, a limit that is broken."""
    at, cut, keeps = (getattr(one, f"{end}{rest}") for rest in ("", "_cut", "_keeps"))
    moved = f"; the cut moves to {cut}" if cut else ""
    broken = "" if keeps else "; breaks a limit"
    delay, energy = getattr(one, f"{end}_delay_s"), getattr(one, f"{end}_energy_j")
    return f"{one.title} {at}: {seconds_text(delay)}, {quantity_text(energy, 'J')}{moved}{broken}"
