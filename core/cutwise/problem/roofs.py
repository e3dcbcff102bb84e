"""What bounds every party that generates text, and the bounds as sums that solvers can add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cutwise.arrays import Number, party_column
from cutwise.costs.generation.steps import Roof, Steps
from cutwise.costs.graph_cost import GraphCost
from cutwise.errors import ScenarioError
from cutwise.hardware.profiles import Profile
from cutwise.problem.conditions import Conditions, Roofs
from cutwise.scenario.parties import Party
from cutwise.scenario.parts import Scenario

NO_ROOF = Roof(flops_per_s=np.inf, bytes_per_s=np.inf, layer_s=0.0)

Known = tuple[str, Party, Profile]


def roofs_of(scenario: Scenario, cost: GraphCost) -> Roofs | None:
    """The bounds of devices and server; None where no text is generated.

    Raises `ScenarioError` naming every party without a memory bandwidth. Where the workload only runs one
    token through a language model, such a party is bound by its FLOPs alone (`unknown_bandwidths`).
    """
    if cost.generation is None:
        return None
    missing = unknown_bandwidths(scenario)
    if missing and cost.generation.generation.stated:
        raise ScenarioError(
            [
                f"{path}.memory_bandwidth_bytes_per_s: generating text is bound by it; give it, or a profile "
                "that has it"
                for path in missing
            ]
        )
    dtype = scenario.workload.compute
    devices = [_roof(party, profile, dtype) for _, party, profile in _devices(scenario)]
    return Roofs(
        device=_stacked(devices),
        server=_roof(*_server(scenario)[1:], dtype),
        edge=NO_ROOF,
    )


def unknown_bandwidths(scenario: Scenario) -> tuple[str, ...]:
    """Paths of the parties whose memory bandwidth nobody knows."""
    parties = (*_devices(scenario), *_edges(scenario), _server(scenario))
    return tuple(path for path, party, profile in parties if party.bandwidth_bytes_per_s(profile) is None)


def edge_roofs(scenario: Scenario) -> Roof:
    """The bounds of all edges, arrays of shape (edges,)."""
    dtype = scenario.workload.compute
    return _stacked([_roof(party, profile, dtype) for _, party, profile in _edges(scenario)])


def additive(conditions: Conditions, cost: GraphCost) -> Conditions:
    """The conditions under which every delay is a sum over ops, without micro-batches.

    Where text is generated each party is bound by one thing alone in each step, the one that takes it longer
    for the whole model: never more than the larger one, and as much for the cuts for which that one decides.
    """
    conditions = conditions.of_whole_batches()
    if conditions.roofs is None or cost.generation is None:
        return conditions
    whole = cost.generation.steps.each(lambda column: column.sum(keepdims=True)[0])
    batch = conditions.compute.batch_size
    bound = conditions.roofs
    alone = Roofs(
        device=_one_sided(bound.device, whole, batch),
        server=_one_sided(bound.server, whole, batch),
        edge=_one_sided(bound.edge, whole, batch),
    )
    return replace(conditions, roofs=alone)


def _one_sided(roof: Roof, whole: Steps, batch_size: Number) -> Roof:
    mix: list[Number] = []
    for step in whole.steps:
        computing = batch_size * (step.first_flops + step.last_flops) / 2 / roof.flops_per_s
        cached = (step.first_bytes + step.last_bytes) / 2
        reading = (whole.weight_bytes + batch_size * cached) / roof.bytes_per_s
        alone = np.where(computing > reading, 1.0, 0.0)
        mix.append(alone if alone.ndim else float(alone))
    return replace(roof, mix=tuple(mix))


def _roof(party: Party, profile: Profile, dtype: str) -> Roof:
    known, reached = party.bandwidth_bytes_per_s(profile), party.decoding_class(profile)
    return Roof(
        flops_per_s=party.prompt_flops_per_s(profile, dtype),
        bytes_per_s=np.inf if known is None else reached.bandwidth_ratio * known,
        layer_s=0.0 if known is None else reached.layer_s,
    )


def _stacked(roofs: Sequence[Roof]) -> Roof:
    return Roof.merged(roofs, party_column)


def _devices(scenario: Scenario) -> list[Known]:
    return [(f"devices[{i}]", device, device.catalogue_row()) for i, device in enumerate(scenario.devices)]


def _edges(scenario: Scenario) -> list[Known]:
    return [(f"edges[{i}]", edge, edge.catalogue_row()) for i, edge in enumerate(scenario.edges)]


def _server(scenario: Scenario) -> Known:
    return "server", scenario.server, scenario.server.catalogue_row()
