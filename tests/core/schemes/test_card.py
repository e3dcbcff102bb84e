"""P4's cut and clock: its must-reproduce list, fine grids, limits and the long run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.analyses.delay_energy import delay_energy_front, long_run
from cutwise.channels import FixedRate
from cutwise.costs.cut_sums import cut_sums
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError
from cutwise.planning.one_device.device_limits import device_limits, excess_ratio
from cutwise.planning.one_device.objective import counted_energy
from cutwise.planning.whole_round.round_value import objective_value, spread_of
from cutwise.planning.whole_round.server_clock import least_ratios, own_prices
from cutwise.plans.evaluate import stage_times
from cutwise.plans.rounds import IN_TURN
from cutwise.plans.stages import StageTimes
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Limits, Objective, Privacy, Scenario
from cutwise.schemes.options import scheme_with
from tests.core.fleets import AS_PAPERS, clocks_of, closed_sets, load, random_problem, with_scenario

CLOCKS = 400
SERVER_ONLY = Objective(kind="weighted", energy_of=("server",))


def layers(count: int, *, widths: list[float] | None = None) -> list[dict]:
    """An embedding that stays on the device, equal decoder layers with adapters, a head."""
    ops = [
        {"id": "tokens", "kind": "input", "output_bytes": 512},
        {
            "id": "embedding",
            "inputs": ["tokens"],
            "output_bytes": 1e6,
            "weight_bytes": 1e6,
            "gradient_bytes": 0,
        },
    ]
    for i in range(count):
        ops.append(
            {
                "id": f"layer{i}", "inputs": [ops[-1]["id"]], "forward_flops": 1e10, "backward_flops": 1e10,
                "output_bytes": widths[i] if widths else 1e6, "weight_bytes": 1e6, "trainable_bytes": 1e4,
            }
        )  # fmt: skip
    return [*ops, {"id": "head", "inputs": [ops[-1]["id"]], "forward_flops": 2e9, "backward_flops": 2e9}]


def cell(**parts) -> Scenario:
    """One device a fiftieth as fast as the server, under P4's law of the clock."""
    given = {
        "devices": (Device(flops_per_s=1e12, memory_bytes=1e12, samples=64),),
        "server": Server(flops_per_s=5e13, compute_power_w=200.0, idle_power_w=0.0, memory_bytes=1e12),
        "channel": FixedRate(uplink_bps=1e8, downlink_bps=1e8),
        "workload": Workload(batch_size=8, label_bytes=0.0),
        "privacy": Privacy(keep_on_device=("embedding",)),
        "objective": SERVER_ONLY,
        "energy": AS_PAPERS,
    }
    return Scenario(**given | parts)


SMALL = (Device(flops_per_s=1e12, memory_bytes=12.5e6, samples=64),)
"""Too small for more than the embedding and three layers, so that the server always has work."""


def weights(delay: float) -> Objective:
    """Delay against the server's energy."""
    return Objective(kind="weighted", delay_weight=delay, energy_weight=1 - delay, energy_of=("server",))


def priced(problem: SplitProblem, masks: np.ndarray, *, device: int, ratio: float) -> StageTimes:
    """What the evaluator says of device sides (cuts, ops) at one clock."""
    conditions = problem.conditions().of(device).at_clock(ratio, problem.scenario.energy.clock)
    return stage_times(cut_sums(problem.cost, masks), conditions)


def grid_values(
    problem: SplitProblem, device: int = 0, *, clocks: int = CLOCKS
) -> tuple[np.ndarray, np.ndarray]:
    """Objective of one device over clocks and closed sets, infinite where a limit breaks; and the clocks."""
    masks = closed_sets(problem) if len(problem.cost.graph) < 12 else chain_sets(problem)
    ratios = clocks_of(problem.scenario.energy.clock, least_ratios(problem, 0.0)[device], clocks)
    spread, values = spread_of(problem, problem.conditions(), IN_TURN), []
    for ratio in ratios:
        stages = priced(problem, masks, device=device, ratio=ratio)
        figures = (stages.delay_s, counted_energy(problem.scenario.objective)(stages))
        rows = np.column_stack([np.broadcast_to(figure, len(masks)) for figure in figures])
        value = [objective_value(problem, delay_s=d, energy_j=e, spread=spread) for d, e in rows]
        excess = excess_ratio(device_limits(problem), stages, np.array([device]))[0]
        values.append(np.where(excess > 0, np.inf, value))
    return np.stack(values), ratios


