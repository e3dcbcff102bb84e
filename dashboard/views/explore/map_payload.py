"""What the map's scripts are sent: runs and lines as single floats, all else as JSON values."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis
from cutwise.analyses.maps.decision_map import DecisionMap
from cutwise.analyses.maps.lines.row_lines import RowLines
from cutwise.analyses.maps.rounds.round_map import CUTS, SCHEME
from cutwise.arrays import Floats
from cutwise.plans.inference_words import said
from cutwise_dashboard.charts.palette import PALETTES, ink_on
from cutwise_dashboard.format import quantity_text, rounded, seconds_text, share_text
from cutwise_dashboard.views.explore.map_words import NONE_FITS_WORDS, sentences, spoken_map
from cutwise_dashboard.views.region_colors import region_colors

MOST_POINTS = 101
"""Points of an axis that are sent where no lines tell the scores."""


def map_payload(found: DecisionMap, *, theme: str, device: str = "", training: bool = True) -> dict[str, Any]:
    """The map in the colours of a theme; the more stays on the device, the darker.

    `device` is who is looked at, where the map is of all devices.
    """
    palette = PALETTES[theme]
    along, other = (found.across, found.up) if found.along_across else (found.up, found.across)
    starts = shares_of(along, found.runs.start.T)
    ever = set(np.unique(found.runs.cut).tolist())
    regions = [
        {
            "label": label, "fill": fill, "ink": ink_on(fill), "shown": at in ever,
            "kept": f"{share_text(share)} of the work stays" if found.of != SCHEME else "",
        }
        for at, (label, fill, share) in enumerate(
            zip(found.labels, region_fills(found, theme), found.shares, strict=True)
        )
    ]  # fmt: skip
    return {
        "label": said(spoken_map(found), training=training),
        "stamp": str(hash((found.today, found.today_delay_s, found.across, found.up, starts.tobytes()))),
        "device": found.device or device,
        "ranks": found.of != CUTS,
        "chips": found.of != CUTS,
        "about": "" if found.of == "cut" else "about ",
        "across": _axis(found.across),
        "up": _axis(found.up),
        "alongAcross": found.along_across,
        "rows": packed(shares_of(other, found.row_values), np.float32),
        "steps": starts.shape[1],
        "starts": packed(starts, np.float32),
        "cuts": packed(found.runs.cut.T, np.int16),
        "lines": None if found.lines is None else _lines(found.lines),
        "points": None if found.lines is not None else _points(found),
        "regions": regions,
        "here": _here(found),
        "hereText": said(here_text(found), training=training),
        "moves": [[_share(along, one), quantity_text(one, along.unit).strip()] for one in found.today_moves],
        "none": NONE_FITS_WORDS,
        "objective": "s" if found.objective == "delay" else "J",
        "per": said("a round", training=training),
        "beside": dict(found.beside),
        "sentences": [said(sentence, training=training) for sentence in sentences(found)],
        "colors": {
            "ink": palette.text,
            "background": palette.background,
            "surface": palette.surface,
            "cut": palette.cut,
        },
    }


def here_text(found: DecisionMap) -> str:
    """What stands at the present point."""
    if found.today < 0:
        return f"You: {NONE_FITS_WORDS}"
    label = found.labels[found.today] if found.of != CUTS else "the plan"
    begins = "Best here" if found.of == SCHEME else "You"
    lasts = f", {seconds_text(found.today_delay_s)} a round" if math.isfinite(found.today_delay_s) else ""
    return f"{begins}: {label}{lasts}"


def region_fills(found: DecisionMap, theme: str) -> list[str]:
    """A colour for each cut, along one scale in the order of what those that are ever best keep."""
    if found.of == SCHEME:
        return _scheme_fills(found, theme)
    ever = np.array([cut for cut in np.unique(found.runs.cut).tolist() if cut >= 0], dtype=np.int64)
    kept = np.sort(np.array(found.shares)[ever])
    return region_colors(np.minimum(np.searchsorted(kept, found.shares), len(kept) - 1).tolist(), theme)


def _scheme_fills(found: DecisionMap, theme: str) -> list[str]:
    """Schemes that are best somewhere have the first colours, one each."""
    colors, surface = PALETTES[theme].categorical, PALETTES[theme].surface
    ever = [one for one in np.unique(found.runs.cut).tolist() if one >= 0]
    return [
        colors[ever.index(at) % len(colors)] if at in ever else surface for at in range(len(found.labels))
    ]


def shares_of(axis: QuantityAxis, values: Floats) -> Floats:
    """Where on the axis values lie, from 0 to 1; NaN for none.

    >>> axis = QuantityAxis(path="p", title="P", unit="", whole=False, log=True, here=1, low=1, high=100)
    >>> shares_of(axis, np.array([1.0, 10.0, 1e9, np.nan])).tolist()
    [0.0, 0.5, 1.0, nan]
    """
    if axis.log:
        shares = np.log(values / axis.low) / math.log(axis.high / axis.low)
    else:
        shares = (values - axis.low) / (axis.high - axis.low)
    return np.asarray(np.clip(shares, 0.0, 1.0))


def _share(axis: QuantityAxis, value: float) -> float:
    return float(shares_of(axis, np.array([value]))[0])


def tick_values(axis: QuantityAxis) -> list[float]:
    """Round values within the range: 1 and 3 times powers of ten, or some six at even steps.

    >>> axis = QuantityAxis(path="p", title="P", unit="", whole=False, log=True, here=5, low=1, high=100)
    >>> tick_values(axis)
    [1.0, 3.0, 10.0, 30.0, 100.0]
    """
    if axis.log:
        powers = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
        bases = (1, 3) if axis.high / axis.low < 2e3 else (1,)
        found = [rounded(base * 10.0**power) for power in powers for base in bases]
    else:
        rough = (axis.high - axis.low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(base * power for base in (1, 2, 5, 10) if base * power >= rough)
        found = [
            rounded(step * at) for at in range(math.ceil(axis.low / step), math.floor(axis.high / step) + 1)
        ]
    return [value for value in found if axis.low <= value <= axis.high]


def _axis(axis: QuantityAxis) -> dict[str, Any]:
    ticks = [[_share(axis, value), quantity_text(value, axis.unit).strip()] for value in tick_values(axis)]
    return {
        "path": axis.path, "title": axis.title, "unit": axis.unit, "low": axis.low, "high": axis.high,
        "log": axis.log, "whole": axis.whole, "ticks": ticks,
    }  # fmt: skip


def _here(found: DecisionMap) -> list[float] | None:
    """Shares of both axes; None where the present point lies on no map."""
    axes = (found.across, found.up)
    if any(axis.here is None or not axis.low <= axis.here <= axis.high for axis in axes):
        return None
    return [_share(axis, float(axis.here or 0.0)) for axis in axes]


def _lines(lines: RowLines) -> dict[str, Any]:
    straight = lines.lines
    sent = ("start", "slope") if straight.always_fit else ("start", "slope", "low", "high")
    return {
        "law": lines.law,
        "near": lines.span[0],
        **{name: packed(getattr(straight, name).T, np.float32) for name in sent},
    }


def _points(found: DecisionMap) -> dict[str, Any]:
    """Scores, second best and regrets at some points of the map, evenly over both axes."""
    rows, columns = (
        np.linspace(0, count - 1, min(count, MOST_POINTS)).round().astype(int) for count in found.best.shape
    )
    at = np.ix_(rows, columns)
    return {
        "rows": len(rows),
        "columns": len(columns),
        "scores": packed(found.scores[at], np.float32),
        "regrets": packed(found.regrets[at], np.float32),
        "seconds": packed(found.second[at], np.int16),
    }


def packed(values: Any, dtype: type) -> str:
    """Numbers as base64."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=dtype).tobytes()).decode()
