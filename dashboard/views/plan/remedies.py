"""Where a plan misses a limit: what would keep it, in one sentence, and a button for each way."""

from __future__ import annotations

import streamlit as st

from cutwise.analyses.base import MOST_DEVICES
from cutwise.analyses.what_if.target_changes import Targets
from cutwise_dashboard.format import as_written, sentence_case
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.explore.asks.asked_analyses import record_of, take
from cutwise_dashboard.views.explore.asks.target_ways import way, ways_to


def show(question: AnsweredQuestion) -> None:
    """Nothing where the plan keeps every limit."""
    if question.best.status != "infeasible":
        _unpinned(question)
    elif len(question.plan.decisions) <= MOST_DEVICES:
        found: Targets = record_of(question, "targets", "What would keep the limits")
        st.markdown(as_written(f"{sentence_case(found.summary())}."))
        for one in ways_to(found, changes=1, schemes=1):
            way(question, one, key="plan.remedy")


def _unpinned(question: AnsweredQuestion) -> None:
    """The pinned cut alone breaks a limit."""
    if question.plan.status != "infeasible" or not question.asked.cut:
        return
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.markdown("Without the pin the best cut keeps every limit.")
    if right.button("Take it", key="plan.remedy.unpin", width="stretch"):
        take(question, {}, "the best cut", cut="")
