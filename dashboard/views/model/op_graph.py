"""The model's graph coloured by what ops cost, and the table of ops: each selects in the other."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.vertex_sums import side_sums
from cutwise.graph.blocks import Block
from cutwise.plans.evaluate import stage_times
from cutwise.units import in_prefix
from cutwise_dashboard import cached, session
from cutwise_dashboard.charts.graph.graph_drawing import GraphDrawing, draw_graph
from cutwise_dashboard.charts.graph.op_colors import STEP_NAMES, steps
from cutwise_dashboard.format import as_written, quantity_text
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.model import folding_graph

KEY = "ops"
QUANTITIES = ("time", "FLOPs", "memory", "bytes sent")
MOST_OPS_OPEN = 60


def show(question: AnsweredQuestion) -> None:
    """The coloured graph above the op table."""
    cost = question.problem.cost
    with st.container(border=True):
        left, right = st.columns([3, 2], vertical_alignment="center")
        left.subheader("Graph", anchor=False)
        with right:
            picked = st.segmented_control(
                "Colour by", QUANTITIES, key=session.begin("view.ops.quantity", "FLOPs"), required=True,
                label_visibility="collapsed",
            )  # fmt: skip
        values, unit = quantity(question, str(picked))
        selected = _graph(question, values)
        total = quantity_text(float(values.sum()), unit)
        st.caption(f"Colour is an op's or a folded block's share of {total} ({picked}, one sample).")
    _table(question, cost, selected)


def quantity(question: AnsweredQuestion, name: str) -> tuple[np.ndarray, str]:
    """Per op and sample: seconds on the device looked at, FLOPs, bytes kept, or bytes sent if cut there."""
    cost = question.problem.cost
    flops = cost.forward_flops + cost.backward_input_flops + cost.backward_weight_flops
    kept = cost.weight_bytes + cost.weight_gradient_bytes + cost.optimizer_bytes + cost.saved_bytes
    return {
        "time": (_seconds(question), "s"),
        "FLOPs": (flops, "FLOP"),
        "memory": (kept, "B"),
        "bytes sent": (cost.output_bytes + cost.gradient_bytes, "B"),
    }[name]


def _seconds(question: AnsweredQuestion) -> np.ndarray:
    """Seconds of a sample of each op on the device looked at, its share of what a mini-batch takes once."""
    problem = question.problem
    own = problem.conditions().of(question.device).of_one_iteration().of_whole_batches()
    stages = stage_times(side_sums(problem.cost, compute_only=True)[0], own)
    both = np.asarray(stages.device_forward_s) + np.asarray(stages.device_backward_s)
    return np.asarray(both / problem.workload.batch_size)


def _graph(question: AnsweredQuestion, values: np.ndarray) -> str | None:
    graph = question.problem.cost.graph
    view = "all" if len(graph) <= MOST_OPS_OPEN else "blocks"
    draw = partial(_drawing, graph, cached.blocks_of(graph), values, view)
    return folding_graph.show(draw, key=KEY, digest=graph.digest, sequential=True)


def _drawing(
    graph: Any,
    blocks: tuple[Block, ...],
    values: np.ndarray,
    view: str,
    opened: frozenset[str],
    closed: frozenset[str],
) -> GraphDrawing:
    nothing = np.zeros(len(graph))
    options: dict[str, Any] = {
        "view": view, "opened": opened, "closed": closed, "output_bytes": nothing, "side_names": STEP_NAMES,
    }  # fmt: skip
    plain = draw_graph(graph, blocks, side=nothing.astype(int), **options)
    folded = frozenset(frame.name for frame in plain.frames if not frame.is_open)
    return draw_graph(graph, blocks, side=steps(values, blocks, folded), **options)


def _table(question: AnsweredQuestion, cost: GraphCost, selected: str | None) -> None:
    """Every op with its costs; a row picked here is marked in the graph, and the other way round."""
    frame = op_table(cost)
    blocks = cached.blocks_of(cost.graph)
    chosen = [block for block in blocks if selected == f"block:{block.name}"]
    if chosen:
        frame = frame.iloc[list(chosen[0].ops)]
        st.caption(
            f"Ops of block {as_written(chosen[0].name)}; click an empty place in the graph to see all."
        )
    with st.container(border=True):
        st.subheader("Ops", anchor=False)
        known = frame["op"].tolist()
        default = {"selection": {"rows": [known.index(selected)]}} if selected in known else None
        event = st.dataframe(
            frame,
            hide_index=True,
            key=f"ops.table.{selected}",
            on_select="rerun",
            selection_mode="single-row",
            selection_default=default,
            column_config=_columns(),
            alt="Every op with its costs",
            height=420,
        )
        rows = event.selection.rows
        if rows and known[rows[0]] != selected:
            folding_graph.pick(KEY, cost.graph.digest, known[rows[0]])
            st.rerun()
    with st.container(border=True):
        st.subheader("Blocks", anchor=False)
        st.dataframe(
            block_table(cost, blocks), hide_index=True, column_config=_columns(), alt="Blocks with costs"
        )


def op_table(cost: GraphCost) -> pd.DataFrame:
    """One row an op, per sample unless said."""
    ops = cost.graph.ops
    return pd.DataFrame(
        {
            "op": [op.id for op in ops],
            "kind": [op.kind for op in ops],
            "block": [op.block for op in ops],
            "shape": [" × ".join(map(str, op.output.shape)) for op in ops],
            "forward": in_prefix(cost.forward_flops, "M"),
            "backward": in_prefix(cost.backward_input_flops + cost.backward_weight_flops, "M"),
            "weights": in_prefix(cost.weight_bytes, "M"),
            "saved": in_prefix(cost.saved_bytes, "M"),
            "sent": in_prefix(cost.output_bytes, "M"),
        }
    )


def block_table(cost: GraphCost, blocks: tuple[Block, ...]) -> pd.DataFrame:
    """One row a block: its ops, how often its like occurs, and its costs."""
    ops = op_table(cost)
    sums = [ops.iloc[list(block.ops)][["forward", "backward", "weights", "saved"]].sum() for block in blocks]
    head = pd.DataFrame(
        {
            "block": [block.name for block in blocks],
            "ops": [len(block.ops) for block in blocks],
            "alike": [block.repeats for block in blocks],
        }
    )
    return pd.concat([head, pd.DataFrame(sums).reset_index(drop=True)], axis=1)


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "op": "Op", "kind": "Kind", "block": "Block", "shape": "Output", "ops": "Ops",
        "alike": number("Blocks alike"),
        "forward": number("Forward (MFLOP)", format="%.4g"),
        "backward": number("Backward (MFLOP)", format="%.4g"),
        "weights": number("Weights (MB)", format="%.4g"),
        "saved": number("Saved (MB)", format="%.4g"),
        "sent": number("Sent if cut here (MB)", format="%.4g"),
    }  # fmt: skip
