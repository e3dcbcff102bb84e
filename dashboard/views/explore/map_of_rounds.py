"""Maps of whole rounds on the page: what is compared, asked of the workers, with progress and an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis
from cutwise.analyses.maps.decision_map import DecisionMap
from cutwise.analyses.maps.places.map_places import MapPlaces
from cutwise.analyses.maps.rounds.round_map import FIRST_POINTS, MOST_POINTS, round_map
from cutwise.analyses.maps.rounds.round_points import RoundPoints, RoundsAsked, together
from cutwise.columns.row_answers import RowAnswers
from cutwise.frozen import FrozenDict
from cutwise.plans.plan import Plan
from cutwise.question import Question, unpinned
from cutwise.schemes import SCHEMES
from cutwise_dashboard import session
from cutwise_dashboard.executor import questions, shown
from cutwise_dashboard.executor.errand import errand
from cutwise_dashboard.format import readable
from cutwise_dashboard.question import AnsweredQuestion

MAP = "The map"
PART = 40
"""Points that one worker answers at a time."""
DRAWN, ASKED_FOR, CHOSEN = "explore.rounds", "explore.rounds_asked", "view.explore.schemes"
CUT, CUTS, SCHEME, ALONE = "cut", "cuts", "scheme", "alone"
WORDS: Mapping[str, str] = FrozenDict(
    {
        CUT: "Cut of {device}",
        CUTS: "Cuts of all {count} devices",
        SCHEME: "Scheme for all {count} devices",
        ALONE: "Scheme for {device} alone",
    }
)


def offered_maps(question: AnsweredQuestion) -> tuple[str, ...]:
    """What may be mapped: of one device its cut or its scheme, of several the round as well."""
    return (CUT, CUTS, SCHEME, ALONE) if len(question.scenario.devices) > 1 else (CUT, ALONE)


def map_of_rounds(
    question: AnsweredQuestion, device: int, paths: tuple[str, str], what: str
) -> DecisionMap | None:
    """The map, kept while nothing else is asked; None until it is asked for where it takes many plans.

    Raises `CutwiseError` where there is none, and after the reader has given it up.
    """
    asked, schemes = _asked(question, device, what)
    across, up = (_alone_path(path, device) if what == ALONE else path for path in paths)
    own = (across, up)
    key = repr((asked.graph.digest, asked.scenario, asked.scheme, own, what, schemes))
    known = st.session_state.get(DRAWN)
    if known is None or known[0] != key:
        found = _worked_out(asked, own, what, schemes, key)
        if found is None:
            return None
        known = st.session_state[DRAWN] = (key, found)
    name = question.best.decisions[device].device
    return _of_device(known[1], device, name) if what == ALONE else known[1]


def _asked(
    question: AnsweredQuestion, device: int, what: str
) -> tuple[Question, dict[str, Mapping[str, Any]]]:
    asked = unpinned(question.asked)
    if what == ALONE:
        single = (asked.scenario.devices[device],)
        asked = replace(asked, scenario=replace(asked.scenario, devices=single))
    own = {asked.scheme: asked.options}
    names = [asked.scheme] if what == CUTS else _chosen_schemes(asked.scheme)
    return asked, {name: own.get(name, {}) for name in names}


def _chosen_schemes(own: str) -> list[str]:
    first = [own, *(name for name, one in SCHEMES.items() if name != own and not one.is_baseline)]
    offered = [*first, *(n for n, one in SCHEMES.items() if n not in first and not one.exhaustive)]
    return list(
        st.multiselect("Schemes", offered, key=session.begin(CHOSEN, first), format_func=readable)
    ) or [own]


def _worked_out(
    asked: Question,
    paths: tuple[str, str],
    what: str,
    schemes: Mapping[str, Mapping[str, Any]],
    key: str,
) -> DecisionMap | None:
    plan = shown.shown_plan(asked)
    own = 0 if what == ALONE else None
    places = MapPlaces.of(asked, plan, dict.fromkeys(paths, (None, None)), device=own)
    by_cuts = what == CUTS
    listed = tuple((name, tuple(sorted(options.items()))) for name, options in schemes.items())
    if by_cuts and RoundPoints(places, listed, by_cuts=True).quick:
        ((scheme, options),) = listed
        return shown.answered(questions.quick_round_map, asked, paths, scheme, options, own, words=MAP)
    if st.session_state.get(ASKED_FOR) != key:
        st.caption(_effort_words(asked.scheme, len(listed), by_cuts=by_cuts))
        if not st.button("Work the map out", key="explore.rounds_go"):
            return None
        st.session_state[ASKED_FOR] = key
    return round_map(places, schemes, by_cuts=by_cuts, answer=_by_workers, plan_of=_plan_of)


def _effort_words(scheme: str, count: int, *, by_cuts: bool) -> str:
    borders = f"along the borders, at most {MOST_POINTS:,}"
    if by_cuts:
        return f"Every point takes a plan of {scheme}: {FIRST_POINTS} first, then those {borders}."
    return (
        f"Every point takes a plan of every scheme: {FIRST_POINTS * count:,} first, then those {borders}, of "
        "schemes that came within 10 % of the best."
    )


def _plan_of(asked: Question) -> Plan:
    return shown.shown_plan(asked)


def _by_workers(asked: RoundsAsked) -> Sequence[RowAnswers]:
    """The answers of all schemes, cut into parts that workers take one after another."""
    count = len(asked.columns)
    firsts = range(0, count, PART)
    errands = [
        errand(
            questions.rounds, asked.graph, asked.scenario, asked.columns.part(first, PART), scheme, options
        )
        for scheme, options in asked.schemes
        for first in firsts
    ]
    found = shown.all_answered(errands, words=MAP, counted="parts")
    rows = [np.arange(first, min(first + PART, count)) for first in firsts]
    each = len(rows)
    return [
        together(count, list(zip(rows, found[at * each : (at + 1) * each], strict=True)))
        for at in range(len(asked.schemes))
    ]


def _alone_path(path: str, device: int) -> str:
    """The path of a quantity where the device is the only one."""
    return path.replace(f"devices.{device}.", "devices.0.", 1)


def _of_device(found: DecisionMap, device: int, name: str) -> DecisionMap:
    """The map with the paths of the device among the others."""

    def moved(path: str) -> str:
        return path.replace("devices.0.", f"devices.{device}.", 1)

    def axis(one: QuantityAxis) -> QuantityAxis:
        return replace(one, path=moved(one.path))

    beside = {moved(path): value for path, value in found.beside.items()}
    return replace(found, device=name, across=axis(found.across), up=axis(found.up), beside=beside)
