"""A scenario whose speeds are numbers that can be changed, with nothing else about it changed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from cutwise.frozen import FrozenDict
from cutwise.scenario.parties import Party
from cutwise.scenario.parts import Scenario
from cutwise.scenario.time_levels import speed_of

Kind = TypeVar("Kind", bound=Party)


def written_out(scenario: Scenario) -> Scenario:
    """The scenario in which every party's speed stands as numbers of its own.

    A party whose speed also says how it generates text, or that is in a power mode, stays as it is.

    >>> from cutwise.scenario.parts import Scenario
    >>> written_out(Scenario()).server.flops_per_s is None
    False
    """
    return replace(
        scenario,
        devices=tuple(_written(one, scenario) for one in scenario.devices),
        edges=tuple(_written(one, scenario) for one in scenario.edges),
        server=_written(scenario.server, scenario),
    )


def _written(party: Kind, scenario: Scenario) -> Kind:
    given = speed_fields(party, scenario)
    if not given:
        return party
    runtime = replace(party.runtime, backend=given.get("runtime.backend", party.runtime.backend))
    own = {name: value for name, value in given.items() if "." not in name}
    return replace(party, runtime=runtime, **own)


def speed_fields(party: Party, scenario: Scenario) -> Mapping[str, Any]:
    """What to give a party so that its speed stands as numbers of its own; empty where it does or cannot.

    >>> from cutwise.scenario.parties import Server
    >>> speed_fields(Server(flops_per_s=1e12), Scenario()), speed_fields(Server(), Scenario())["profile"]
    ({}, 'rtx_a6000')
    """
    if party.flops_per_s is not None or party.power_mode or scenario.workload.generates:
        return {}
    speed = speed_of(party, party.catalogue_row(), scenario.workload.compute)
    given: dict[str, Any] = {
        "time_class": None,
        "efficiency_ratio": None,
        "profile": party.profile or party.usual,
        "flops_per_s": speed.flops_per_s,
        "moved_bytes_per_s": None if math.isinf(speed.bytes_per_s) else speed.bytes_per_s,
        "launch_s": speed.launch_s,
        "backward_ratio": speed.backward_ratio,
    }
    if party.profile is None and party.runtime.backend is None:
        given["runtime.backend"] = "none"
    return FrozenDict(given)
