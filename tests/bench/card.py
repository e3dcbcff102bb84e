"""P4's cut and clock for many devices, beside a grid over cuts and clocks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import cutwise
from cutwise.analyses.delay_energy import delay_energy_front, long_run
from cutwise.channels import FixedRate
from cutwise.planning.one_device.cut_table import CutTable, listed_table, repriced
from cutwise.planning.one_device.objective import Prices, counted_energy, delay
from cutwise.planning.whole_round.server_clock import best_ratios, least_ratios
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parts import Objective, Scenario
from tests.bench.clock import seconds, table
from tests.bench.shares import fleet
from tests.core.fleets import load
from tests.core.schemes.test_card import chain_sets, layers

CLOCKS = 50
PRICES = Prices(second=100.0, joule=1.0)


def run() -> None:
    rows = []
    for count in (30, 1000):
        problem, desk = _desk(count)
        closed_s = seconds(lambda p=problem, d=desk: _chosen(p, d), rounds=3)
        grid_s = seconds(lambda p=problem, d=desk: _grid(p, d), rounds=1)
        apart = _value(_grid(problem, desk)) / _value(_chosen(problem, desk)) - 1
        cells = f"{desk.raw_scores.shape[1]}"
        rows.append([str(count), cells, f"{1e3 * closed_s:.2f}", f"{grid_s / closed_s:.0f}x", f"{apart:.1e}"])
    print(f"\nCARD, 64 equal layers, milliseconds; the grid has {CLOCKS} clocks")
    table(["devices", "cuts", "clocks and cuts", "grid", "grid worse by"], rows)
    _plans()


def _plans() -> None:
    graph, rows = cutwise.load_model("sample:densenet121"), []
    for count in (30, 1000):
        cell = _cell(count)
        problem = build_problem(graph, cell)
        plan_s = seconds(lambda p=cell: cutwise.plan(graph, p, "card", certify=False), rounds=2)
        proven_s = seconds(lambda p=cell: cutwise.plan(graph, p, "card"), rounds=2)
        front = delay_energy_front(problem)
        front_s = seconds(lambda p=problem: delay_energy_front(p), rounds=1)
        run_s = seconds(
            lambda p=problem, j=1.2 * front[-1].energy_j: long_run(
                p, energy_budget_j=j, delay_price=1e6, rounds=20
            ),
            rounds=1,
        )
        times = (plan_s, proven_s, front_s, run_s / 20)
        rows.append([str(count), *(f"{1e3 * spent_s:.1f}" for spent_s in times)])
    print("\nCARD, DenseNet-121, milliseconds")
    table(["devices", "plan", "certified", "front of 33 weights", "round of a long run"], rows)


def _cell(count: int) -> Scenario:
    return Scenario(
        devices=fleet(count),
        channel=FixedRate(uplink_bps=1e8, downlink_bps=1e8),
        objective=Objective(kind="weighted"),
    )


def _desk(count: int) -> tuple[SplitProblem, CutTable]:
    """A chain of 64 layers and all its cuts."""
    with TemporaryDirectory() as folder:
        graph = load(Path(folder), layers(64))
    problem = build_problem(graph, _cell(count))
    masks = chain_sets(replace(problem, pinned=problem.cost.is_input))[1:65]
    return problem, listed_table(problem, problem.conditions(), delay, masks)


def _chosen(problem: SplitProblem, desk: CutTable) -> CutTable:
    """P4: the clock in closed form, then every cut at that clock."""
    ratio = best_ratios(problem, problem.conditions(), PRICES, least_ratios(problem, 0.0))
    return _at(problem, desk, ratio)


def _grid(problem: SplitProblem, desk: CutTable) -> CutTable:
    """Every cut at every clock, the best clock for each device."""
    least = least_ratios(problem, 0.0)
    tables = [_at(problem, desk, least + part * (1 - least)) for part in np.linspace(0, 1, CLOCKS)]
    scores = np.stack([found.scores for found in tables])
    return replace(tables[0], raw_scores=scores.min(axis=0))


def _at(problem: SplitProblem, desk: CutTable, ratio: np.ndarray) -> CutTable:
    conditions = problem.conditions().at_clock(ratio, problem.scenario.energy.clock)
    energy = counted_energy(problem.scenario.objective)
    return repriced(
        desk, problem, conditions,
        lambda stages: PRICES.second * stages.delay_s + PRICES.joule * energy(stages),
    )  # fmt: skip


def _value(found: CutTable) -> float:
    return float(found.scores.min(axis=1).sum())
