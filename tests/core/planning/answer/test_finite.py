"""A figure that is not finite is refused with the input that made it so, never planned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.costs.cut_sums import cut_sums
from cutwise.errors import ModelImportError, SolverError
from cutwise.planning.answer.finite import check_finite
from cutwise.plans.evaluate import stage_times
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parts import Scenario
from tests.core.fleets import load

OPS = [
    {"id": "x", "kind": "input", "output_bytes": 1e3},
    {"id": "body", "inputs": ["x"], "forward_flops": 1e6, "output_bytes": 1e18},
]


def test_a_rate_of_nothing_is_named_with_its_device(tmp_path: Path) -> None:
    problem = build_problem(load(tmp_path, OPS), Scenario())
    conditions = problem.conditions().at_rates(uplink_bps=np.zeros(1), downlink_bps=np.ones(1))
    with np.errstate(divide="ignore", invalid="ignore"):
        stages = stage_times(cut_sums(problem.cost, np.array([[True, False]])), conditions)
    with pytest.raises(SolverError, match=r"device-1: no finite .* an uplink rate \(bit/s\) of 0; raise"):
        check_finite(problem, conditions, stages)


def test_a_figure_that_is_not_finite_is_named_with_its_op(tmp_path: Path) -> None:
    problem = build_problem(load(tmp_path, OPS), Scenario())
    cost = replace(problem.cost, output_bytes=np.array([np.inf, 0.0]))
    with np.errstate(invalid="ignore"):
        stages = stage_times(cut_sums(cost, np.array([[True, False]])), problem.conditions())
    with pytest.raises(SolverError, match="output_bytes inf of op 'x'"):
        check_finite(replace(problem, cost=cost), problem.conditions(), stages)


@pytest.mark.parametrize("figure", [0, 1e-18, 1, 1e18])
def test_figures_of_any_magnitude_are_planned(figure: float, tmp_path: Path) -> None:
    ops = [OPS[0], OPS[1] | {"forward_flops": figure, "exchanged_bytes": figure, "output_bytes": 1.0}]
    assert cutwise.plan(load(tmp_path, ops)).status == "optimal"


@pytest.mark.parametrize("figure", [9e-19, 1.1e18, 1e300, -1.0])
def test_figures_beyond_are_refused_in_a_sentence(figure: float, tmp_path: Path) -> None:
    ops = [OPS[0], OPS[1] | {"forward_flops": figure}]
    with pytest.raises(ModelImportError, match=r"op 'body': forward_flops is .*; give 0 or a number"):
        load(tmp_path, ops)
