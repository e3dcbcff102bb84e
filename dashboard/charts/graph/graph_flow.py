"""Where a drawn graph lies on a page of given width: blocks flow into rows, wide ones break into lines.

The viewer does the same in the browser; here it is done for pictures that are printed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cutwise_dashboard.charts.graph.graph_geometry import (
    CARD_HEIGHT,
    CARD_WIDTH,
    COLUMN_GAP,
    OP_WIDTH,
    PADDING,
    TITLE_HEIGHT,
    DrawnEdge,
    Geometry,
)

BLOCK_GAP, ROW_GAP = 40.0, 42.0
TURN, TURN_MARGIN = 6.0, 9.0
LANE_HALF = 4.0
PITCH = OP_WIDTH + COLUMN_GAP

Hop = tuple[float, float]
Hops = list[dict[int, dict[Hop, int]]]


@dataclass(frozen=True, slots=True)
class Station:
    """A place that an edge passes: column and height in a frame, before the frame is placed."""

    frame: int
    column: int
    y: float
    is_node: bool


@dataclass(frozen=True, slots=True)
class Spot:
    """A station on the page; it spans `x0` to `x1` at height `y`, on a line of its frame."""

    x0: float
    x1: float
    y: float
    line: int


@dataclass(frozen=True, slots=True)
class FrameRow:
    """One line of a broken frame: what is added to heights in it, and where it ends."""

    shift: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Shape:
    """A frame broken for a page: `per_line` columns a line, `side` room for turns beside them."""

    width: float
    height: float
    per_line: int
    side: float
    lines: tuple[FrameRow, ...]


@dataclass(frozen=True, slots=True)
class FramePlace:
    """A frame on the page."""

    row: int
    x0: float
    y0: float
    shape: Shape

    @property
    def x1(self) -> float:
        return self.x0 + self.shape.width

    @property
    def y1(self) -> float:
        return self.y0 + self.shape.height


@dataclass(frozen=True, slots=True)
class PageFlow:
    """A geometry on a page: its frames, the lower ends of its rows, and what edges pass."""

    geometry: Geometry
    places: tuple[FramePlace, ...]
    gutters: tuple[float, ...]
    stations: tuple[tuple[Station, ...], ...]
    hops: Hops

    @property
    def width(self) -> float:
        return max((place.x1 for place in self.places), default=0.0)

    @property
    def height(self) -> float:
        return self.gutters[-1] if self.gutters else 0.0


def flow(geometry: Geometry, available: float) -> PageFlow:
    """The rows of a page that is `available` wide."""
    stations = tuple(_stations(geometry, edge) for edge in geometry.edges)
    reach, hops = _measured(geometry, stations)
    shapes = [_shape(geometry, at, available, reach[at], hops[at]) for at in range(len(geometry.frames))]
    rows: list[list[int]] = []
    right = math.inf
    for at, shape in enumerate(shapes):
        if right + BLOCK_GAP + shape.width > available:
            rows.append([])
            right = -BLOCK_GAP
        rows[-1].append(at)
        right += BLOCK_GAP + shape.width
    places: list[FramePlace] = []
    gutters: list[float] = []
    top = 0.0
    for number, row in enumerate(rows):
        tallest = max(shapes[at].height for at in row)
        left = 0.0
        for at in row:
            y0 = top + (tallest - shapes[at].height) / 2
            places.append(FramePlace(number, left, y0, shapes[at]))
            left += shapes[at].width + BLOCK_GAP
        gutters.append(top + tallest)
        top += tallest + ROW_GAP
    return PageFlow(geometry, tuple(places), tuple(gutters), stations, hops)


def spot_of(placed: PageFlow, station: Station) -> Spot:
    """Where a station lies; borders have no width."""
    place, frame = placed.places[station.frame], placed.geometry.frames[station.frame]
    if not frame.is_open:
        return Spot(place.x0, place.x1, place.y0 + station.y, 0)
    shape = place.shape
    column = min(max(station.column, 0), frame.columns - 1)
    line = column // shape.per_line
    y = place.y0 + shape.lines[line].shift + station.y
    if station.column < 0:
        return Spot(place.x0, place.x0, y, line)
    if station.column >= frame.columns:
        return Spot(place.x1, place.x1, y, line)
    x0 = place.x0 + shape.side + PADDING + (column - line * shape.per_line) * PITCH
    return Spot(x0, x0 + OP_WIDTH, y, line)


def node_spots(placed: PageFlow) -> tuple[Spot, ...]:
    """Where every node lies."""
    return tuple(
        spot_of(placed, Station(node.block, node.column, node.y, is_node=True))
        for node in placed.geometry.nodes
    )


def _stations(geometry: Geometry, edge: DrawnEdge) -> tuple[Station, ...]:
    sender, reader = geometry.nodes[edge.producer], geometry.nodes[edge.reader]
    return (
        Station(sender.block, sender.column, sender.y, is_node=True),
        *(Station(sender.block, column, y, is_node=False) for column, y in edge.way_out),
        *(Station(reader.block, column, y, is_node=False) for column, y in edge.way_in),
        Station(reader.block, reader.column, reader.y, is_node=True),
    )


def _measured(
    geometry: Geometry, stations: Sequence[Sequence[Station]]
) -> tuple[list[dict[int, tuple[float, float]]], Hops]:
    """How far each column of a frame reaches up and down, and the edges that step across each gap, ranked."""
    reach: list[dict[int, tuple[float, float]]] = [{} for _ in geometry.frames]
    found: list[dict[int, set[Hop]]] = [{} for _ in geometry.frames]

    def grow(frame: int, column: int, y: float, half: float) -> None:
        low, high = reach[frame].get(column, (math.inf, -math.inf))
        reach[frame][column] = min(low, y - half), max(high, y + half)

    for node in geometry.nodes:
        grow(node.block, node.column, node.y, node.height / 2)
    for way in stations:
        for here, after in zip(way, [*way[1:], None], strict=True):
            columns = geometry.frames[here.frame].columns
            if not here.is_node and 0 <= here.column < columns:
                grow(here.frame, here.column, here.y, LANE_HALF)
            steps = after and after.frame == here.frame and after.column == here.column + 1
            if after and steps and 0 < after.column < columns:
                found[here.frame].setdefault(after.column, set()).add((here.y, after.y))
    ranked: Hops = [
        {column: {hop: place for place, hop in enumerate(sorted(hops))} for column, hops in frame.items()}
        for frame in found
    ]
    return reach, ranked


def _shape(
    geometry: Geometry,
    at: int,
    available: float,
    reach: dict[int, tuple[float, float]],
    hops: dict[int, dict[Hop, int]],
) -> Shape:
    """The frame with its columns in as many lines as the width asks for."""
    frame = geometry.frames[at]
    if not frame.is_open:
        return Shape(CARD_WIDTH, CARD_HEIGHT, 1, 0.0, ())
    per_line, side, lines = frame.columns, 0.0, 1
    while _width(per_line, side) > available and per_line > 2:
        lines += 1
        per_line = max(2, math.ceil(frame.columns / lines))
        turns = [len(hops.get(column, {})) for column in range(per_line, frame.columns, per_line)]
        side = max(0.0, TURN_MARGIN + TURN * max(turns, default=0) - PADDING)
    placed: list[FrameRow] = []
    top = TITLE_HEIGHT + PADDING
    for first in range(0, frame.columns, per_line):
        spans = [reach[column] for column in range(first, first + per_line) if column in reach]
        low, high = min(span[0] for span in spans), max(span[1] for span in spans)
        placed.append(FrameRow(top - low, top + high - low))
        is_last = first + per_line >= frame.columns
        top += high - low + (0 if is_last else 2 * TURN_MARGIN + TURN * len(hops.get(first + per_line, {})))
    return Shape(_width(per_line, side), top + PADDING, per_line, side, tuple(placed))


def _width(per_line: int, side: float) -> float:
    return per_line * PITCH - COLUMN_GAP + 2 * (PADDING + side)
