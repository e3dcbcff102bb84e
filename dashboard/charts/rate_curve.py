"""Rates of a channel against distance, with the devices on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go

from cutwise.arrays import Floats
from cutwise.channels import Channel
from cutwise.frozen import Frozen
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise_dashboard.charts.palette import PALETTES, Palette, color_of
from cutwise_dashboard.format import quantity_text

POINTS = 160
NEAREST_M, LEAST_FAR_M = 1.0, 500.0
BEYOND_RATIO = 2.0
FEW_DEVICES, LARGE, SMALL = 60, 11, 6
ROLES = {"uplink": "uplink", "downlink": "downlink"}
SYMBOLS = {"uplink": "triangle-up", "downlink": "triangle-down"}


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RateCurve(Frozen):
    """Bits a second by direction along `distance_m`, for a device that has the whole band to itself."""

    distance_m: Floats
    rate_bps: Mapping[str, Floats]

    @property
    def is_flat(self) -> bool:
        """Whether the distance changes nothing."""
        return all(bool(np.ptp(rate) == 0) for rate in self.rate_bps.values())


def rate_curve(channel: Channel, *, devices_m: Floats, transmit_power_w: float) -> RateCurve:
    """What the channel gives from before the nearest to beyond the farthest device, with the whole band."""
    near_m = max(NEAREST_M, float(devices_m.min()) / BEYOND_RATIO)
    far_m = max(LEAST_FAR_M, BEYOND_RATIO * float(devices_m.max()))
    distance_m: Floats = np.geomspace(near_m, far_m, POINTS)
    up = channel.uplink_rate_bps(share=1.0, distance_m=distance_m, transmit_power_w=transmit_power_w)
    down = channel.downlink_rate_bps(share=1.0, distance_m=distance_m)
    rates = {"uplink": up, "downlink": down}
    return RateCurve(
        distance_m=distance_m,
        rate_bps={name: np.broadcast_to(rate, distance_m.shape) for name, rate in rates.items()},
    )


def rate_figure(curve: RateCurve, problem: SplitProblem, plan: Plan, *, theme: str) -> go.Figure:
    """A line a direction for the whole band, and a point a device with the rates that it has in the plan."""
    palette = PALETTES[theme]
    figure = go.Figure(layout=_layout(palette))
    few = len(plan.decisions) <= FEW_DEVICES
    for direction, role in ROLES.items():
        color = color_of(role, theme)
        figure.add_scatter(
            x=curve.distance_m.tolist(), y=curve.rate_bps[direction].tolist(), mode="lines",
            name=f"{direction}, whole band", line={"color": color, "width": 2}, hoverinfo="skip",
        )  # fmt: skip
        figure.add_scatter(
            x=problem.distance_m.tolist(), y=planned_bps(plan, direction), mode="markers",
            name=f"{direction}, as planned",
            marker={"color": color, "symbol": SYMBOLS[direction], "size": LARGE if few else SMALL,
                    "line": {"width": int(few), "color": palette.background}},
            customdata=_told(problem, plan, direction), hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    return figure


def planned_bps(plan: Plan, direction: str) -> list[float | None]:
    """The rate of every device in the plan; None where nothing finite can be drawn."""
    rates = [float(getattr(decision, f"{direction}_bps")) for decision in plan.decisions]
    return [rate if np.isfinite(rate) and rate > 0 else None for rate in rates]


def _told(problem: SplitProblem, plan: Plan, direction: str) -> list[str]:
    """What a pointer over each device reads."""
    return [
        f"{escape(decision.device)}<br>{direction} {quantity_text(rate or 0.0, 'bit/s')} at "
        f"{quantity_text(float(distance), 'm')}, {decision.bandwidth_share:.3g} of the band"
        for decision, rate, distance in zip(
            plan.decisions, planned_bps(plan, direction), problem.distance_m, strict=True
        )
    ]


def _layout(palette: Palette) -> go.Layout:
    axis = {
        "type": "log", "gridcolor": palette.border, "zeroline": False, "dtick": "D2", "tickformat": "~s",
    }  # fmt: skip
    return go.Layout(
        height=360,
        margin={"l": 8, "r": 16, "t": 48, "b": 8},
        paper_bgcolor=palette.background,
        plot_bgcolor=palette.background,
        font={"color": palette.text},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        xaxis=axis | {"title": {"text": "metres from the base station"}},
        yaxis=axis | {"title": {"text": "bit/s"}, "automargin": True},
    )
