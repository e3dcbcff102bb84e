"""Every row of a curve is the turn by hand, for every scheme, through edges and back to the device."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutwise.analyses.cut_curve import CutCurve, cut_curve
from cutwise.errors import ScenarioError, SolverError
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parts import Scenario
from cutwise.schemes import SCHEMES
from cutwise.schemes.options import scheme_with
from tests.core.fleets import load
from tests.core.magnitudes import wild_ops, wild_scenario
from tests.core.rounds_by_hand import Side, World

WORLDS = 8
OWN_TRANSFERS = ("centralised",)
Drawn = tuple[World, SplitProblem]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> list[Drawn]:
    folder, drawn = tmp_path_factory.mktemp("curves"), []
    for seed in range(WORLDS):
        rng = np.random.default_rng(1000 + seed)
        ops, scenario = wild_ops(rng), wild_scenario(rng)
        scenario = replace(scenario, sharing=replace(scenario.sharing, server="equal"))
        drawn.append((World(ops, scenario), build_problem(load(folder, ops, f"c{seed}"), scenario)))
    return drawn


@pytest.mark.parametrize("scheme", [name for name in SCHEMES if name not in OWN_TRANSFERS])
def test_every_row_is_the_turn_by_hand(scheme: str, worlds: list[Drawn]) -> None:
    shown = 0
    for world, problem in worlds:
        try:
            plan = scheme_with(scheme, {}).solve(problem)
        except SolverError:
            continue
        for device, decision in enumerate(plan.decisions):
            for moved in ("device", "edge") if decision.edge else ("device",):
                curve = cut_curve(problem, plan, device, moved=moved)  # type: ignore[arg-type]
                check_rows(world, plan, device, curve)
                shown += 1
    assert shown


def check_rows(world: World, plan: Plan, device: int, curve: CutCurve) -> None:
    """The rows against `World.turn`; the round at the plan's own row is the plan's."""
    decision, own = plan.decisions[device], world.decided(plan.decisions[device])
    at_once = world._at_once(plan)[device]
    delays = np.broadcast_to(curve.stages.delay_s, len(curve.names))
    energies = np.broadcast_to(curve.stages.energy_j, len(curve.names))
    everything = frozenset(range(world.count))
    looped = plan.scheme == "u_shape"
    top = own.top or (everything - {u for u in everything if world.readers[u]} - world.inputs)
    for row, mask in enumerate(curve.masks):
        inside = frozenset(np.flatnonzero(mask).tolist())
        if curve.moved == "edge":
            side = Side(device=own.device, edge=inside - own.device)
        elif looped and inside != everything:
            side = Side(device=inside, top=top)
        else:
            side = Side(device=inside, edge=(own.device | own.edge if decision.edge else inside) - inside)
        by_hand = world.turn(device, decision, at_once, side)
        assert delays[row] == pytest.approx(by_hand.delay_s, rel=1e-9)
        assert energies[row] == pytest.approx(by_hand.energy_j, rel=1e-9)
    assert delays[curve.chosen] == pytest.approx(plan.stages[device].delay_s, rel=1e-9)
    assert curve.round_delays_s[curve.chosen] == pytest.approx(plan.delay_s, rel=1e-9)


@pytest.mark.parametrize("scheme", OWN_TRANSFERS)
def test_a_scheme_without_a_cut_says_so(scheme: str, worlds: list[Drawn]) -> None:
    problem = worlds[0][1]
    plan = scheme_with(scheme, {}).solve(problem)
    with pytest.raises(SolverError, match="has no cut that moves; give a scheme that splits the model"):
        cut_curve(problem, plan, 0)


def test_a_device_behind_no_edge_has_no_curve_of_one(worlds: list[Drawn]) -> None:
    _, drawn = worlds[0]
    problem = build_problem(drawn.cost.graph, Scenario())
    plan = scheme_with("fast_split", {}).solve(problem)
    with pytest.raises(ScenarioError, match="is behind no edge; give 'device'"):
        cut_curve(problem, plan, 0, moved="edge")
