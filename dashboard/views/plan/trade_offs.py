"""Two questions beside the plan, answered when they are opened: less energy, and a rate that changes."""

from __future__ import annotations

import streamlit as st

from cutwise.analyses.delay_energy import DelayEnergyAnalysis
from cutwise.analyses.replanning import Epochs, ReplanAnalysis
from cutwise.planning.one_device.objective import counted_energy
from cutwise.plans.inference_words import said
from cutwise_dashboard import session
from cutwise_dashboard.charts.spoken import spoken
from cutwise_dashboard.charts.trade_offs import HERE, epochs_figure, front_figure
from cutwise_dashboard.commands import analysis_command
from cutwise_dashboard.components.live_slider import live_slider
from cutwise_dashboard.controls import told
from cutwise_dashboard.format import quantity_text, seconds_text, share_text
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import drawn, on_demand


def energy(question: AnsweredQuestion) -> None:
    """Rounds that no other beats in both delay and energy (P4), with the plan among them."""
    on_demand.section("Delay against energy", question, _energy)


def changing_rate(question: AnsweredQuestion) -> None:
    """Cuts chosen anew for every epoch of a rate that changes (P1), beside cuts that are kept."""
    on_demand.section("When the rate changes", question, _changing_rate)


def _energy(question: AnsweredQuestion) -> None:
    front = DelayEnergyAnalysis().run(question.asked).rounds
    score = counted_energy(question.scenario.objective)
    spent_j = sum(float(score(stage)) for stage in question.plan.stages)
    fastest, thriftiest = front[0], front[-1]
    more = thriftiest.delay_s / fastest.delay_s - 1
    less = 1 - thriftiest.energy_j / fastest.energy_j
    training = question.problem.workload.training
    figure = front_figure(front, delay_s=question.plan.delay_s, energy_j=spent_j, theme=session.theme())
    drawn.echarts(
        spoken(figure, training=training),
        key="front",
        height=380,
        alt=f"{len(front)} choices that none beats in delay and energy, and {HERE}",
    )
    sentence = (
        "One choice is best in both."
        if len(front) == 1
        else f"From {seconds_text(fastest.delay_s)} and {quantity_text(fastest.energy_j, 'J')} up to "
        f"{share_text(more)} slower for {share_text(less)} less."
    )
    st.caption(
        f"{sentence} Devices in turn, each with the best cut and server clock for one weight between delay "
        f"and energy of {', '.join(question.scenario.objective.energy_of)}; scheme card finds one of them."
    )


def _changing_rate(question: AnsweredQuestion) -> None:
    left, right = st.columns(2)
    with left:
        fade_db = _slider("fade_db", "rate.fade_db")
    with right:
        epochs = int(_slider("epochs", "rate.epochs", integer=True))
    seed = question.scenario.seed
    found = ReplanAnalysis(epochs=epochs, seed=seed, fade_db=fade_db).run(question.asked)
    training = question.problem.workload.training
    alt = f"Seconds of a round in {epochs} epochs: cuts chosen anew, cuts kept, one side alone"
    drawn.echarts(
        spoken(epochs_figure(found, theme=session.theme()), training=training),
        key="epochs",
        height=460,
        alt=said(alt, training=training),
    )
    st.caption(
        f"Choosing the cuts anew saves {share_text(found.saved_ratio)} of the delay with cuts for the "
        f"mean rate; they change {found.changes} times. Devices in turn. {_unfit(found)}"
        "This command gives the same numbers:"
    )
    st.code(
        analysis_command(question.choice, "replan", epochs=epochs, seed=seed, fade_db=fade_db),
        language="bash",
        wrap_lines=True,
    )


def _unfit(found: Epochs) -> str:
    return "".join(f"{clause.capitalize()}. " for clause in found.unfit)


def _slider(option: str, key: str, *, integer: bool = False) -> float:
    """The control of one option of re-planning."""
    facts = told(ReplanAnalysis, option)
    low, high = facts["shown"]
    first = getattr(ReplanAnalysis(), option)
    return live_slider(
        facts["title"], value=first, low=low, high=high, key=key, unit=facts["unit"], help=facts["help"],
        integer=integer,
    )  # fmt: skip
