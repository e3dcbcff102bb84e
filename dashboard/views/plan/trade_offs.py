"""Two questions beside the plan, answered when they are opened: less energy, and a rate that changes."""

from __future__ import annotations

import streamlit as st

from cutwise.analyses.replanning import Epochs, ReplanAnalysis
from cutwise.planning.one_device.objective import counted_energy
from cutwise.plans.inference_words import said
from cutwise.units import UNITS, facts_of
from cutwise_dashboard import session
from cutwise_dashboard.charts.spoken import spoken
from cutwise_dashboard.charts.trade_offs import HERE, epochs_figure, front_figure
from cutwise_dashboard.commands import analysis_command
from cutwise_dashboard.executor import questions
from cutwise_dashboard.executor.shown import answered
from cutwise_dashboard.format import as_written, quantity_text, seconds_text, sentence_case, share_text
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import drawn


def energy_front(question: AnsweredQuestion) -> None:
    """The rounds that no other beats, as a figure with its sentence."""
    front = answered(questions.delay_energy, question.asked, words="The front of delay and energy")
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


def rate_over_epochs(question: AnsweredQuestion) -> None:
    """Delays of epochs as a figure, with how far the rate fades and how many epochs there are."""
    training = question.problem.workload.training
    left, right = st.columns(2)
    with left:
        fade_db = float(_slider("fade_db", "view.rate.fade_db", training=training))
    with right:
        epochs = int(_slider("epochs", "view.rate.epochs", training=training))
    seed = question.scenario.seed
    found = answered(
        questions.replanned, question.asked, epochs, seed, fade_db, words="Planning anew in every epoch"
    )
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
        analysis_command(question.stated.model, "replan", epochs=epochs, seed=seed, fade_db=fade_db),
        language="bash",
        wrap_lines=True,
    )


def _unfit(found: Epochs) -> str:
    return "".join(f"{as_written(sentence_case(clause))}. " for clause in found.unfit)


def _slider(option: str, key: str, *, training: bool) -> int | float:
    """The slider of one option of re-planning: a choice of this view, which no link carries."""
    facts, first = facts_of(ReplanAnalysis, option), getattr(ReplanAnalysis(), option)
    low, high = (type(first)(end) for end in facts["shown"])
    unit = f" ({UNITS[facts['unit']]})" if facts.get("unit") else ""
    label, about = (said(text, training=training) for text in (facts["title"] + unit, facts["help"]))
    return st.slider(label, min_value=low, max_value=high, key=session.begin(key, first), help=about)
