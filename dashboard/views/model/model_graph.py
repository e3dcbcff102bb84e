"""The model's graph with both sides coloured; ops are picked, blocks folded."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

import numpy as np
import streamlit as st

from cutwise_dashboard import cached, session
from cutwise_dashboard.charts.graph.graph_drawing import VIEWS, draw_graph
from cutwise_dashboard.format import as_written, quantity_text
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.model import folding_graph

KEY = "graph"
VIEW_NAMES = {"blocks": "Blocks", "near_cut": "Near the cut", "all": "All ops"}


def show(question: AnsweredQuestion, device: int) -> None:
    """Draws the graph with the cut of `device`, and the costs of the op that is picked."""
    graph, plan = question.graph, question.plan
    with st.container(border=True):
        left, right = st.columns([3, 2], vertical_alignment="center")
        name = as_written(plan.decisions[device].device)
        left.subheader(f"Model graph, cut for {name}", anchor=False)
        with right:
            view = st.segmented_control(
                "View", VIEWS, key=session.begin("view.graph.view", "near_cut"), required=True,
                format_func=VIEW_NAMES.__getitem__, label_visibility="collapsed",
            )  # fmt: skip
        kept = frozenset(plan.decisions[device].cut.device_ops)
        side = np.array([op.id not in kept for op in graph.ops], dtype=np.int64)
        selected = folding_graph.show(partial(_drawing, question, view, side), key=KEY, digest=graph.digest)
        st.caption(
            f"{int((side == 0).sum())} of {len(graph)} ops on the device; click an op for its costs, "
            "double-click a block to fold it."
        )
        if selected in graph.index:
            _costs(question, selected)


def _drawing(question: AnsweredQuestion, view: str, side: np.ndarray, opened: frozenset, closed: frozenset):
    workload = question.scenario.workload
    return draw_graph(
        question.graph,
        cached.blocks_of(question.graph),
        view=view,
        side=side,
        opened=opened,
        closed=closed,
        output_bytes=question.problem.cost.output_bytes * workload.batch_size,
    )


def _costs(question: AnsweredQuestion, op_id: str) -> None:
    """The costs of one op, per sample unless said."""
    graph = question.graph
    op, cost = graph.ops[graph.index[op_id]], question.problem.cost.row(op_id)
    figures = {name: value for name, value in asdict(cost).items() if name != "op" and value}
    shape = " × ".join(map(str, op.output.shape)) or "as stated in the file"
    st.markdown(f"**{as_written(op.id)}** · {as_written(op.kind)} · {shape} · {op.output.dtype}")
    grid = st.grid(min_column_width=150)
    for name, value in figures.items():
        grid.metric(*figure_of(name, value))
    if not figures:
        st.caption("This op costs nothing: it only passes data on.")


def figure_of(name: str, value: float) -> tuple[str, str]:
    """What one cost of an op is called, and its value with a unit.

    >>> figure_of("forward_flops", 2e6), figure_of("moved_bytes", 4e3), figure_of("backward_launches", 2.0)
    (('Forward', '2 MFLOP'), ('Moved', '4 kB'), ('Backward launches', '2'))
    """
    words, _, unit = name.rpartition("_")
    known = {"flops": "FLOP", "bytes": "B"}.get(unit)
    title = (words if known else name).replace("_", " ").capitalize()
    return title, quantity_text(value, known) if known else f"{value:g}"
