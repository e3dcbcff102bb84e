from __future__ import annotations

import numpy as np
import pytest

from cutwise.errors import SolverError, UnknownNameError
from cutwise.simulation.task_builder import TaskBuilder
from cutwise.simulation.tasks import KINDS, Resource


def test_a_block_takes_the_shape_that_its_arguments_broadcast_to():
    builder = TaskBuilder(devices=("a", "b"))
    assert builder.add(kind="aggregate", duration_s=0.0).shape == ()
    block = builder.add(kind=("uplink", "server"), duration_s=np.array([[1.0], [2.0]]), device=[[0], [1]])
    assert block.tolist() == [[1, 2], [3, 4]]
    tasks = builder.build()
    assert [KINDS[kind] for kind in tasks.kind] == ["aggregate", "uplink", "server", "uplink", "server"]
    assert tasks.duration_s.tolist() == [0, 1, 1, 2, 2]
    assert tasks.device.tolist() == [-1, 0, 0, 1, 1]


def test_orders_broadcast_and_may_name_tasks_that_come_later():
    builder = TaskBuilder()
    first = builder.add(kind="server", duration_s=np.ones(2))
    then = builder.add(kind="server", duration_s=np.ones(2))
    builder.order(first[:, None], then[None, :])
    builder.order(then[1], first[0])
    assert [task.after for task in builder.build()] == [(3,), (), (0, 1), (0, 1)]


def test_nothing_added_gives_no_tasks():
    assert len(TaskBuilder(resources=[Resource(name="server")]).build()) == 0


def test_an_unknown_kind_is_refused_with_a_suggestion():
    with pytest.raises(UnknownNameError, match="did you mean 'uplink'"):
        TaskBuilder().add(kind="uplnk", duration_s=1.0)


def test_an_order_with_a_task_that_was_never_added_is_refused():
    builder = TaskBuilder()
    builder.order(7, builder.add(kind="server", duration_s=1.0))
    with pytest.raises(SolverError, match="waits for task 7, which does not exist"):
        builder.build()
