"""One round played task by task."""

from __future__ import annotations

import streamlit as st

from cutwise.analyses.base import MOST_DEVICES
from cutwise.pipeline import played_round
from cutwise.plans.inference_words import said
from cutwise_dashboard import session
from cutwise_dashboard.charts.gantt import gantt_figure
from cutwise_dashboard.format import seconds_text
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import drawn


def show(question: AnsweredQuestion) -> None:
    """A Gantt chart of the plan's round."""
    training = question.problem.workload.training
    st.subheader(said("One round, task by task", training=training), anchor=False)
    if len(question.plan.decisions) > MOST_DEVICES:
        st.info(f"Drawn for at most {MOST_DEVICES} devices; this fleet has {len(question.plan.decisions)}.")
        return
    trace = played_round(question.problem, question.plan)
    figure = gantt_figure(trace, theme=session.theme(), training=training)
    alt = said("Tasks of one round on devices and server", training=training)
    drawn.plotly(figure, key="gantt.figure", alt=alt)
    st.caption(
        f"{len(trace):,} tasks end after {seconds_text(trace.makespan_s)}; the plan says "
        f"{seconds_text(question.plan.delay_s)}."
    )
