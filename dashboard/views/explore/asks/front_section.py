"""Fronts: delay against energy, memory, traffic, private layers or accuracy; a click adopts a point."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cutwise.analyses.what_if.front_points import FrontPoint
from cutwise.analyses.what_if.front_walks import AXES
from cutwise.analyses.what_if.fronts import PlanFront
from cutwise_dashboard import session
from cutwise_dashboard.charts.spoken import spoken
from cutwise_dashboard.charts.trades.plan_fronts import plan_front_figure
from cutwise_dashboard.format import seconds_text, sentence_case
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import drawn
from cutwise_dashboard.views.explore.asks.asked_analyses import (
    choice_key,
    finding,
    record_of,
    same_numbers,
    take,
)

HEIGHT_PX = 400
OF_ONE_CUT = ("device_memory", "traffic")
"""Fronts whose points are a cut alone: to adopt one pins it and leaves the scenario as it is."""


def front(question: AnsweredQuestion, device: int) -> None:
    """The figure of one front, its points as a list beside it, and what was found."""
    against = str(
        st.segmented_control(
            "Held against delay", list(AXES), required=True,
            key=session.begin("view.explore.front", "energy"),
            format_func=lambda name: sentence_case(AXES[name].title),
        )
    )  # fmt: skip
    found: PlanFront = record_of(question, "front", "The front", against=against)
    title, words = front_words(found)
    finding(question, title, words)
    if found.points:
        _drawn(question, found)
    same_numbers(question, "front", against=against)


def front_words(found: PlanFront) -> tuple[str, str]:
    """What the slowest point gains over the fastest, and how the points were found."""
    axis, points = AXES[found.against], found.points
    if not points:
        return f"No plan keeps the other limits: there is no front of {axis.title}", ""
    first, last = points[0], points[-1]
    if len(points) == 1:
        title = (
            f"One plan is best in delay and {axis.title}: {seconds_text(first.delay_s)}, {axis.text(first)}"
        )
    else:
        title = (
            f"From {seconds_text(first.delay_s)} with {axis.text(first)} "
            f"to {seconds_text(last.delay_s)} with {axis.text(last)}"
        )
    beyond = sum(not one.keeps_limits for one in points)
    told = [f"{sentence_case(found.basis)}."]
    told += [f"{beyond} of {len(points)} plans break a limit of the scenario (hollow)."] if beyond else []
    return title, " ".join(told)


def _drawn(question: AnsweredQuestion, found: PlanFront) -> None:
    axis, training = AXES[found.against], question.problem.workload.training
    here = (question.plan.delay_s, _here(question, found.against))
    figure = plan_front_figure(found, here=here, theme=session.theme())
    with st.container(border=True):
        event = drawn.echarts(
            spoken(figure, training=training),
            key=choice_key(question, f"front.{found.against}"), height=HEIGHT_PX, on_select="rerun",
            alt=f"{len(found.points)} plans that none beats in delay and {axis.title}, and the plan shown",
        )  # fmt: skip
        st.caption("Click a point to take it; Undo returns.")
    if (clicked := _clicked(event, len(found.points))) is not None:
        _adopt(question, found, found.points[clicked])
    _listed(question, found)


def _listed(question: AnsweredQuestion, found: PlanFront) -> None:
    """The same points as a list, for who has no pointer."""
    names = [point_words(found, one) for one in found.points]
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    with left:
        chosen = st.selectbox(
            "Point", range(len(names)), format_func=names.__getitem__, key=choice_key(question, "front.point")
        )
    with right:
        pressed = st.button("Take it", key="explore.front.take", width="stretch")
    if pressed and chosen is not None:
        _adopt(question, found, found.points[chosen])


def point_words(found: PlanFront, point: FrontPoint) -> str:
    """One point: its delay, what it is held against, its cut."""
    axis = AXES[found.against]
    broken = "" if point.keeps_limits else ", breaks a limit"
    return f"{seconds_text(point.delay_s)}, {axis.text(point)}{broken}; {point.cut}"


def _adopt(question: AnsweredQuestion, found: PlanFront, point: FrontPoint) -> None:
    if found.against in OF_ONE_CUT and point.pinned:
        take(question, {}, "the point of a front", cut=point.pinned)
    elif point.scheme != question.asked.scheme:
        take(question, point.settings, "the point of a front", cut="", scheme=point.scheme, options={})
    else:
        take(question, point.settings, "the point of a front", cut="")


def _clicked(event: Any, count: int) -> int | None:
    """The place of the point that was clicked, if any; the first series holds the points."""
    groups = event.selection.selected if event and event.selection else []
    places = [place for group in groups if not group["series_index"] for place in group["data_indices"]]
    return next((place for place in places if place < count), None)


def _here(question: AnsweredQuestion, against: str) -> float | None:
    """The same figure of the plan that is shown, where the front's own points have it as a number."""
    plan, stages = question.plan, question.plan.stages
    given = {
        "energy": plan.energy_j,
        "traffic": max(float(one.traffic_bytes) for one in stages),
        "accuracy_loss": max(one.accuracy_loss_ratio for one in plan.decisions),
    }
    return given.get(against)
