"""One round played task by task, drawn only when it is opened."""

from __future__ import annotations

import streamlit as st

from core.errors import CutwiseError
from core.pipeline import played_round
from dashboard import session
from dashboard.charts.gantt import gantt_figure
from dashboard.controls import drawer
from dashboard.format import seconds_text
from dashboard.question import Question

MOST_DEVICES = 200


def show(question: Question) -> None:
    """A Gantt chart of the plan's round."""
    inside = drawer("One round, task by task")
    if not inside:
        return
    with inside:
        if len(question.plan.decisions) > MOST_DEVICES:
            st.caption(f"Drawn for at most {MOST_DEVICES} devices.")
            return
        try:
            trace = played_round(question.problem, question.plan)
        except CutwiseError as error:
            st.error(str(error))
            return
        figure = gantt_figure(trace, theme=session.theme())
        st.plotly_chart(figure, key="gantt.figure", alt="Tasks of one round on devices and server")
        st.caption(
            f"{len(trace):,} tasks end after {seconds_text(trace.makespan_s)}; the plan says "
            f"{seconds_text(question.plan.delay_s)}."
        )
