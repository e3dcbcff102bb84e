"""At which uplink rates the cut of the device looked at moves."""

from __future__ import annotations

import streamlit as st

from cutwise.analyses.cut_moves import FACTORS, Move, Moves, moves
from cutwise.plans.inference_words import said
from cutwise.question import unpinned
from cutwise_dashboard.executor import questions
from cutwise_dashboard.executor.shown import answered
from cutwise_dashboard.format import as_written, figures, quantity_text, seconds_text
from cutwise_dashboard.question import AnsweredQuestion


def show(question: AnsweredQuestion, device: int) -> None:
    """The rates, and today's beside them; where each takes a plan of its own, when they are asked for."""
    asked, plan = unpinned(question.asked), question.best
    decision = plan.decisions[device]
    st.markdown(f"**Break-evens of {as_written(decision.device)}**")
    known = moves(asked, plan, device, anew=False)
    if not known.exact:
        st.caption("No line tells them here: the scheme has to plan anew at one rate after another.")
        pressed = st.button("Plan anew at other rates", key="explore.anew")
        known = answered(questions.moved_anew, asked, device, words="Planning anew") if pressed else None
    today = (
        f"Now: {quantity_text(decision.uplink_bps, 'bit/s')} up for this device, {decision.cut.label}, "
        f"{seconds_text(float(plan.stages[device].delay_s))} a round"
    )
    lines = [*(() if known is None else move_lines(known, here_bps=decision.uplink_bps)), today]
    training = question.problem.workload.training
    for line in lines:
        st.markdown(as_written(said(line, training=training)))


def move_lines(known: Moves, *, here_bps: float) -> list[str]:
    """A sentence for each rate at which the cut moves, or that there is none."""
    if known.found:
        return [_line(move, here_bps) for move in known.found]
    if known.exact:
        return ["No other uplink rate moves the cut"]
    return [f"At {2 * len(FACTORS)} other rates, up to {FACTORS[-1]:,.0f} times today's, the cut stays"]


def _line(move: Move, here_bps: float) -> str:
    """One move.

    >>> _line(Move(uplink_bps=3e8, faster=True, cut="after pool"), 1e8)
    'Faster than 300 Mbit/s up (3 × today) the cut moves to after pool'
    """
    side = "Faster" if move.faster else "Slower"
    rate, times = quantity_text(move.uplink_bps, "bit/s"), figures(move.uplink_bps / here_bps)
    return f"{side} than {rate} up ({times} × today) the cut moves to {move.cut}"
