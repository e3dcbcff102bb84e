"""A headline figure explained when a reader asks for it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cutwise.analyses import analysis_with
from cutwise.analyses.figure_basis import FigureBasis
from cutwise_dashboard import session
from cutwise_dashboard.commands import analysis_command
from cutwise_dashboard.format import as_written, sentence_case
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import on_demand

FIGURES = ("delay", "energy", "traffic")


def show(question: AnsweredQuestion) -> None:
    """Closed at first: its terms with numbers put in, its inputs, and the command that prints the same."""
    on_demand.section("Explain this number", question, _drawn)


def _drawn(question: AnsweredQuestion) -> None:
    figure = str(
        st.segmented_control(
            "Figure", FIGURES, key=session.begin("view.plan.number", FIGURES[0]), required=True,
            label_visibility="collapsed",
        )
    )  # fmt: skip
    device = question.plan.decisions[question.device].device
    found = analysis_with("number", {"figure": figure, "device": device}).run(question.asked)
    assert isinstance(found, FigureBasis)
    st.markdown(as_written(f"{sentence_case(found.summary())}."))
    st.dataframe(found.to_frame(), hide_index=True, alt="Terms of the figure")
    inputs = pd.DataFrame(found.inputs, columns=["input", "what it is and rests on"])
    st.dataframe(inputs, hide_index=True, alt="Inputs and where they come from")
    shown = {"scheme": question.shown_scheme, "figure": figure, "device": device}
    st.code(analysis_command(question.stated.model, "number", **shown), language="bash", wrap_lines=True)
