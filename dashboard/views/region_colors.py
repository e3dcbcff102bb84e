"""Colours of regions: darker the more stays on the device, told apart by hue as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cutwise.frozen import FrozenDict
from cutwise_dashboard.charts.palette import contrast_ratio, ink_on

SCALES: Mapping[str, tuple[str, ...]] = FrozenDict(
    {
        "light": ("#E9EDB2", "#BBDDA7", "#7FC6AB", "#44A7B3", "#2D7FAE", "#2C579A", "#293375"),
        "dark": ("#C3D48C", "#93C58C", "#5FB199", "#3D94A6", "#356FA2", "#36508F", "#343A7C"),
    }
)
"""From light to dark by theme: from little on the device to all of it."""
READABLE, NUDGE = 4.5, 0.01
"""Contrast that a name needs on its region (WCAG 2.1, 1.4.3), and how far a colour moves to reach it."""


def region_colors(order: Sequence[int], theme: str) -> list[str]:
    """A colour for each region, by its place in `order`, 0 for the least on the device.

    >>> region_colors([1, 0], "light")
    ['#293375', '#E9EDB2']
    """
    most = max(max(order, default=0), 1)
    return [_readable(theme, place / most) for place in order]


def _readable(theme: str, share: float) -> str:
    """The colour at a share of the scale, or the nearest one that names can be read on."""
    color = _at(theme, share)
    while contrast_ratio(ink_on(color), color) < READABLE:
        share += NUDGE
        color = _at(theme, share)
    return color


def _at(theme: str, share: float) -> str:
    stops = np.array([[int(stop[at : at + 2], 16) for at in (1, 3, 5)] for stop in SCALES[theme]])
    places = np.linspace(0.0, 1.0, len(stops))
    red, green, blue = (round(float(np.interp(share, places, stops[:, part]))) for part in range(3))
    return f"#{red:02X}{green:02X}{blue:02X}"
