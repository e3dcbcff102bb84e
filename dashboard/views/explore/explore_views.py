"""What would change the answer: the decision map with the break-evens, and what a plan can trade."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping

import streamlit as st

from cutwise.errors import CutwiseError
from cutwise.frozen import FrozenDict
from cutwise.plans.inference_words import said
from cutwise.question import unpinned, weighs_cuts
from cutwise.schemes.options import scheme_with
from cutwise_dashboard import session
from cutwise_dashboard.components.decision_map import show_map
from cutwise_dashboard.format import as_written, quantity_text, sentence_case
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import on_demand
from cutwise_dashboard.views.explore import break_evens, given_away
from cutwise_dashboard.views.explore.decision_map import DecisionMap, decision_map
from cutwise_dashboard.views.explore.map_payload import map_payload
from cutwise_dashboard.views.plan import trade_offs


def show(question: AnsweredQuestion, device: int) -> None:
    """The page, for the device looked at; only the part that is open is worked out."""
    chosen = st.segmented_control(
        "What to explore", list(PARTS), key=session.begin("view.explore.part", FIRST),
        label_visibility="collapsed", required=True,
    )  # fmt: skip
    PARTS[chosen or FIRST](question, device)


def _map(question: AnsweredQuestion, device: int) -> None:
    training = question.problem.workload.training
    try:
        found = decision_map(unpinned(question.asked), question.best, device)
    except CutwiseError as error:
        st.info(as_written(said(f"{sentence_case(str(error))}.", training=training)))
        break_evens.show(question, device)
        return
    theme = session.theme()
    words = said(map_words(found, question, theme=theme), training=training)
    st.html(f'<h2 style="{TIGHT}">{html.escape(map_title(found))}</h2>{html.escape(words)}')
    left, right = st.columns([7, 3], gap="medium")
    with left, st.container(border=True):
        show_map(map_payload(found, theme=theme, training=training), key="explore.map")
    with right, st.container(border=True):
        break_evens.show(question, device)


def _energy(question: AnsweredQuestion, device: int) -> None:
    on_demand.answered(question, trade_offs.energy_front)


def _changing_rate(question: AnsweredQuestion, device: int) -> None:
    on_demand.answered(question, trade_offs.rate_over_epochs)


def _given_away(question: AnsweredQuestion, device: int) -> None:
    on_demand.answered(question, lambda asked: given_away.leakage_by_cut(asked, device))


PARTS: Mapping[str, Callable[[AnsweredQuestion, int], None]] = FrozenDict(
    {
        "Where the cut moves": _map,
        "Delay against energy": _energy,
        "When the rate changes": _changing_rate,
        "What a cut gives away": _given_away,
    }
)
"""What can be explored, in order."""
FIRST = "Where the cut moves"
FULLER = FrozenDict({"light": "Darker", "dark": "Lighter"})
TIGHT = "margin: 0; padding: 0 0 0.25rem"


def map_title(found: DecisionMap) -> str:
    """The finding in one line."""
    count = len(found.labels)
    if found.cuts == 1:
        return f"Only one cut is possible for {found.device}: {found.labels[0]}"
    if count == 1:
        return f"One cut is the best everywhere on this map for {found.device}: {found.labels[0]}"
    if count == found.cuts:
        return f"All {count} cuts are the best somewhere on this map for {found.device}"
    return f"Only {count} of {found.cuts} cuts are ever the best for {found.device}"


def map_words(found: DecisionMap, question: AnsweredQuestion, *, theme: str) -> str:
    """How to read the map, what range it has, and what was kept as planned."""
    ends = [
        f"{quantity_text(axis.low, axis.unit)} to {quantity_text(axis.high, axis.unit)}"
        for axis in (found.across, found.up)
    ]
    read = (
        f"From left to right the {found.across.title.lower()} of the cell, {ends[0]}; from bottom to top the "
        f"speed of the device, {ends[1]}. {FULLER[theme]} is more of the model on the device."
    )
    kept = (
        (not weighs_cuts(scheme_with(question.asked.scheme, dict(question.asked.options))),
         "This scheme chooses no cut: the map tells which would be best in its place."),
        (not found.alone, "The other devices, their shares and their cuts are kept as planned."),
        (not found.complete, f"Compared are the {found.cuts} cuts along the model, all else as planned."),
        (not found.exact, "Each point was priced by itself: what is best only between two points is missed."),
    )  # fmt: skip
    notes = [note for holds, note in kept if holds]
    return " ".join([read, *notes, "Click a point to go there; Undo returns."])
