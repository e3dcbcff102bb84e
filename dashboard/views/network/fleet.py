"""The fleet as the reader edits it."""

from __future__ import annotations

import streamlit as st

from cutwise.scenario.fleet_csv import fleet_text
from cutwise_dashboard.components.fleet_table import fleet_table
from cutwise_dashboard.components.fleet_table.fleet_data import fleet_data
from cutwise_dashboard.desk.history import Desk

TOLD = (
    "Type quantities with their units (2 GB, 300 GFLOP/s, 40 m) or paste cells of a spreadsheet; what is "
    "left empty comes from the profile. Enter and the arrow keys move; Undo takes every edit back."
)


def show(desk: Desk) -> None:
    """The table, drawn before anything is planned, so that an edit shows at once."""
    st.subheader("Fleet", anchor=False)
    st.caption(TOLD)
    fleet_table(fleet_data(desk.stated.scenario, desk.refused))
    devices = desk.stated.scenario.devices
    st.download_button(
        "Save as a table", lambda: fleet_text(devices), "fleet.tsv", "text/tab-separated-values",
        on_click="ignore", key="fleet.download", help="Pasted here again, it is the same fleet",
    )  # fmt: skip
