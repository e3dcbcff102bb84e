"""The map in words: its finding, how to read it, and every row for who cannot see it."""

from __future__ import annotations

import numpy as np

from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis
from cutwise.analyses.maps.decision_map import DecisionMap
from cutwise.analyses.maps.rounds.round_map import CUTS, SCHEME
from cutwise_dashboard.format import quantity_text

NONE_FITS_WORDS = "no cut keeps the limits"
TOLD_ROWS = 9
"""Rows that are told in words."""


def map_title(found: DecisionMap) -> str:
    """The finding in one line."""
    whose, ever = found.device or "the fleet", _ever_best(found)
    if not ever:
        return f"No cut of {whose} keeps the limits anywhere on this map"
    if found.of == CUTS:
        return f"{len(ever)} patterns of cuts are the best somewhere on this map, for all devices together"
    if found.compared == 1:
        return f"Only one {found.of} is possible for {whose}: {ever[0]}"
    if len(ever) == 1:
        return f"One {found.of} is the best everywhere on this map for {whose}: {ever[0]}"
    if len(ever) == found.compared:
        return f"All {len(ever)} {found.of}s are the best somewhere on this map for {whose}"
    return f"Only {len(ever)} of {found.compared} {found.of}s are ever the best for {whose}"


def map_words(found: DecisionMap, *, weighs: bool) -> str:
    """How to read the map, and what was kept as planned."""
    read = "" if found.of == SCHEME else "The darker, the more of the model stays on the device."
    kept = (
        (found.of == CUTS, "Every point is a plan of all devices together."),
        (found.of == SCHEME, "Every point compares the least delay of a round, all devices planned anew."),
        (not weighs, "This scheme chooses no cut: the map tells which would be best in its place."),
        (not found.alone, "The other devices, their shares and their cuts are kept as planned."),
        (not found.complete, f"Compared are {found.compared} cuts along the model, all else as planned."),
        (
            not found.exact and found.of == "cut",
            "No line tells the scores here: what is best only between two points is missed.",
        ),
    )  # fmt: skip
    notes = [note for holds, note in kept if holds]
    return " ".join([*([read] if read else []), *notes, "Click or tap a point to go there; Undo returns."])


def spoken_map(found: DecisionMap) -> str:
    """The map for who cannot see it."""
    today = NONE_FITS_WORDS if found.today < 0 else f"{found.labels[found.today]} is best"
    axes = (found.across, found.up)
    known = all(axis.here is not None for axis in axes)
    where = " and ".join(_text(axis, float(axis.here or 0.0)) for axis in axes)
    now = f" Now, at {where}, {today}." if known else ""
    over = f"{found.across.title.lower()} and {found.up.title.lower()}"
    return f"Best {found.of} of {found.device or 'the fleet'} over {over}.{now}"


def sentences(found: DecisionMap) -> list[str]:
    """One sentence for each of some rows: what is best from where to where."""
    rows = np.unique(np.linspace(0, len(found.row_values) - 1, TOLD_ROWS).round().astype(int))
    return [_row_told(found, int(row)) for row in rows]


def _row_told(found: DecisionMap, row: int) -> str:
    along, other = (found.across, found.up) if found.along_across else (found.up, found.across)
    known = np.isfinite(found.runs.start[:, row])
    starts, cuts = found.runs.start[known, row].tolist(), found.runs.cut[known, row].tolist()
    names = [found.labels[cut] if cut >= 0 else NONE_FITS_WORDS for cut in cuts]
    told = [names[0], *(f"from {_text(along, s)} {n}" for s, n in zip(starts[1:], names[1:], strict=True))]
    everywhere = " everywhere" if len(told) == 1 else ""
    where = f"{other.title} {_text(other, float(found.row_values[row]))}, along {along.title.lower()}"
    return f"{where}: {', '.join(told)}{everywhere}."


def _ever_best(found: DecisionMap) -> list[str]:
    return [found.labels[cut] for cut in np.unique(found.runs.cut).tolist() if cut >= 0]


def _text(axis: QuantityAxis, value: float) -> str:
    return quantity_text(value, axis.unit).strip()
