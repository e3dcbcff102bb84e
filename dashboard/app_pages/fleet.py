"""The fleet: devices as a table to edit, a list to paste, and what was decided for each."""

from __future__ import annotations

import streamlit as st

from core.errors import CutwiseError
from dashboard import session, sidebar
from dashboard.question import Question
from dashboard.views import devices, fleet_editor, messages


def main() -> None:
    messages.opened_link()
    scenario, graph = sidebar.show()
    messages.upload_error()
    st.subheader("Fleet", anchor=False)
    scenario = fleet_editor.show(scenario)
    session.set_scenario(scenario)
    if graph is None:
        messages.missing_upload()
        return
    try:
        question = Question.of(graph, scenario, session.choice())
    except CutwiseError as error:
        st.error(str(error))
        return
    devices.table(question, editable=False)


main()
