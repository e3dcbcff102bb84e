"""Every device's turn of a round as one bar, stacked by part."""

from __future__ import annotations

from typing import Any

from cutwise.plans.plan import Plan
from cutwise_dashboard.charts.palette import color_of
from cutwise_dashboard.charts.turn_parts import PARTS, seconds_by_part

Option = dict[str, Any]
MOST_BARS, FEW_BARS = 30, 10


ROLES = {
    "Device computing": "device",
    "Uplink": "uplink",
    "Server computing": "server",
    "Downlink": "downlink",
    "Model exchange": "model_exchange",
}
"""The colours that the same parts have in a played round."""


def fleet_figure(plan: Plan, *, shown: str, theme: str) -> Option:
    """An ECharts option with the slowest devices, at most `MOST_BARS`; `shown` is set in bold by a mark."""
    slowest = sorted(range(len(plan.stages)), key=lambda i: -plan.stages[i].delay_s)[:MOST_BARS]
    order = sorted(slowest, reverse=True)
    names = [plan.decisions[i].device for i in order]
    parts = [seconds_by_part(plan.stages[i]) for i in order]
    series: list[Option] = [
        {
            "type": "bar",
            "name": part,
            "stack": "turn",
            "barMaxWidth": 26,
            "itemStyle": {"color": color_of(ROLES[part], theme)},
            "selectedMode": "single",
            "data": [float(values[part]) for values in parts],
        }
        for part in PARTS
    ]
    if len(plan.phases) == 1 and len(plan.phases[0]) == len(plan.decisions) > 1:
        series[0]["markLine"] = {
            "silent": True,
            "symbol": "none",
            "label": {"formatter": "all served" if plan.inference else "round ends", "position": "end"},
            "data": [{"xAxis": plan.delay_s}],
        }
    return {
        "animation": False,
        "grid": {"left": 8, "right": 24, "top": 74, "bottom": 28, "containLabel": True},
        "legend": {"top": 0, "left": 0, "itemWidth": 14, "itemGap": 12},
        "tooltip": {"trigger": "axis", "valueFormatter": "%.3g s", "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "value", "name": "seconds of its turn", "nameLocation": "middle", "nameGap": 24},
        "yAxis": {
            "type": "category",
            "data": [f"▸ {name}" if name == shown else name for name in names],
            "axisTick": {"show": False},
        },
        "series": series,
    }


def fleet_height(plan: Plan) -> int:
    """Pixels that the bars need; narrower ones where there are many."""
    bars = min(len(plan.stages), MOST_BARS)
    return 110 + (34 if bars <= FEW_BARS else 20) * bars
