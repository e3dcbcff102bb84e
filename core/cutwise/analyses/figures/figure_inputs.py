"""The inputs of a figure: what each is, and where it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cutwise.analyses.bands.band_basis import basis_of, format_text
from cutwise.analyses.bands.plan_bands import bands_of
from cutwise.analyses.base import MOST_DEVICES
from cutwise.hardware.profiles import Profile
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parties import Party
from cutwise.scenario.time_levels import TIME_LEVELS, class_of, level_of, speed_of

GIVEN = "given in the scenario"


def figure_inputs(problem: SplitProblem, plan: Plan, at: int) -> Iterator[tuple[str, str]]:
    """Speeds, rates and sizes of one device and its server, with their values and what they rest on."""
    scenario, decision = problem.scenario, plan.decisions[at]
    *times, (link, delivered) = basis_of(problem, at)
    yield from ((f"time of {party}", basis) for party, basis in times)
    parties: tuple[tuple[str, Party], ...] = (
        (scenario.device_names[at], scenario.devices[at]),
        (scenario.server.name, scenario.server),
    )
    for name, party in parties:
        yield from _party(name, party, problem.workload.compute)
    channel = scenario.channel
    yield (
        "rates",
        f"{decision.uplink_bps:.6g} bit/s up and {decision.downlink_bps:.6g} down by {channel.kind!r}",
    )
    yield link, delivered
    yield (
        "latency of a message",
        f"{channel.uplink_latency_s:.6g} s up, {channel.downlink_latency_s:.6g} s down; {GIVEN}",
    )
    work = problem.workload
    yield (
        "work",
        f"{float(problem.iterations[at]):.6g} mini-batches of {work.batch_size} a round; {GIVEN}",
    )
    yield "cut", f"{decision.cut.label}; {decision.cut.crossing_bytes:.6g} B a sample cross it"
    yield "energy", plan.energy_evidence or "as the laws of the scenario say"


def band_input(problem: SplitProblem, plan: Plan, figure: str) -> Iterator[tuple[str, str]]:
    """Between which values a figure lies in eight of ten drawn worlds, where worlds are drawn of it."""
    if len(plan.decisions) > MOST_DEVICES:
        return
    found = bands_of(problem, plan)
    for band in found.bands:
        if band.name == figure:
            beside = "" if band.holds_plan else f"; {found.beside}"
            yield "band", f"{band.low:.6g} to {band.high:.6g} {band.unit} in eight of ten worlds{beside}"


def _party(name: str, party: Party, dtype: str) -> Iterator[tuple[str, str]]:
    """What the formulas take of one party, and the numbers that this comes from, each with its source."""
    profile = party.catalogue_row()
    speed = speed_of(party, profile, dtype)
    reached = [f"{speed.flops_per_s:.6g} FLOP/s"]
    if math.isfinite(speed.bytes_per_s):
        reached.append(f"{speed.bytes_per_s:.6g} B/s")
    if speed.launch_s:
        reached.append(f"{speed.launch_s:.6g} s to start a kernel")
    if speed.backward_ratio != 1:
        reached.append(f"backward passes × {speed.backward_ratio:.6g}")
    level = level_of(party)
    known_as = [", ".join(reached), TIME_LEVELS[level].title, format_text(party, profile, dtype)]
    yield f"speed of {name}", "; ".join(filter(None, known_as))
    if level == "datasheet":
        peak = profile.peak_flops_per_s(dtype)
        yield f"peak of {name}", _listed(profile, peak, "FLOP/s", f"{dtype}_flops_per_s")
        if bandwidth := party.bandwidth_bytes_per_s(profile):
            yield f"bandwidth of {name}", _listed(profile, bandwidth, "B/s", "memory_bandwidth_bytes_per_s")
        known = class_of(party, profile)
        told = f"learnt on {known.learnt_on}, tested on {known.tested_on}"
        yield f"class of {name}", f"{known.title}: {told}"
    if party.memory_bytes is not None:
        yield f"memory of {name}", f"{party.memory_bytes:.6g} B; {GIVEN}"
    else:
        yield f"memory of {name}", _listed(profile, profile.memory_bytes, "B", "memory_bytes")


def _listed(profile: Profile, value: float, unit: str, field: str) -> str:
    return f"{value:.6g} {unit}; {profile.title}: {profile.source_of(field)}"
