"""The headline figures, each beside the best valid baseline, with the sentence that explains them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from cutwise.analyses.cut_moves import moves
from cutwise.analyses.explain import dominant
from cutwise.plans.inference_words import said
from cutwise.plans.plan import Plan
from cutwise.question import unpinned
from cutwise_dashboard import session
from cutwise_dashboard.charts.turn_parts import PARTS, seconds_by_part
from cutwise_dashboard.format import percent_text, quantity_text, seconds_text, sentence_case, share_text
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views.plan import requests

Room = tuple[str, float, float, str, str]
UNSEEN_CHANGE_RATIO = 5e-5


def show(question: AnsweredQuestion) -> None:
    plan, baseline = question.plan, question.baseline
    st.subheader(f"{question.name} · {readable(question.shown_scheme)}", anchor=False)
    grid = st.grid(5, min_column_width=150)
    for label, value, change in (
        ("Delay of one round", seconds_text(plan.delay_s), _against(plan, baseline, _delay)),
        ("Energy of one round", quantity_text(plan.energy_j, "J"), _against(plan, baseline, _energy)),
        ("Data of one round", quantity_text(_traffic(plan), "B"), _against(plan, baseline, _traffic)),
    ):
        spoken = said(label, training=plan.inference is None)
        grid.metric(spoken, value, **_delta(change), border=True)
    for label, needed, has, whose, word in (_fullest_device(plan), _server(question)):
        room = f"{word} · {share_text(needed / has)} of {whose}" if math.isfinite(has) else "no limit given"
        grid.metric(
            label, quantity_text(needed, "B"), room, delta_color="off", delta_arrow="off", border=True
        )
    if plan.inference:
        requests.show(plan.inference)
    _standing(question)
    _tight(plan)
    _pinned(question)
    st.markdown(said(sentence(question), training=plan.inference is None))
    st.caption(_totals(question))


def _totals(question: AnsweredQuestion) -> str:
    """All rounds, one data pass, and how far the numbers can be trusted; in inference the latter alone."""
    plan, rounds = question.plan, question.scenario.rounds
    delay, energy = seconds_text(rounds * plan.delay_s), quantity_text(rounds * plan.energy_j, "J")
    data_pass = seconds_text(plan.delay_per_data_pass_s)
    against = (
        f"Percentages compare with the best valid baseline, {readable(question.baseline.scheme)}. "
        if question.baseline
        else "No baseline keeps every rule here. "
    )
    if plan.inference:
        return f"{against}Speeds from datasheets are rough (±50 %)."
    return against + (
        f"{rounds:,} rounds take {delay} and {energy}; one pass over all data takes {data_pass}. "
        f"{sentence_case(plan.evidence)}. Speeds from datasheets are rough (±50 %)."
    )


def _fullest_device(plan: Plan) -> Room:
    """The device whose memory is fullest: label, bytes needed, bytes there, name, verdict."""
    devices = plan.memory[: len(plan.decisions)]
    one = max(devices, key=lambda device: device.process_bytes / device.limit_bytes)
    return "Fullest device", one.process_bytes, one.limit_bytes, one.party, one.verdict


def _server(question: AnsweredQuestion) -> Room:
    one = question.plan.memory[-1]
    return "Server memory", one.process_bytes, one.limit_bytes, question.scenario.server.name, one.verdict


def _tight(plan: Plan) -> None:
    """What would decide each memory that is tight."""
    for one in plan.memory:
        if one.decided_by:
            st.caption(f"Memory is tight: {one.decided_by}.")


def _delta(change: float | None) -> dict[str, Any]:
    """How a figure is shown beside the baseline's; no arrow where they are the same."""
    if change is None:
        return {}
    if abs(change) < UNSEEN_CHANGE_RATIO:
        return {"delta": "as the baseline", "delta_color": "off", "delta_arrow": "off"}
    return {"delta": percent_text(change), "delta_color": "inverse"}


def _against(plan: Plan, baseline: Plan | None, figure: Callable[[Plan], float]) -> float | None:
    if baseline is None or not figure(baseline):
        return None
    return figure(plan) / figure(baseline) - 1


def _delay(plan: Plan) -> float:
    return plan.delay_s


def _energy(plan: Plan) -> float:
    return plan.energy_j


