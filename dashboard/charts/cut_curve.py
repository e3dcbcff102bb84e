"""Delay against cut position, stacked by part, with the best, the pinned and the trivial cuts marked."""

from __future__ import annotations

from typing import Any

import numpy as np

from cutwise.analyses.cut_curve import CutCurve
from cutwise_dashboard.charts.turn_parts import seconds_by_part

Option = dict[str, Any]
HATCH = {"symbol": "rect", "dashArrayX": [1, 0], "dashArrayY": [2, 5], "rotation": -0.785}


def cut_curve_figure(curve: CutCurve, *, pinned: int | None, first_layer: int | None) -> Option:
    """An ECharts option; a click on a bar selects its position."""
    parts = seconds_by_part(curve.stages)
    names = [_axis_name(name) for name in curve.names]
    total = np.asarray(curve.stages.delay_s, dtype=float) + np.zeros(len(names))
    marks = _marks(curve, total, pinned, first_layer)
    bars = [
        {
            "type": "bar",
            "name": part,
            "stack": "delay",
            "data": _values(np.asarray(seconds) + np.zeros(len(names)), curve.fits),
            "barCategoryGap": "12%",
            "selectedMode": "single",
            "emphasis": {"focus": "none"},
        }
        for part, seconds in parts.items()
    ]
    peaks = {
        "type": "line",
        "name": "One round",
        "data": [float(value) for value in total],
        "symbol": "none",
        "lineStyle": {"width": 0},
        "silent": True,
        "tooltip": {"show": True},
        "markPoint": {
            "silent": True,
            "symbol": "triangle",
            "symbolRotate": 180,
            "symbolSize": 9,
            "symbolOffset": [0, -7],
            "label": {"formatter": "{b}", "position": "top", "fontSize": 12, "fontWeight": "bold"},
            "data": marks,
        },
    }
    return {
        "animation": False,
        "grid": {"left": 8, "right": 16, "top": 96, "bottom": 8, "containLabel": True},
        "legend": {"top": 0, "left": 0, "data": list(parts), "itemWidth": 14, "itemGap": 12},
        "tooltip": {"trigger": "axis", "valueFormatter": "%.3g s", "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "category", "data": names, "axisLabel": {"rotate": 40, "hideOverlap": True}},
        "yAxis": {"type": "value", "name": "seconds a round", "nameTextStyle": {"align": "left"}},
        "series": [*bars, peaks],
    }


def _values(seconds: Any, fits: Any) -> list[Any]:
    """Numbers; faded and hatched where the cut breaks a limit of the device."""
    return [
        float(value) if fit else {"value": float(value), "itemStyle": {"opacity": 0.3, "decal": HATCH}}
        for value, fit in zip(seconds, fits, strict=True)
    ]


def _marks(curve: CutCurve, total: Any, pinned: int | None, first_layer: int | None) -> list[Option]:
    wanted = {
        "all on device": len(total) - 1,
        "first layer": first_layer,
        "pinned": pinned,
        "best": curve.best,
    }
    places: dict[int, str] = {place: name for name, place in wanted.items() if place is not None}
    last = len(total) - 1
    return [
        {
            "name": name,
            "coord": [place, float(total[place])],
            "label": {"align": "left" if place == 0 else "right" if place == last else "center"},
        }
        for place, name in places.items()
    ]


def _axis_name(name: str, *, longest: int = 26) -> str:
    """A label that fits under an axis; the end of a long path says more than its start."""
    return name if len(name) <= longest else "…" + name[-longest + 1 :]
