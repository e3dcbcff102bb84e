"""The scenario's controls: model, scheme, work, devices, server, link, privacy, limits, objective."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from cutwise.graph.model_graph import ModelGraph
from cutwise.scenario.parts import Scenario
from cutwise.schemes import SCHEMES
from cutwise_dashboard import session
from cutwise_dashboard.controls import drawer
from cutwise_dashboard.sidebar.goal import goal_controls, privacy_controls
from cutwise_dashboard.sidebar.link import link_controls
from cutwise_dashboard.sidebar.machines import device_controls, edge_controls, server_controls
from cutwise_dashboard.sidebar.model import model_controls, scenario_controls, scheme_controls
from cutwise_dashboard.sidebar.work import run_controls, training_controls, work_controls


def show(*, one_scheme: bool = True) -> tuple[Scenario, ModelGraph | None]:
    """Draws the controls and answers the scenario and the model they describe.

    Without `one_scheme` the page is about all of them: none is chosen, and what any of them reads is shown.
    """
    with st.sidebar:
        graph = model_controls()
        if one_scheme:
            scheme_controls()
        if inside := drawer("Scenarios"):
            with inside:
                scenario_controls()
        scenario = session.scenario()
        for part in _parts(one_scheme=one_scheme):
            scenario = part(scenario, graph)
        session.set_scenario(scenario)
        if st.button("Start again", help="Back to ResNet-18 in the lecture hall", width="stretch"):
            st.session_state.clear()
            st.query_params.clear()
            st.rerun()
    return scenario, graph


def _parts(*, one_scheme: bool) -> tuple[Callable[[Scenario, ModelGraph | None], Scenario], ...]:
    """The parts of the scenario in their order on the page; each answers it as the reader has set it."""
    scheme = SCHEMES[session.choice().scheme]
    at_once = not one_scheme or scheme.round_of.parallel
    tiers = not one_scheme or getattr(scheme, "uses_edges", False)
    return (
        work_controls,
        partial(link_controls, at_once=at_once),
        device_controls,
        *((edge_controls,) if tiers else ()),
        server_controls,
        privacy_controls,
        goal_controls,
        training_controls,
        run_controls,
    )
