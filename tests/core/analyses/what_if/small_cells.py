"""Random small cells of one device, and what each of all their splits costs as numbers change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cutwise.channels import FixedRate
from cutwise.costs.cut_sums import cut_sums
from cutwise.planning.one_device.objective import counted_energy
from cutwise.plans.evaluate import stage_times
from cutwise.problem.split_problem import build_problem
from cutwise.question import Question
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Objective, Scenario
from tests.core.fleets import closed_sets, held, load, random_ops, random_scenario


def random_cell(rng: np.random.Generator, folder: Path, *, kind: str = "delay", devices: int = 1) -> Question:
    """A random model of a few ops in a cell of known rates, at once minimised in delay or energy."""
    ops = random_ops(rng, most=6)
    scenario = random_scenario(rng, [one["id"] for one in ops], devices=devices)
    channel = FixedRate(uplink_bps=10 ** rng.uniform(5, 8), downlink_bps=10 ** rng.uniform(5, 8))
    scenario = replace(scenario, channel=channel, objective=Objective(kind=kind))
    return Question(graph=load(folder, ops), scenario=scenario)


def splits_of(question: Question) -> np.ndarray:
    """Every split that the pins allow."""
    return closed_sets(build_problem(question.graph, question.scenario))


def costs_of(question: Question, masks: np.ndarray, settings: dict[str, Any]) -> dict[str, np.ndarray]:
    """Delay, counted energy and what each device side holds, of every split under changed numbers."""
    scenario: Scenario = changed(question.scenario, settings)
    problem = build_problem(question.graph, scenario)
    stages = stage_times(cut_sums(problem.cost, masks), problem.conditions().of(0))
    some = np.zeros(len(masks))
    return {
        "delay": stages.delay_s + some,
        "energy": counted_energy(scenario.objective)(stages) + some,
        "memory": held(problem, masks),
    }
