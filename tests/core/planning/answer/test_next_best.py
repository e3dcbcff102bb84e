"""The next-best cuts of a plan against every closed set of small random models, one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cutwise.costs.cut_sums import crossing_ops, cut_sums
from cutwise.planning.answer import next_best
from cutwise.planning.answer.next_best import with_alternatives
from cutwise.planning.answer.plan_conditions import conditions_of_plan
from cutwise.planning.one_device.cut_positions import ops_mask
from cutwise.planning.one_device.device_limits import held_at_once
from cutwise.planning.one_device.objective import score_of
from cutwise.planning.whole_round.round_value import spread_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import Round
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parts import Sharing
from cutwise.schemes.options import scheme_with
from tests.core.fleets import closed_sets, held, random_limits, random_problem, with_scenario
from tests.core.shared_models import random_shared_graph, random_shared_scenario

TOLERANCE = 1 + 1e-9
SHOWN = 3
SCHEMES: list[tuple[str, dict[str, Any]]] = [
    ("fast_split", {}),
    ("block_wise_split", {}),
    ("split_learning", {"common_cut": True}),
    ("split_federated", {}),
    ("split_federated", {"version": "v2"}),
    ("sft", {}),
    ("card", {}),
    ("gsfl", {"groups": 2}),
    ("cluster_parallel", {}),
    ("brute_force", {}),
]


def enumerated(problem: SplitProblem, plan: Plan, *, one_model: bool) -> list[list[float]]:
    """For every device the scores of its next-best splits, everything else of the plan held.

    A split counts when it keeps the device's limits and those of the round that the plan keeps; two that
    send the same tensors and cost the same count once.
    """
    masks = closed_sets(problem)
    sums, crossing = cut_sums(problem.cost, masks), crossing_ops(problem.cost, masks)
    conditions, limits = conditions_of_plan(problem, plan), problem.scenario.limits
    round_of = Round(parallel=plan.active > 1, rule="", phases=plan.phases, one_model=one_model)
    score = score_of(problem.scenario.objective, spread_of(problem, conditions.waiting(0.0), round_of))
    turns = np.array([stage.delay_s for stage in plan.stages])
    chosen = np.stack([ops_mask(problem, one.cut.device_ops) for one in plan.decisions])
    clients, device_bytes, server_bytes = (held(problem, sides) for sides in (~chosen, masks, ~masks))
    found = []
    for device in range(problem.device_count):
        stages = stage_times(sums, conditions.of(device))
        own_j = stages.device_energy_j + stages.radio_energy_j
        scores = np.asarray(score(stages)) + np.zeros(len(masks))
        delays, energies = stages.delay_s + np.zeros(len(masks)), stages.energy_j + np.zeros(len(masks))
        kept = device_bytes <= problem.device_memory_bytes[device] * TOLERANCE
        kept &= server_bytes <= problem.server_memory_bytes * TOLERANCE
        if limits.device_energy_j is not None:
            kept &= own_j <= limits.device_energy_j * TOLERANCE
        if limits.traffic_bytes is not None:
            kept &= stages.traffic_bytes <= limits.traffic_bytes * TOLERANCE
        for k in np.flatnonzero(kept):
            others, mine = turns.copy(), clients.copy()
            others[device], mine[device] = delays[k], server_bytes[k]
            sides = chosen.copy()
            sides[device] = masks[k]
            if limits.deadline_s is not None and plan.delay_s <= limits.deadline_s * TOLERANCE:
                kept[k] &= round_of.total(others) <= limits.deadline_s * TOLERANCE
            if plan.server_memory_bytes <= problem.server_memory_bytes * TOLERANCE:
                together = held_at_once(problem, sides, mine, round_of)
                kept[k] &= together <= problem.server_memory_bytes * TOLERANCE
        seen = [int(np.flatnonzero((masks == chosen[device]).all(axis=1))[0])]
        for k in np.argsort(np.where(kept, scores, np.inf), kind="stable"):
            twin = any(
                np.allclose([delays[k], energies[k]], [delays[j], energies[j]], rtol=1e-12, atol=0)
                and (crossing[k] == crossing[j]).all()
                for j in seen
            )
            if kept[k] and not twin:
                seen.append(int(k))
        found.append(scores[seen].tolist())
    return found


def check(problem: SplitProblem, scheme: str, options: dict[str, Any]) -> tuple[int, int]:
    """Lists looked at and lists that claim to be exact; every one of these is."""
    plan = scheme_with(scheme, options).solve(problem)
    if scheme == "sft":
        problem = replace(problem, pinned=problem.private)
    one_model = options.get("version") == "v2"
    shown = with_alternatives(problem, plan, one_model=one_model).alternatives
    lists = proven = 0
    for name, (here, *others) in zip(
        problem.scenario.device_names, enumerated(problem, plan, one_model=one_model), strict=True
    ):
        mine = [one for one in shown if one.device == name]
        lists += 1
        if not all(one.proven for one in mine):
            continue
        proven += 1
        expected = [other / here - 1 if here > 0 else 0.0 for other in others[:SHOWN]]
        assert [one.worse_ratio for one in mine] == pytest.approx(expected, rel=1e-7, abs=1e-9)
    return lists, proven


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("scheme", "options"), SCHEMES)
def test_no_cut_between_is_left_out(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    options: dict[str, Any],
    seed: int,
    few: bool,
) -> None:
    """Once with all splits priced at once, and once with those that a search finds."""
    monkeypatch.setattr(next_best, "MOST_SPLITS", 1 << 12 if few else 1)
    rng = np.random.default_rng([seed, len(scheme), len(options)])
    devices = int(rng.integers(1, 4))
    problem = random_problem(rng, tmp_path, devices=devices, measured=bool(rng.random() < 0.3))
    if scheme in ("split_federated", "sft") and rng.random() < 0.5:
        problem = with_scenario(problem, sharing=Sharing(bandwidth="optimised", server="equal"))
    if rng.random() < 0.7:
        problem = random_limits(rng, problem, scheme_with(scheme, {}).round_of, problem.conditions())
    lists, proven = check(problem, scheme, options)
    assert proven == lists


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize("seed", range(12))
def test_no_cut_between_is_left_out_where_weights_are_copied(
    monkeypatch: pytest.MonkeyPatch, seed: int, few: bool
) -> None:
    """The search knows copied weights as vertices of their own, which are no part of a cut."""
    monkeypatch.setattr(next_best, "MOST_SPLITS", 1 << 12 if few else 1)
    rng = np.random.default_rng(seed)
    model = random_shared_graph(rng, most=7)
    problem = build_problem(model, random_shared_scenario(rng, model, devices=1))
    lists, proven = check(problem, "fast_split", {})
    assert proven == lists
