"""What every page draws from: the question on the desk, its model, and its answer or why there is none."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cutwise.errors import CutwiseError
from cutwise.graph.model_graph import ModelGraph
from cutwise_dashboard import session
from cutwise_dashboard.comparison import ShownComparison
from cutwise_dashboard.format import as_written
from cutwise_dashboard.models import model_of
from cutwise_dashboard.question import AnsweredQuestion

ASKED_FOR = (
    "“{name}” is not on this server: a link does not carry the file. Open that file above, or choose a model."
)


def model() -> ModelGraph | None:
    """The question's model; None after the page has said why there is none."""
    reference = session.stated().model
    try:
        found = model_of(reference)
    except CutwiseError as error:
        st.error(as_written(str(error)))
        return None
    if found is None:
        st.info(as_written(ASKED_FOR.format(name=reference.name)))
    return found


def asked() -> AnsweredQuestion | None:
    """The question with its answer; None after the page has said why there is none."""
    graph = model()
    if graph is None:
        return None
    try:
        return AnsweredQuestion.of(graph, session.stated())
    except CutwiseError as error:
        st.error(as_written(str(error)))
        return None


def compared(schemes: Sequence[str]) -> ShownComparison | None:
    """The schemes side by side; None after the page has said why there is no answer."""
    graph = model()
    if graph is None:
        return None
    try:
        return ShownComparison.of(graph, session.stated(), schemes)
    except CutwiseError as error:
        st.error(as_written(str(error)))
        return None
