"""The plan: where the model is cut, how long that takes and why, and what every other cut would do."""

from __future__ import annotations

import streamlit as st

from cutwise_dashboard import page, session
from cutwise_dashboard.components import ruler
from cutwise_dashboard.components.device_list import device_list, device_rows
from cutwise_dashboard.components.ruler.payload import ruler_payload
from cutwise_dashboard.format import seconds_text
from cutwise_dashboard.views.model import model_graph
from cutwise_dashboard.views.plan import devices, share

RULER_PX = 430


def main() -> None:
    question = page.asked()
    if question is None:
        return
    with st.container(key="plan", gap=None):
        st.html(f'<div class="figure first"><b>{seconds_text(question.plan.delay_s)}</b></div>')
        with st.container(border=True, key="ruler_card", gap=None):
            if len(question.plan.decisions) > 1:
                device_list(device_rows(question.plan, question.device))
            payload = ruler_payload(question, question.device, theme=session.theme())
            ruler.show(payload, key="ruler", height=RULER_PX)
    model_graph.show(question, question.device)
    devices.table(question.problem, question.plan)
    share.show(question)


main()
