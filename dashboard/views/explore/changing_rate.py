"""A question beside the plan, answered when it is opened: a rate that changes."""

from __future__ import annotations

import streamlit as st

from cutwise.analyses.replanning import Epochs, ReplanAnalysis
from cutwise.plans.inference_words import said
from cutwise.units import UNITS, facts_of
from cutwise_dashboard import session
from cutwise_dashboard.charts.spoken import spoken
from cutwise_dashboard.charts.trades.epoch_lines import epochs_figure
from cutwise_dashboard.commands import analysis_command
from cutwise_dashboard.executor import questions
from cutwise_dashboard.executor.shown import answered
from cutwise_dashboard.format import as_written, sentence_case, share_text
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import drawn


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
