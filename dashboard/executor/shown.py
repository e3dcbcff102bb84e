"""An answer in a page's run: at once where it can be, else with its progress and a way to give it up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from cutwise.analyses.comparison import Outcome
from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.plan import Plan
from cutwise.question import Question
from cutwise.scenario.parts import Scenario
from cutwise_dashboard.executor import questions
from cutwise_dashboard.executor.errand import Errand, errand
from cutwise_dashboard.executor.executor import shared_executor
from cutwise_dashboard.executor.faults import cancelled
from cutwise_dashboard.executor.flight import Job
from cutwise_dashboard.executor.run_turns import TURNS
from cutwise_dashboard.format import as_written

QUIET_S, POLL_S = 0.3, 0.1
"""An answer that comes within the first shows no progress; how often a newer command is looked for."""
GIVEN_UP = "executor.given_up"
Options = tuple[tuple[str, Any], ...]


def shown_plan(asked: Question) -> Plan:
    """The plan that the command line gives for the same question, without the next-best cuts."""
    return answered(questions.shown_plan, asked, words=f"The plan of {asked.scheme}")


def baseline(graph: ModelGraph, scenario: Scenario) -> Plan | None:
    """The best valid baseline of the scenario."""
    return answered(questions.baseline, graph, scenario, words="The baseline")


def outcome(graph: ModelGraph, scenario: Scenario, scheme: str, options: Options = ()) -> Outcome:
    """What `compare` finds for one scheme: its plan with these options, or why there is none."""
    return outcomes(graph, scenario, {scheme: options})[0]


def outcomes(graph: ModelGraph, scenario: Scenario, schemes: Mapping[str, Options]) -> tuple[Outcome, ...]:
    """The same for many schemes, both workers at it; progress counts the schemes that are done."""
    asked = [errand(questions.outcome, graph, scenario, name, options) for name, options in schemes.items()]
    return all_answered(asked, words="The comparison", counted="schemes")


def answered(function: Callable[..., Any], *args: Any, words: str) -> Any:
    """The function's answer; `words` name it in progress and errors.

    Whatever ends the run meanwhile, a newer command or a closed page, gives up what only it waited for.
    Raises what the function raises, and `AnswerCancelledError` after the reader has given it up.
    """
    return all_answered([errand(function, *args)], words=words)[0]


def all_answered(errands: Sequence[Errand], *, words: str, counted: str = "") -> tuple[Any, ...]:
    """The answers in the order of the errands; progress says how many `counted` things are done."""
    key = " ".join(one.key for one in errands)
    if st.session_state.get(GIVEN_UP) == key:
        st.button("Ask again", key=f"executor.again.{hash(key)}", on_click=_give_up, args=("",))
        raise cancelled(words)
    executor = shared_executor()
    jobs: list[Job] = []
    try:
        jobs += (executor.ask(one, words) for one in errands)
        if not _done(jobs, time.monotonic() + QUIET_S, lambda: None):
            _shown(jobs, key, counted and f"{words}: {{}} of {len(jobs)} {counted} done")
        return tuple(job.result() for job in jobs)
    finally:
        for job in jobs:
            job.cancel()


def _shown(jobs: Sequence[Job], key: str, count_text: str) -> None:
    """Progress with its button in one place, taken away when all is there."""
    place = st.empty()
    with place.container():
        bar = st.empty()
        st.button("Cancel", key=f"executor.cancel.{hash(key)}", on_click=_give_up, args=(key,))
    _done(jobs, float("inf"), lambda: _draw(bar, jobs, count_text))
    place.empty()


def _done(jobs: Iterable[Job], until_s: float, poll: Callable[[], None]) -> bool:
    """True when all jobs are done, False when the time is over first; `poll` may raise to end the wait."""
    left = [job for job in jobs if not job.done]
    if not left:
        return True
    with TURNS.paused():
        for job in left:
            while not job.wait(min(POLL_S, max(0.0, until_s - time.monotonic()))):
                poll()
                if time.monotonic() >= until_s:
                    return False
    return True


def _draw(bar: Any, jobs: Sequence[Job], count_text: str) -> None:
    """Every element call raises when the run is over, which is how a newer command ends the wait."""
    done = sum(job.done for job in jobs)
    if count_text:
        bar.progress(done / len(jobs), text=as_written(count_text.format(done)))
    else:
        progress = jobs[0].progress
        bar.progress(progress.share or 0.0, text=as_written(progress.words))


def _give_up(key: str) -> None:
    st.session_state[GIVEN_UP] = key
