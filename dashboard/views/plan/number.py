"""A headline figure explained when a reader asks for it: its terms, each with its formula, and its inputs."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from importlib.resources import files

import streamlit as st

from cutwise.analyses import analysis_with
from cutwise.analyses.figures.figure_basis import FigureBasis
from cutwise.analyses.figures.figure_terms import Term
from cutwise_dashboard import session
from cutwise_dashboard.commands import analysis_command
from cutwise_dashboard.format import as_written, quantity_text, seconds_text, sentence_case
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import on_demand

FIGURES = ("delay", "energy", "traffic", "memory")


def show(question: AnsweredQuestion) -> None:
    """Closed at first: its terms and their formulas, its inputs, and the command that prints the same."""
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
    st.markdown(as_written(summary_text(found)))
    st.html(_styles() + "".join(lists_html(found)))
    shown = {"scheme": question.shown_scheme, "figure": figure, "device": device}
    st.code(analysis_command(question.stated.model, "number", **shown), language="bash", wrap_lines=True)


def summary_text(found: FigureBasis) -> str:
    """The figure as the head of the page has it, and how its terms make it.

    >>> summary_text(FigureBasis(figure="energy", unit="J", value=2500.0, rule="all owners, added up",
    ...                          terms=(), device="pi", turn=(), inputs=()))
    'Energy 2.5 kJ: all owners, added up.'
    """
    return f"{sentence_case(found.figure)} {_value(found.value, found.unit)}: {found.rule}."


def lists_html(found: FigureBasis) -> Iterator[str]:
    """Three lists that wrap: what makes the figure, what makes the device's turn, and the inputs."""
    yield _section("What makes the figure", (_term(one, found.unit) for one in found.terms))
    if found.turn:
        yield _section(f"The turn of {found.device}", (_term(one, found.unit) for one in found.turn))
    inputs = (_entry(sentence_case(name), "", [said]) for name, said in found.inputs)
    yield _section("Inputs, and where each is from", inputs)


def _term(one: Term, unit: str) -> str:
    forms = [_readable(form) for form in (one.words, one.numbers) if form]
    return _entry(one.part, _value(one.value, unit), [f"= {form}" for form in forms])


def _entry(name: str, value: str, lines: Iterable[str]) -> str:
    """A name with its value, and lines beneath it."""
    shown = f"<b>{html.escape(value)}</b>" if value else ""
    told = "".join(f"<dd>{html.escape(line)}</dd>" for line in lines)
    return f"<dt>{html.escape(name)} {shown}</dt>{told}"


def _section(title: str, entries: Iterable[str]) -> str:
    return f'<div class="cutwise-basis"><h5>{html.escape(title)}</h5><dl>{"".join(entries)}</dl></div>'


def _value(value: float, unit: str) -> str:
    return seconds_text(value) if unit == "s" else quantity_text(value, unit)


def _readable(form: str) -> str:
    """A formula with the marks that people write."""
    return form.replace(" * ", " × ").replace("1e999", "∞")


def _styles() -> str:
    return f"<style>{files(__package__).joinpath('number.css').read_text(encoding='utf-8')}</style>"
