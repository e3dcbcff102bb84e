"""Kept questions side by side with the one that is asked: what differs among them, and what comes of each."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import streamlit as st

from cutwise_dashboard import session
from cutwise_dashboard.charts.fleet_bars import ROLES
from cutwise_dashboard.charts.palette import PALETTES, color_of
from cutwise_dashboard.components.kept_columns import kept_columns
from cutwise_dashboard.reports.figures import PART_KEYS
from cutwise_dashboard.reports.round_timeline import HOW_TO_READ, round_timeline
from cutwise_dashboard.side_by_side.kept_rounds import rounds_of
from cutwise_dashboard.side_by_side.question_columns import Column, columns_of, table_of

NOTHING_KEPT = (
    "Press **Compare** above to keep this question, then change anything: both stand here side by side."
)
BESIDE_FIRST = "Changes are told beside the first column."
TITLE = "Where the seconds of a round go"
TIMELINE_STYLE = files("cutwise_dashboard.reports") / "timeline.css"
ONE_KEPT = "Change anything above: what you ask then stands here beside what you kept."


def show() -> None:
    """The table, or how to keep a question."""
    stated = session.stated()
    if not stated.kept:
        st.info(NOTHING_KEPT)
        return
    columns = columns_of(stated)
    if len(columns) == 1:
        st.caption(ONE_KEPT)
    kept_columns(table_of(columns, stated, theme=session.theme()))
    if len(columns) > 1:
        st.caption(BESIDE_FIRST)
        _timeline(columns)


def _timeline(columns: Sequence[Column]) -> None:
    """The rounds of all columns on one time axis."""
    palette = PALETTES[session.theme()]
    rules = [f"--page: {palette.background}; --line: {palette.border}; --soft: {palette.text};"]
    colors = [
        f".{kind} {{ background: {color_of(ROLES[part], session.theme())}; }}" for part, kind in PART_KEYS
    ]
    style = f".timeline {{ {rules[0]} }} {TIMELINE_STYLE.read_text('utf-8')} {' '.join(colors)}"
    st.subheader(TITLE, anchor=False)
    picture = round_timeline(rounds_of(columns), alt=TITLE)
    st.html(f"<style>{style}</style>{picture}")
    st.caption(HOW_TO_READ)