def chain_sets(problem: SplitProblem) -> np.ndarray:
    """The device sides of a chain, at least what is pinned."""
    count, first = len(problem.cost.graph), int(np.flatnonzero(problem.pinned).max()) + 1
    return np.array([[i < k for i in range(count)] for k in range(first, count + 1)])


def test_closed_form_equals_a_fine_grid_and_does_not_depend_on_the_cut(tmp_path: Path) -> None:
    """Check 3.4.1: for every cut the best clock of the grid is the one of the closed form, clipped or not."""
    problem = build_problem(load(tmp_path, layers(6)), cell())
    inside = 0
    for weight in (0.0, 0.02, 0.1, 0.3, 0.6, 0.9, 1.0):
        objective = weights(weight)
        asked = with_scenario(problem, objective=objective)
        plan = scheme_with("card", {}).solve(asked)
        ratio = plan.decisions[0].server_frequency_ratio
        values, ratios = grid_values(asked, clocks=4001)
        uses_server = values[0] != values[-1]
        best = ratios[values.argmin(axis=0)][uses_server]
        assert best == pytest.approx(np.full(uses_server.sum(), ratio), abs=2 * (ratios[1] - ratios[0]))
        assert plan.report.value <= values.min() * (1 + 1e-12)
        assert plan.report.value == pytest.approx(values.min(), rel=1e-6)
        inside += bool(ratios[0] * 1.01 < ratio < 0.99)
        if weight in (0.0, 1.0):
            assert ratio == pytest.approx(ratios[0] if weight == 0.0 else 1.0)
    assert inside >= 2


@pytest.mark.parametrize("factor", [0.25, 7.0])
def test_the_power_of_the_server_cancels_where_only_its_energy_counts(tmp_path: Path, factor: float) -> None:
    """Check 3.4.1: with the server's energy alone and no idle power the clock does not depend on ξ."""
    problem = build_problem(load(tmp_path, layers(6)), cell())
    server = replace(problem.scenario.server, compute_power_w=200.0 * factor)
    one, other = (scheme_with("card", {}).solve(p) for p in (problem, with_scenario(problem, server=server)))
    assert one.decisions[0].server_frequency_ratio == pytest.approx(other.decisions[0].server_frequency_ratio)
    assert one.decisions[0].cut == other.decisions[0].cut


@pytest.mark.parametrize("seed", range(10))
def test_no_cut_and_clock_of_a_grid_is_better(seed: int, tmp_path: Path) -> None:
    """Check 3.4.2, on graphs of any shape, every objective, idle powers and owners, some with limits."""
    rng = np.random.default_rng(seed)
    for case in range(4):
        problem = random_problem(rng, tmp_path, devices=1, measured=case == 0)
        if case % 2:
            needs = stage_times(
                cut_sums(problem.cost, closed_sets(problem)), problem.conditions()
            ).device_memory
            tight = replace(problem.scenario.devices[0], memory_bytes=float(np.median(needs.total_bytes)) + 1)
            problem = with_scenario(problem, devices=(tight,))
        plan = scheme_with("card", {}).solve(problem)
        values, _ = grid_values(problem, clocks=101)
        if np.isfinite(values.min()):
            assert plan.status == "optimal", problem.scenario.energy
            assert plan.report.value <= values.min() * (1 + 1e-9)
            assert plan.report.value >= values.min() * (1 - 2e-2)


