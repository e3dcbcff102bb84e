"""The ways of edges as SVG paths: through lanes, around broken lines, along gutters between rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from cutwise_dashboard.charts.graph.graph_flow import TURN, TURN_MARGIN, PageFlow, Spot, Station, spot_of

CORNER, STEP_OUT = 7.0, 12.0
MARGIN_LANE = -20.0
SAME_ROW_LEVEL, NEXT_ROW_LEVEL = 12.0, 24.0

Point = tuple[float, float]


def route(placed: PageFlow, edges: Iterable[int]) -> str:
    """The path of these edges; what several share is drawn once, so that dashes stay dashes."""
    pieces: dict[str, None] = {}
    for edge in edges:
        stations = placed.stations[edge]
        spots = [spot_of(placed, station) for station in stations]
        for at in range(1, len(stations)):
            pieces |= dict.fromkeys(_step(placed, *stations[at - 1 : at + 1], *spots[at - 1 : at + 1]))
            if at < len(stations) - 1 and spots[at].x1 > spots[at].x0:
                pieces[_line((spots[at].x0, spots[at].y), (spots[at].x1, spots[at].y))] = None
    return " ".join(pieces)


def _step(placed: PageFlow, before: Station, after: Station, start: Spot, end: Spot) -> Iterable[str]:
    if before.frame != after.frame:
        return _between(placed, before.frame, after.frame, start, end)
    if start.line == end.line:
        return [_gap((start.x1, start.y), (end.x0, end.y))]
    return [_turn(placed, before, after, start, end)]


def _gap(start: Point, end: Point) -> str:
    if abs(start[1] - end[1]) < 0.5:
        return _line(start, end)
    middle = (start[0] + end[0]) / 2
    return f"M{_at(start)}C{_at((middle, start[1]))} {_at((middle, end[1]))} {_at(end)}"


def _turn(placed: PageFlow, before: Station, after: Station, start: Spot, end: Spot) -> str:
    """From the end of one line of a broken frame to the start of the next; turns nest and do not cross."""
    place = placed.places[before.frame]
    hops = placed.hops[before.frame].get(after.column, {})
    rank = hops.get((before.y, after.y), 0)
    outer = TURN_MARGIN + TURN * (max(len(hops), 1) - 1 - rank)
    level = place.y0 + place.shape.lines[start.line].bottom + outer
    right, left = start.x1 + outer, end.x0 - TURN_MARGIN - TURN * rank
    return _corners(
        (start.x1, start.y), (right, start.y), (right, level), (left, level), (left, end.y), (end.x0, end.y)
    )


def _between(placed: PageFlow, source: int, target: int, start: Spot, end: Spot) -> Iterable[str]:
    """Straight on to the next frame of a row, else down to the gutter, along it, and to the reader."""
    row_from, row_to = placed.places[source].row, placed.places[target].row
    if row_from == row_to and target == source + 1:
        return [_gap((start.x1, start.y), (end.x0, end.y))]
    out, into = start.x1 + STEP_OUT, end.x0 - STEP_OUT
    level = placed.gutters[row_from] + (SAME_ROW_LEVEL if row_from == row_to else NEXT_ROW_LEVEL)
    last = placed.gutters[row_to - 1] + NEXT_ROW_LEVEL if row_to > row_from + 1 else level
    if last == level:
        lanes = [(out, level), (into, level)]
    else:
        lanes = [(out, level), (MARGIN_LANE, level), (MARGIN_LANE, last), (into, last)]
    return [_corners((start.x1, start.y), (out, start.y), *lanes, (into, end.y), (end.x0, end.y))]


def _line(start: Point, end: Point) -> str:
    return f"M{_at(start)}L{_at(end)}"


def _corners(*points: Point) -> str:
    """Straight lines with rounded corners."""
    words = [f"M{_at(points[0])}"]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(CORNER, _far(before, here) / 2, _far(here, after) / 2)
        words.append(
            f"L{_at(_towards(here, before, radius))}Q{_at(here)} {_at(_towards(here, after, radius))}"
        )
    return "".join([*words, f"L{_at(points[-1])}"])


def _towards(start: Point, end: Point, distance: float) -> Point:
    far = _far(start, end) or 1.0
    return tuple(a + (b - a) * distance / far for a, b in zip(start, end, strict=True))  # type: ignore[return-value]


def _far(start: Sequence[float], end: Sequence[float]) -> float:
    return math.dist(start, end)


def _at(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"
