"""One round played task by task."""

from __future__ import annotations

import streamlit as st

from cutwise.analyses.base import MOST_DEVICES
from cutwise.errors import CutwiseError
from cutwise.pipeline import played_round
from cutwise.plans.inference_words import said
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question
from cutwise.simulation.trace import Trace
from cutwise_dashboard import session
from cutwise_dashboard.cached import shared
from cutwise_dashboard.charts.gantt import gantt_figure
from cutwise_dashboard.format import as_written, seconds_text
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import drawn
from cutwise_dashboard.views.simulate.played_figures import (
    PlayedFigures,
    played_figures,
    shown_ratios,
    waiting_text,
)

BUSY_HELP = "Part of the round in which it works, each device with its share of the server and of the band"
WAITING_HELP = "The device whose tasks stand in the server's queue for longest, all its iterations together"


def show(question: AnsweredQuestion) -> None:
    """Figures of the played round above a Gantt chart of it, or why it is not played."""
    training, count = question.problem.workload.training, len(question.plan.decisions)
    with st.container(border=True):
        st.subheader(said("One round, task by task", training=training), anchor=False)
        if count > MOST_DEVICES:
            st.info(
                f"Played for at most {MOST_DEVICES} devices and this fleet has {count:,}; the turns of the "
                "slowest are drawn below."
            )
            return
        try:
            trace = played(question.asked, question.problem, question.plan)
        except CutwiseError as error:
            st.info(as_written(str(error)))
            return
        found = played_figures(trace, question.plan, question.scenario.sharing)
        _figures(found, training=training)
        figure = gantt_figure(trace, theme=session.theme(), training=training)
        left_out = figure.layout.title.subtitle.text
        if trace.makespan_s:
            figure.update_layout(title=None, margin_t=24)
        alt = said("Tasks of one round on devices and server", training=training)
        drawn.plotly(figure, key="gantt.figure", alt=alt)
        st.caption(
            f"{len(trace):,} tasks end after {seconds_text(trace.makespan_s)}; the plan says "
            f"{seconds_text(question.plan.delay_s)}. Drag over the picture to look closer; a double click "
            f"goes back. {left_out}"
        )


@shared
def played(asked: Question, _problem: SplitProblem, _plan: Plan) -> Trace:
    """The round of a question's plan, played once for all sessions."""
    return played_round(_problem, _plan)


def _figures(found: PlayedFigures, *, training: bool) -> None:
    grid = st.grid(min_column_width=140)
    title = said("The round takes", training=training)
    grid.metric(title, seconds_text(found.played_s), found.beside_plan, delta_color="off", delta_arrow="off")
    for name, text in shown_ratios(found).items():
        grid.metric(name, text, help=said(BUSY_HELP, training=training))
    grid.metric("Waits longest", as_written(waiting_text(found)), help=WAITING_HELP)
