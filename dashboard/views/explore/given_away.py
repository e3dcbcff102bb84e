"""What a cut may give away: an indication from attacks on small models, beside the delay of every cut."""

from __future__ import annotations

import streamlit as st

from cutwise.analyses.leakage import Leakage, leakage_of
from cutwise.leakage.leakage_table import UNCODED, leakage_table
from cutwise.units import percent
from cutwise_dashboard import session
from cutwise_dashboard.charts.spoken import spoken
from cutwise_dashboard.charts.trades.leakage_lines import leakage_figure
from cutwise_dashboard.commands import analysis_command
from cutwise_dashboard.curves import curve_of
from cutwise_dashboard.format import as_written, readable, sentence_case
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import drawn

HEIGHT_PX = 480


def leakage_by_cut(question: AnsweredQuestion, device: int) -> None:
    """The figure with its sentences, for the device looked at."""
    found = leakage_of(question.problem, curve_of(question, device))
    training = question.problem.workload.training
    st.badge("Indication", icon=":material/science:", color="orange")
    drawn.echarts(
        spoken(leakage_figure(found, theme=session.theme()), training=training),
        key="leakage",
        height=HEIGHT_PX,
        alt=f"Delay of every cut of {found.device}, and what attacks recovered at its depth",
    )
    st.caption(as_written(f"{sentence_case(found.summary())}. {studied(found)}"))
    asked = question.asked
    pinned = {"cut": asked.cut} if asked.cut else {}
    command = analysis_command(
        question.stated.model, "leakage", scheme=asked.scheme, **asked.options, **pinned, device=found.device
    )
    st.code(command, language="bash", wrap_lines=True)


def studied(found: Leakage) -> str:
    """On what the attacks were tried, with which codec, and how they are made anew."""
    facts = leakage_table().facts
    codec, setting = found.coding
    coded = (
        "without compression"
        if found.coding == UNCODED
        else f"compressed with {readable(codec)} at {percent(setting):.3g} %, the nearest that was tried"
    )
    return (
        f"Tried {facts['date']} on a {facts[found.family]}, {coded}, not on this model. Made anew by "
        f"{facts['command']}. This command gives the same numbers:"
    )
