"""What would change the answer: the decision map with the break-evens, and what a plan can trade."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import replace

import streamlit as st

from cutwise.analyses.maps.decision_map import DecisionMap
from cutwise.analyses.maps.device_map import device_map
from cutwise.analyses.maps.places.map_places import MapPlaces
from cutwise.errors import CutwiseError
from cutwise.frozen import FrozenDict
from cutwise.plans.inference_words import said
from cutwise.question import unpinned, weighs_cuts
from cutwise.schemes.options import scheme_with
from cutwise_dashboard import session
from cutwise_dashboard.components.decision_map import show_map
from cutwise_dashboard.format import as_written, sentence_case
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import on_demand
from cutwise_dashboard.views.explore import break_evens, given_away
from cutwise_dashboard.views.explore.groups import group_section
from cutwise_dashboard.views.explore.map_choice import chosen_quantities, quantity_title
from cutwise_dashboard.views.explore.map_payload import map_payload
from cutwise_dashboard.views.explore.map_words import map_title, map_words
from cutwise_dashboard.views.plan import trade_offs

GROUPS = "How many groups?"


def show(question: AnsweredQuestion, device: int) -> None:
    """The page, for the device looked at; only the part that is open is worked out."""
    parts = [part for part in PARTS if part not in ONLY or ONLY[part](question)]
    key = session.begin("view.explore.part", FIRST)
    if st.session_state[key] not in parts:
        st.session_state[key] = FIRST
    chosen = st.segmented_control(
        "What to explore", parts, key=key, label_visibility="collapsed", required=True,
    )  # fmt: skip
    PARTS[chosen or FIRST](question, device)


def _map(question: AnsweredQuestion, device: int) -> None:
    training = question.problem.workload.training
    paths = chosen_quantities(question, device)
    try:
        found = mapped(question, device, paths)
    except CutwiseError as error:
        st.info(as_written(said(f"{sentence_case(str(error))}.", training=training)))
        break_evens.show(question, device)
        return
    theme = session.theme()
    weighs = weighs_cuts(scheme_with(question.asked.scheme, dict(question.asked.options)))
    words = said(map_words(found, weighs=weighs), training=training)
    st.html(f'<h2 style="{TIGHT}">{html.escape(map_title(found))}</h2>{html.escape(words)}')
    left, right = st.columns([7, 3], gap="medium")
    with left, st.container(border=True):
        show_map(map_payload(found, theme=theme, training=training), key="explore.map")
    with right, st.container(border=True):
        break_evens.show(question, device)


def mapped(question: AnsweredQuestion, device: int, paths: tuple[str, str]) -> DecisionMap:
    """The map of these quantities, each named with whose it is."""
    asked, plan = unpinned(question.asked), question.best
    found = device_map(MapPlaces.of(asked, plan, dict.fromkeys(paths, (None, None)), device=device), device)
    across, up = (
        replace(axis, title=quantity_title(axis, found.device)) for axis in (found.across, found.up)
    )
    return replace(found, across=across, up=up)


def _energy(question: AnsweredQuestion, device: int) -> None:
    on_demand.answered(question, trade_offs.energy_front)


def _changing_rate(question: AnsweredQuestion, device: int) -> None:
    on_demand.answered(question, trade_offs.rate_over_epochs)


def _given_away(question: AnsweredQuestion, device: int) -> None:
    on_demand.answered(question, lambda asked: given_away.leakage_by_cut(asked, device))


def _groups(question: AnsweredQuestion, device: int) -> None:
    on_demand.answered(question, group_section.how_many_groups)


PARTS: Mapping[str, Callable[[AnsweredQuestion, int], None]] = FrozenDict(
    {
        "Where the cut moves": _map,
        "Delay against energy": _energy,
        "When the rate changes": _changing_rate,
        "What a cut gives away": _given_away,
        GROUPS: _groups,
    }
)
"""What can be explored, in order."""
ONLY: Mapping[str, Callable[[AnsweredQuestion], bool]] = FrozenDict({GROUPS: group_section.is_asked})
"""Parts that are there only for some questions."""
FIRST = "Where the cut moves"
TIGHT = "margin: 0; padding: 0 0 0.25rem"
