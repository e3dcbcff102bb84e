"""Power modes against every combination of modes and cuts, priced from figures put in by hand."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.errors import ScenarioError
from cutwise.graph.model_graph import ModelGraph
from cutwise.hardware.profiles import hardware
from cutwise.hardware.time_classes import time_classes
from cutwise.plans.rounds import AT_ONCE, IN_TURN
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Limits, Objective, Privacy, Scenario, Sharing
from cutwise.schemes import SCHEMES
from tests.core.fleets import OWNERS, enumerated, load, random_channel, random_ops

PROFILES = ("jetson_agx_orin_64", "jetson_tx2", "jetson_nano", "jetson_orin_nano_super", "laptop_i5_1135g7")
ROUNDS = {"fast_split": IN_TURN, "split_federated": AT_ONCE}


def asked(rng: np.random.Generator, kind: str, *, devices: int) -> Scenario:
    """Devices whose modes are to be decided, and often the server's."""
    owners = tuple(owner for owner in OWNERS if rng.random() < 0.6) or ("device",)
    return Scenario(
        devices=tuple(
            Device(
                profile=str(rng.choice(PROFILES)),
                power_mode="optimised",
                samples=int(rng.integers(1, 40)),
                distance_m=float(rng.uniform(5, 200)),
            )
            for _ in range(devices)
        ),
        server=Server(profile="v100", power_mode="optimised" if rng.random() < 0.5 else "cap_60"),
        channel=random_channel(rng),
        sharing=Sharing(bandwidth="equal", server="equal"),
        privacy=Privacy(keep_on_device="raw_allowed"),
        objective=Objective(kind=kind, energy_of=owners, delay_weight=0.5, energy_weight=0.5),
    )


def by_hand(party: Any, mode: str) -> Any:
    """The party with speed and power as typed from the catalogue, and no mode."""
    row = hardware()[party.profile]
    ratio = {"": 1.0, **{one.name: one.peak_ratio for one in row.modes}}[mode]
    moved = {"": 1.0, **{one.name: one.bandwidth_ratio for one in row.modes}}[mode]
    known = time_classes()[row.hardware_class]
    power_w = {"": row.power_w, **{one.name: one.power_w for one in row.modes}}[mode]
    return replace(
        party,
        profile=None,
        power_mode="",
        flops_per_s=known.flop_ratio * row.fp32_flops_per_s * ratio,
        moved_bytes_per_s=known.bandwidth_ratio * (row.memory_bandwidth_bytes_per_s or 0.0) * moved,
        launch_s=known.launch_s,
        backward_ratio=known.backward_ratio,
        memory_bytes=row.memory_bytes,
        compute_power_w=(1.0 if row.power_basis == "load" else 0.7) * power_w - row.idle_power_w,
        idle_power_w=row.idle_power_w,
    )


def modes_of(party: Any) -> list[str]:
    if party.power_mode != "optimised":
        return [party.power_mode]
    return ["", *(mode.name for mode in hardware()[party.profile].modes)]


def least(graph: ModelGraph, scenario: Scenario, scheme: str) -> float:
    """The objective of the best of all combinations of modes and cuts; weighted, on the scale of no modes."""
    parties = [*scenario.devices, scenario.server]
    free = [mode if mode == party.power_mode else "" for party in parties for mode in modes_of(party)[:1]]
    scale = build_problem(graph, typed(scenario, free))
    active = len(scenario.devices) if ROUNDS[scheme].parallel else 1
    values = []
    for modes in itertools.product(*map(modes_of, parties)):
        problem = replace(build_problem(graph, typed(scenario, modes)), scale=scale)
        values.append(enumerated(problem, ROUNDS[scheme], problem.conditions(active=active)).value)
    return min(values)


def typed(scenario: Scenario, modes: Any) -> Scenario:
    *own, last = modes
    devices = tuple(by_hand(one, mode) for one, mode in zip(scenario.devices, own, strict=True))
    return replace(scenario, devices=devices, server=by_hand(scenario.server, last))


