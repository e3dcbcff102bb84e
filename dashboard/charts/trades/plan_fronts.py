"""A front of plans as a figure: its points, the limits of the scenario shaded, the plan that is shown."""

from __future__ import annotations

from dataclasses import dataclass

from cutwise.analyses.what_if.front_walks import AXES
from cutwise.analyses.what_if.fronts import PlanFront
from cutwise.units import UNITS
from cutwise_dashboard.charts.line_parts import LEFT, Option
from cutwise_dashboard.charts.palette import PALETTES
from cutwise_dashboard.format import duration_scale, rounded, scale_of, seconds_text, sentence_case

HERE = "this plan"
DIGITS = 6
SHADE = 0.15
PERCENT = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """One of the two axes: its column, what it is called, and how much of it is one."""

    column: str
    name: str
    one: float

    def of(self, value: float) -> float:
        return rounded(value / self.one, DIGITS)


def plan_front_figure(found: PlanFront, *, here: tuple[float, float | None], theme: str) -> Option:
    """An ECharts option: the points joined by a line, those that break a limit hollow, limits as shades."""
    palette, across, up = PALETTES[theme], _seconds(found), _against(found)
    points = [
        {
            "name": f"{seconds_text(one.delay_s)}, {AXES[found.against].text(one)}; {one.cut}",
            "value": [across.of(one.delay_s), up.of(one.amount(up.column))],
            "itemStyle": {
                "color": palette.primary if one.keeps_limits else palette.background,
                "borderColor": palette.primary,
                "borderWidth": 2,
            },
        }
        for one in found.points
    ]
    plans: Option = {
        "type": "line", "name": "plans", "data": points, "symbol": "circle", "symbolSize": 12,
        "selectedMode": "single",
        "itemStyle": {"color": palette.primary}, "lineStyle": {"color": palette.primary},
        "markArea": _shades(found, across, up, palette.bad),
        "markLine": _edges(found, across, up, palette.bad),
    }  # fmt: skip
    shown = [] if here[1] is None else [_here(across.of(here[0]), up.of(here[1]), palette.cut)]
    return {
        "animation": False,
        "grid": {"left": 8, "right": 40, "top": 64, "bottom": 40, "containLabel": True},
        "legend": {"top": 0, "left": 0, "data": [one["name"] for one in (plans, *shown)]},
        "tooltip": {"trigger": "item", "formatter": "{b}", "confine": True},
        "xAxis": _axis(across.name) | {"nameLocation": "middle", "nameGap": 28},
        "yAxis": _axis(up.name) | LEFT,
        "series": [plans, *shown],
    }


def _here(across: float, up: float, color: str) -> Option:
    return {
        "type": "scatter", "name": HERE, "symbol": "diamond", "symbolSize": 26, "silent": True, "z": 1,
        "itemStyle": {"color": color}, "data": [{"name": HERE, "value": [across, up]}],
    }  # fmt: skip


def _shades(found: PlanFront, across: _Scale, up: _Scale, color: str) -> Option:
    """What lies beyond the scenario's own limits on the two axes."""
    beyond = [
        [{key: scale.of(found.limits[scale.column])}, {}]
        for key, scale in (("xAxis", across), ("yAxis", up))
        if scale.column in found.limits
    ]
    return {"silent": True, "itemStyle": {"color": color, "opacity": SHADE}, "data": beyond}


def _edges(found: PlanFront, across: _Scale, up: _Scale, color: str) -> Option:
    lines = [
        {key: scale.of(found.limits[scale.column])}
        for key, scale in (("xAxis", across), ("yAxis", up))
        if scale.column in found.limits
    ]
    return {
        "silent": True, "symbol": "none", "data": lines, "lineStyle": {"color": color},
        "label": {"formatter": "limit", "color": color, "position": "insideEndTop"},
    }  # fmt: skip


def _seconds(found: PlanFront) -> _Scale:
    one, unit = duration_scale(max(one.delay_s for one in found.points))
    return _Scale(column="delay_s", name=f"{unit} of one round", one=one)


def _against(found: PlanFront) -> _Scale:
    axis = AXES[found.against]
    title = sentence_case(axis.title)
    if axis.unit == "ratio":
        return _Scale(column=axis.column, name=f"{title}, %", one=PERCENT)
    if not axis.unit:
        return _Scale(column=axis.column, name=title, one=1.0)
    one, prefix = scale_of(max(one.amount(axis.column) for one in found.points))
    return _Scale(column=axis.column, name=f"{title}, {prefix}{UNITS[axis.unit]}", one=one)


def _axis(name: str) -> Option:
    return {"type": "value", "scale": True, "name": name}
