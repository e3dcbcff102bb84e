"""What must stay private, what is minimised, and what bounds it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cutwise.graph.model_graph import ModelGraph
from cutwise.scenario.parts import LayerDepth, Objective, Privacy, Scenario
from cutwise.units import facts_of
from cutwise_dashboard.controls import drawer, edited, follow, seen, slider

MOST_PRIVATE_LAYERS = 12


def privacy_controls(scenario: Scenario, graph: ModelGraph | None) -> Scenario:
    """How many layers stay on the device; ops that a scenario file names stay as they are."""
    st.subheader("Privacy")
    kept = scenario.privacy.keep_on_device
    if isinstance(kept, tuple):
        st.caption(f"{len(kept)} named ops stay on the device.")
        return scenario
    depth = kept.layers if isinstance(kept, LayerDepth) else int(kept == "first_layer")
    facts = facts_of(LayerDepth, "layers") | {
        "ge": 0,
        "shown": (0, MOST_PRIVATE_LAYERS),
        "help": "Layers that stay on the device on every path from an input; 0 lets raw data leave",
    }
    layers = slider("Private layers", depth, facts, int, key="privacy.layers")
    if layers == depth:
        return scenario
    named = {0: "raw_allowed", 1: "first_layer"}
    return replace(scenario, privacy=Privacy(keep_on_device=named.get(layers) or LayerDepth(layers=layers)))


def goal_controls(scenario: Scenario, graph: ModelGraph | None) -> Scenario:
    """What is minimised, the limits, and the rounds that are counted."""
    st.subheader("Goal and limits")
    objective = edited(scenario.objective, "kind", key="objective")
    if objective.is_weighted:
        for name in ("delay_weight", "energy_weight"):
            objective = edited(objective, name, key="objective")
    if not objective.is_delay:
        objective = _energy_of(objective)
    limits = edited(scenario.limits, "deadline_s", key="limits")
    if inside := drawer("More limits"):
        with inside:
            for name in ("device_energy_j", "traffic_bytes"):
                limits = edited(limits, name, key="limits")
            if scenario.workload.training:
                scenario = edited(scenario, "rounds", key="scenario")
    scenario = replace(scenario, objective=objective, limits=limits)
    if scenario.workload.training and (inside := drawer("Rounds to a target")):
        with inside:
            return _target(scenario)
    return scenario


def _target(scenario: Scenario) -> Scenario:
    """What is known of the rounds to a target accuracy, and of how the data are spread."""
    convergence = edited(scenario.convergence, "kind", key="convergence")
    data = scenario.data
    if convergence.kind == "table":
        convergence = edited(convergence, "target_accuracy", key="convergence")
        data = edited(data, "partition", key="data")
        if data.partition == "dirichlet":
            data = edited(data, "alpha", key="data")
    return replace(scenario, convergence=convergence, data=data)


def _energy_of(objective: Objective) -> Objective:
    """Whose energy counts; at least one owner's does."""
    facts, owners = facts_of(Objective, "energy_of"), ("device", "network", "server")
    follow("objective.energy_of", list(objective.energy_of))
    picked = seen(
        "objective.energy_of",
        st.pills(
            facts["title"],
            owners,
            selection_mode="multi",
            key="objective.energy_of",
            help=f"{facts['help']}; nobody chosen means everybody",
        ),
    )
    counted = tuple(owner for owner in owners if owner in picked) or owners
    return replace(objective, energy_of=counted)