@pytest.mark.parametrize("kind", ["delay", "energy", "weighted"])
@pytest.mark.parametrize("scheme", list(ROUNDS))
@pytest.mark.parametrize("seed", range(4))
def test_modes_and_cuts_are_the_best_of_all(seed: int, scheme: str, kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng([seed, len(scheme), len(kind)])
    graph = load(tmp_path, random_ops(rng, most=6))
    scenario = asked(rng, kind, devices=2)
    plan = cutwise.plan(graph, scenario, scheme)
    assert plan.report.value == pytest.approx(least(graph, scenario, scheme), rel=1e-9, abs=1e-12)
    names = [row.party for row in plan.power_modes]
    decided = [*scenario.device_names, *["server"] * (scenario.server.power_mode == "optimised")]
    assert names == decided


@pytest.mark.parametrize("seed", range(4))
def test_least_energy_under_a_deadline_is_the_best_of_all_that_keep_it(seed: int, tmp_path: Path) -> None:
    """In turn a deadline makes the modes of one device depend on those of the others."""
    rng = np.random.default_rng([77, seed])
    graph = load(tmp_path, random_ops(rng, most=6))
    scenario = asked(rng, "energy", devices=2)
    fastest = cutwise.plan(graph, replace(scenario, objective=Objective()), "fast_split").delay_s
    limited = replace(scenario, limits=Limits(deadline_s=fastest * float(rng.uniform(1.02, 1.4))))
    plan = cutwise.plan(graph, limited, "fast_split")
    assert plan.delay_s <= limited.limits.deadline_s * (1 + 1e-9)  # type: ignore[operator]
    assert plan.report.value == pytest.approx(least(graph, limited, "fast_split"), rel=1e-9)


def test_the_server_s_clock_is_best_with_the_best_modes_and_never_worse_than_a_named_one() -> None:
    graph = cutwise.load_model("sample:resnet18")
    cam = Device(name="cam", profile="jetson_tx2", power_mode="optimised")
    frugal = Scenario(devices=(cam,), objective=Objective(kind="energy", energy_of=("device", "server")))
    values = [
        cutwise.plan(graph, replace(frugal, devices=(replace(cam, power_mode=mode),)), "card").report.value
        for mode in ("", "MAXQ")
    ]
    plan = cutwise.plan(graph, frugal, "card")
    assert plan.report.value == min(values)
    assert plan.power_modes[0].mode == ("as is", "MAXQ")[int(np.argmin(values))]
    assert [one.mode for one in plan.power_modes[0].tried] == ["as is", "MAXQ"]


def test_a_named_mode_is_its_figures(tmp_path: Path) -> None:
    graph = load(tmp_path, random_ops(np.random.default_rng(3)))
    held = Device(name="cam", profile="jetson_agx_orin_64", power_mode="30W")
    named = cutwise.plan(graph, Scenario(devices=(held,)))
    figures = cutwise.plan(graph, Scenario(devices=(by_hand(held, "30W"),)))
    assert (named.delay_s, named.energy_j) == pytest.approx((figures.delay_s, figures.energy_j))
    assert named.power_modes == ()


def test_the_plan_says_which_mode_and_what_the_others_cost_and_plays_in_it() -> None:
    graph = cutwise.load_model("sample:resnet18")
    cam = Device(name="cam", profile="jetson_tx2", power_mode="optimised")
    own = Device(name="own", flops_per_s=1e11, power_mode="optimised")
    scenario = Scenario(devices=(cam, own), objective=Objective(kind="energy", energy_of=("device",)))
    plan = cutwise.plan(graph, scenario)
    cams, owns = plan.power_modes
    assert cams.mode == "MAXQ"
    at = {one.mode: one for one in cams.tried}
    assert at["MAXQ"].energy_j < at["as is"].energy_j
    assert at["MAXQ"].delay_s == pytest.approx(plan.stages[0].delay_s)
    assert cams.sentence.startswith("cam runs in mode MAXQ: ")
    assert owns.sentence == "own runs as is: the catalogue has no power modes for it"
    assert plan.mode_sentences == (cams.sentence, owns.sentence)
    fleet = replace(scenario, devices=tuple(replace(cam, name=f"d{i}") for i in range(30)))
    assert cutwise.plan(graph, fleet).mode_sentences[-1].startswith("22 more parties, each in its best mode")
    assert cutwise.simulate(graph, scenario, plan).makespan_s == pytest.approx(plan.delay_s, rel=1e-12)


def test_what_cannot_be_decided_is_refused_in_one_sentence(tmp_path: Path) -> None:
    cam = Device(profile="jetson_agx_orin_64", power_mode="optimised")
    many = Scenario(devices=tuple(replace(cam, name=f"d{i}") for i in range(6)))
    graph = load(tmp_path, random_ops(np.random.default_rng(0)))
    assert cutwise.plan(graph, many).status == "optimal"  # each alone: four modes, however many devices
    with pytest.raises(ScenarioError, match=f"power_mode: {4**6:,} combinations of modes are more than"):
        cutwise.plan(graph, many, "gsfl")
    timed = load(tmp_path, random_ops(np.random.default_rng(1), measured=True), "timed")
    with pytest.raises(ScenarioError, match="the seconds of this model were measured in one mode"):
        cutwise.plan(timed, Scenario(devices=(cam,)))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"profile": "jetson_nano", "power_mode": "10W"}, "unknown power mode of Jetson Nano '10W'; known:"),
        ({"power_mode": "MAXR"}, "unknown power mode 'MAXR'; did you mean 'MAXQ'"),
        ({"power_mode": "5W"}, "power_mode: give the profile whose mode '5W' is"),
        (
            {"profile": "jetson_nano", "power_mode": "5W", "flops_per_s": 1e9},
            "power_mode or flops_per_s, not",
        ),
    ],
)
def test_a_mode_that_cannot_be_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        Device(**given).catalogue_row()