def _traffic(plan: Plan) -> float:
    return sum(stage.traffic_bytes for stage in plan.stages)


def _standing(question: AnsweredQuestion) -> None:
    """Whether the plan is proven, pinned or infeasible."""
    plan, best = question.plan, question.best
    if plan.violations:
        more = f" And {len(plan.violations) - 3} more." if len(plan.violations) > 3 else ""
        st.error("Infeasible. " + " · ".join(v.sentence for v in plan.violations[:3]) + "." + more)
    if question.asked.cut:
        worse = plan.report.value / best.report.value - 1 if best.report.value else 0.0
        left, right = st.columns([5, 1], vertical_alignment="center")
        against = f"{percent_text(worse)} against the best cuts"
        left.warning(f"A cut is pinned for every device: {against}. {_why_worse(plan, best)}")
        if right.button("Unpin", width="stretch"):
            session.choose(options={k: v for k, v in question.choice.options.items() if k != "cut"})
            st.rerun()
        return
    proof = plan.report.certificate
    if proof and plan.status == "optimal":
        bound, value = _value(question, proof.bound), _value(question, proof.value)
        st.markdown(f":green-badge[Certified optimal] by {proof.method}: bound {bound}, value {value}.")
    elif plan.status != "infeasible":
        st.markdown(f":gray-badge[Not proven optimal] {plan.report.method}.")


def _value(question: AnsweredQuestion, value: float) -> str:
    kind = question.scenario.objective.kind
    return {"delay": f"{value:.6g} s", "energy": f"{value:.6g} J"}.get(kind, f"{value:.6g}")


def _why_worse(plan: Plan, best: Plan) -> str:
    """The part of the round that grew most, in words."""
    change = {
        part: sum(seconds_by_part(stage)[part] for stage in plan.stages)
        - sum(seconds_by_part(stage)[part] for stage in best.stages)
        for part in PARTS
    }
    part = max(change, key=lambda name: change[name])
    if change[part] <= 0:
        return "No part takes longer."
    return f"What grows most is {part.lower()}, by {seconds_text(change[part])} over all devices."


def _pinned(question: AnsweredQuestion) -> None:
    """Which rules the cuts stand at, and what would release them; what becomes of a shared weight."""
    for pinned in question.plan.pinned_by:
        st.caption(f"Pinned: {pinned}.")
    if question.plan.shared_weights:
        st.caption(f"{sentence_case(question.plan.shared_weights)}.")
    if not question.problem.ties:
        return
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.info(
        "Untied, each op that shares a weight trains one of its own, and the model can be cut between them."
    )
    if right.button("Untie", width="stretch"):
        workload = replace(question.scenario.workload, tied_weights="untied")
        session.set_scenario(replace(question.scenario, workload=workload))
        st.rerun()


def sentence(question: AnsweredQuestion) -> str:
    """What takes longest, and what would move the cut of the device that takes longest."""
    most, best = dominant(question.plan), question.best
    where = f" at {most.device}, the last to finish" if most.device else ""
    text = f"**{most.part.capitalize()}** takes {share_text(most.ratio, '.0f')} of the round{where}."
    slowest = max(range(len(best.stages)), key=lambda i: best.stages[i].delay_s)
    if question.problem.micro_batches > 1:
        stage = question.plan.stages[slowest]
        saved = stage.overlap_s / (stage.delay_s + stage.overlap_s)
        part = share_text(saved, ".0f")
        return f"{text} Micro-batches overlap, which saves {part} of what its parts take alone."
    decision, asked = best.decisions[slowest], unpinned(question.asked)
    rate = quantity_text(decision.uplink_bps, "bit/s")
    here = f"With {rate} up, the cut of {decision.device} is {decision.cut.label}"
    known = moves(asked, best, slowest, anew=False)
    if not known.exact:
        return f"{text} {here}; the devices' cuts depend on each other, and the report says what moves it."
    found = [
        f"{side} {quantity_text(move.uplink_bps, 'bit/s')} it becomes {move.cut}"
        for move in known.found
        for side in ["above" if move.faster else "below"]
    ]
    if not found:
        return f"{text} No uplink rate moves the cut of {decision.device}."
    return f"{text} {here}; {' and '.join(found)}."
