"""Taking a comparison away: files, the report, and the command that reproduces it."""

from __future__ import annotations

import json

import streamlit as st

from core.plain import plain
from core.scenario_file import dump_scenario
from dashboard.commands import compare_command
from dashboard.comparison import Comparison


def show(comparison: Comparison) -> None:
    with st.container(border=True):
        st.subheader("Take it away", anchor=False)
        st.caption("This command gives the same numbers, with the scenario saved as scenario.toml:")
        st.code(command(comparison), language="bash", wrap_lines=True)
        name = f"{comparison.name}-schemes"
        row = st.container(horizontal=True)
        row.download_button(
            "Comparison (JSON)", json.dumps(plain(comparison.table.to_dict("records")), indent=2),
            f"{name}.json", "application/json", on_click="ignore", key="schemes.download.json",
        )  # fmt: skip
        row.download_button(
            "Comparison (CSV)", comparison.table.to_csv(index=False), f"{name}.csv", "text/csv",
            on_click="ignore", key="schemes.download.csv",
        )  # fmt: skip
        row.download_button(
            "Scenario (TOML)", dump_scenario(comparison.problem.scenario), "scenario.toml",
            "application/toml", on_click="ignore", key="schemes.download.toml",
        )  # fmt: skip


def command(comparison: Comparison) -> str:
    """The command line that prints the same table."""
    return compare_command(comparison.choice, [found.scheme for found in comparison.outcomes])
