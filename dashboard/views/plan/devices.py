"""The fleet's answers: every device's cut, delay, shares; bars and table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cutwise.plans.inference_words import said
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise.units import in_prefix, percent
from cutwise_dashboard.charts.fleet_bars import MOST_BARS, fleet_figure, fleet_height
from cutwise_dashboard.format import edge_cut_text, ops_text
from cutwise_dashboard.question import AnsweredQuestion


def bars(question: AnsweredQuestion, device: int) -> None:
    plan = question.plan
    with st.container(border=True):
        st.subheader("Every device's turn", anchor=False)
        st.echarts_chart(
            fleet_figure(plan, shown=plan.decisions[device].device),
            key="fleet",
            height=max(380, fleet_height(plan)),
            alt=said(
                f"Turns of {len(plan.stages)} devices by part; the round takes {plan.delay_s:.3g} s",
                training=plan.inference is None,
            ),
        )
        shown = f" The {MOST_BARS} slowest are drawn." if len(plan.stages) > MOST_BARS else ""
        st.caption(plan.round_rule + shown)


def table(problem: SplitProblem, plan: Plan, *, editable: bool = True) -> None:
    """One row a device: what it is and what was decided for it."""
    frame = pd.DataFrame(
        {
            "device": [decision.device for decision in plan.decisions],
            "speed": in_prefix(problem.device_flops_per_s, "G"),
            "memory": in_prefix(problem.device_memory_bytes, "G"),
            "samples": problem.samples.astype(int),
            "distance": problem.distance_m,
            "cut": [decision.cut.label for decision in plan.decisions],
            "delay": [stage.delay_s for stage in plan.stages],
            "energy": [stage.device_energy_j + stage.radio_energy_j for stage in plan.stages],
            "needs": [in_prefix(stage.device_memory.total_bytes, "G") for stage in plan.stages],
            "uplink": [in_prefix(decision.uplink_bps, "M") for decision in plan.decisions],
            "band": [percent(decision.bandwidth_share) for decision in plan.decisions],
            "server": [percent(decision.server_share) for decision in plan.decisions],
        }
    )
    if any(decision.returned_ops for decision in plan.decisions):
        frame.insert(6, "back", [ops_text(decision.returned_ops) for decision in plan.decisions])
    if any(decision.edge for decision in plan.decisions):
        frame.insert(6, "edge", [decision.edge for decision in plan.decisions])
        ops = len(problem.cost.graph)
        cuts = [edge_cut_text(one.edge_cut, ops=ops) if one.edge_cut else "" for one in plan.decisions]
        frame.insert(7, "edge_cut", cuts)
    clocks = [decision.server_frequency_ratio for decision in plan.decisions]
    if min(clocks) < 1:
        frame["clock"] = [percent(clock) for clock in clocks]
    number = st.column_config.NumberColumn
    longest = float(frame["delay"].max()) or 1.0
    with st.container(border=True):
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.subheader("Devices", anchor=False)
        if editable:
            right.page_link("app_pages/network.py", label="Edit the fleet")
        st.dataframe(
            frame,
            hide_index=True,
            column_config={
                "device": "Device",
                "speed": number("Speed (GFLOP/s)", format="%.3g"),
                "memory": number("Memory (GB)", format="%.3g"),
                "samples": number("Samples", format="localized"),
                "distance": number("Distance (m)", format="%.3g"),
                "cut": st.column_config.TextColumn("Cut", width="medium"),
                "edge": "Edge",
                "edge_cut": st.column_config.TextColumn("Edge cut", width="medium"),
                "back": st.column_config.TextColumn("Back on the device", width="medium"),
                "delay": st.column_config.ProgressColumn(
                    "Turn (s)", format="%.3g", min_value=0.0, max_value=longest
                ),
                "energy": number("Its energy (J)", format="%.3g"),
                "needs": number("Needs (GB)", format="%.3g"),
                "uplink": number("Uplink (Mbit/s)", format="%.3g"),
                "band": number("Band (%)", format="%.3g"),
                "server": number("Server (%)", format="%.3g"),
                "clock": number("Server clock (%)", format="%.3g"),
            },
            alt="Every device with its cut, delay, energy, memory and shares",
        )
