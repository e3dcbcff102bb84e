"""On every shipped model the pool and OR-Tools' max-flow name the same optimum, scenario after scenario."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Privacy, Scenario

SCENARIOS = 100
SEED = 20_261_125


@pytest.mark.parametrize("sample", cutwise.samples())
def test_the_certificate_equals_the_pools_value_in_100_random_scenarios(sample: str) -> None:
    graph = cutwise.load_model(f"sample:{sample}")
    draw = np.random.default_rng(SEED)

    gaps = [cutwise.plan(graph, random_scenario(draw)).report for _ in range(SCENARIOS)]

    worst = max(abs(report.certificate.value - report.value) / report.value for report in gaps)
    assert worst <= 1e-9
    assert max(report.gap for report in gaps) <= 1e-9


def random_scenario(draw: np.random.Generator) -> Scenario:
    """One device without memory limit, 1 GFLOP/s to 10 TFLOP/s on either side, 100 kbit/s to 10 Gbit/s."""
    device, server = 10 ** draw.uniform(9, 13, 2)
    up, down = 10 ** draw.uniform(5, 10, 2)
    scenario = Scenario(
        devices=(Device(flops_per_s=float(device), samples=int(draw.integers(1, 5000))),),
        server=Server(flops_per_s=float(server)),
        channel=FixedRate(uplink_bps=float(up), downlink_bps=float(down)),
    )
    if draw.random() < 0.3:
        return replace(scenario, privacy=Privacy(keep_on_device="raw_allowed"))
    return scenario
