"""The plan: where the model is cut, what it costs, why, and the proof."""

from __future__ import annotations

import streamlit as st

from cutwise_dashboard import page
from cutwise_dashboard.views.model import model_graph
from cutwise_dashboard.views.plan import curve, devices, headline, one_round, share, trade_offs


def main() -> None:
    scenario, graph = page.opened()
    question = page.asked(graph, scenario)
    if question is None:
        return
    headline.show(question)
    device = devices.picked(question)
    model_graph.show(question, device)
    left, right = st.columns(2, gap="medium")
    with left:
        curve.show(question, device)
    with right:
        devices.bars(question, device)
    devices.table(question.problem, question.plan)
    one_round.show(question)
    trade_offs.energy(question)
    trade_offs.changing_rate(question)
    share.show(question)


main()
