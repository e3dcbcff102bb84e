from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutwise.errors import SolverError
from cutwise.simulation.tasks import Resource
from tests.core.simulation.simulated_worlds import make_tasks

DESK = (Resource(name="desk"),)
TWO = make_tasks([1, 2], [[], [0]], resources=DESK, resource=[0, -1])


def test_a_row_names_what_the_columns_number():
    tasks = replace(TWO, device=np.array([-1, 0]), devices=("phone",), iteration=np.array([-1, 3]))
    assert (tasks[0].resource, tasks[0].device, tasks[0].after) == ("desk", None, ())
    assert (tasks[1].resource, tasks[1].device, tasks[1].after) == (None, "phone", (0,))
    assert tasks[-1] == tasks[1]
    assert [task.duration_s for task in tasks] == [1, 2]


def test_tasks_are_equal_when_every_column_and_name_is():
    assert make_tasks([1, 2], [[], [0]], resources=DESK, resource=[0, -1]) == TWO
    assert hash(make_tasks([1, 2], [[], [0]], resources=DESK, resource=[0, -1])) == hash(TWO)
    assert make_tasks([1, 2], [[], []], resources=DESK, resource=[0, -1]) != TWO
    assert make_tasks([1, 3], [[], [0]], resources=DESK, resource=[0, -1]) != TWO
    assert replace(TWO, resources=(Resource(name="desk", capacity=2),)) != TWO


def test_columns_are_copies_that_nobody_can_change():
    given = np.array([1.0, 2.0])
    tasks = replace(TWO, duration_s=given)
    given[0] = 9
    assert tasks.duration_s[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        tasks.duration_s[0] = 9


@pytest.mark.parametrize("after", [[[], [5]], [[], [-1]]])
def test_an_unknown_predecessor_is_named_with_who_waits_for_it(after: list[list[int]]):
    message = rf"task 1 \(server\) waits for task {after[1][0]}, which does not exist"
    with pytest.raises(SolverError, match=message):
        make_tasks([1, 2], after)


def test_unknown_resources_devices_and_kinds_are_refused():
    with pytest.raises(SolverError, match="task 1: resource 3 is unknown; there are 1"):
        make_tasks([1, 2], [[], []], resources=DESK, resource=[0, 3])
    with pytest.raises(SolverError, match="task 0: device 0 is unknown; there are 0"):
        replace(TWO, device=np.array([0, -1]))
    with pytest.raises(SolverError, match="task 0: kind -1 is unknown"):
        replace(TWO, kind=np.array([-1, 0]))


@pytest.mark.parametrize("duration_s", [-1.0, float("inf"), float("nan")])
def test_a_duration_that_cannot_be_played_is_refused(duration_s: float):
    with pytest.raises(SolverError, match=rf"task 1 \(server\) takes {duration_s} s"):
        make_tasks([1, duration_s], [[], []])


def test_a_resource_without_capacity_is_refused():
    with pytest.raises(SolverError, match="desk: capacity 0"):
        make_tasks([1], [[]], resources=[Resource(name="desk", capacity=0)])


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(SolverError, match="'priority' does not hold one value for each of the 2 tasks"):
        replace(TWO, priority=np.zeros(3))
    with pytest.raises(SolverError, match="does not split 1 predecessors among 2 tasks"):
        replace(TWO, after_start=np.array([0, 0]))
