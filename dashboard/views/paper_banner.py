"""The published figure that a question was opened for, beside what the question as asked shows of it."""

from __future__ import annotations

import streamlit as st

from cutwise.errors import CutwiseError
from cutwise.papers import meets, read_beside
from cutwise.papers.recomputed import QUANTITIES
from cutwise.stated.stated_question import StatedQuestion, question_about
from cutwise_dashboard.executor import shown
from cutwise_dashboard.format import as_written, change_text, readable, share_text
from cutwise_dashboard.models import model_of
from cutwise_dashboard.published import PublishedFigure, as_published, figure_asked
from cutwise_dashboard.side_by_side.input_words import InputRow, input_rows

MOST_CHANGES = 3
FOUR_FIGURES = ".4g"


def show(stated: StatedQuestion) -> None:
    """The banner; nothing where the question was opened for no figure, or is about another model by now."""
    found = figure_asked(stated)
    if found is not None:
        st.info(as_written(sentence(stated, found)), icon=":material/menu_book:")


def sentence(stated: StatedQuestion, found: PublishedFigure) -> str:
    """Published, ours for the question as asked, and what was changed since it was opened."""
    paper, figure = found.paper, found.figure
    published = share_text(figure.value_ratio, FOUR_FIGURES)
    told = f"{paper.key}, {figure.claim} {published} ({figure.source}). {_here(stated, found)}"
    changes = input_rows((as_published(stated, found), stated))
    return f"{told} {_changed(changes)}" if changes else told


def _here(stated: StatedQuestion, found: PublishedFigure) -> str:
    try:
        graph = model_of(stated.model)
        if graph is None:
            return "Its model is not on this server."
        own = shown.shown_plan(question_about(graph, stated))
        beside = read_beside(found.figure, own, graph, stated.scenario)
    except CutwiseError as error:
        return f"Here there is no plan: {error}."
    if beside is None or beside.saved_ratio is None or beside.value is None:
        return "Here every scheme that counts breaks a rule."
    rule = ", with a plan that breaks a rule" if own.status == "infeasible" else ""
    if beside.saved_ratio < 0:
        worse = change_text(QUANTITIES[found.figure.quantity](own), beside.value)
        return f"Here it is {worse} than with {readable(beside.scheme)}{rule}."
    met = "met within two points" if meets(found.figure, beside.saved_ratio) else "not met"
    saved = share_text(beside.saved_ratio, FOUR_FIGURES)
    return f"Here {saved} beside {readable(beside.scheme)}{rule}: {met}."


def _changed(rows: tuple[InputRow, ...]) -> str:
    """What was changed since the scenario was opened, in words."""
    told = "; ".join(f"{row.title} {row.texts[0]} → {row.texts[1]}" for row in rows[:MOST_CHANGES])
    more = len(rows) - MOST_CHANGES
    return f"Changed since opened: {told}{f'; and {more} more' if more > 0 else ''}."
