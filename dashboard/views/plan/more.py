"""What the headline leaves out: all rounds, tight memories, rules that pin cuts, shared weights, evidence."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import streamlit as st

from cutwise.analyses.bands.certainty import basis_of
from cutwise.analyses.explain import dominant
from cutwise.plans.inference_words import said
from cutwise.plans.plan import Plan
from cutwise_dashboard import session
from cutwise_dashboard.format import (
    as_written,
    figures,
    quantity_text,
    seconds_text,
    sentence_case,
    share_text,
)
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.plan import requests

UNTIE: Mapping[str, Any] = MappingProxyType(
    {"kind": "set", "path": "workload.tied_weights", "value": "untied"}
)
"""The command that gives each op that shares a weight one of its own."""
UNITS_OF_VALUE = MappingProxyType({"delay": " s", "energy": " J"})


def show(question: AnsweredQuestion) -> None:
    """All of it, closed at first; requests and tokens of inference in full."""
    with st.expander("More about this plan"):
        if question.plan.inference:
            requests.show(question.plan.inference)
        for line in more_lines(question):
            st.markdown(as_written(line))
        if question.problem.ties and st.button("Untie the weights", key="untie"):
            session.desk().do(UNTIE)
            st.rerun()


def basis_line(question: AnsweredQuestion) -> str:
    """At which level the times of the device looked at, and of the server, are known."""
    rests = (f"{party}: {basis}" for party, basis in basis_of(question.problem, question.device))
    return f"Times rest on what is known of each party. {'. '.join(rests)}."


def more_lines(question: AnsweredQuestion) -> tuple[str, ...]:
    """What there is to say of the plan beyond its figures, a sentence or two each."""
    plan = question.plan
    lines = (
        dominant_line(plan),
        totals_line(question),
        proof_line(question),
        *(f"Memory is tight: {one.decided_by}." for one in plan.memory if one.decided_by),
        *(f"Power mode: {sentence}." for sentence in plan.mode_sentences),
        *(f"Pinned: {pinned}." for pinned in plan.pinned_by),
        f"{sentence_case(plan.shared_weights)}." if plan.shared_weights else "",
        untie_line(question),
        f"{sentence_case(plan.evidence)}." if plan.inference is None else "",
        basis_line(question),
    )
    return tuple(line for line in lines if line)


def dominant_line(plan: Plan) -> str:
    """What takes longest in the round."""
    most, training = dominant(plan), plan.inference is None
    share = said(f"takes {share_text(most.ratio, '.0f')} of the round", training=training)
    where = f" at {most.device}, the last to finish" if most.device else ""
    return f"{sentence_case(most.part)} {share}{where}.{_overlap(plan)}"


def _overlap(plan: Plan) -> str:
    stage = max(plan.stages, key=lambda one: one.delay_s)
    if not stage.overlap_s:
        return ""
    saved = share_text(float(stage.overlap_s / (stage.delay_s + stage.overlap_s)), ".0f")
    return f" Micro-batches overlap, which saves {saved} of what its parts take alone."


def totals_line(question: AnsweredQuestion) -> str:
    """All rounds, and one pass over all data; empty in inference, which has neither."""
    plan, rounds = question.plan, question.scenario.rounds
    if plan.inference:
        return ""
    delay, energy = seconds_text(rounds * plan.delay_s), quantity_text(rounds * plan.energy_j, "J")
    data_pass = seconds_text(plan.delay_per_data_pass_s)
    return f"{rounds:,} rounds take {delay} and {energy}; one pass over all data takes {data_pass}."


def proof_line(question: AnsweredQuestion) -> str:
    """The bound that proves the plan, beside what it reaches; empty where nothing does."""
    proof = question.plan.report.certificate
    if proof is None or question.plan.violations:
        return ""
    unit = UNITS_OF_VALUE.get(question.scenario.objective.kind, "")
    value, bound = (f"{figures(one, 6)}{unit}" for one in (proof.value, proof.bound))
    return f"Bound of {proof.method}: {bound}; the plan reaches {value}."


def untie_line(question: AnsweredQuestion) -> str:
    """What untying would change, where shared weights keep the model together."""
    if not question.problem.ties:
        return ""
    return (
        "Untied, each op that shares a weight trains one of its own, and the model can be cut between them."
    )
