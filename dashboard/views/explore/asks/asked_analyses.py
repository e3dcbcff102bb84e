"""What the sections of Explore share: the record, its finding, its command, taking a change."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from cutwise.plans.inference_words import said
from cutwise.question import unpinned
from cutwise.scenario.changes import changed
from cutwise_dashboard import session
from cutwise_dashboard.commands import analysis_command
from cutwise_dashboard.executor import questions
from cutwise_dashboard.executor.shown import answered
from cutwise_dashboard.format import sentence_case
from cutwise_dashboard.question import AnsweredQuestion

HEAD = "margin: 0; padding: 0 0 0.25rem"


def record_of(question: AnsweredQuestion, analysis: str, words: str, **options: Any) -> Any:
    """The record of an analysis of the question without its pin; `words` name it in progress and errors."""
    given = tuple((name, value) for name, value in options.items() if value not in ("", None, ()))
    return answered(questions.analysed, unpinned(question.asked), analysis, given, words=words)


def finding(question: AnsweredQuestion, title: str, words: str) -> None:
    """What was found: a title, and a sentence below it."""
    training = question.problem.workload.training
    title, words = (said(text, training=training) for text in (sentence_case(title), sentence_case(words)))
    st.html(f'<h2 style="{HEAD}">{html.escape(title)}</h2>{html.escape(words)}')


def not_looked_at(titles: Sequence[str]) -> str:
    """What a question leaves out of a fleet, as a sentence.

    >>> not_looked_at(["Speed of the server", "Uplink"])
    'Not looked at, as it would take long: speed of the server, uplink.'
    """
    return f"Not looked at, as it would take long: {', '.join(one[0].lower() + one[1:] for one in titles)}."


def same_numbers(question: AnsweredQuestion, analysis: str, **options: Any) -> None:
    """The command that prints the same record."""
    asked = question.asked
    given = {name: value for name, value in options.items() if value not in ("", None, ())}
    st.caption("This command gives the same numbers:")
    command = analysis_command(question.stated.model, analysis, scheme=asked.scheme, **asked.options, **given)
    st.code(command, language="bash", wrap_lines=True)


def take(question: AnsweredQuestion, settings: Mapping[str, Any], name: str, **fields: Any) -> None:
    """Asks with these settings of the scenario, and other fields of the question, as one step of undo."""
    scenario = changed(question.stated.scenario, dict(settings)) if settings else question.stated.scenario
    asked = replace(question.stated, scenario=scenario, figure="", **fields)
    session.ask(asked, name)


def choice_key(question: AnsweredQuestion, name: str) -> str:
    """A key of a widget that begins anew with every question, so that no choice outlives what it was of."""
    return f"explore.{name}.{abs(hash(repr(question.stated)))}"
