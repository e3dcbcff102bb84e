"""A page of marked names in every kind of place that shows one; `test_names_are_text` looks at it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

import cutwise
from cutwise.fields.readable_names import readable_name
from cutwise.graph.blocks import blocks
from cutwise.pipeline import played_round
from cutwise.problem.split_problem import build_problem
from cutwise_dashboard.charts.fleet_bars import fleet_figure
from cutwise_dashboard.charts.gantt import gantt_figure
from cutwise_dashboard.charts.graph.graph_drawing import draw_graph
from cutwise_dashboard.components.dag_view import dag_view
from cutwise_dashboard.format import as_written
from tests.marked_names import MARKERS, marked_scenario, write_marked_json

names = [readable_name(name) for name in MARKERS]
for number, name in enumerate(names):
    with st.container(key=f"marker-{number}"):
        shown = as_written(name)
        st.markdown(shown)
        st.markdown(f"**{shown}** · text")
        st.caption(shown)
        st.metric(shown, 1)
        st.warning(shown)
st.pills("Devices", names, format_func=as_written)
st.selectbox("Device", names)

graph = cutwise.load_model(write_marked_json(Path(tempfile.mkdtemp())))
scenario = marked_scenario(edges=0)
plan = cutwise.plan(graph, scenario)
problem = build_problem(graph, scenario)
st.dataframe(pd.DataFrame({"device": scenario.device_names}))
st.plotly_chart(gantt_figure(played_round(problem, plan)), key="gantt")
st.echarts_chart(fleet_figure(plan, shown=plan.decisions[0].device, theme="light"), key="fleet", height=900)
side = np.array([op.id not in plan.decisions[0].cut.device_ops for op in graph.ops], dtype=np.int64)
dag_view(draw_graph(graph, blocks(graph), side=side), selected=None, key="graph")
