"""Taking a comparison away: files, the report, and the command that reproduces it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from cutwise.analyses.comparison import Unsolved
from cutwise.plain import csv_text, plain
from cutwise.plans.plan import Plan
from cutwise.scenario.versions import saved_scenario
from cutwise_dashboard.commands import analysis_command
from cutwise_dashboard.comparison import ShownComparison, own_options
from cutwise_dashboard.format import file_name
from cutwise_dashboard.reports import Origin, comparison_report
from cutwise_dashboard.side_by_side.kept_rounds import rounds_of
from cutwise_dashboard.side_by_side.question_columns import columns_of
from cutwise_dashboard.side_by_side.round_rows import RoundShown


def show(comparison: ShownComparison) -> None:
    stated = comparison.stated
    kept = rounds_of(columns_of(stated)) if stated.kept else ()
    with st.container(border=True):
        st.subheader("Take it away", anchor=False)
        st.caption("This command gives the same numbers, with the scenario saved as scenario.toml:")
        st.code(command(comparison), language="bash", wrap_lines=True)
        name = f"{comparison.name}-schemes"
        row = st.container(horizontal=True)
        row.download_button(
            "Comparison (JSON)", lambda: json.dumps(plain(comparison.table.to_dict("records")), indent=2),
            file_name(name, ".json"), "application/json", on_click="ignore", key="schemes.download.json",
        )  # fmt: skip
        row.download_button(
            "Comparison (CSV)", lambda: csv_text(comparison.table), file_name(name, ".csv"), "text/csv",
            on_click="ignore", key="schemes.download.csv",
        )  # fmt: skip
        row.download_button(
            "Scenario (TOML)", lambda: saved_scenario(comparison.problem.scenario), "scenario.toml",
            "application/toml", on_click="ignore", key="schemes.download.toml",
        )  # fmt: skip
        row.download_button(
            "Report (HTML)", lambda: report(comparison, kept), file_name(name, ".html"), "text/html",
            on_click="ignore", key="schemes.download.html",
        )  # fmt: skip


def report(comparison: ShownComparison, kept: Sequence[RoundShown] = ()) -> str:
    """One HTML page with everything about the comparison, the `kept` rounds too; it opens offline, prints."""
    plans = [found for found in comparison.outcomes if isinstance(found, Plan)]
    unsolved = [(found.scheme, found.reason) for found in comparison.outcomes if isinstance(found, Unsolved)]
    origin = Origin(
        name=comparison.name,
        problem=comparison.problem,
        command=command(comparison),
        made=datetime.now().astimezone(),
    )
    return comparison_report(plans, unsolved, origin, kept)


def command(comparison: ShownComparison) -> str:
    """The command line that prints the same table."""
    schemes = [found.scheme for found in comparison.outcomes]
    own = dict(own_options(comparison.stated))
    if own and comparison.stated.scheme in schemes:
        return analysis_command(
            comparison.stated.model, "compare", scheme=comparison.stated.scheme, schemes=schemes, **own
        )
    return analysis_command(comparison.stated.model, "compare", schemes=schemes)
