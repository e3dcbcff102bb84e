"""Delay over epochs of a changing rate."""

from __future__ import annotations

from typing import Any

from cutwise.analyses.replanning import Epochs
from cutwise_dashboard.charts.line_parts import LEFT, Option, line_series, linked_panels
from cutwise_dashboard.charts.palette import PALETTES, color_of


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
