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
from cutwise.question import Question
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Privacy, Scenario
from cutwise.schemes import SCHEMES

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
