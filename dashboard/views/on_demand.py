"""A question that is answered only when its section is opened."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cutwise.analyses.base import MOST_DEVICES
from cutwise.errors import CutwiseError
from cutwise_dashboard.question import AnsweredQuestion


def drawer(label: str) -> DeltaGenerator | None:
    """A section that is closed at first; None while it is, as what it holds is made when it is opened."""
    found = st.expander(label, key=f"view.drawer.{label}", on_change="rerun")
    return found if found.open else None


def section(label: str, question: AnsweredQuestion, answer: Callable[[AnsweredQuestion], None]) -> None:
    """A closed section; what `answer` draws when it is opened, or why there is nothing to draw."""
    inside = drawer(label)
    if not inside:
        return
    with inside:
        if len(question.plan.decisions) > MOST_DEVICES:
            st.caption(f"Drawn for at most {MOST_DEVICES} devices.")
            return
        try:
            answer(question)
        except CutwiseError as error:
            st.error(str(error))
