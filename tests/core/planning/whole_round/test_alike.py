from __future__ import annotations

import numpy as np

import cutwise
from cutwise.planning.whole_round.best_round import alike
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario


def test_only_devices_with_the_same_conditions_and_memory_are_alike() -> None:
    devices = (
        Device(memory_bytes=1e8),
        Device(memory_bytes=1e8),
        Device(memory_bytes=1.5e8),
        Device(memory_bytes=1e8, samples=5000),
    )
    problem = build_problem(cutwise.load_model("sample:resnet18"), Scenario(devices=devices))
    keys = alike(problem, problem.conditions())
    same = np.array([[one == other for other in keys] for one in keys])
    assert same.tolist() == [
        [True, True, False, False],
        [True, True, False, False],
        [False, False, True, False],
        [False, False, False, True],
    ]
