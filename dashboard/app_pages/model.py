"""The model: what its import found and assumed, its graph by cost, its ops and blocks."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.errors import CutwiseError
from core.import_report import import_report
from dashboard import session, sidebar
from dashboard.question import Question
from dashboard.views import import_report as report_view
from dashboard.views import messages, op_graph


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
    report_view.show(replace(import_report(question.problem.cost), name=question.name))
    op_graph.show(question)


main()
