"""A run waits for an answer without holding anything up; a long one can be ended."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.runtime.scriptrunner_utils.exceptions import StopException
from streamlit.testing.v1 import AppTest

from cutwise_dashboard.executor import shown
from cutwise_dashboard.executor.errand import errand
from cutwise_dashboard.executor.executor import Executor
from cutwise_dashboard.executor.faults import AnswerCancelledError
from tests.dashboard.executor import worker_functions as given


def page(seconds: float) -> None:
    import streamlit as st

    from cutwise.errors import CutwiseError
    from cutwise_dashboard.executor.shown import answered
    from tests.dashboard.executor.worker_functions import slept

    try:
        st.text(answered(slept, seconds, "there", words="The plan"))
    except CutwiseError as error:
        st.error(str(error))


@pytest.fixture(autouse=True)
def _here(away: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "shared_executor", lambda: away)


def test_an_answer_is_shown_and_its_progress_is_gone() -> None:
    found = AppTest.from_function(page, kwargs={"seconds": 0.6}, default_timeout=60).run()
    assert [text.value for text in found.text] == ["there"]
    assert not found.button


def test_what_was_given_up_is_asked_again_only_by_the_reader() -> None:
    test = AppTest.from_function(page, kwargs={"seconds": 0.61}, default_timeout=60)
    test.session_state[shown.GIVEN_UP] = errand(given.slept, 0.61, "there").key
    found = test.run()
    assert found.error[0].value == "The plan was cancelled before its answer was there; ask again to have it"
    found = found.button[0].click().run()
    assert [text.value for text in found.text] == ["there"]


def test_a_newer_command_ends_the_wait_and_the_work(away: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit raises at the first element call after a newer command."""
    jobs: list[Any] = []

    def interrupted(bar: object, waited: list[Any], text: str) -> None:
        jobs.extend(waited)
        raise StopException

    monkeypatch.setattr(shown, "_draw", interrupted)
    with pytest.raises(StopException):
        shown.answered(given.slept, 600.0, "never", words="The plan")
    with pytest.raises(AnswerCancelledError):
        jobs[0].result()


def test_many_are_answered_in_their_order(away: Executor) -> None:
    asked = [errand(given.slept, 0.01, name) for name in "abcd"]
    assert shown.all_answered(asked, words="The comparison", counted="schemes") == tuple("abcd")
