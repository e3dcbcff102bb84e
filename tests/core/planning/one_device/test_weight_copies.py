"""The best cuts of models whose layers share weights, frozen or trained, against every cut tried out."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.costs.cut_sums import cut_sums, looped_sums, nested_sums
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.planning.one_device.device_limits import held_by
from cutwise.planning.one_device.exact_cut import exact_cuts
from cutwise.planning.one_device.objective import score_of
from cutwise.planning.whole_round.round_value import score_of_round, spread_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import AT_ONCE, IN_TURN, Round
from cutwise.problem.edge_links import behind_edges
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parties import Device, Edge, Server
from cutwise.scenario.parts import Backhaul, Objective, Privacy, Scenario, Sharing
from cutwise.schemes.options import scheme_with
from tests.core.costs.test_shared_weights import ENDS
from tests.core.fleets import closed_sets, enumerated, random_limits
from tests.core.shared_models import random_shared_graph, random_shared_scenario

CLOSE = 1e-9


def drawn(
    seed: int, *, devices: int = 1, most: int = 7
) -> tuple[np.random.Generator, ModelGraph, SplitProblem]:
    rng = np.random.default_rng(seed)
    model = random_shared_graph(rng, most=most)
    return rng, model, build_problem(model, random_shared_scenario(rng, model, devices=devices))


def limited(rng: np.random.Generator, problem: SplitProblem, round_of: Round, active: int) -> SplitProblem:
    """The problem, more often than not under limits that bind; those of the server only where it is one's."""
    if rng.random() < 0.3:
        return problem
    found = random_limits(rng, problem, round_of, problem.conditions(active=active))
    scenario = found.scenario
    if active > 1:
        scenario = replace(scenario, server=problem.scenario.server)
    return build_problem(problem.cost.graph, scenario)


def agrees(plan: Plan, least: float) -> bool:
    """Infeasible only where nothing is, no value below the least, no bound above it, optimal only at it."""
    if plan.status == "infeasible" or not np.isfinite(least):
        return plan.status == "infeasible" and not np.isfinite(least)
    slack = CLOSE * least + 1e-12
    proven = plan.status != "optimal" or plan.report.value <= least + slack
    return proven and plan.report.value >= least - slack and (plan.report.bound or 0.0) <= least + slack


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(
    ("scheme", "devices", "round_of"),
    [("fast_split", 1, IN_TURN), ("block_wise_split", 1, IN_TURN), ("split_federated", 2, AT_ONCE)],
)
def test_schemes_find_the_best_of_all_cuts(scheme: str, devices: int, round_of: Round, seed: int) -> None:
    rng, _, problem = drawn(seed, devices=devices, most=6)
    active = devices if round_of.parallel else 1
    problem = limited(rng, problem, round_of, active)
    least = enumerated(problem, round_of, problem.conditions(active=active)).value
    plan = scheme_with(scheme, {}).solve(problem)
    assert agrees(plan, least)
    assert plan.status != "feasible"


@pytest.mark.parametrize("seed", range(25))
def test_every_solver_finds_the_best_of_all_cuts(seed: int) -> None:
    rng, _, problem = drawn(seed)
    problem = limited(rng, problem, IN_TURN, 1)
    problem = build_problem(
        problem.cost.graph,
        replace(problem.scenario, limits=replace(problem.scenario.limits, deadline_s=None)),
    )
    conditions = problem.conditions()
    least = enumerated(problem, IN_TURN, conditions).value
    score = score_of_round(problem, conditions, IN_TURN)
    for solver in ("max_flow", "block_wise", "cp_sat"):
        (cut,) = exact_cuts(problem, conditions, score, devices=[0], solver=solver)
        assert cut.value == pytest.approx(least, rel=CLOSE, abs=1e-12)
        assert cut.bound <= least * (1 + CLOSE) + 1e-12


def tiers_of(problem: SplitProblem) -> np.ndarray:
    """Every pair of nested closed sets, as the tier of each op, ties on one tier."""
    sets = closed_sets(problem)
    pairs = [(a, b) for a, b in itertools.product(sets, sets) if not (a & ~b).any()]
    found = np.array([np.where(a, 0, np.where(b, 1, 2)) for a, b in pairs])
    together = [all(len(set(row[list(tie)])) == 1 for tie in problem.ties) for row in found]
    return found[together]


@pytest.mark.parametrize("seed", range(20))
def test_three_tiers_are_the_best_of_all_pairs(seed: int) -> None:
    """Without latency every answer is proven; a copy that is kept equal on all tiers is relayed once."""
    rng, model, problem = drawn(seed, most=5)
    still = replace(problem.scenario.channel, uplink_latency_s=0.0, downlink_latency_s=0.0)
    problem = build_problem(
        model,
        replace(
            problem.scenario,
            channel=still,
            edges=(Edge(flops_per_s=float(10 ** rng.uniform(4, 7))),),
            backhaul=Backhaul(rate_bps=float(10 ** rng.uniform(4, 6))),
            sharing=Sharing(bandwidth="dedicated", server="dedicated"),
            objective=Objective(kind=str(rng.choice(["delay", "energy"]))),
        ),
    )
    conditions, tiers = behind_edges(problem, problem.conditions(), [0]), tiers_of(problem)
    stages = stage_times(nested_sums(problem.cost, tiers == 0, tiers <= 1), conditions.of(0))
    score = score_of(problem.scenario.objective, spread_of(problem, problem.conditions(), AT_ONCE))
    least = float(np.broadcast_to(score(stages), len(tiers)).min())
    plan = scheme_with("split_llm", {"reading": "sweep"}).solve(problem)
    assert agrees(plan, least)
    assert plan.status == "optimal"


