"""How many groups: delay and energy of a round over their number, each with a plan of its own."""

from __future__ import annotations

import html

import streamlit as st

from cutwise.analyses.divisions.group_counts import (
    EVERY,
    DividedRounds,
    counts_tried,
    divided_question,
    divided_rounds,
    number_given,
)
from cutwise.question import Question, unpinned
from cutwise.schemes.base import divided_into
from cutwise.schemes.effort import expected_s
from cutwise_dashboard import session
from cutwise_dashboard.commands import analysis_command
from cutwise_dashboard.components.group_bars import group_bars
from cutwise_dashboard.executor import questions
from cutwise_dashboard.executor.errand import errand
from cutwise_dashboard.executor.shown import all_answered
from cutwise_dashboard.format import quantity_text
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.explore.groups.group_payload import group_payload
from cutwise_dashboard.views.explore.groups.group_words import group_title, group_words

LONG_S = 15.0
"""What may take longer is begun only when it is asked for."""
BEGUN = "view.explore.groups.begun"
HEAD = "margin: 0; padding: 0 0 0.25rem"


def is_asked(question: AnsweredQuestion) -> bool:
    """True where the scheme divides the devices, so that there is a number to choose."""
    return bool(divided_into(question.asked.scheme))


def how_many_groups(question: AnsweredQuestion) -> None:
    """The finding, the bars, and the command that gives the same numbers."""
    asked = unpinned(question.asked)
    if not _is_begun(asked):
        return
    found = answered_rounds(asked)
    title = group_title(found, question.scenario.objective)
    st.html(f'<h2 style="{HEAD}">{html.escape(title)}</h2>{html.escape(group_words(found))}')
    now = number_given(asked) or found.rounds[found.best].count
    with st.container(border=True):
        group_bars(group_payload(found, now=now, theme=session.theme()), key="explore.groups")
    st.caption("This command gives the same numbers:")
    options = divided_question(asked).options
    command = analysis_command(question.stated.model, "groups", scheme=asked.scheme, **options)
    st.code(command, language="bash", wrap_lines=True)


def answered_rounds(asked: Question) -> DividedRounds:
    """The record of the analysis, its rounds planned by both workers; progress counts them."""
    plain, counts = divided_question(asked), (*counts_tried(asked), EVERY)
    errands = [errand(questions.divided_round, plain, count) for count in counts]
    *rounds, chosen = all_answered(errands, words="The numbers of groups", counted="plans")
    return divided_rounds(plain, rounds, chosen=chosen)


def most_s(asked: Question) -> float:
    """How many seconds the plans of all numbers may take, one after another."""
    devices = len(asked.scenario.devices)
    one_s = expected_s(ops=len(asked.graph), devices=devices, scheme=asked.scheme)
    return one_s * (1 + len(counts_tried(asked)))


def _is_begun(asked: Question) -> bool:
    """True at once where it is quick, else when the reader has said so; then it is said what it takes."""
    takes_s = most_s(asked)
    if takes_s <= LONG_S or st.session_state.get(session.begin(BEGUN, first=False)):
        return True
    count = len(counts_tried(asked))
    st.markdown(
        f"Each of {count} numbers of groups takes a plan of its own, together up to about "
        f"{quantity_text(takes_s, 's')}; it can be cancelled."
    )
    st.button("Plan them all", key="explore.groups.begin", on_click=_begin)
    return False


def _begin() -> None:
    st.session_state[BEGUN] = True
