"""What the viewer's scripts are sent: the geometry once, the state of the cut with every run."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cutwise_dashboard.caches import kept
from cutwise_dashboard.charts.graph import graph_geometry
from cutwise_dashboard.charts.graph.graph_drawing import GraphDrawing
from cutwise_dashboard.charts.graph.graph_geometry import DrawnEdge, Geometry
from cutwise_dashboard.charts.palette import DARK, LIGHT

MIXED = 255


def fallback_colors(sides: int, *, sequential: bool = False) -> dict[str, Any]:
    """The colours of the sides and of the cut, for a theme that names none.

    With `sequential` they are steps of one hue and hold whatever the theme names.
    """
    palettes = {"light": LIGHT, "dark": DARK}
    return {
        **{
            name: _steps(palette.sequential, sides) if sequential else palette.categorical[:sides]
            for name, palette in palettes.items()
        },
        "cut": {name: palette.cut for name, palette in palettes.items()},
        "fixed": sequential,
    }


def _steps(colors: tuple[str, ...], count: int) -> tuple[str, ...]:
    """`count` colours spread evenly over a scale, its two ends left out."""
    places = np.linspace(1, len(colors) - 2, count).round().astype(int)
    return tuple(colors[place] for place in places)


@kept
def packed_geometry(geometry: Geometry) -> Mapping[str, Any]:
    """A geometry as JSON values, its numbers as base64 of arrays."""
    nodes, edges = geometry.nodes, geometry.edges
    return {
        "digest": geometry.digest,
        "metrics": {
            "opWidth": graph_geometry.OP_WIDTH,
            "columnGap": graph_geometry.COLUMN_GAP,
            "padding": graph_geometry.PADDING,
            "titleHeight": graph_geometry.TITLE_HEIGHT,
            "cardWidth": graph_geometry.CARD_WIDTH,
            "cardHeight": graph_geometry.CARD_HEIGHT,
        },
        "frames": [
            {"name": frame.name, "ops": frame.ops, "columns": frame.columns, "isOpen": frame.is_open}
            for frame in geometry.frames
        ],
        "nodes": {
            "id": [node.id for node in nodes],
            "label": [node.label for node in nodes],
            "subLabel": [node.sub_label for node in nodes],
            "detail": [node.detail for node in nodes],
            "column": _base64([node.column for node in nodes], np.int32),
            "x": _base64([node.x for node in nodes], np.float32),
            "y": _base64([node.y for node in nodes], np.float32),
            "width": _base64([node.width for node in nodes], np.float32),
            "height": _base64([node.height for node in nodes], np.float32),
            "block": _base64([node.block for node in nodes], np.int32),
        },
        "edges": _packed_edges(edges),
    }


def _packed_edges(edges: tuple[DrawnEdge, ...]) -> dict[str, str]:
    points: list[float] = []
    ways: dict[str, list[int]] = {"wayOut": [], "wayIn": []}
    for edge in edges:
        for name, way in (("wayOut", edge.way_out), ("wayIn", edge.way_in)):
            ways[name] += [len(points) // 2, len(points) // 2 + len(way)]
            points += [value for point in way for value in point]
    return {
        "producer": _base64([edge.producer for edge in edges], np.int32),
        "reader": _base64([edge.reader for edge in edges], np.int32),
        "points": _base64(points, np.float32),
        **{name: _base64(ends, np.int32) for name, ends in ways.items()},
    }


def packed_state(drawing: GraphDrawing, selected: str | None) -> dict[str, Any]:
    """What changes when the cut moves or another op is picked, as JSON values."""
    shares = drawing.shares
    is_mixed = shares.max(axis=1) < 1.0
    side = np.where(is_mixed, MIXED, shares.argmax(axis=1))
    tensors = sum(crossing.tensors for crossing in drawing.crossings)
    return {
        "digest": drawing.geometry.digest,
        "side": _base64(side, np.uint8),
        "mixed": [[int(node), shares[node].round(3).tolist()] for node in np.flatnonzero(is_mixed)],
        "frameSide": _base64(_frame_sides(drawing, side), np.int8),
        "crosses": _base64(np.flatnonzero(drawing.crosses), np.int32),
        "crossings": [
            {"node": crossing.node, "text": crossing.text, "sizeBytes": crossing.size_bytes}
            for crossing in drawing.crossings
        ],
        "sideNames": list(drawing.side_names),
        "crossingText": _crossing_text(tensors, drawing.total_text),
        "summary": drawing.summary,
        "selected": selected,
        "shown": _shown(drawing, selected),
    }


def _shown(drawing: GraphDrawing, selected: str | None) -> dict[str, int]:
    """The node that stands for what is selected: a card, where the op is folded away."""
    is_known = selected is not None and selected in drawing.node_by_id
    return {selected: drawing.node_by_id[selected]} if selected and is_known else {}


def _crossing_text(tensors: int, total_text: str) -> str:
    if tensors == 0:
        return ""
    return f"crosses the cut: {total_text}" + (f" in {tensors} tensors" if tensors > 1 else "")


def _frame_sides(drawing: GraphDrawing, side: ArrayLike) -> list[int]:
    """For each block the side all of it is on, or -1."""
    of_node = np.asarray(side)
    block = np.array([node.block for node in drawing.nodes])
    first = np.full(len(drawing.frames), MIXED)
    last = np.full(len(drawing.frames), -1)
    np.minimum.at(first, block, of_node)
    np.maximum.at(last, block, of_node)
    return [int(side) for side in np.where((first == last) & (last < MIXED), last, -1)]


def _base64(values: ArrayLike, dtype: type) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=dtype).tobytes()).decode("ascii")
