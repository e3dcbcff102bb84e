"""Cuts of groups that share the server's memory, against every combination and against CP-SAT."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cutwise.planning.one_device.cut_table import CutTable, table_of
from cutwise.planning.one_device.device_limits import held_at_once
from cutwise.planning.one_device.objective import score_of
from cutwise.planning.whole_round.earliest_groups import earliest_groups
from cutwise.planning.whole_round.grouped_choice import grouped_choice
from cutwise.planning.whole_round.joint_choice import holds_all
from cutwise.planning.whole_round.round_value import spread_of
from cutwise.plans.rounds import Round, clustered_round, grouped_round
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parts import Objective
from tests.core.fleets import random_problem, with_scenario

ROUNDS = {
    "two groups": grouped_round([[0, 1], [2]], rule="r"),
    "two groups of two": grouped_round([[0, 3], [1, 2]], rule="r"),
    "a cluster and one alone": clustered_round([[0, 2], [1]], rule="r"),
    "all at once": grouped_round([[0], [1], [2]], rule="r"),
}


@pytest.mark.parametrize("name", ROUNDS)
def test_no_combination_ends_sooner_within_the_memory(name: str, tmp_path: Path) -> None:
    """Frozen weights included; both an ample and a binding memory, and one for which nothing fits."""
    rng, round_of = np.random.default_rng(len(name)), ROUNDS[name]
    seen = {"bound": 0, "free": 0, "full": 0}
    for _ in range(60):
        devices = 1 + max(device for groups in round_of.phases for group in groups for device in group)
        problem = random_problem(rng, tmp_path, devices=devices, most=6)
        tight = tuple(
            replace(device, memory_bytes=float(10 ** rng.uniform(5, 8)))
            for device in problem.scenario.devices
        )
        problem = with_scenario(problem, objective=Objective(), devices=tight)
        conditions = problem.conditions(active=round_of.active(devices))
        roomy = _table(problem, round_of)
        free = roomy.delays_s.argmin(axis=1)
        needs = held_at_once(problem, roomy.masks(free), roomy.server_bytes[range(devices), free], round_of)
        small = replace(problem.scenario.server, memory_bytes=max(1.0, needs * rng.uniform(0.3, 1.1)))
        problem = with_scenario(problem, server=small)
        spread, table = spread_of(problem, conditions, round_of), _table(problem, round_of)
        end_s, free_s = _enumerated(problem, table, round_of)

        found = earliest_groups(problem, table, round_of, memory=True)

        peer = grouped_choice(problem, table, round_of, spread, memory=True)
        assert (found.cuts is None) == (peer.cuts is None) == (not np.isfinite(end_s))
        if found.cuts is None:
            seen["full"] += 1
            continue
        reached = table.delays_s[np.arange(devices), found.cuts]
        assert holds_all(problem, table, found.cuts, round_of)
        assert round_of.total(reached) == pytest.approx(end_s, rel=1e-9)
        assert found.bound == pytest.approx(end_s, rel=1e-9)
        assert round_of.total(table.delays_s[np.arange(devices), peer.cuts]) == pytest.approx(end_s, rel=1e-6)
        seen["bound" if end_s > free_s * (1 + 1e-9) else "free"] += 1
    assert min(seen.values()) > 0, seen


def _table(problem: SplitProblem, round_of: Round) -> CutTable:
    clients = round_of.active(problem.device_count)
    conditions = problem.conditions(active=clients)
    score = score_of(problem.scenario.objective, spread_of(problem, conditions, round_of))
    return table_of(problem, conditions, score, clients=clients)


def _enumerated(problem: SplitProblem, table: CutTable, round_of: Round) -> tuple[float, float]:
    """The least delay of all combinations, with and without the server's memory for all together."""
    allowed = [np.flatnonzero(row <= 0).tolist() for row in table.excess]
    ends, free = [np.inf], [np.inf]
    for picks in itertools.product(*allowed):
        cuts = np.array(picks)
        delay_s = float(round_of.total(table.delays_s[np.arange(len(cuts)), cuts]))
        free.append(delay_s)
        if holds_all(problem, table, cuts, round_of):
            ends.append(delay_s)
    return min(ends), min(free)
