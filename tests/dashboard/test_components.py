"""The Python side of the front-end components, through AppTest."""

from __future__ import annotations

import json

from streamlit.testing.v1 import AppTest

from cutwise.graph.blocks import blocks
from cutwise.graph.model_graph import ModelGraph, Op
from cutwise_dashboard.charts.graph.graph_drawing import GraphDrawing, draw_graph
from cutwise_dashboard.components.dag_view.payload import packed_geometry, packed_state


def shown(at: AppTest) -> list[str]:
    assert not at.exception
    return [metric.value for metric in at.metric]


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
