"""The model viewer: a canvas that shows a graph drawing, in which ops are picked and blocks folded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from cutwise_dashboard.charts.finite_payload import finite
from cutwise_dashboard.charts.graph.graph_drawing import GraphDrawing
from cutwise_dashboard.components import asset_text
from cutwise_dashboard.components.dag_view.markup import HTML
from cutwise_dashboard.components.dag_view.payload import fallback_colors, packed_geometry, packed_state

PARTS = ("geometry", "flow", "routes", "colors", "labels", "paint", "pointer", "viewer")
CSS = asset_text(__name__, "style.css")
SCRIPT = asset_text(__name__, *(f"{part}.js" for part in PARTS))
STATE_SCRIPT = asset_text(__name__, "state.js")

_VIEWER = st.components.v2.component("cutwise_dag_view", html=HTML, css=CSS, js=SCRIPT)
_STATE = st.components.v2.component("cutwise_dag_state", js=STATE_SCRIPT)


@dataclass(frozen=True, slots=True)
class DagEvent:
    """What is selected now, and the block whose fold the reader asked to change in this run.

    `selected` is an op id, "block:" and a block's name, or None; `toggled` a block's name or None.
    """

    selected: str | None
    toggled: str | None


def dag_view(
    drawing: GraphDrawing,
    *,
    selected: str | None,
    key: str,
    height_limit: int = 460,
    sequential: bool = False,
) -> DagEvent:
    """Shows `drawing` with `selected` marked and answers what the reader did with it.

    The page holds the selection and the open blocks; the viewer only reports. Zoom, pan and the
    keyboard are the viewer's own and survive reruns. Sizes are CSS pixels. With `sequential` the sides are
    steps of one hue, light to dark, instead of the theme's categories.
    """
    with st.container(gap=None):
        result = _VIEWER(
            key=key,
            data={
                "name": key,
                "heightLimit": height_limit,
                "colors": fallback_colors(len(drawing.side_names), sequential=sequential),
                "geometry": packed_geometry(drawing.geometry),
            },
            on_selected_change=_nothing,
            on_toggled_change=_nothing,
        )
        _STATE(key=f"{key}.state", data={"name": key, "state": finite(packed_state(drawing, selected))})
    return _event(result, selected)


def dag_event(key: str, *, selected: str | None) -> DagEvent:
    """What the reader did since the last run, known before the drawing is made.

    A page that asks this first draws the folded or unfolded block in the same run; it then leaves the
    `toggled` of `dag_view` alone.
    """
    return _event(st.session_state.get(key, {}), selected)


def _event(result: Any, selected: str | None) -> DagEvent:
    clicked = result.get("selected")
    return DagEvent(selected if clicked is None else clicked or None, result.get("toggled"))


def _nothing() -> None:
    """Named so that Streamlit reports the event."""
