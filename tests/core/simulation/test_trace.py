from __future__ import annotations

import numpy as np
import pytest

from cutwise.simulation.engine import simulate
from cutwise.simulation.round_tasks import parallel_tasks
from cutwise.simulation.tasks import Resource
from tests.core.simulation.simulated_worlds import ONE, make_tasks, stages, turns

TWINS = turns({**ONE, **stages(1, 1, 2, 1, 1)}, {**ONE, **stages(1, 1, 2, 1, 1)})
"""Both reach the server at 2; one is served from 2 to 4, the other from 4 to 6 and done at 8."""


def test_a_span_says_who_ran_where_when_and_how_long_it_waited():
    trace = simulate(parallel_tasks(TWINS, server="queue"))
    served = [span for span in trace if span.kind == "server"]
    assert [(span.device, span.resource, span.iteration) for span in served] == [
        ("device-0", "server", 0),
        ("device-1", "server", 0),
    ]
    assert [(span.start_s, span.finish_s, span.wait_s) for span in served] == [(2, 4, 0), (4, 6, 2)]


def test_the_makespan_is_the_last_finish():
    assert simulate(parallel_tasks(TWINS, server="queue")).makespan_s == 8
    assert simulate(parallel_tasks(TWINS)).makespan_s == 6


def test_utilisation_is_service_over_capacity_and_makespan():
    tasks = make_tasks(
        [2, 3, 3], [[], [], []], resources=[Resource(name="desks", capacity=2), Resource(name="idle")],
        resource=[0, 0, 0],
    )  # fmt: skip
    # 2 + 3 + 3 = 8 s of service; the third starts at 2 and ends at 5: 8 / (2 · 5).
    trace = simulate(tasks)
    assert trace.busy_s.tolist() == [8, 0]
    assert trace.utilisation_ratio.tolist() == [0.8, 0]


def test_utilisation_of_no_tasks_is_0():
    assert simulate(make_tasks([], [], resources=[Resource(name="desk")])).utilisation_ratio.tolist() == [0]


def test_the_frame_has_one_row_a_task_and_nothing_for_nobody():
    frame = simulate(parallel_tasks(TWINS, server="queue")).to_frame()
    assert list(frame.columns) == [
        "device", "kind", "resource", "iteration", "start_s", "finish_s", "wait_s",
    ]  # fmt: skip
    assert len(frame) == 15
    last = frame.iloc[-1]
    assert last["kind"] == "aggregate"
    assert last[["device", "resource"]].isna().all()
    assert frame["wait_s"].sum() == 2


def test_traces_are_equal_when_tasks_and_times_are_and_nobody_can_change_them():
    trace, again = (simulate(parallel_tasks(TWINS, server="queue")) for _ in range(2))
    assert trace == again
    assert hash(trace) == hash(again)
    assert trace != simulate(parallel_tasks(TWINS))
    with pytest.raises(ValueError, match="read-only"):
        trace.start_s[0] = 1
    assert isinstance(trace.start_s, np.ndarray)
