"""Schemes side by side: delay and energy of one pass over all data, hatched where a plan breaks a rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cutwise.analyses.comparison import is_valid, rounds_per_data_pass
from cutwise.plans.plan import Plan
from cutwise.schemes import SCHEMES
from cutwise_dashboard.charts.palette import PALETTES, color_of
from cutwise_dashboard.format import duration_scale, quantity_text, readable, rounded, scale_of, seconds_text

Option = dict[str, Any]
HATCH = {"symbol": "rect", "dashArrayX": [1, 0], "dashArrayY": [2, 5], "rotation": -0.785}
ROW_PX, AROUND_PX = 30, 96
NAME_PX = 112
LEGEND_PX, LEGEND_LETTERS = 44, 40
FADED = "66"  # the alpha of a hatched bar's colour
KINDS = {
    "Scheme": (False, True),
    "Baseline": (True, True),
    "Scheme, breaks a rule": (False, False),
    "Baseline, breaks a rule": (True, False),
}
OWNER_ROLES = {
    "device_compute": ("Device", "device"),
    "device_radio": ("Radio", "uplink"),
    "server": ("Server", "server"),
    "network": ("Network", "downlink"),
}


def delay_figure(plans: Sequence[Plan], *, best: str, shown: str, theme: str) -> Option:
    """An ECharts option with a bar a scheme, the first plan at the top; `best` and `shown` are marked."""
    factor, unit = duration_scale(max((plan.delay_per_data_pass_s for plan in plans), default=0.0))
    colors = {False: PALETTES[theme].primary, True: color_of("waiting", theme)}
    series: list[Option] = [
        {
            "type": "bar",
            "name": kind,
            "stack": "delay",
            "barMaxWidth": 22,
            "selectedMode": "single",
            "itemStyle": {"color": colors[baseline]} if valid else hatched(colors[baseline], theme),
            "data": [
                _bar(plan, factor, plan.scheme == best)
                if (SCHEMES[plan.scheme].is_baseline, is_valid(plan)) == (baseline, valid)
                else None
                for plan in plans
            ],
        }
        for kind, (baseline, valid) in KINDS.items()
    ]
    named = [row for row in series if any(row["data"])]
    return _frame(plans, shown, named, f"{unit} a pass over all data", f"%.4g {unit}")


def energy_figure(plans: Sequence[Plan], *, shown: str, theme: str) -> Option:
    """An ECharts option with the energy of one pass over all data, stacked by owner."""
    passes = [rounds_per_data_pass(plan) for plan in plans]
    totals = [plan.energy_j * times for plan, times in zip(plans, passes, strict=True)]
    factor, prefix = scale_of(max(totals, default=0.0))
    series: list[Option] = [
        {
            "type": "bar",
            "name": name,
            "stack": "energy",
            "barMaxWidth": 22,
            "itemStyle": {"color": color_of(role, theme)},
            "data": [
                _part(plan, plan.energy_by_owner_j[owner] * times / factor, color_of(role, theme), theme)
                for plan, times in zip(plans, passes, strict=True)
            ],
        }
        for owner, (name, role) in OWNER_ROLES.items()
    ]
    ends = {
        "type": "bar",
        "name": "All owners",
        "stack": "energy",
        "silent": True,
        "tooltip": {"show": False},
        "data": [_label(0.0, quantity_text(total, "J")) for total in totals],
    }
    unit = f"{prefix}J"
    return _frame(plans, shown, [*series, ends], f"{unit} a pass over all data", f"%.4g {unit}")


def bars_height(plans: Sequence[Plan]) -> int:
    """Pixels that the bars need."""
    return AROUND_PX + ROW_PX * max(1, len(plans))


def hatched(color: str, theme: str) -> Option:
    """The style of a bar whose plan breaks a rule."""
    return {"color": color + FADED, "decal": {**HATCH, "color": PALETTES[theme].text}}


def _bar(plan: Plan, factor: float, is_best: bool) -> Option:
    text = seconds_text(plan.delay_per_data_pass_s)
    return _label(plan.delay_per_data_pass_s / factor, f"★ {text}" if is_best else text)


def _label(value: float, text: str) -> Option:
    label = {"show": True, "position": "right", "formatter": text, "fontSize": 12}
    return {"value": rounded(value), "label": label}


def _part(plan: Plan, value: float, color: str, theme: str) -> float | Option:
    return rounded(value) if is_valid(plan) else {"value": rounded(value), "itemStyle": hatched(color, theme)}


def _frame(plans: Sequence[Plan], shown: str, series: Sequence[Option], axis: str, form: str) -> Option:
    """What both charts share: the schemes down the side, room for the texts at the bars' ends."""
    names = [readable(plan.scheme) for plan in plans]
    legend = [row["name"] for row in series if not row.get("silent")]
    top = LEGEND_PX if len("".join(legend)) <= LEGEND_LETTERS else 2 * LEGEND_PX - 16
    return {
        "animation": False,
        "grid": {"left": 8, "right": 84, "top": top, "bottom": 30, "containLabel": True},
        "legend": {"data": legend, "top": 0, "left": 0, "itemWidth": 14, "itemGap": 12},
        "tooltip": {"trigger": "axis", "valueFormatter": form, "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "value", "name": axis, "nameLocation": "middle", "nameGap": 26},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [
                f"▸ {name}" if plan.scheme == shown else name for name, plan in zip(names, plans, strict=True)
            ],
            "axisTick": {"show": False},
            "axisLabel": {"width": NAME_PX, "overflow": "break"},
        },
        "series": list(series),
    }
