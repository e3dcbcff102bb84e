"""One round played task by task, drawn only when it is opened."""

from __future__ import annotations

import streamlit as st

from cutwise.pipeline import played_round
from cutwise.plans.inference_words import said
from cutwise_dashboard import session
from cutwise_dashboard.charts.gantt import gantt_figure
from cutwise_dashboard.format import seconds_text
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import drawn, on_demand


def show(question: AnsweredQuestion) -> None:
    """A Gantt chart of the plan's round."""
    training = question.problem.workload.training
    on_demand.section(said("One round, task by task", training=training), question, _round)


def _round(question: AnsweredQuestion) -> None:
    trace = played_round(question.problem, question.plan)
    training = question.problem.workload.training
    figure = gantt_figure(trace, theme=session.theme(), training=training)
    alt = said("Tasks of one round on devices and server", training=training)
    drawn.plotly(figure, key="gantt.figure", alt=alt)
    st.caption(
        f"{len(trace):,} tasks end after {seconds_text(trace.makespan_s)}; the plan says "
        f"{seconds_text(question.plan.delay_s)}."
    )