def test_a_fleet_is_the_sum_of_its_turns(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    for _ in range(5):
        problem = random_problem(rng, tmp_path, devices=3)
        plan = scheme_with("card", {}).solve(problem)
        least = sum(grid_values(problem, device, clocks=101)[0].min() for device in range(3))
        assert plan.report.value <= least * (1 + 1e-9)


def test_equal_layers_are_cut_at_an_end_and_wider_early_layers_inside(tmp_path: Path) -> None:
    """Check 3.4.3: bang-bang over weights and rates; smashed data that shrink on the way move the cut."""
    ends = {1, 2, 8, 9, 10}
    graph, falling = (
        load(tmp_path, layers(8)),
        load(tmp_path, layers(8, widths=[2e6, 2e6] + [1e4] * 6), "wide"),
    )
    inner = 0
    for uplink_bps in (1e6, 1e7, 1e8, 1e9):
        for weight in (0.1, 0.5, 0.9):
            scenario = cell(
                channel=FixedRate(uplink_bps=uplink_bps, downlink_bps=uplink_bps),
                objective=weights(weight),
            )  # fmt: skip
            ops = len(cutwise.plan(graph, scenario, "card").decisions[0].cut.device_ops) - 1
            assert ops in ends, (uplink_bps, weight, ops)
            inner += 3 <= len(cutwise.plan(falling, scenario, "card").decisions[0].cut.device_ops) - 1 <= 7
    assert inner > 0


def test_a_faster_device_and_a_worse_channel_never_send_more_layers_away(tmp_path: Path) -> None:
    """Check 3.4.4, at a fixed clock; smashed data of a round outweigh adapters. The slowest offloads."""
    graph = load(tmp_path, layers(8))

    def kept(**parts) -> int:
        plan = cutwise.plan(graph, cell(objective=Objective(), **parts), "card", frequency="highest")
        return len(plan.decisions[0].cut.device_ops)

    speeds, rates = np.geomspace(1e10, 4e13, 12), np.geomspace(1e9, 1e5, 12)
    by_speed = [kept(devices=(Device(flops_per_s=f, memory_bytes=1e12, samples=64),)) for f in speeds]
    by_rate = [kept(channel=FixedRate(uplink_bps=r, downlink_bps=r)) for r in rates]
    assert by_speed == sorted(by_speed)
    assert by_rate == sorted(by_rate)
    assert by_speed[0] == 2
    assert len(set(by_speed)) > 1
    assert len(set(by_rate)) > 1


def test_the_shipped_gpu_draws_a_plausible_power_at_its_highest_clock() -> None:
    """Check 3.4.6: 100 to 450 W."""
    problem = build_problem(cutwise.load_model("sample:resnet18"), Scenario())
    assert 100 <= problem.power.server_power_w + problem.power.server_idle_power_w <= 450


def test_energy_saved_against_the_highest_clock_is_one_less_its_square(tmp_path: Path) -> None:
    """With everything behind the embedding on the server, server energy is P φ² X: the identity of 3.2."""
    problem = build_problem(load(tmp_path, layers(6)), cell())
    slow, full = (
        scheme_with("card", {"cut": "embedding", "frequency": f}).solve(problem) for f in ("best", "highest")
    )
    ratio = slow.decisions[0].server_frequency_ratio
    assert 0 < ratio < 1
    saved = 1 - slow.energy_by_owner_j["server"] / full.energy_by_owner_j["server"]
    assert saved == pytest.approx(1 - ratio**2, rel=1e-12)


def test_idle_power_speeds_the_clock_up(tmp_path: Path) -> None:
    """[(a/b + P_s) / 2ξ]^(1/3) by hand: a/b from the spans, 200 W above 100 W at rest."""
    problem = build_problem(load(tmp_path, layers(6)), cell())
    idle = replace(problem.scenario.server, idle_power_w=100.0)
    asked = with_scenario(problem, server=idle)
    spread = spread_of(asked, asked.conditions(), IN_TURN)
    by_hand = ((0.5 / spread.delay_s) / (0.5 / spread.energy_j) + 100.0) / (2 * 200.0)
    plan = scheme_with("card", {}).solve(asked)
    assert plan.decisions[0].server_frequency_ratio == pytest.approx(min(1.0, by_hand ** (1 / 3)))


def test_the_lowest_clock_is_the_devices_own_speed_or_the_one_given(tmp_path: Path) -> None:
    graph, scenario = (
        load(tmp_path, layers(4)),
        cell(objective=Objective(kind="energy", energy_of=("server",)), privacy=Privacy()),
    )
    slow = cutwise.plan(graph, scenario, "card", cut="embedding")
    assert slow.decisions[0].server_frequency_ratio == pytest.approx(1e12 / 5e13)
    given = cutwise.plan(graph, scenario, "card", cut="embedding", least_frequency_ratio=0.4)
    assert given.decisions[0].server_frequency_ratio == 0.4


def test_each_turn_on_its_own_scale_has_p4s_clock(tmp_path: Path) -> None:
    """Extremes over cuts at the lowest and the highest clock, for each of two devices alone."""
    devices = tuple(Device(flops_per_s=f, memory_bytes=1e12, samples=64) for f in (5e11, 4e12))
    problem = build_problem(load(tmp_path, layers(6)), cell(devices=devices))
    plan = scheme_with("card", {"normalisers": "device"}).solve(problem)
    least = least_ratios(problem, 0.0)
    prices = own_prices(problem, problem.conditions(), least)
    for device in range(2):
        masks = chain_sets(problem)
        corners = [priced(problem, masks, device=device, ratio=r) for r in (least[device], 1.0)]
        delays, energies = (
            np.concatenate([np.broadcast_to(getattr(c, name), len(masks)) for c in corners])
            for name in ("delay_s", "server_energy_j")
        )
        assert prices.second[device] == pytest.approx(0.5 / np.ptp(delays))
        ratio = ((0.5 / np.ptp(delays)) / (0.5 / np.ptp(energies)) / (2 * 200.0)) ** (1 / 3)
        expected = np.clip(ratio, least[device], 1.0)
        assert plan.decisions[device].server_frequency_ratio == pytest.approx(expected)


def test_a_deadline_raises_the_clock_and_the_gap_is_told(tmp_path: Path) -> None:
    """Between the fastest round and the most frugal; a grid over cut and clock says how good it is."""
    frugal = Objective(kind="energy", energy_of=("server",))
    problem = build_problem(load(tmp_path, layers(6)), cell(objective=frugal, devices=SMALL))
    free = scheme_with("card", {}).solve(problem)
    fast = scheme_with("card", {"frequency": "highest"}).solve(with_scenario(problem, objective=Objective()))
    deadline_s = 0.5 * (free.delay_s + fast.delay_s)
    bounded = with_scenario(problem, limits=Limits(deadline_s=deadline_s))
    plan = scheme_with("card", {}).solve(bounded)
    assert plan.status == "feasible"
    assert plan.delay_s <= deadline_s * (1 + 1e-9)
    assert plan.report.gap is not None
    masks, ratios = chain_sets(bounded), np.linspace(least_ratios(bounded, 0.0)[0], 1, 2001)
    least = np.inf
    for ratio in ratios:
        stages = priced(bounded, masks, device=0, ratio=ratio)
        within = (stages.delay_s <= deadline_s) & (stages.device_memory.total_bytes <= 12.5e6)
        least = min(least, np.where(within, stages.server_energy_j, np.inf).min())
    assert plan.report.bound <= least * (1 + 1e-9)
    assert plan.report.value <= least * 1.1


def test_no_cut_and_clock_lies_below_the_front(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    for _ in range(4):
        problem = random_problem(rng, tmp_path, devices=1)
        front = delay_energy_front(problem, points=41)
        energy = counted_energy(problem.scenario.objective)
        delays, energies = (
            np.array([getattr(one, name) for one in front]) for name in ("delay_s", "energy_j")
        )
        assert np.all(np.diff(delays) > 0)
        assert np.all(np.diff(energies) < 0)
        for ratio in clocks_of(problem.scenario.energy.clock, least_ratios(problem, 0.0)[0], 60):
            stages = priced(problem, closed_sets(problem), device=0, ratio=ratio)
            for delay_s, energy_j in zip(np.ravel(stages.delay_s), np.ravel(energy(stages)), strict=True):
                assert not np.any((delay_s < delays * (1 - 1e-9)) & (energy_j < energies * (1 - 1e-9)))


def test_over_many_rounds_the_energy_tends_to_the_budget(tmp_path: Path) -> None:
    problem = build_problem(load(tmp_path, layers(6)), cell(devices=SMALL))
    front = delay_energy_front(problem)
    dear, cheap = front[0].energy_j, front[-1].energy_j
    budget_j = 0.4 * dear + 0.6 * cheap
    run = long_run(problem, energy_budget_j=budget_j, delay_price=200.0, rounds=400)
    assert run.energy_j[200:].mean() == pytest.approx(budget_j, rel=0.02)
    assert run.energy_j[0] == pytest.approx(dear)
    assert np.all(run.queue_j >= 0)
    for owed, ratio in list(zip(run.queue_j, run.server_frequency_ratio[:, 0], strict=True))[1::40]:
        by_hand = np.inf if owed == 0 else (200.0 / (2 * 200.0 * owed)) ** (1 / 3)
        assert ratio == pytest.approx(np.clip(by_hand, least_ratios(problem, 0.0)[0], 1.0))
    roomy = long_run(problem, energy_budget_j=2 * dear, delay_price=200.0, rounds=20)
    assert np.all(roomy.delay_s == roomy.delay_s[0])


def test_a_budget_of_nothing_is_refused(tmp_path: Path) -> None:
    problem = build_problem(load(tmp_path, layers(2)), cell())
    with pytest.raises(ScenarioError, match="energy_budget_j is 0; give a positive number"):
        long_run(problem, energy_budget_j=0.0, delay_price=1.0, rounds=3)
