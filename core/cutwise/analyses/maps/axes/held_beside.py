"""What else has to be given where the speed of a party is set, so that nothing but it changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cutwise.frozen import FrozenDict
from cutwise.problem.powers import above_idle_w
from cutwise.scenario.changes import EVERY, path_parts
from cutwise.scenario.parties import Party
from cutwise.scenario.parts import Scenario
from cutwise.scenario.time_levels import pace_given

OF_PROFILE: Mapping[str, str] = FrozenDict(
    {
        "memory_bytes": "memory_bytes",
        "memory_bandwidth_bytes_per_s": "memory_bandwidth_bytes_per_s",
        "decoding": "decoding",
        "idle_power_w": "idle_power_w",
    }
)
"""What a party takes from its profile beside the speed, and what the catalogue calls it."""
SPEEDS: Mapping[str, str] = FrozenDict({"flops_per_s": "efficiency_ratio", "efficiency_ratio": "flops_per_s"})
"""The two ways to say a speed, each with the one that it takes the place of."""


def held_beside(scenario: Scenario, paths: tuple[str, ...]) -> dict[str, object]:
    """Paths and values to set before these paths are, so that each changes its own quantity alone.

    A speed takes the place of an efficiency, and of what a class of hardware says of the pace; a party with
    no profile has the figures of the default one only as long as it has no speed of its own.

    >>> held_beside(Scenario(), ("channel.uplink_bps",))
    {}
    >>> held_beside(Scenario(), ("devices.0.flops_per_s",))["devices.0.launch_s"] > 0
    True
    """
    found: dict[str, object] = {}
    for path in paths:
        head, *between, name = path_parts(path)
        if name in SPEEDS:
            for place, party in _parties(scenario, head, between):
                given = _given_beside(scenario, party, name)
                found |= {f"{place}.{field}": value for field, value in given.items()}
    return {path: value for path, value in found.items() if not any(_same(path, one) for one in paths)}


def _same(path: str, other: str) -> bool:
    """True where one path sets what the other does."""
    pairs = zip(path_parts(path), path_parts(other), strict=False)
    same = all(one == two or EVERY in (one, two) for one, two in pairs)
    return same and len(path_parts(path)) == len(path_parts(other))


def _parties(scenario: Scenario, head: str, between: list[str]) -> Iterator[tuple[str, Party]]:
    found = getattr(scenario, head)
    if isinstance(found, tuple):
        for at in range(len(found)) if between[0] == EVERY else [int(between[0])]:
            yield f"{head}.{at}", found[at]
    else:
        yield head, found


def _given_beside(scenario: Scenario, party: Party, name: str) -> dict[str, object]:
    if getattr(party, name) is not None:
        return {}
    usual = party.catalogue_row()
    found: dict[str, object] = dict(pace_given(party, usual, scenario.workload.compute))
    if getattr(party, SPEEDS[name]) is not None:
        found[SPEEDS[name]] = None
    if party.profile is None and party.flops_per_s is None and name == "flops_per_s":
        known = {field: getattr(usual, key) for field, key in OF_PROFILE.items()}
        known["compute_power_w"] = above_idle_w(usual, scenario.energy.clock)
        found |= {field: value for field, value in known.items() if getattr(party, field) is None}
    return found
