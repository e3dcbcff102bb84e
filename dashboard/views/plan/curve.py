"""Delay against cut position; a click pins a cut for every device."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cutwise.analyses.cut_curve import CutCurve, cut_curve
from cutwise.plans.inference_words import said
from cutwise.problem.private_ops import private_ops
from cutwise.question import can_pin
from cutwise_dashboard import session
from cutwise_dashboard.charts.cut_curve import cut_curve_figure
from cutwise_dashboard.charts.spoken import spoken
from cutwise_dashboard.format import as_written, seconds_text
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import drawn


def show(question: AnsweredQuestion, device: int) -> None:
    with st.container(border=True):
        st.subheader("Delay for every cut", anchor=False)
        name = question.plan.decisions[device].device
        found = cut_curve(question.problem, question.plan, device)
        text = question.asked.cut
        place = found.cuts.index(text) if text in found.cuts else None
        first = np.flatnonzero((found.masks == private_ops(question.problem.cost, "first_layer")).all(axis=1))
        training = question.problem.workload.training
        option = cut_curve_figure(found, pinned=place, first_layer=int(first[0]) if len(first) else None)
        option = spoken(option, training=training)
        best = seconds_text(float(np.broadcast_to(found.stages.delay_s, len(found.names))[found.best]))
        event = drawn.echarts(
            option,
            key="curve",
            height=380,
            on_select="rerun",
            alt=f"Delay of {name} by cut position; best {best} at {found.names[found.best]}",
        )
        hatched = "" if found.fits.all() else " Hatched cuts break a limit of the device."
        pinnable = " Click a bar to pin that cut." if can_pin(question.asked.scheme) else ""
        st.caption(said(f"{as_written(name)}, one round.{pinnable}{hatched}", training=training))
        _take_pin(question, found, event)


def _take_pin(question: AnsweredQuestion, found: CutCurve, event: object) -> None:
    groups = event.selection.selected if event and event.selection else []
    places = [place for group in groups for place in group["data_indices"]]
    clicked = places[0] if places else None
    if clicked == st.session_state.get("curve.clicked"):
        return
    st.session_state["curve.clicked"] = clicked
    if not can_pin(question.asked.scheme) or clicked is None or clicked >= len(found.cuts):
        return
    session.choose(options={**question.choice.options, "cut": found.cuts[clicked]})
    st.rerun()
