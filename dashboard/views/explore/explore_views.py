"""What would change the answer: the decision map with the break-evens, and what a plan can trade."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

import streamlit as st

from cutwise.analyses.maps.decision_map import DecisionMap
from cutwise.analyses.maps.device_map import device_map
from cutwise.analyses.maps.places.as_planned import BATCH
from cutwise.analyses.maps.places.map_places import MapPlaces
from cutwise.analyses.maps.rounds.round_map import SCHEME
from cutwise.errors import CutwiseError
from cutwise.frozen import FrozenDict
from cutwise.plans.inference_words import said
from cutwise.question import unpinned, weighs_cuts
from cutwise.schemes.options import scheme_with
from cutwise_dashboard import session
from cutwise_dashboard.components.decision_map import show_map
from cutwise_dashboard.executor import questions, shown
from cutwise_dashboard.format import as_written, readable, sentence_case
from cutwise_dashboard.question import AnsweredQuestion
from cutwise_dashboard.views import on_demand
from cutwise_dashboard.views.explore import break_evens, changing_rate, given_away
from cutwise_dashboard.views.explore.asks.fleet_size_section import dimensioning
from cutwise_dashboard.views.explore.asks.front_section import front
from cutwise_dashboard.views.explore.asks.price_section import shadow_prices
from cutwise_dashboard.views.explore.asks.target_section import targets
from cutwise_dashboard.views.explore.asks.tornado_section import tornado
from cutwise_dashboard.views.explore.asks.unsure_section import uncertainty
from cutwise_dashboard.views.explore.groups import group_section
from cutwise_dashboard.views.explore.map_choice import chosen_map, quantity_title
from cutwise_dashboard.views.explore.map_of_rounds import CUT, map_of_rounds
from cutwise_dashboard.views.explore.map_payload import map_payload
from cutwise_dashboard.views.explore.map_words import map_title, map_words

Section: TypeAlias = Callable[[AnsweredQuestion, int], None]
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
    what, paths = chosen_map(question, device)
    try:
        found = mapped(question, device, what, paths)
    except CutwiseError as error:
        st.info(as_written(said(f"{sentence_case(str(error))}.", training=training)))
        break_evens.show(question, device)
        return
    if found is None:
        return
    theme = session.theme()
    weighs = what != CUT or weighs_cuts(scheme_with(question.asked.scheme, dict(question.asked.options)))
    name = question.best.decisions[device].device
    words = said(map_words(found, weighs=weighs), training=training)
    st.html(f'<h2 style="{TIGHT}">{html.escape(map_title(found))}</h2>{html.escape(words)}')
    left, right = st.columns([7, 3], gap="medium")
    with left, st.container(border=True):
        show_map(map_payload(found, theme=theme, device=name, training=training), key="explore.map")
    with right, st.container(border=True):
        break_evens.show(question, device)


def mapped(question: AnsweredQuestion, device: int, what: str, paths: tuple[str, str]) -> DecisionMap | None:
    """The map of these quantities, each named with whose it is; None until the reader asks for it."""
    if what == CUT:
        found = of_device(question, device, paths)
    elif (made := map_of_rounds(question, device, paths, what)) is None:
        return None
    else:
        found = made
    name = question.best.decisions[device].device
    across, up = (replace(axis, title=quantity_title(axis, name)) for axis in (found.across, found.up))
    labels = tuple(map(readable, found.labels)) if found.of == SCHEME else found.labels
    return replace(found, across=across, up=up, labels=labels)


def of_device(question: AnsweredQuestion, device: int, paths: tuple[str, str]) -> DecisionMap:
    """The map of a device: at once where lines tell it, by a worker where points are priced one by one."""
    asked, plan = unpinned(question.asked), question.best
    if takes_points(question, paths):
        return shown.answered(questions.decision_map, asked, device, paths, words="The map")
    return device_map(MapPlaces.of(asked, plan, dict.fromkeys(paths, (None, None)), device=device), device)


def takes_points(question: AnsweredQuestion, paths: tuple[str, str]) -> bool:
    """True where no line along either quantity is known, or each point prices the model anew."""
    lawless = [path.rpartition(".")[2] in NO_LINE for path in paths]
    return all(lawless) or BATCH in paths or not question.problem.adds_up


def _asked(section: Section) -> Section:
    """A section of an analysis, or in its place why there is nothing to draw."""
    return lambda question, device: on_demand.answered(question, lambda asked: section(asked, device))


def _changing_rate(question: AnsweredQuestion, device: int) -> None:
    on_demand.answered(question, changing_rate.rate_over_epochs)


def _given_away(question: AnsweredQuestion, device: int) -> None:
    on_demand.answered(question, lambda asked: given_away.leakage_by_cut(asked, device))


def _groups(question: AnsweredQuestion, device: int) -> None:
    on_demand.answered(question, group_section.how_many_groups)


PARTS: Mapping[str, Section] = FrozenDict(
    {
        "Where the cut moves": _map,
        "What matters most": _asked(tornado),
        "What meets a target": _asked(targets),
        "What slower rounds gain": _asked(front),
        "What one more saves": _asked(shadow_prices),
        "How many fit": _asked(dimensioning),
        "How sure it is": _asked(uncertainty),
        "When the rate changes": _changing_rate,
        "What a cut gives away": _given_away,
        GROUPS: _groups,
    }
)
"""What can be explored, in order."""
ONLY: Mapping[str, Callable[[AnsweredQuestion], bool]] = FrozenDict({GROUPS: group_section.is_asked})
"""Parts that are there only for some questions."""
FIRST = "Where the cut moves"
NO_LINE = frozenset(
    {"samples", "local_epochs", "local_iterations", "uplink_bandwidth_hz", "downlink_bandwidth_hz"}
    | {"distance_m", "transmit_power_w", "base_station_power_w", "path_loss_exponent", "path_loss_at_1m_db"}
)
"""Quantities that no score is a straight line over."""
TIGHT = "margin: 0; padding: 0 0 0.25rem"
