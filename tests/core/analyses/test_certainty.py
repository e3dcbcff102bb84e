"""Bands against log-normal quantiles by hand and against worlds drawn independently."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.analyses import analysis_with
from cutwise.analyses.bands.certainty import Certainty
from cutwise.channels import FixedRate
from cutwise.costs.workload import Workload
from cutwise.errors import CutwiseError
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec
from cutwise.hardware.profiles import hardware
from cutwise.question import Question, shown_plan
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Privacy, Scenario
from cutwise.scenario.scenario_file import load_scenario
from cutwise.schemes import SCHEMES
from cutwise.stated.scenario_library import scenario_library

TENTH = 1.2815515655446004
BAND = {"time_low_ratio": 0.5, "time_high_ratio": 2.0}


def line(*, flops: tuple[float, ...], sends: tuple[float, ...]) -> ModelGraph:
    """An input and ops one after another that state their FLOPs and what they send, one block in all."""
    ops = [Op(id="x", kind="input", output=TensorSpec(shape=(1, 1)), block="m")]
    for at, (work, size) in enumerate(zip(flops, sends, strict=True)):
        figures = {"forward_flops": work, "output_bytes": size}
        ops.append(Op(id=f"o{at}", kind="custom", inputs=(ops[-1].id,), figures=figures, block="m"))
    return ModelGraph(name="line", ops=tuple(ops))


def asked(graph: ModelGraph, *, scheme: str = "fast_split", server: float = 1e12, **device: Any) -> Question:
    scenario = Scenario(
        devices=(Device(flops_per_s=1e9, samples=1, **device),),
        server=Server(flops_per_s=server, **BAND),  # type: ignore[arg-type]
        channel=FixedRate(uplink_bps=8e6, downlink_bps=8e6),
        privacy=Privacy(keep_on_device="raw_allowed"),
        workload=Workload(mode="inference", batch_size=1, label_bytes=0.0),
    )
    return Question(graph=graph, scenario=scenario, scheme=scheme)


def found(question: Question, **options: Any) -> Certainty:
    record: Any = analysis_with("certainty", options).run(question)
    assert isinstance(record, Certainty)
    return record


def test_a_device_alone_is_as_uncertain_as_its_speed() -> None:
    """1e9 FLOP at 1e9 FLOP/s are 1 s: a tenth of the worlds below 0.5 s, a tenth above 2 s."""
    graph = line(flops=(1e9,), sends=(4.0,))
    delay = found(asked(graph, scheme="device_only", **BAND), draws=20_000).bands[0]
    assert delay.value == pytest.approx(1.0)
    assert (delay.low, delay.median, delay.high) == pytest.approx((0.5, 1.0, 2.0), rel=0.03)


def test_the_probability_is_that_of_worlds_drawn_independently() -> None:
    """All on the device 1 s; all on the server 1.25 MB at 8 Mbit/s, 1.25 s: 0.94 of the rate is usual."""
    graph = line(flops=(1e9,), sends=(4.0,))
    sent = replace(graph.ops[0], figures={"output_bytes": 1.25e6})
    graph = replace(graph, ops=(sent, graph.ops[1]))
    ours = found(asked(graph, **BAND), draws=20_000)
    random = np.random.default_rng(99)
    factor = np.exp(math.log(2.0) / TENTH * random.standard_normal(200_000))
    middle, spread = math.log(0.89 * 0.99) / 2, math.log(0.99 / 0.89) / (2 * TENTH)
    rate = np.exp(middle + spread * random.standard_normal(200_000))
    near = float(np.mean(factor <= 1.05 * np.minimum(factor, 1.25 / rate + 0.001)))
    assert ours.near_ratio == pytest.approx(near, abs=0.02)


def test_one_seed_draws_the_same_worlds() -> None:
    graph = line(flops=(1e9, 2e9), sends=(1e5, 4.0))
    assert found(asked(graph), seed=3) == found(asked(graph), seed=3)
    assert found(asked(graph), seed=3) != found(asked(graph), seed=4)


@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_every_scheme_has_bands_around_its_figures(scheme: str) -> None:
    graph = cutwise.load_model("sample:unet")
    cell = Scenario(devices=(Device(profile="jetson_tx2"), Device(profile="raspberry_pi_4")))
    try:
        plan = cutwise.plan(graph, cell, scheme)
    except CutwiseError:
        pytest.skip("has no plan here")
    told = found(Question(graph=graph, scenario=cell, scheme=scheme))
    assert [band.value for band in told.bands] == [plan.delay_s, plan.energy_j]
    for band in told.bands:
        assert 0 < band.low < band.median < band.high
        assert band.low / 4 < band.value < 4 * band.high


def nominal_law(scenario: Scenario, plan: Any) -> bool:
    """True where the link cannot reach what the plan takes, and the plan sends anything."""
    return scenario.channel.load_band[1] < 1 and any(stage.traffic_bytes for stage in plan.stages)


@pytest.mark.parametrize("sample", list(cutwise.samples()))
@pytest.mark.parametrize("name", ["", *scenario_library()])
def test_a_headline_beside_its_band_is_said_and_none_else(sample: str, name: str) -> None:
    """Of every sample in every shipped scenario: the words stand where P10 to P90 leave the plan out."""
    scenario = load_scenario(f"library:{name}") if name else Scenario()
    scheme = scenario_library()[name].scheme if name else "fast_split"
    question = Question(graph=cutwise.load_model(f"sample:{sample}"), scenario=scenario, scheme=scheme)
    try:
        plan = shown_plan(question, listed=False)
    except CutwiseError:
        pytest.skip("has no plan here")
    told = found(question, draws=40)
    outside = [
        name
        for name, value in (("delay", plan.delay_s), ("energy", plan.energy_j))
        for band in told.bands
        if band.name == name and not band.low <= value <= band.high
    ]
    named = told.beside.partition(" of the plan ")[0]
    assert named == " and ".join(outside)
    assert told.beside in told.summary()
    assert (told.beside in told.lines) == bool(outside)
    low, high = scenario.channel.load_band
    if "nominal rate" in told.beside:
        assert nominal_law(scenario, plan)
        assert f"of which {low:.2g} to {high:.2g} is delivered" in told.beside
    assert dict(told.basis)["link"].startswith(f"{low:.2g} to {high:.2g} of its nominal rate")


def test_the_link_is_named_where_it_alone_makes_the_band_leave_the_plan_out() -> None:
    """1.25 MB at 8 Mbit/s are 1.25 s; of the rate 0.89 to 0.99 comes: 1.26 to 1.40 s, all above."""
    graph = line(flops=(1e3,), sends=(4.0,))
    graph = replace(graph, ops=(replace(graph.ops[0], figures={"output_bytes": 1.25e6}), graph.ops[1]))
    question = replace(asked(graph, scheme="server_only"), graph=graph)
    told = found(question, draws=20_000)
    assert (told.bands[0].low, told.bands[0].high) == pytest.approx((1.25 / 0.99, 1.25 / 0.89), rel=2e-3)
    assert told.beside.startswith("delay")
    assert "of which 0.89 to 0.99 is delivered in use, so that most worlds are slower" in told.beside
    inputs = dict(analysis_with("number", {"figure": "delay"}).run(question).inputs)  # type: ignore[attr-defined]
    assert told.beside.partition(":")[2] in inputs["band"]


def test_two_devices_at_once_are_named_where_the_link_is_not_what_does_it() -> None:
    """Twelve equal devices that are off each by itself: one of them is nearly always slow."""
    profiles = list(hardware())[:12]
    fleet = tuple(Device(profile=name, flops_per_s=1e9, samples=1, **BAND) for name in profiles)  # type: ignore[arg-type]
    graph = line(flops=(1e9,), sends=(4.0,))
    scenario = replace(asked(graph).scenario, devices=fleet, workload=Workload(batch_size=1))
    told = found(Question(graph=graph, scenario=scenario, scheme="federated"))
    assert told.bands[0].low > told.bands[0].value
    assert "of several devices at once the slowest counts" in told.beside
    assert "nominal rate" not in told.beside