@pytest.mark.parametrize("seed", range(20))
def test_u_shapes_are_never_called_best_above_the_best(seed: int) -> None:
    _, _, problem = drawn(seed, most=5)
    problem = build_problem(problem.cost.graph, replace(problem.scenario, objective=Objective(kind="delay")))
    graph, top = problem.cost.graph, scheme_outputs(problem)
    rows = [
        placed
        for placed in map(np.array, itertools.product(range(3), repeat=len(graph)))
        if not (placed[problem.pinned].any() or (placed[top] != 2).any())
        and all(placed[a] <= placed[b] for a, b in graph.edges)
        and all(len(set(placed[list(tie)] == 1)) == 1 for tie in problem.ties)
    ]
    placed = np.array(rows)
    conditions = problem.conditions().without_labels()
    stages = stage_times(looped_sums(problem.cost, placed == 0, placed == 2), conditions.of(0))
    assert agrees(scheme_with("u_shape", {}).solve(problem), float(np.min(stages.delay_s)))


def scheme_outputs(problem: SplitProblem) -> np.ndarray:
    read = {name for op in problem.cost.graph.ops for name in op.inputs}
    unread = [op.id not in read and op.kind != "input" for op in problem.cost.graph.ops]
    return np.array(unread) & ~problem.pinned


def phone(workload: Workload, **parts: Any) -> SplitProblem:
    """A slow device before a fast server, with the lookup on the device."""
    given: dict[str, Any] = {
        "devices": (Device(flops_per_s=1e6, samples=8),),
        "server": Server(flops_per_s=1e12),
        "channel": FixedRate(uplink_bps=1e6, downlink_bps=1e6),
        "privacy": Privacy(keep_on_device=("wte",)),
    }
    return build_problem(ENDS, Scenario(workload=workload, **given | parts))


@pytest.mark.parametrize(
    ("workload", "kept"),
    [
        (Workload(batch_size=8, frozen=("wte", "head")), ("ids", "wte")),
        (Workload(batch_size=8, mode="inference"), ("ids", "wte")),
        (Workload(batch_size=8), ("ids", "wte", "mid", "head")),
        (Workload(batch_size=8, tied_weights="untied"), ("ids", "wte")),
    ],
    ids=("frozen", "inference", "trained", "untied"),
)
def test_a_weight_that_nothing_trains_lets_the_model_be_cut(
    workload: Workload, kept: tuple[str, ...]
) -> None:
    (decision,) = scheme_with("fast_split", {}).solve(phone(workload)).decisions
    assert decision.cut.device_ops == kept


def test_copies_are_kept_equal_where_that_pays() -> None:
    """3,200 B each way an iteration: 51 ms at 1 Mbit/s, beside 8 × 4 × (2 × 64 + 2 × 800) × 3 FLOP, 166 ms,
    on the device; at a tenth of the rate 0.5 s, and all stays there."""
    copied = Workload(batch_size=8, tied_weights="copied", label_bytes=0.0)
    (split,) = scheme_with("fast_split", {}).solve(phone(copied)).decisions
    assert split.cut.device_ops == ("ids", "wte")
    slow = FixedRate(uplink_bps=1e5, downlink_bps=1e5)
    (whole,) = scheme_with("fast_split", {}).solve(phone(copied, channel=slow)).decisions
    assert whole.cut.label == "all on device"


@pytest.mark.parametrize("scheme", ["fast_split", "split_federated", "gsfl", "u_shape"])
def test_a_round_with_copies_plays_as_long_as_it_was_planned(scheme: str) -> None:
    devices = tuple(Device(flops_per_s=1e6, samples=samples) for samples in (8, 16))
    scenario = phone(Workload(batch_size=8, tied_weights="copied"), devices=devices).scenario
    plan = cutwise.plan(ENDS, scenario, scheme)
    assert cutwise.simulate(ENDS, scenario, plan).makespan_s == pytest.approx(plan.delay_s)


def test_a_server_holds_one_frozen_copy_for_clients_that_read_it_in_different_places() -> None:
    """One client leaves mid and head at the server, one everything; 3,200 + 256 B of weights for both, and
    8 samples' widest tensor, 4 × 100 × 4 B, for each."""
    problem = phone(Workload(batch_size=8, mode="inference"), devices=(Device(), Device()))
    masks = np.array([[1, 1, 0, 0], [1, 0, 0, 0]], dtype=bool)
    stages = stage_times(cut_sums(problem.cost, masks), problem.conditions())
    held = held_by(problem, masks, stages.server_memory.total_bytes, ((0,), (1,)))
    assert held == 3_200 + 256 + 2 * 8 * 1_600
