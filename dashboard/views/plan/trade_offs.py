"""Two questions beside the plan, answered when they are opened: less energy, and a rate that changes."""

from __future__ import annotations

import streamlit as st

from cutwise.analyses.delay_energy import delay_energy_front
from cutwise.analyses.replanning import FADE_DB, drawn_ratios, replan
from cutwise.planning.one_device.objective import counted_energy
from cutwise_dashboard import session
from cutwise_dashboard.charts.trade_offs import HERE, epochs_figure, front_figure
from cutwise_dashboard.commands import replan_command
from cutwise_dashboard.components.live_slider import live_slider
from cutwise_dashboard.format import quantity_text, seconds_text, share_text
from cutwise_dashboard.question import Question
from cutwise_dashboard.views import on_demand

EPOCHS = 100
LARGEST_FADE_DB, MOST_EPOCHS = 15.0, 400
FADE_HELP = "How far the rate strays from its mean, in decibels; it remembers nine tenths of the epoch before"


def energy(question: Question) -> None:
    """Rounds that no other beats in both delay and energy (P4), with the plan among them."""
    on_demand.section("Delay against energy", question, _energy)


def changing_rate(question: Question) -> None:
    """Cuts chosen anew for every epoch of a rate that changes (P1), beside cuts that are kept."""
    on_demand.section("When the rate changes", question, _changing_rate)


def _energy(question: Question) -> None:
    front = delay_energy_front(question.problem)
    score = counted_energy(question.scenario.objective)
    spent_j = sum(float(score(stage)) for stage in question.plan.stages)
    fastest, thriftiest = front[0], front[-1]
    more = thriftiest.delay_s / fastest.delay_s - 1
    less = 1 - thriftiest.energy_j / fastest.energy_j
    st.echarts_chart(
        front_figure(front, delay_s=question.plan.delay_s, energy_j=spent_j, theme=session.theme()),
        key="front",
        height=380,
        alt=f"{len(front)} rounds that none beats in delay and energy, and {HERE}",
    )
    told = (
        "One round is best in both."
        if len(front) == 1
        else f"From {seconds_text(fastest.delay_s)} and {quantity_text(fastest.energy_j, 'J')} up to "
        f"{share_text(more)} slower for {share_text(less)} less."
    )
    st.caption(
        f"{told} Devices in turn, each with the best cut and server clock for one weight between delay and "
        f"energy of {', '.join(question.scenario.objective.energy_of)}; scheme card finds one of them."
    )


def _changing_rate(question: Question) -> None:
    left, right = st.columns(2)
    with left:
        fade_db = live_slider(
            "Fading", value=FADE_DB, low=0.0, high=LARGEST_FADE_DB, key="rate.fade_db", unit="db",
            help=FADE_HELP,
        )  # fmt: skip
    with right:
        epochs = live_slider(
            "Epochs", value=EPOCHS, low=2, high=MOST_EPOCHS, key="rate.epochs", help="How many are drawn",
            integer=True,
        )  # fmt: skip
    seed = question.scenario.seed
    ratios = drawn_ratios(epochs=int(epochs), seed=seed, fade_db=fade_db)
    found = replan(question.problem, ratios)
    st.echarts_chart(
        epochs_figure(found, theme=session.theme()),
        key="epochs",
        height=460,
        alt=f"Seconds of a round in {len(ratios)} epochs: cuts chosen anew, cuts kept, one side alone",
    )
    st.caption(
        f"Choosing the cuts anew saves {share_text(found.saved_ratio)} of the delay with cuts for the "
        f"mean rate; they change {found.changes} times. Devices in turn. This command gives the same numbers:"
    )
    st.code(
        replan_command(question.choice, epochs=int(epochs), seed=seed, fade_db=fade_db),
        language="bash",
        wrap_lines=True,
    )
