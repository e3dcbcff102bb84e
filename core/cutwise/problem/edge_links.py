"""Edges between devices and cloud, as numbers, and what a device meets at one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Ints, Number
from cutwise.caches import kept
from cutwise.costs.generation.steps import Roof
from cutwise.costs.memory.runtime import RuntimeFigures
from cutwise.frozen import Frozen
from cutwise.problem.conditions import Conditions, EdgeConditions, Pace
from cutwise.problem.numbers import pace_columns, runtime_columns
from cutwise.problem.powers import edge_powers_w
from cutwise.problem.roofs import edge_roofs
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parties import Edge
from cutwise.scenario.parts import Scenario
from cutwise.scenario.time_levels import speed_of


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class EdgeColumns(Frozen):
    """Speeds, memories and idle powers of the edges, shape (edges,)."""

    flops_per_s: Floats
    memory_bytes: Floats
    idle_power_w: Floats
    runtime: RuntimeFigures
    pace: Pace


@kept
def edge_columns(edges: tuple[Edge, ...], dtype: str) -> EdgeColumns:
    """The edges' numbers; what is not given comes from the catalogue."""
    rows = []
    profiles = [edge.catalogue_row() for edge in edges]
    speeds = [speed_of(edge, profile, dtype) for edge, profile in zip(edges, profiles, strict=True)]
    for edge, profile, speed in zip(edges, profiles, speeds, strict=True):
        given = (edge.memory_bytes, edge.idle_power_w)
        known = (profile.memory_bytes, profile.idle_power_w)
        filled = [known_one if one is None else one for one, known_one in zip(given, known, strict=True)]
        rows.append([speed.flops_per_s, *filled])
    table = np.array(rows, dtype=np.float64).reshape(len(edges), 3).T
    return EdgeColumns(
        flops_per_s=table[0],
        memory_bytes=table[1],
        idle_power_w=table[2],
        runtime=runtime_columns(edges),
        pace=pace_columns(speeds),
    )


def budgets_of(scenario: Scenario, columns: EdgeColumns) -> Floats:
    """What every edge may be charged, shape (edges,), as the devices and the server of a `SplitProblem`."""
    memories = columns.memory_bytes / scenario.limits.memory_margin_ratio
    return np.asarray(columns.runtime.budget_bytes(memories))


def behind_edges(problem: SplitProblem, conditions: Conditions, owner: Sequence[int]) -> Conditions:
    """The conditions of devices that are each served by the edge `owner[i]`, alone while it is their turn."""
    columns = edge_columns(problem.scenario.edges, problem.workload.compute)
    own = np.asarray(owner, dtype=np.int64)
    backhaul = problem.scenario.backhaul
    power_w, idle_power_w = edge_powers_w(problem.scenario.edges, problem.scenario.energy.clock)
    edge = EdgeConditions(
        flops_per_s=columns.flops_per_s[own],
        power_w=power_w[own],
        idle_power_w=idle_power_w[own],
        backhaul_bps=backhaul.rate_bps,
        backhaul_latency_s=backhaul.latency_s,
        pace=Pace.merged([columns.pace], lambda values: _of(values[0], own)),
    )
    if conditions.roofs is None:
        return replace(conditions, edge=edge)
    roof = Roof.merged([edge_roofs(problem.scenario)], lambda values: np.asarray(values[0])[own])
    return replace(conditions, edge=edge, roofs=replace(conditions.roofs, edge=roof))


def _of(value: Number, own: Ints) -> Number:
    return value[own] if isinstance(value, np.ndarray) else value
