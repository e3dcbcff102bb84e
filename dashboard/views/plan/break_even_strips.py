"""What is best along every slider of the trays, as the strip draws it under each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import streamlit as st

from cutwise.analyses.maps.changing_cuts import ChangingCuts, changing_cuts
from cutwise.errors import CutwiseError
from cutwise.frozen import FrozenDict
from cutwise.question import Question, unpinned
from cutwise.scenario.parts import Scenario
from cutwise.units import facts_of
from cutwise_dashboard import cached, session
from cutwise_dashboard.components.break_evens import open_tray, show_break_evens
from cutwise_dashboard.format import quantity_text
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.region_colors import region_colors

OF_LINK = ("uplink_bps", "downlink_bps", "uplink_bandwidth_hz", "downlink_bandwidth_hz")
OF_SERVER = ("flops_per_s", "memory_bytes")
OF_DEVICE = ("flops_per_s", "memory_bytes", "distance_m")
"""Fields of the trays that stand first and have a slider, and a price of the model that stays."""
TRAYS: Mapping[str, str] = FrozenDict({"link": "channel", "server": "server", "devices": "devices"})
"""The part of the scenario whose quantities a tray holds."""
SAMPLES, NEAR = 49, 1e-4
"""Values that are looked at where no law holds, and how near a change is told: both finer than a slider."""


@st.fragment
def show(question: AnsweredQuestion) -> None:
    """The strips of the tray that is open; another tray needs no other page than them."""
    tray = TRAYS.get(open_tray())
    show_break_evens(break_even_strips(question, tray, theme=session.theme()) if tray else {})


def show_none() -> None:
    """Takes away what was shown of another question."""
    show_break_evens({})


def break_even_strips(question: AnsweredQuestion, tray: str, *, theme: str) -> Mapping[str, Any]:
    """By path the spans of its slider with what is best there; nothing where no cut is best by itself."""
    return _strips(question.asked, question.device, tray, theme, question)


@cached.shared
def _strips(
    asked: Question, device: int, tray: str, theme: str, _question: AnsweredQuestion
) -> Mapping[str, Any]:
    ranges = {
        path: ends
        for path, ends in slider_ranges(asked.scenario, device).items()
        if path.partition(".")[0] == tray
    }
    try:
        found = changing_cuts(
            unpinned(asked), _question.best, device, ranges, near=NEAR, samples=SAMPLES
        )  # fmt: skip
    except CutwiseError:
        return {}
    fills = _fills(found, theme)
    return {one.axis.path: _strip(one, fills) for one in found}


def slider_ranges(scenario: Scenario, device: int) -> dict[str, tuple[float, float]]:
    """The ends of the slider of every quantity that has one.

    >>> list(slider_ranges(Scenario(), 0))[:3]
    ['channel.uplink_bps', 'channel.downlink_bps', 'server.flops_per_s']
    """
    channel = scenario.channel
    known = {one.name for one in fields(channel)}
    owners = [
        ("channel", channel, [name for name in OF_LINK if name in known]),
        ("server", scenario.server, OF_SERVER),
    ]
    if len(scenario.devices) > 1:
        over_the_air = channel.bandwidth_hz("uplink") is not None
        own = [name for name in OF_DEVICE if name != "distance_m" or over_the_air]
        owners.append((f"devices.{device}", scenario.devices[device], own))
    return {
        f"{start}.{name}": shown
        for start, owner, names in owners
        for name in names
        if (shown := facts_of(type(owner), name).get("shown")) is not None
    }


def _fills(found: Sequence[ChangingCuts], theme: str) -> dict[str, str]:
    """A colour for every cut that is best along some slider of a tray, by what it keeps on the device."""
    shares = {cut: share for one in found for cut, share in zip(one.cuts, one.shares, strict=True)}
    order = np.unique(list(shares.values()))
    return dict(
        zip(shares, region_colors(np.searchsorted(order, list(shares.values())).tolist(), theme), strict=True)
    )


def _strip(found: ChangingCuts, fills: Mapping[str, str]) -> dict[str, Any]:
    edges = [*found.starts, found.axis.high]
    spans = [
        {
            "from": slider_share(found, low), "to": slider_share(found, high), "fill": fills[cut],
            "title": f"{cut} {_range_text(found, at)}",
        }
        for at, (cut, low, high) in enumerate(zip(found.cuts, edges, edges[1:], strict=False))
    ]  # fmt: skip
    return {"spans": spans, "told": told(found), "exact": found.exact}


def slider_share(found: ChangingCuts, value: float) -> float:
    """Where on its slider a value stands, from 0 to 1."""
    axis = found.axis
    if axis.log:
        share = np.log(value / axis.low) / np.log(axis.high / axis.low)
    else:
        share = (value - axis.low) / (axis.high - axis.low)
    return round(float(np.clip(share, 0.0, 1.0)), 4)


def told(found: ChangingCuts) -> str:
    """The nearest changes to either side of the present value."""
    parts = []
    if found.below:
        parts.append(f"below {_text(found, found.below[0])} {found.below[1]}")
    if found.above:
        parts.append(f"from {_text(found, found.above[0])} {found.above[1]}")
    return "; ".join(parts) or (f"{found.cuts[0]} throughout" if len(found.cuts) == 1 else "")


def _range_text(found: ChangingCuts, at: int) -> str:
    if len(found.cuts) == 1:
        return "throughout"
    if at == 0:
        return f"below {_text(found, found.starts[1])}"
    return f"from {_text(found, found.starts[at])}"


def _text(found: ChangingCuts, value: float) -> str:
    return quantity_text(value, found.axis.unit).strip()
