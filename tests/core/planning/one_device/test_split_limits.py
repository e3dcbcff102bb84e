"""P1's limits (science notes 2.8.8): endless and vanishing rates, and many iterations a round."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.costs.cut_sums import cut_sums
from cutwise.costs.workload import Workload
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parts import Objective
from cutwise.schemes.options import scheme_with
from tests.core.fleets import closed_sets, random_problem, with_scenario


def plain(problem: SplitProblem, rate_bps: float, **work: int) -> SplitProblem:
    """One device far slower than the server, no labels, no latency, delay the goal."""
    slow = replace(problem.scenario.devices[0], flops_per_s=1e9, memory_bytes=1e15, samples=8)
    return with_scenario(
        replace(problem, ties=()),
        devices=(slow,),
        server=replace(problem.scenario.server, flops_per_s=1e15, memory_bytes=1e15),
        channel=FixedRate(uplink_bps=rate_bps, downlink_bps=rate_bps),
        workload=Workload(batch_size=2, label_bytes=0.0, **work),
        objective=Objective(),
    )


def transferred_bytes(problem: SplitProblem, masks: np.ndarray) -> np.ndarray:
    """Bytes that a round moves both ways: smashed data, gradients, and the model twice."""
    sums = cut_sums(problem.cost, masks)
    samples = float(problem.iterations[0]) * problem.workload.batch_size
    return samples * (sums.output_bytes + sums.gradient_bytes) + 2 * sums.device.exchanged_bytes


@pytest.mark.parametrize("seed", range(8))
def test_at_endless_rates_only_what_must_stay_is_on_the_device(seed: int, tmp_path: Path) -> None:
    problem = plain(random_problem(np.random.default_rng(seed), tmp_path, devices=1), 1e15)
    masks = closed_sets(problem)
    plan = scheme_with("fast_split", {}).solve(problem)
    least = cut_sums(problem.cost, masks).device
    work = least.forward_flops + least.backward_flops
    (decision,) = plan.decisions
    kept = np.isin([op.id for op in problem.cost.graph.ops], decision.cut.device_ops)
    own = cut_sums(problem.cost, kept).device
    assert float(np.ravel(own.forward_flops + own.backward_flops)[0]) == pytest.approx(work.min())


@pytest.mark.parametrize("seed", range(8))
def test_at_vanishing_rates_the_cut_moves_the_fewest_bytes(seed: int, tmp_path: Path) -> None:
    """Everything on the device or an early bottleneck, as the iterations have it."""
    rng = np.random.default_rng(seed)
    for iterations in (1, 20):
        problem = plain(random_problem(rng, tmp_path, devices=1), 1e-6, local_iterations=iterations)
        masks = closed_sets(problem)
        plan = scheme_with("fast_split", {}).solve(problem)
        kept = np.isin([op.id for op in problem.cost.graph.ops], plan.decisions[0].cut.device_ops)
        moved = transferred_bytes(problem, kept[None, :])[0]
        assert moved == pytest.approx(transferred_bytes(problem, masks).min(), rel=1e-6, abs=1e-3)


def test_more_iterations_never_lengthen_an_iteration_nor_shorten_the_models_transfer() -> None:
    """T = N A + M: the best A falls and the best M rises with N, on three shipped models."""
    for name in ("resnet18", "mobilenet_v2", "googlenet"):
        graph, cell = cutwise.load_model(f"sample:{name}"), cutwise.Scenario()
        each, model = [], []
        for iterations in (1, 2, 5, 10, 50, 200, 1000):
            work = Workload(batch_size=8, label_bytes=0.0, local_iterations=iterations)
            (stage,) = cutwise.plan(graph, replace(cell, workload=work), "fast_split").stages
            each.append((stage.delay_s - stage.model_sync_s) / iterations)
            model.append(stage.model_sync_s)
        assert all(np.diff(each) <= 1e-9 * np.array(each[:-1]))
        assert all(np.diff(model) >= -1e-9)
        assert model[-1] >= model[0]