def test_comparisons_and_sweeps_decide_modes_for_every_scheme_and_scenario() -> None:
    graph = cutwise.load_model("sample:resnet18")
    cam = Device(name="cam", profile="jetson_tx2", power_mode="optimised")
    scenario = Scenario(devices=(cam,), objective=Objective(kind="energy", energy_of=OWNERS))
    table = cutwise.compare(graph, scenario, ["fast_split", "u_shape"]).set_index("scheme")
    for scheme in table.index:
        named = [
            cutwise.plan(graph, replace(scenario, devices=(replace(cam, power_mode=mode),)), scheme).energy_j
            for mode in ("", "MAXQ")
        ]
        assert table.loc[scheme, "energy_j"] == pytest.approx(min(named))
    swept = cutwise.sweep(graph, scenario, over={"devices[0].power_mode": ["", "MAXQ", "optimised"]})
    assert swept["energy_j"][2] == min(swept["energy_j"][:2])
    curve = cutwise.analyse(graph, scenario, "cut_curve")
    assert min(curve.to_frame()["delay_s"]) > 0


@pytest.mark.parametrize("scheme", [name for name in SCHEMES if name not in ("split_llm", "sft")])
def test_each_alone_is_as_good_as_every_product(scheme: str, tmp_path: Path) -> None:
    """The plans of all products of modes, one by one: the decided one is the best of them."""
    rng = np.random.default_rng(5)
    graph = load(tmp_path, random_ops(rng, most=6))
    scenario = replace(asked(rng, "energy", devices=2), server=Server(profile="v100"))
    found = cutwise.plan(graph, scenario, scheme)
    values = [
        cutwise.plan(graph, replace(scenario, devices=held), scheme).report.value
        for held in itertools.product(
            *([replace(one, power_mode=mode) for mode in modes_of(one)] for one in scenario.devices)
        )
    ]
    assert found.report.value == pytest.approx(min(values), rel=1e-12)
