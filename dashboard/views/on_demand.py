"""A question that is answered only when its section is opened."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cutwise.analyses.base import MOST_DEVICES
from cutwise.errors import CutwiseError
from cutwise_dashboard.controls import drawer
from cutwise_dashboard.format import as_written
from cutwise_dashboard.question import AnsweredQuestion


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
            st.error(as_written(str(error)))
