"""What line charts in two linked panels share."""

from __future__ import annotations

from typing import Any

from cutwise_dashboard.format import rounded

Option = dict[str, Any]
LEFT: Option = {"nameTextStyle": {"align": "left"}}


def linked_panels() -> Option:
    """Two panels whose pointers move together, a legend above them."""
    return {
        "animation": False,
        "legend": {"top": 0, "left": 0, "itemGap": 12},
        "tooltip": {"trigger": "axis", "valueFormatter": "%.3g"},
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
    }


def line_series(name: str, values: list[float], color: str, dashes: str) -> Option:
    """One line of a colour and a kind of dashes."""
    return {
        "type": "line", "name": name, "data": [rounded(value) for value in values],
        "itemStyle": {"color": color}, "lineStyle": {"color": color, "type": dashes, "width": 2},
    }  # fmt: skip
