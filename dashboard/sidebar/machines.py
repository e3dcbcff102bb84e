"""Devices, edges and server: speed, memory, number."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from cutwise.graph.model_graph import ModelGraph
from cutwise.problem.edge_links import edge_columns
from cutwise.problem.numbers import device_columns, server_numbers
from cutwise.scenario.parties import DEFAULT_DEVICE, DEFAULT_SERVER, Device, Edge, Party, Server
from cutwise.scenario.parts import Scenario
from cutwise.tolerances import SAME_RATIO
from cutwise_dashboard.controls import edited, field_widget, kept_choice, number, same, slider

ALL_DEVICES = "all devices"
MOST_EDGES = 200
EDGES_HELP = "Servers between devices and the cloud, each with a cell of its own; only SplitLLM uses them"


def device_controls(scenario: Scenario, graph: ModelGraph | None) -> Scenario:
    """Speed, memory and place of one device, or of all together in their proportions."""
    st.subheader("Devices")
    names = scenario.device_names
    picked = (
        names[0] if len(names) == 1 else kept_choice("Adjust", (ALL_DEVICES, *names), key="devices.picked")
    )
    chosen = [i for i, name in enumerate(names) if picked in (name, ALL_DEVICES)]
    columns = device_columns(scenario.devices, scenario.workload)
    fields_shown = ["flops_per_s", "memory_bytes", "samples"]
    if scenario.channel.bandwidth_hz("uplink") is not None:
        fields_shown.append("distance_m")
    for field in fields_shown:
        scenario = _scaled(scenario, field, chosen, getattr(columns, field), whose=picked)
    if not scenario.workload.generates:
        return scenario
    devices = list(scenario.devices)
    given = _generating(Device, devices[chosen[0]], DEFAULT_DEVICE, key=f"devices.{picked}")
    for i in chosen if given else ():
        devices[i] = replace(devices[i], **given)
    return replace(scenario, devices=tuple(devices))


def _generating(owner: type[Party], party: Party, default: str, *, key: str) -> dict[str, Any]:
    """The fields of how a party generates text that the reader has changed."""
    kind = "device" if owner is Device else "server"
    known = party.bandwidth_bytes_per_s(party.profile_of(kind=kind, default=default))
    field = "memory_bandwidth_bytes_per_s"
    moved = (
        field_widget(owner, field, None, key=f"{key}.{field}")
        if known is None
        else number(owner, field, known, key=f"{key}.{field}")
    )
    decoding = field_widget(owner, "decoding", party.decoding, key=f"{key}.decoding")
    given = {} if moved is None or same(moved, known) else {field: moved}
    return given | ({} if decoding == party.decoding else {"decoding": decoding})


def _scaled(scenario: Scenario, field: str, chosen: list[int], column: np.ndarray, *, whose: str) -> Scenario:
    """One slider for a field of several devices: it shows their geometric mean and scales all of them."""
    values = column[chosen]
    if not np.isfinite(values).all():
        return scenario
    mean = float(np.exp(np.log(values).mean()))
    mean = round(mean) if field == "samples" else mean
    moved = number(Device, field, mean, key=f"devices.{whose}.{field}")
    if math.isclose(moved, mean, rel_tol=SAME_RATIO):
        return scenario
    devices = list(scenario.devices)
    for i in chosen:
        value = float(moved if len(chosen) == 1 else column[i] * moved / mean)
        given = {"samples": max(1, round(value))} if field == "samples" else {field: value}
        if field == "flops_per_s":
            given["efficiency_ratio"] = None
        devices[i] = replace(devices[i], **given)
    return replace(scenario, devices=tuple(devices))


def edge_controls(scenario: Scenario, graph: ModelGraph | None) -> Scenario:
    """How many edges stand between devices and server, their speed and memory, and the backhaul."""
    st.subheader("Edges")
    facts = {"ge": 0, "le": MOST_EDGES, "shown": (0, 12), "help": EDGES_HELP}
    count = slider("Edge servers", len(scenario.edges), facts, int, key="edges.count")
    edges = (*scenario.edges[:count], *([Edge()] * (count - len(scenario.edges))))
    if not edges:
        return replace(scenario, edges=())
    columns = edge_columns(edges, scenario.workload.compute)
    for field, values in (("flops_per_s", columns.flops_per_s), ("memory_bytes", columns.memory_bytes)):
        if not np.isfinite(values).all():
            continue
        mean = float(np.exp(np.log(values).mean()))
        moved = number(Edge, field, mean, key=f"edges.{field}")
        if not math.isclose(moved, mean, rel_tol=SAME_RATIO):
            own = {"efficiency_ratio": None} if field == "flops_per_s" else {}
            scaled = zip(edges, values.tolist(), strict=True)
            edges = tuple(replace(edge, **{field: value * moved / mean}, **own) for edge, value in scaled)
    backhaul = edited(scenario.backhaul, "rate_bps", key="backhaul")
    backhaul = edited(backhaul, "latency_s", key="backhaul")
    return replace(scenario, edges=edges, backhaul=backhaul)


def server_controls(scenario: Scenario, graph: ModelGraph | None) -> Scenario:
    """Speed and memory of the server."""
    st.subheader("Cloud" if scenario.edges else "Server")
    server = scenario.server
    known = server_numbers(server, scenario.workload.compute)
    for field, current in (("flops_per_s", known.flops_per_s), ("memory_bytes", known.memory_bytes)):
        if not math.isfinite(current):
            continue
        value = number(Server, field, current, key=f"server.{field}")
        if math.isclose(value, current, rel_tol=SAME_RATIO):
            continue
        given = {field: value, "efficiency_ratio": None} if field == "flops_per_s" else {field: value}
        server = replace(server, **given)
    if scenario.workload.generates:
        server = replace(server, **_generating(Server, server, DEFAULT_SERVER, key="server"))
    return replace(scenario, server=server)
