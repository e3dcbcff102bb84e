"""What every device can send and receive: rates against distance, or the fixed rates of the cell."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cutwise_dashboard import session
from cutwise_dashboard.charts.rate_curve import RateCurve, rate_curve, rate_figure
from cutwise_dashboard.format import quantity_text
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import drawn


def show(question: AnsweredQuestion) -> None:
    """The channel's own curve with the devices as planned; a sentence where distance changes nothing."""
    problem, plan = question.problem, question.plan
    power_w = float(np.median(problem.transmit_power_w))
    curve = rate_curve(
        question.scenario.channel,
        devices_m=problem.distance_m,
        transmit_power_w=power_w,
    )
    with st.container(border=True):
        st.subheader("Rates", anchor=False)
        if curve.is_flat:
            st.markdown(fixed_text(curve))
            return
        drawn.plotly(
            rate_figure(curve, problem, plan, theme=session.theme()),
            key="rates.figure",
            alt=f"Uplink and downlink rates of {len(plan.decisions)} devices against their distance",
        )
        st.caption(
            f"Lines: one device with the whole band, which sends with {quantity_text(power_w, 'W')}. Points: "
            "what each device gets of its share of the band in this plan, with its own power."
        )


def fixed_text(curve: RateCurve) -> str:
    """The rates that hold at every distance, in words."""
    up, down = (quantity_text(float(curve.rate_bps[name][0]), "bit/s") for name in ("uplink", "downlink"))
    return (
        f"The cell carries **{up}** up and **{down}** down for all its devices together, whatever their "
        "distance and power. Choose Shannon under Link to see where each device stands."
    )
