"""Which quantity matters most: each a little less and a little more, planned anew."""

from __future__ import annotations

import streamlit as st

from cutwise.analyses.what_if.tornado import Tornado, TornadoAnalysis
from cutwise.units import facts_of, percent
from cutwise_dashboard import session
from cutwise_dashboard.charts.spoken import spoken
from cutwise_dashboard.charts.trades.swings import MOST_BARS, end_words, swings_figure, swings_height
from cutwise_dashboard.format import as_written
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import drawn
from cutwise_dashboard.views.explore.asks.asked_analyses import (
    finding,
    not_looked_at,
    record_of,
    same_numbers,
)


def tornado(question: AnsweredQuestion, device: int) -> None:
    """The bars, and below them in words what a pointer would say."""
    facts = facts_of(TornadoAnalysis, "change_ratio")
    low, high = (int(percent(end)) for end in facts["shown"])
    ratio_percent = st.slider(
        "Less and more of each, %", low, high, key=session.begin("view.explore.tornado", 20), step=5,
        help=facts["help"],
    )  # fmt: skip
    ratio = ratio_percent / 100
    found: Tornado = record_of(question, "tornado", "The swings", change_ratio=ratio)
    title, words = tornado_words(found)
    finding(question, title, words)
    if found.swings:
        training = question.problem.workload.training
        with st.container(border=True):
            drawn.echarts(
                spoken(swings_figure(found, theme=session.theme()), training=training),
                key="explore.tornado", height=swings_height(found), alt=title,
            )  # fmt: skip
        with st.expander("In words"):
            for one in found.swings:
                st.markdown(
                    "- " + as_written("; ".join(end_words(found, one, end) for end in ("low", "high")))
                )
    same_numbers(question, "tornado", change_ratio=ratio)


def tornado_words(found: Tornado) -> tuple[str, str]:
    """What matters most, how many cuts move, and what changes nothing."""
    if not found.swings:
        return "No quantity changes anything", ""
    moving = sum(bool(one.low_cut or one.high_cut) for one in found.swings)
    cuts = "no cut moves" if not moving else f"the cut moves with {moving} of {len(found.swings)} quantities"
    hidden = len(found.swings) - MOST_BARS
    told = [f"Sorted by {found.of}; {cuts}."]
    told += [f"The {hidden} smallest are below in words."] if hidden > 0 else []
    told += [f"Nothing changes with: {', '.join(map(str.lower, found.still))}."] if found.still else []
    told += [not_looked_at(found.left)] if found.left else []
    return f"Most changes with: {found.swings[0].title.lower()}", " ".join(told)
