"""The plan: where the model is cut, how long that takes and why, and what every other cut would do."""

from __future__ import annotations

import streamlit as st

from cutwise_dashboard import page, session
from cutwise_dashboard.boundary import section
from cutwise_dashboard.components import ruler
from cutwise_dashboard.components.device_list import device_list, device_rows
from cutwise_dashboard.components.ruler.payload import ruler_payload
from cutwise_dashboard.executor.run_turns import TURNS
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import paper_banner
from cutwise_dashboard.views.model import model_graph
from cutwise_dashboard.views.plan import (
    break_even_strips,
    devices,
    headline,
    more,
    number,
    remedies,
    share,
    tiers,
)

RULER_PX = 430


def main() -> None:
    question = page.asked()
    if question is None:
        break_even_strips.show_none()
        return
    with section("The paper's figure"):
        paper_banner.show(question.stated)
    with st.container(key="plan", gap=None):
        with st.container(key="figures", gap=None), section("The figures"):
            headline.draw_figures(question)
        TURNS.let_others_first()
        with st.container(key="reason", gap=None), section("The reason"):
            headline.draw_reason(question)
            certainty = st.container(gap=None)
            remedy = st.container(gap=None)
        with st.container(border=True, key="ruler_card", gap=None), section("The cut ruler", gap=None):
            _ruler(question)
    with certainty, section("How certain it is", gap=None):
        headline.draw_certainty(question)
    with section("More about this plan"):
        more.show(question)
    with section("Explain this number"):
        number.show(question)
    with section("The model graph"):
        model_graph.show(question, question.device)
    with section("The devices"):
        devices.table(question.problem, question.plan)
    if question.plan.decisions[0].edge_cut:
        with section("Memory by tier"):
            tiers.show(question.problem, question.plan)
    with section("Taking it away"):
        share.show(question)
    with section("The break-evens"):
        break_even_strips.show(question)
    with remedy, section("What would keep the limits", gap=None):
        remedies.show(question)


def _ruler(question: AnsweredQuestion) -> None:
    """Whose cut is shown, and all of its cuts on one axis."""
    if len(question.plan.decisions) > 1:
        device_list(device_rows(question.plan, question.device))
    payload = ruler_payload(question, question.device, theme=session.theme())
    ruler.show(payload, key="ruler", height=RULER_PX)


main()
