"""Which of many planes are ever lowest over a rectangle: exactly, by the corners of their lower envelope.

A delay that is a sum is a plane over seconds a bit and seconds an operation. The least of some planes is
concave, so that a plane less it is convex: where no corner of the known regions lies above a plane, no other
point does.
"""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats

Point = tuple[float, float]
SQUARE: tuple[Point, ...] = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
TIED = 1e-12
"""Planes that differ by less of their height are the same."""
LINE = 1e-14
"""The area, of that of the rectangle, of what is no region but a line."""


def ever_lowest(planes: Floats, *, low: Point, high: Point) -> list[int]:
    """Rows of `planes` (k, 3), each p + q x + r y, that are lowest somewhere between `low` and `high`.

    >>> flat, steep, above = [1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [1.5, 0.5, 0.0]
    >>> ever_lowest(np.array([flat, steep, above]), low=(0.0, 0.0), high=(1.0, 1.0))
    [0, 1]
    """
    unit = _in_unit_square(planes, low, high)
    found = sorted(set(_heights(unit, SQUARE).argmin(axis=0).tolist()))
    while True:
        regions = [_region(unit, found, row) for row in found]
        corners = [point for region in regions for point in region]
        heights = _heights(unit, corners)
        known = heights[found].min(axis=0)
        below = heights.min(axis=0) < known - TIED * np.abs(known)
        more = set(heights[:, below].argmin(axis=0).tolist()) - set(found)
        if not more:
            return [row for row, region in zip(found, regions, strict=True) if _area(region) > LINE]
        found = sorted({*found, *more})


def _in_unit_square(planes: Floats, low: Point, high: Point) -> Floats:
    start = planes[:, 0] + planes[:, 1:] @ np.array(low)
    return np.column_stack([start, planes[:, 1:] * (np.array(high) - np.array(low))])


def _heights(planes: Floats, points: tuple[Point, ...] | list[Point]) -> Floats:
    return planes[:, :1] + planes[:, 1:] @ np.array(points).T


def _region(planes: Floats, rows: list[int], row: int) -> list[Point]:
    """The part of the unit square where `row` is lowest of `rows`."""
    region = list(SQUARE)
    for other in rows:
        if other != row and region:
            start, across, up = (planes[row] - planes[other]).tolist()
            region = _kept_below(region, start, across, up)
    return region


def _kept_below(region: list[Point], start: float, across: float, up: float) -> list[Point]:
    """The part of a convex polygon where start + across x + up y is at most 0 (Sutherland and Hodgman)."""
    heights = [start + across * x + up * y for x, y in region]
    kept: list[Point] = []
    for at, (here, height) in enumerate(zip(region, heights, strict=True)):
        before, height_before = region[at - 1], heights[at - 1]
        if (height > 0) != (height_before > 0):
            share = height_before / (height_before - height)
            kept.append(
                (before[0] + share * (here[0] - before[0]), before[1] + share * (here[1] - before[1]))
            )
        if height <= 0:
            kept.append(here)
    return kept


def _area(region: list[Point]) -> float:
    following = region[1:] + region[:1]
    return 0.5 * abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(region, following, strict=True)))
