"""The ladder of pins that stands for the widest tensor at the server."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cutwise.graph.model_graph import ModelGraph
from cutwise.planning.one_device.server_memory_levels import server_levels
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parts import Privacy, Scenario
from tests.core.fleets import closed_sets, random_problem

RAW = Scenario(privacy=Privacy(keep_on_device="raw_allowed"))


def test_each_level_pins_what_leads_to_something_wider(chain: ModelGraph) -> None:
    """Behind the pinned input a passes 50 bytes and b 8: 50 at the server, with a pinned 8, with b none."""
    levels = server_levels(build_problem(chain, RAW))
    assert [level.transient_bytes for level in levels] == [50.0, 8.0, 0.0]
    assert [level.pinned.sum() for level in levels] == [1, 2, 3]


def test_every_split_keeps_the_pins_of_its_own_width(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    for _ in range(30):
        problem = random_problem(rng, tmp_path, devices=1)
        levels = {level.transient_bytes: level.pinned for level in reversed(server_levels(problem))}
        for mask in closed_sets(problem):
            width = np.where(mask, 0.0, problem.cost.transient_bytes).max()
            assert width in levels
            assert mask[levels[width]].all()


def test_pins_of_a_level_leave_nothing_wider(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    for _ in range(30):
        problem = random_problem(rng, tmp_path, devices=1)
        for level in server_levels(problem):
            left = problem.cost.transient_bytes[~level.pinned]
            assert left.max(initial=0.0) <= level.transient_bytes
