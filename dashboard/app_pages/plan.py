"""The plan: where the model is cut, what it costs, why, and the proof."""

from __future__ import annotations

import streamlit as st

from core.errors import CutwiseError
from dashboard import session, sidebar
from dashboard.question import Question
from dashboard.views import curve, devices, headline, messages, model_graph, one_round, share


def main() -> None:
    messages.opened_link()
    scenario, graph = sidebar.show()
    messages.upload_error()
    if graph is None:
        messages.missing_upload()
        return
    try:
        question = Question.of(graph, scenario, session.choice())
    except CutwiseError as error:
        st.error(str(error))
        return
    headline.show(question)
    device = devices.picked(question)
    model_graph.show(question, device)
    left, right = st.columns(2, gap="medium")
    with left:
        curve.show(question, device)
    with right:
        devices.bars(question, device)
    devices.table(question)
    one_round.show(question)
    share.show(question)


main()
