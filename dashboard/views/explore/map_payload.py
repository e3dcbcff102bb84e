"""What the map's scripts are sent, as JSON values."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from cutwise.plans.inference_words import said
from cutwise_dashboard.charts.palette import PALETTES, Palette, ink_on
from cutwise_dashboard.format import quantity_text
from cutwise_dashboard.views.explore.decision_map import DecisionMap
from cutwise_dashboard.views.explore.map_axes import MapAxis, tick_values


def map_payload(found: DecisionMap, *, theme: str, training: bool = True) -> dict[str, Any]:
    """The map in the colours of a theme; the more stays on the device, the further along the scale."""
    palette = PALETTES[theme]
    fills = region_fills(found, palette)
    names = [
        {"label": label, "fill": fill, "ink": ink_on(fill)}
        for label, fill in zip(found.labels, fills, strict=True)
    ]
    return {
        "label": spoken_map(found),
        "device": found.device,
        "across": _axis(found.across, f"{found.across.title} of the cell"),
        "up": _axis(found.up, f"{found.up.title} of the device"),
        "linkValues": found.link_values.tolist(),
        "speedValues": found.speed_values.tolist(),
        "linkTexts": [quantity_text(value, found.across.unit) for value in found.link_values.tolist()],
        "speedTexts": [quantity_text(value, found.up.unit) for value in found.speed_values.tolist()],
        "best": _packed(found.best, np.int16),
        "delays": _packed(found.delays_s, np.float32),
        "regions": names,
        "here": [share_of(found.across, found.across.here), share_of(found.up, found.up.here)],
        "per": said("a round", training=training),
        "beside": dict(found.beside),
        "colors": {
            "ink": palette.text,
            "background": palette.background,
            "surface": palette.surface,
            "cut": palette.cut,
            "cutInk": ink_on(palette.cut),
        },
    }


def spoken_map(found: DecisionMap) -> str:
    """The map for who cannot see it."""
    today = "no cut keeps the limits" if found.today < 0 else f"{found.labels[found.today]} is best"
    return (
        f"Best cut of {found.device} over {found.across.title.lower()} and {found.up.title.lower()}. "
        f"Now, at {quantity_text(found.across.here, found.across.unit)} and "
        f"{quantity_text(found.up.here, found.up.unit)}, {today}."
    )


def region_fills(found: DecisionMap, palette: Palette) -> list[str]:
    """A colour for each cut, along one scale in the order of what they keep on the device."""
    order = np.argsort(found.shares, kind="stable")
    places = np.linspace(1, len(palette.sequential) - 2, len(order)).round().astype(int)
    fills = [""] * len(order)
    for place, cut in zip(places.tolist(), order.tolist(), strict=True):
        fills[cut] = palette.sequential[place]
    return fills


def share_of(axis: MapAxis, value: float) -> float:
    """Where on the axis a value lies, from 0 to 1.

    >>> share_of(MapAxis(path="p", title="Uplink", unit="bit/s", here=1.0, low=1.0, high=100.0), 10.0)
    0.5
    """
    share = math.log(value / axis.low) / math.log(axis.high / axis.low)
    return min(1.0, max(0.0, share))


def _axis(axis: MapAxis, title: str) -> dict[str, Any]:
    ticks = [[share_of(axis, value), quantity_text(value, axis.unit)] for value in tick_values(axis)]
    return {"path": axis.path, "title": title, "ticks": ticks}


def _packed(values: Any, dtype: type) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=dtype).tobytes()).decode()
