"""What every page begins with: the link that was opened, the sidebar, and the question they ask."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cutwise.errors import CutwiseError
from cutwise.graph.model_graph import ModelGraph
from cutwise.scenario.parts import Scenario
from cutwise_dashboard import session, sidebar
from cutwise_dashboard.comparison import ShownComparison
from cutwise_dashboard.format import as_written
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import messages


def opened(*, one_scheme: bool = True) -> tuple[Scenario, ModelGraph | None]:
    """The scenario and the model after the link and the sidebar, with what went wrong in either shown."""
    messages.opened_link()
    chosen = sidebar.show(one_scheme=one_scheme)
    messages.other_versions()
    messages.upload_error()
    return chosen


def asked(graph: ModelGraph | None, scenario: Scenario) -> AnsweredQuestion | None:
    """The question with its answer; None after the page has said why there is none."""
    if graph is None:
        messages.missing_upload()
        return None
    try:
        return AnsweredQuestion.of(graph, scenario, session.choice())
    except CutwiseError as error:
        st.error(as_written(str(error)))
        return None


def compared(graph: ModelGraph | None, scenario: Scenario, schemes: Sequence[str]) -> ShownComparison | None:
    """The schemes side by side; None after the page has said why there is no answer."""
    if graph is None:
        messages.missing_upload()
        return None
    try:
        return ShownComparison.of(graph, scenario, session.choice(), schemes)
    except CutwiseError as error:
        st.error(as_written(str(error)))
        return None
