"""Kept questions side by side with the one that is asked: what differs among them, and what comes of each."""

from __future__ import annotations

import streamlit as st

from cutwise_dashboard import session
from cutwise_dashboard.components.kept_columns import kept_columns
from cutwise_dashboard.side_by_side.question_columns import columns_of, table_of

NOTHING_KEPT = (
    "Press **Compare** above to keep this question, then change anything: both stand here side by side."
)
BESIDE_FIRST = "Changes are told beside the first column."
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
