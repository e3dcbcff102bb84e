"""The fleet: devices as a table to edit, a list to paste, and what was decided for each."""

from __future__ import annotations

import streamlit as st

from cutwise_dashboard import page, session
from cutwise_dashboard.views.fleet import fleet_editor
from cutwise_dashboard.views.plan import devices


def main() -> None:
    scenario, graph = page.opened()
    st.subheader("Fleet", anchor=False)
    scenario = fleet_editor.show(scenario)
    session.set_scenario(scenario)
    question = page.asked(graph, scenario)
    if question is not None:
        devices.table(question.problem, question.plan, editable=False)


main()
