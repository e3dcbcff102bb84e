"""A headline's distribution with the published figure marked, and which setting moves it."""

from __future__ import annotations

from typing import Any

import numpy as np

from cutwise.papers import Headline
from cutwise.units import percent
from cutwise_dashboard.charts.palette import PALETTES, color_of
from cutwise_dashboard.format import rounded

Option = dict[str, Any]
BINS = 30
LOWEST_RATIO = -0.6


def distribution_figure(found: Headline, *, theme: str) -> Option:
    """An ECharts option: how many draws save how much, our preset and the published figure as lines."""
    saved = percent(np.clip(found.reduction_ratio, LOWEST_RATIO, 1.0))
    published = percent(found.figure.value_ratio)
    low = min(float(saved.min()), published)
    edges = np.linspace(min(low, 0.0), 100.0, BINS + 1)
    counts, _ = np.histogram(saved, edges)
    centres = (edges[:-1] + edges[1:]) / 2
    palette = PALETTES[theme]
    mark = {
        "xAxis": rounded(published),
        "lineStyle": {"type": "solid", "width": 2, "color": color_of("server", theme)},
        "label": {"formatter": f"published {published:.4g} %", "color": palette.text},
    }
    bars = [[rounded(c), int(n)] for c, n in zip(centres.tolist(), counts.tolist(), strict=True)]
    return {
        "animation": False,
        "grid": {"left": 8, "right": 40, "top": 36, "bottom": 40, "containLabel": True},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {
            "type": "value", "name": "% saved", "nameLocation": "middle", "nameGap": 28,
            "min": rounded(float(edges[0])), "max": 100,
        },
        "yAxis": {"type": "value", "name": "draws"},
        "series": [
            {
                "type": "bar",
                "name": "draws",
                "barWidth": "96%",
                "itemStyle": {"color": palette.primary},
                "data": bars,
                "markLine": {"symbol": "none", "silent": True, "data": [mark]},
            }
        ],
    }  # fmt: skip


def influence_figure(found: Headline, *, theme: str) -> Option:
    """An ECharts option with a bar a setting: its rank correlation with what is saved, strongest first."""
    names, values = list(found.influence), list(found.influence.values())
    roles = ["device" if value >= 0 else "downlink" for value in values]
    return {
        "animation": False,
        "grid": {"left": 8, "right": 40, "top": 12, "bottom": 40, "containLabel": True},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {
            "type": "value", "min": -1, "max": 1, "name": "rank correlation with what is saved",
            "nameLocation": "middle", "nameGap": 28,
        },
        "yAxis": {"type": "category", "inverse": True, "data": [setting_text(name) for name in names]},
        "series": [
            {
                "type": "bar",
                "barMaxWidth": 22,
                "data": [
                    {"value": rounded(value, 3), "itemStyle": {"color": color_of(role, theme)}}
                    for value, role in zip(values, roles, strict=True)
                ],
            }
        ],
    }  # fmt: skip


def setting_text(path: str) -> str:
    """A setting's path as people read it.

    >>> setting_text("devices.*.efficiency_ratio"), setting_text("channel.uplink_bps")
    ('devices: efficiency', 'channel: uplink')
    """
    owner, _, name = path.replace(".*", "").rpartition(".")
    words = name.removesuffix("_bps").removesuffix("_ratio").replace("_", " ")
    return f"{owner}: {words}" if owner else words
