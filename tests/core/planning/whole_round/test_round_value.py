"""The objective of a round, and what a weighted one is normalised by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.planning.whole_round.round_value import objective_value, spread_of
from cutwise.plans.rounds import AT_ONCE, IN_TURN
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Limits, Objective, Privacy, Scenario

WEIGHTED = Objective(kind="weighted", delay_weight=0.5, energy_weight=0.25, energy_of=("server",))
CELL = Scenario(
    workload=Workload(batch_size=2, local_iterations=3, label_bytes=0),
    devices=(Device(flops_per_s=10), Device(flops_per_s=20)),
    server=Server(flops_per_s=100, compute_power_w=20.0, idle_power_w=0.0),
    channel=FixedRate(uplink_bps=80, downlink_bps=160),
    privacy=Privacy(keep_on_device="raw_allowed"),
    objective=WEIGHTED,
)
"""Cuts of the chain: behind x 8 x 6 x 1000 / 80 = 600 s up and 66 s at the server; behind a 18 x f seconds of
device work, 45 s of smashed data, 48 s of server, 3 s of model; all on the device 66 x f and 12 s."""


def test_extremes_are_those_of_the_cut_positions(chain: ModelGraph) -> None:
    """In turn: 2 x 666 = 1332; (180 + 30 + 15 + 48 + 3) + (90 + 96) = 462; (660 + 12) + (330 + 12) = 1014.

    At once: 666, 276, 672. The server works 66, 48 and 0 s for each device at 20 W: 2640, 1920, 0 J.
    """
    problem = build_problem(chain, CELL)
    in_turn = spread_of(problem, problem.conditions(), IN_TURN)
    assert in_turn.delay_s == pytest.approx(1332 - 462)
    assert in_turn.energy_j == pytest.approx(2640.0)
    at_once = spread_of(problem, problem.conditions(), AT_ONCE)
    assert at_once.delay_s == pytest.approx(672 - 276)


def test_a_weighted_plan_has_the_least_weighted_sum(chain: ModelGraph) -> None:
    """Behind a for both: 0.5 x 462/870 + 0.25 x 1920/2640 = 0.447; all on device 0.583 with no server energy.

    The second device alone on its own: 276 + 342 = 618 s, 960 J: 0.446, the least of all nine.
    """
    plan = cutwise.plan(chain, CELL)
    assert plan.status == "optimal"
    assert [decision.cut.label for decision in plan.decisions] == ["after a", "all on device"]
    assert plan.report.value == pytest.approx(0.5 * 618 / 870 + 0.25 * 960 / 2640)


def test_limits_do_not_change_what_a_weight_means(chain: ModelGraph) -> None:
    tight = replace(CELL, limits=Limits(traffic_bytes=2000.0, device_energy_j=1e9))
    problems = [build_problem(chain, scenario) for scenario in (CELL, tight)]
    spreads = {spread_of(problem, problem.conditions(), IN_TURN) for problem in problems}
    assert len(spreads) == 1


def test_other_objectives_need_no_spread(chain: ModelGraph) -> None:
    for kind, value in (("delay", 3.0), ("energy", 5.0)):
        problem = build_problem(chain, replace(CELL, objective=Objective(kind=kind)))
        spread = spread_of(problem, problem.conditions(), IN_TURN)
        assert (spread.delay_s, spread.energy_j) == (1.0, 1.0)
        assert objective_value(problem, delay_s=3.0, energy_j=5.0, spread=spread) == value


def test_a_model_with_one_position_has_a_spread_of_one(chain: ModelGraph) -> None:
    problem = build_problem(chain, replace(CELL, privacy=Privacy(keep_on_device=("b",))))
    spread = spread_of(problem, problem.conditions(), IN_TURN)
    assert (spread.delay_s, spread.energy_j) == (1.0, 1.0)
    assert np.isfinite(cutwise.plan(chain, problem.scenario).report.value)
