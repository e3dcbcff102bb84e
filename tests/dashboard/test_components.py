"""The Python side of the front-end components, through AppTest.

A page test turns a live slider by its session key, a plain number, and picks an op through whatever
key the page keeps the selection under: `at.session_state["channel.uplink_bps"] = 5e7; at.run()`.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cutwise.graph.blocks import blocks
from cutwise.graph.model_graph import ModelGraph, Op
from cutwise_dashboard.charts.graph.graph_drawing import GraphDrawing, draw_graph
from cutwise_dashboard.components.dag_view.payload import packed_geometry, packed_state
from cutwise_dashboard.components.live_slider import kept_value, live_slider


def slider_page() -> None:
    import streamlit as st

    from cutwise_dashboard.components.live_slider import live_slider

    rate = live_slider("Uplink", value=2e7, low=1e5, high=1e9, scale="log", unit="bps", key="link.uplink_bps")
    batch = live_slider("Batch", value=32, low=1, high=512, integer=True, key="batch")
    memory = live_slider("Memory", value=None, low=1e8, high=1e11, key="memory", optional=True)
    st.metric("rate", rate)
    st.metric("batch", batch)
    st.metric("memory", str(memory))


def shown(at: AppTest) -> list[str]:
    assert not at.exception
    return [metric.value for metric in at.metric]


def test_a_slider_starts_at_its_value() -> None:
    assert shown(AppTest.from_function(slider_page).run()) == ["20000000.0", "32", "None"]


def test_a_page_test_turns_a_slider_through_its_session_key() -> None:
    at = AppTest.from_function(slider_page).run()
    at.session_state["link.uplink_bps"] = 5e7
    assert shown(at.run()) == ["50000000.0", "32", "None"]
    at.session_state["batch"] = 64
    at.session_state["memory"] = 4e9
    assert shown(at.run()) == ["50000000.0", "64", "4000000000.0"]


@pytest.mark.parametrize(
    ("low", "high", "scale", "message"),
    [
        (0.0, 1.0, "log", "cannot start at 0"),
        (2.0, 1.0, "linear", "low 2.0 is not below high 1.0"),
        (1.0, 2.0, "cubic", "'cubic' is neither linear nor log"),
    ],
)
def test_a_scale_that_cannot_be_drawn_is_refused(low: float, high: float, scale: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        live_slider("Rate", value=1.0, low=low, high=high, scale=scale, key="rate")


@pytest.mark.parametrize("moved", ["5", True, None, [1], float("nan"), float("inf"), -1.0, 11.0])
def test_what_a_browser_may_not_send_changes_nothing(moved: Any) -> None:
    assert kept_value(moved, 3.0, ends=(0.0, 10.0), integer=False, optional=False) == 3.0


def test_none_is_kept_where_it_is_a_value() -> None:
    assert kept_value(None, 3.0, ends=(0.0, 10.0), integer=False, optional=True) is None


def viewer_page() -> None:
    import streamlit as st

    from cutwise.graph import blocks as finder
    from cutwise.graph.model_graph import ModelGraph, Op
    from cutwise_dashboard.charts.graph.graph_drawing import draw_graph
    from cutwise_dashboard.components.dag_view import dag_event, dag_view

    graph = ModelGraph(name="toy", ops=(Op(id="x", kind="input"), Op(id="y", kind="relu", inputs=("x",))))
    drawing = draw_graph(graph, finder.blocks(graph), side=[0, 1])
    before = dag_event("graph", selected=st.session_state.get("selected"))
    after = dag_view(drawing, selected=before.selected, key="graph")
    st.metric("selected", str(after.selected))
    st.metric("toggled", str(after.toggled))


def test_the_viewer_answers_the_selection_that_the_page_holds() -> None:
    at = AppTest.from_function(viewer_page)
    at.session_state["selected"] = "y"
    assert shown(at.run()) == ["y", "None"]


def cut_drawing(device_ops: int) -> GraphDrawing:
    """A chain of 24 ops, all open, of which the first `device_ops` are on the device."""
    ops = [Op(id="0", kind="input")]
    ops += [Op(id=str(at), kind="relu", inputs=(str(at - 1),)) for at in range(1, 24)]
    graph = ModelGraph(name="chain", ops=tuple(ops))
    side = [0] * device_ops + [1] * (24 - device_ops)
    return draw_graph(graph, blocks(graph), side=side, view="all", output_bytes=[8.0] * 24)


def test_moving_the_cut_leaves_the_geometry_message_as_it_is() -> None:
    first, second = (packed_geometry(cut_drawing(n).geometry) for n in (9, 11))
    assert first is second


def test_a_state_is_small_beside_its_geometry() -> None:
    drawing = cut_drawing(9)
    state = json.dumps(packed_state(drawing, None))
    assert len(state) < 1200
    assert len(json.dumps(packed_geometry(drawing.geometry))) > 3 * len(state)
