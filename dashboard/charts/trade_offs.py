"""What a plan can trade: delay against energy in a round, and delay over epochs of a changing rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cutwise.analyses.delay_energy import ServedRound
from cutwise.analyses.replanning import Epochs
from cutwise.units import percent
from cutwise_dashboard.charts.line_parts import LEFT, Option, line_series, linked_panels
from cutwise_dashboard.charts.palette import PALETTES, color_of
from cutwise_dashboard.format import quantity_text, rounded, seconds_text

HERE = "this plan"

# Neighbours on a front differ by less than a thousandth.
FINE_DIGITS = 7


def front_figure(front: Sequence[ServedRound], *, delay_s: float, energy_j: float, theme: str) -> Option:
    """An ECharts option: rounds that none beats in delay and energy, and the plan that is shown."""
    palette = PALETTES[theme]
    here = {"name": f"{HERE}: {_pair(delay_s, energy_j)}", "value": _point(delay_s, energy_j)}
    points = [{"name": _told(choice), "value": _point(choice.delay_s, choice.energy_j)} for choice in front]
    return {
        "animation": False,
        "grid": {"left": 8, "right": 40, "top": 64, "bottom": 40, "containLabel": True},
        "legend": {"top": 0, "left": 0},
        "tooltip": {"trigger": "item", "formatter": "{b}"},
        "xAxis": _axis("seconds a round") | {"nameLocation": "middle", "nameGap": 28},
        "yAxis": _axis("joules a round") | LEFT,
        "series": [
            {
                "type": "line", "name": "cut and clock together", "data": points, "symbolSize": 8,
                "itemStyle": {"color": palette.primary}, "lineStyle": {"color": palette.primary},
            },
            {
                "type": "scatter", "name": HERE, "data": [here], "symbol": "diamond", "symbolSize": 16,
                "itemStyle": {"color": palette.cut},
            },
        ],
    }  # fmt: skip


def epochs_figure(epochs: Epochs, *, theme: str) -> Option:
    """An ECharts option: seconds of a round in every epoch, above the rates they are for."""
    palette = PALETTES[theme]
    lines = (
        ("replanned", "cuts chosen anew", palette.primary, "solid"),
        ("static", "cuts for the mean rate", color_of("server", theme), "solid"),
        ("first_layer", "first layer on the device", color_of("downlink", theme), "dotted"),
        ("device_only", "all on the device", color_of("waiting", theme), "dashed"),
    )
    numbers = [str(number + 1) for number in range(len(epochs.rate_ratio))]
    under = {"gridIndex": 1, "type": "log", "name": "rate over its mean", "splitNumber": 2, **LEFT}
    return linked_panels() | {
        "grid": [
            {"left": 72, "right": 24, "top": 104, "height": 206},
            {"left": 72, "right": 24, "top": 356, "height": 80},
        ],
        "xAxis": [
            {"type": "category", "data": numbers, "axisLabel": {"show": False}},
            {"type": "category", "data": numbers, "gridIndex": 1, "name": "epoch", "nameLocation": "middle",
             "nameGap": 28},
        ],
        "yAxis": [{"type": "log", "name": "seconds a round", **LEFT}, under],
        "series": [
            *(
                _line(_marked(title, epochs.fits(name)), getattr(epochs, f"{name}_s"), color, dashes)
                for name, title, color, dashes in lines
            ),
            _line("rate", epochs.rate_ratio, color_of("uplink", theme), "solid")
            | {"xAxisIndex": 1, "yAxisIndex": 1},
        ],
    }  # fmt: skip


def _marked(title: str, fits: bool) -> str:
    """What does not fit is said where it is named."""
    return title if fits else f"{title} (does not fit)"


def _line(name: str, values: Any, color: str, dashes: str) -> Option:
    return line_series(name, values.tolist(), color, dashes) | {"step": "middle", "symbol": "none"}


def _axis(name: str) -> Option:
    return {"type": "value", "scale": True, "name": name}


def _point(delay_s: float, energy_j: float) -> list[float]:
    return [rounded(delay_s, FINE_DIGITS), rounded(energy_j, FINE_DIGITS)]


def _pair(delay_s: float, energy_j: float) -> str:
    return f"{seconds_text(delay_s)}, {quantity_text(energy_j, 'J')}"


def _told(choice: ServedRound) -> str:
    """Delay, energy and clocks of a round as one text."""
    least, most = (percent(float(end(choice.server_frequency_ratio))) for end in (np.min, np.max))
    clocks = f"{most:.3g} %" if most - least < 0.1 else f"{least:.3g} to {most:.3g} %"
    return f"{_pair(choice.delay_s, choice.energy_j)}, server clock {clocks}"
