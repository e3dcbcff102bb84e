"""What each cut may give away, under the delay that it has."""

from __future__ import annotations

from cutwise.analyses.leakage import Leakage
from cutwise.units import percent
from cutwise_dashboard.charts.line_parts import LEFT, Option, line_series, linked_panels
from cutwise_dashboard.charts.palette import PALETTES, Palette, color_of

LINES = (
    ("input_ratios", "inputs decoded", "uplink", "solid"),
    ("label_ratios", "labels read off gradients", "downlink", "dashed"),
    ("correlation_ratios", "distance correlation with the inputs", "waiting", "dotted"),
)


def leakage_figure(found: Leakage, *, theme: str) -> Option:
    """An ECharts option: seconds of a round at every cut, above what attacks recovered at its depth."""
    palette = PALETTES[theme]
    delay = _line("delay", found.delays_s.tolist(), palette.primary, "solid") | {
        "markLine": _here(found, palette, label=True)
    }
    measures = [
        _line(title, percent(getattr(found, name)).tolist(), color_of(role, theme), dashes)
        | {"xAxisIndex": 1, "yAxisIndex": 1}
        for name, title, role, dashes in LINES
    ]
    measures[0]["markLine"] = _here(found, palette, label=False)
    return linked_panels() | {
        "grid": [
            {"left": 64, "right": 24, "top": 104, "height": 120},
            {"left": 64, "right": 24, "top": 272, "height": 150},
        ],
        "xAxis": [
            {"type": "category", "data": list(found.cuts), "axisLabel": {"show": False}},
            {"type": "category", "data": list(found.cuts), "gridIndex": 1, "name": "cut after",
             "nameLocation": "middle", "nameGap": 28, "axisLabel": {"hideOverlap": True}},
        ],
        "yAxis": [
            {"type": "value", "name": "seconds of one round", "nameGap": 28, "splitNumber": 3, **LEFT},
            {"type": "value", "name": "recovered on a small model (%)", "gridIndex": 1, "min": 0, "max": 100,
             "splitNumber": 2, **LEFT},
        ],
        "series": [delay, *measures],
    }  # fmt: skip


def _line(name: str, values: list[float], color: str, dashes: str) -> Option:
    return line_series(name, values, color, dashes) | {"symbol": "circle", "symbolSize": 4}


def _here(found: Leakage, palette: Palette, *, label: bool) -> Option:
    """A line at the plan's cut."""
    return {
        "symbol": "none", "silent": True,
        "lineStyle": {"color": palette.cut, "type": "solid", "width": 2},
        "label": {"show": label, "formatter": "this plan", "color": palette.text},
        "data": [{"xAxis": found.chosen}],
    }  # fmt: skip
