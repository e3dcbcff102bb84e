"""The rates at which a plan's cut is said to move, held against plans at other rates."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.analyses.cut_moves import Moves, moves, stands_alone
from cutwise.channels import FixedRate
from cutwise.plans.plan import DeviceDecision
from cutwise.question import Question, shown_plan
from cutwise.scenario.parts import Limits
from tests.core.fleets import load, random_ops, random_scenario

CASES = Path(__file__).parents[4] / "shared" / "cases" / "planning"
BETWEEN = (0.02, 0.3, 0.7, 0.97)
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("fast_split", {}),
    ("split_learning", {"common_cut": True}),
    ("split_federated", {}),
    ("gsfl", {"groups": 2}),
    ("block_wise_split", {}),
]


def at(asked: Question, ratio: float) -> Question:
    """The question with every uplink rate so many times as fast."""
    channel = replace(asked.scenario.channel, uplink_bps=asked.scenario.channel.uplink_bps * ratio)
    return replace(asked, scenario=replace(asked.scenario, channel=channel))


def side(decision: DeviceDecision) -> tuple[str, ...]:
    return decision.cut.device_ops


def check(asked: Question, device: int) -> Moves:
    """The cut stays up to each rate that is named, and is another one just beyond; or it stays throughout."""
    plan = shown_plan(asked)
    found = moves(asked, plan, device)
    here = plan.decisions[device]
    for faster in (False, True):
        told = [one for one in found.found if one.faster == faster]
        ratio = told[0].uplink_bps / here.uplink_bps if told else (1e4 if faster else 1e-4)
        assert (ratio >= 1) if faster else (ratio <= 1)
        for part in BETWEEN if ratio != 1 else ():
            inside = shown_plan(at(asked, ratio**part)).decisions[device]
            assert side(inside) == side(here), (faster, ratio, part)
        if told:
            beyond = shown_plan(at(asked, ratio * (1 + 1e-6 if faster else 1 - 1e-6))).decisions[device]
            assert side(beyond) != side(here), (faster, ratio)
    return found


def drawn(seed: int, folder: Path, scheme: str, options: dict[str, Any]) -> Question:
    """A random model and fleet on fixed rates, sometimes with limits that may bind at some rates."""
    rng = np.random.default_rng([seed, len(scheme)])
    ops = random_ops(rng, most=7)
    scenario = random_scenario(rng, [op["id"] for op in ops], devices=int(rng.integers(1, 4)))
    uplink, downlink = 10 ** rng.uniform(5, 9, 2)
    scenario = replace(scenario, channel=FixedRate(uplink_bps=uplink, downlink_bps=downlink))
    asked = Question(graph=load(folder, ops), scenario=scenario, scheme=scheme, options=options)
    if rng.random() < 0.5:
        plan = shown_plan(asked)
        energy_j = max(one.device_energy_j + one.radio_energy_j for one in plan.stages)
        memory_bytes = max(plan.server_memory_bytes, 1.0) * rng.uniform(0.6, 1.5)
        limits = Limits(device_energy_j=max(energy_j, 1e-9) * rng.uniform(1.0, 2.0))
        server = replace(scenario.server, memory_bytes=memory_bytes)
        asked = replace(asked, scenario=replace(scenario, limits=limits, server=server))
    return asked


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("scheme", "options"), ASKED)
def test_the_cut_moves_where_it_is_said_to(
    tmp_path: Path, scheme: str, options: dict[str, Any], seed: int
) -> None:
    check(drawn(seed, tmp_path, scheme, options), 0)


def test_a_server_too_small_for_all_couples_the_devices() -> None:
    """Each device alone would leave more on the server than both may: the plan's own cut is meant."""
    graph = cutwise.load_model("sample:two_tower")
    asked = Question(graph=graph, scenario=cutwise.Scenario(), scheme="split_federated")
    slow = replace(asked.scenario.devices[0], profile=None, flops_per_s=1e9)
    devices = tuple(replace(slow, name=name) for name in ("a", "b"))
    free = replace(asked, scenario=replace(asked.scenario, devices=devices))
    held = shown_plan(free).server_memory_bytes
    server = replace(free.scenario.server, memory_bytes=0.9 * held)
    tight = replace(free, scenario=replace(free.scenario, server=server))
    assert stands_alone(free, shown_plan(free))
    assert not stands_alone(tight, shown_plan(tight))
    plan = shown_plan(tight)
    told = cutwise.analyse(tight.graph, tight.scenario, "explain", scheme="split_federated", device="a")
    assert told.plain()["cut"] == plan.decisions[0].cut.label
    assert told.plain()["exact"] is False


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not here")
@pytest.mark.parametrize("name", ["move-inner-1", "move-missed-1"])
@pytest.mark.parametrize("scheme", ["fast_split", "split_federated", "gsfl"])
@pytest.mark.parametrize("device", [0, 1])
def test_cases_that_were_wrong(tmp_path: Path, name: str, scheme: str, device: int) -> None:
    case = json.loads((CASES / f"{name}.json").read_text())
    (tmp_path / "graph.json").write_text(json.dumps(case["graph"]))
    (tmp_path / "scenario.toml").write_text(case["toml"])
    graph = cutwise.load_model(tmp_path / "graph.json")
    scenario = cutwise.load_scenario(tmp_path / "scenario.toml")
    check(Question(graph=graph, scenario=scenario, scheme=scheme), device)
