"""The model graph with a cut on it as inline SVG, in the colours of the page's style."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cutwise.costs.graph_cost import GraphCost
from cutwise.graph.blocks import Block
from cutwise_dashboard.charts.graph.graph_drawing import GraphDrawing, draw_graph
from cutwise_dashboard.charts.graph.graph_flow import PageFlow, Spot, flow, node_spots
from cutwise_dashboard.charts.graph.graph_routes import route
from cutwise_dashboard.reports.markup import Markup, element

PAGE_WIDTH = 960.0
MARGIN, LABEL_ROOM = 26.0, 22.0
LETTER, LABEL_LETTER = 6.6, 7.0
LABEL_HEIGHT = 18.0


def graph_picture(
    cost: GraphCost, blocks: tuple[Block, ...], device_ops: Sequence[str], *, batch_size: int
) -> Markup:
    """The graph near this cut, with what crosses written beside it."""
    kept = frozenset(device_ops)
    drawing = draw_graph(
        cost.graph,
        blocks,
        side=np.array([op.id not in kept for op in cost.graph.ops], dtype=np.int64),
        output_bytes=cost.output_bytes * batch_size,
    )
    placed = flow(drawing.geometry, PAGE_WIDTH)
    spots = node_spots(placed)
    width, height = max(placed.width, 240.0) + 2 * MARGIN + LABEL_ROOM, placed.height + 2 * MARGIN
    plain, cut = _edges(drawing)
    parts = [
        element("title", drawing.summary),
        [_frame(placed, at) for at in range(len(placed.places)) if drawing.geometry.frames[at].is_open],
        element("path", d=route(placed, plain), class_="edge"),
        element("path", d=route(placed, cut), class_="cut-edge"),
        [_node(drawing, at, spot) for at, spot in enumerate(spots)],
        _labels(drawing, spots),
    ]
    box = f"{-MARGIN:g} {-MARGIN:g} {width:.0f} {height:.0f}"
    picture = element("svg", parts, viewBox=box, role="img", class_="graph", style=f"max-width:{width:.0f}px")
    return element("div", picture, class_="wide")


def _edges(drawing: GraphDrawing) -> tuple[list[int], list[int]]:
    return np.flatnonzero(~drawing.crosses).tolist(), np.flatnonzero(drawing.crosses).tolist()


def _frame(placed: PageFlow, at: int) -> list[Markup]:
    place, frame = placed.places[at], placed.geometry.frames[at]
    box = {
        "x": _n(place.x0),
        "y": _n(place.y0),
        "width": _n(place.shape.width),
        "height": _n(place.shape.height),
    }
    room = place.shape.width - 24
    return [
        element("rect", rx=9, class_="frame", **box),
        _text(frame.name, place.x0 + 12, place.y0 + 17, "frame-name", room),
    ]


def _node(drawing: GraphDrawing, at: int, spot: Spot) -> list[Markup]:
    """A box in its side's colour, or in both where the cut passes through it."""
    node, shares = drawing.nodes[at], drawing.shares[at]
    middle = (spot.x0 + spot.x1) / 2
    left, boxes = middle - node.width / 2, []
    for side in np.flatnonzero(shares):
        box = {"x": _n(left), "y": _n(spot.y - node.height / 2), "height": _n(node.height)}
        boxes.append(
            element(
                "rect",
                width=_n(node.width * shares[side]),
                rx=6 if shares[side] == 1 else 0,
                class_=f"side-{side}",
                **box,
            )
        )
        left += node.width * float(shares[side])
    ink = f"ink-{int(shares.argmax())}"
    texts = [
        _text(node.label, middle, spot.y + (-4 if node.sub_label else 4.5), f"label {ink}", node.width - 8)
    ]
    if node.sub_label:
        texts.append(_text(node.sub_label, middle, spot.y + 14, f"sub {ink}", node.width - 8))
    return [element("g", element("title", node.detail), boxes, texts)]


def _labels(drawing: GraphDrawing, spots: Sequence[Spot]) -> list[Markup]:
    """The size of what each node sends across, above its right end, and lower where another label is."""
    taken: list[tuple[float, float]] = []
    drawn = []
    for crossing in drawing.crossings:
        spot, node = spots[crossing.node], drawing.nodes[crossing.node]
        half = LABEL_LETTER * len(crossing.text) / 2 + 7
        x = max((spot.x0 + spot.x1 + node.width) / 2 + 12, half - MARGIN)
        y = spot.y - node.height / 2 - 6
        while any(abs(x - other) < 2 * half and abs(y - height) < LABEL_HEIGHT for other, height in taken):
            y += LABEL_HEIGHT
        taken.append((x, y))
        box = {
            "x": _n(x - half),
            "y": _n(y - LABEL_HEIGHT / 2),
            "width": _n(2 * half),
            "height": LABEL_HEIGHT,
        }
        drawn += [
            element("rect", rx=5, class_="cut-plate", **box),
            _text(crossing.text, x, y + 4, "cut-label", 2 * half - 6),
        ]
    return drawn


def _text(text: str, x: float, y: float, kind: str, room: float) -> Markup:
    """A text that is squeezed where it would be wider than its room."""
    squeezed = (
        {"textLength": _n(room), "lengthAdjust": "spacingAndGlyphs"} if LETTER * len(text) > room else {}
    )
    return element("text", text, x=_n(x), y=_n(y), class_=kind, **squeezed)


def _n(value: float) -> str:
    return f"{value:.1f}"
