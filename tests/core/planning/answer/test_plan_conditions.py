from __future__ import annotations

import numpy as np
import pytest

import cutwise
from cutwise.planning.answer.plan_conditions import conditions_of_plan, sums_of_plan
from cutwise.plans.evaluate import stage_times
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario, Sharing


@pytest.mark.parametrize("bandwidth", ["dedicated", "equal", "time_division"])
@pytest.mark.parametrize("scheme", ["split_federated", "gsfl", "fast_split"])
def test_a_plan_priced_again_from_its_decisions_costs_the_same(bandwidth: str, scheme: str) -> None:
    """Under time division a device holds all of the access point while on air, a quarter of the time."""
    scenario = Scenario(
        devices=tuple(Device(distance_m=50.0 * (i + 1), samples=100 * (i + 1)) for i in range(4)),
        sharing=Sharing(bandwidth=bandwidth),  # type: ignore[arg-type]
    )
    problem = build_problem(cutwise.load_model("sample:resnet18"), scenario)
    plan = cutwise.plan(problem.cost.graph, scenario, scheme)

    stages = stage_times(sums_of_plan(problem, plan), conditions_of_plan(problem, plan)).broadcast(4)

    for name in ("delay_s", "network_energy_j", "radio_energy_j", "server_energy_j", "device_energy_j"):
        again, first = np.asarray(getattr(stages, name)), [getattr(stage, name) for stage in plan.stages]
        assert again == pytest.approx(first, rel=1e-12), name
