from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.errors import SolverError
from cutwise.simulation.engine import simulate
from cutwise.simulation.round_tasks import parallel_tasks
from cutwise.simulation.tasks import Resource, Tasks
from tests.core.simulation.simulated_worlds import make_tasks, naive_starts, random_turns, simpy_starts

DESK = (Resource(name="desk"),)


def test_a_task_starts_when_the_last_of_its_predecessors_has_finished():
    trace = simulate(make_tasks([2, 5, 1], [[], [], [0, 1]]))
    assert trace.start_s.tolist() == [0, 0, 5]
    assert trace.finish_s.tolist() == [2, 5, 6]
    assert trace.wait_s.tolist() == [0, 0, 0]


def test_tasks_may_be_listed_before_their_predecessors():
    assert simulate(make_tasks([1, 3], [[1], []])).start_s.tolist() == [3, 0]


def test_a_resource_serves_who_came_first_whatever_the_priority():
    # 0 holds the desk until 4; 2 comes at 1, 4 at 3, with a better priority.
    tasks = make_tasks(
        [4, 1, 5, 3, 2],
        [[], [], [1], [], [3]],
        resources=DESK,
        resource=[0, -1, 0, -1, 0],
        priority=[0, 0, 9, 0, 1],
    )
    trace = simulate(tasks)
    assert trace.start_s.tolist() == [0, 0, 4, 0, 9]
    assert trace.wait_s.tolist() == [0, 0, 3, 0, 6]


def test_who_queues_goes_before_who_comes_when_the_resource_falls_free():
    # 1 waits since 0; 3 comes at 2, the instant at which 0 leaves.
    tasks = make_tasks([2, 3, 2, 1], [[], [], [], [2]], resources=DESK, resource=[0, 0, -1, 0])
    assert simulate(tasks).start_s.tolist() == [0, 2, 0, 5]


def test_of_two_that_come_at_one_instant_the_lower_priority_then_the_first_listed_goes_first():
    at_once = {"resources": DESK, "resource": [0, 0, 0]}
    assert simulate(make_tasks([1, 1, 1], [[], [], []], **at_once)).start_s.tolist() == [0, 1, 2]
    ranked = make_tasks([1, 1, 1], [[], [], []], priority=[2, 2, 1], **at_once)
    assert simulate(ranked).start_s.tolist() == [1, 2, 0]


def test_tasks_that_follow_at_one_instant_are_ranked_among_each_other_not_by_what_they_follow():
    # 2 follows 0 and 3 follows 1; both come at 1, and 3 goes first although 1 is listed after 0.
    tasks = make_tasks(
        [1, 1, 2, 2], [[], [], [0], [1]], resources=DESK, resource=[-1, -1, 0, 0], priority=[0, 0, 2, 1]
    )
    assert simulate(tasks).start_s.tolist() == [0, 0, 3, 1]


def test_a_resource_serves_as_many_at_once_as_its_capacity():
    tasks = make_tasks(
        [3, 5, 4, 1], [[]] * 4, resources=[Resource(name="desks", capacity=2)], resource=[0] * 4
    )
    # Two start at 0; the third when the first leaves at 3, the fourth when the second leaves at 5.
    assert simulate(tasks).start_s.tolist() == [0, 0, 3, 5]


def test_no_tasks_take_no_time():
    assert simulate(make_tasks([], [])).makespan_s == 0


def test_tasks_that_wait_for_each_other_are_named():
    with pytest.raises(SolverError, match=r"task 1 \(server\) waits for task 2 \(server\) waits for task 1"):
        simulate(make_tasks([1, 1, 1, 1], [[], [2], [0, 1], [2]]))


def test_a_long_cycle_is_named_in_part():
    ring = [[(i - 1) % 9] for i in range(9)]
    with pytest.raises(SolverError, match="… waits for task 0"):
        simulate(make_tasks([1] * 9, ring))


def test_a_task_that_waits_for_itself_is_a_cycle():
    with pytest.raises(SolverError, match=r"task 0 \(server\) waits for task 0"):
        simulate(make_tasks([1], [[0]]))


@st.composite
def task_graphs(draw: st.DrawFn) -> Tasks:
    """Small DAGs with whole seconds, so that many things happen at one instant."""
    count = draw(st.integers(1, 16))
    capacities = draw(st.lists(st.integers(1, 3), max_size=3))
    after = [draw(st.sets(st.integers(0, i - 1), max_size=3)) if i else set() for i in range(count)]
    order = draw(st.permutations(range(count)))
    renamed = [sorted(order[j] for j in after[order.index(i)]) for i in range(count)]
    column = st.integers(0, 3)
    return make_tasks(
        draw(st.lists(column, min_size=count, max_size=count)),
        renamed,
        resources=[Resource(name=f"r{i}", capacity=capacity) for i, capacity in enumerate(capacities)],
        resource=draw(st.lists(st.integers(-1, len(capacities) - 1), min_size=count, max_size=count)),
        priority=draw(st.lists(column, min_size=count, max_size=count)),
    )


@settings(max_examples=300, deadline=None)
@given(task_graphs())
def test_the_trace_is_that_of_a_naive_simulator(tasks: Tasks):
    assert simulate(tasks).start_s.tolist() == naive_starts(tasks)


@settings(max_examples=100, deadline=None)
@given(task_graphs())
def test_nothing_starts_early_and_no_resource_serves_more_than_it_can(tasks: Tasks):
    trace = simulate(tasks)
    for i in range(len(tasks)):
        ready_s = max((trace.finish_s[j] for j in tasks[i].after), default=0.0)
        assert trace.start_s[i] - trace.wait_s[i] == ready_s
        assert trace.wait_s[i] >= 0
        if tasks.resource[i] >= 0:
            same = tasks.resource == tasks.resource[i]
            at_once = same & (trace.start_s <= trace.start_s[i]) & (trace.finish_s > trace.start_s[i])
            assert at_once.sum() <= tasks.resources[tasks.resource[i]].capacity


@pytest.mark.parametrize("seed", range(20))
def test_simpy_gives_the_same_starts_bit_for_bit(seed: int):
    draw = np.random.default_rng(seed)
    count = 60
    after = [sorted({int(j) for j in draw.integers(0, i, size=2)}) if i else [] for i in range(count)]
    tasks = make_tasks(
        draw.uniform(0.1, 1, count).tolist(),
        after,
        resources=[Resource(name="one"), Resource(name="two", capacity=2)],
        resource=draw.integers(-1, 2, count).tolist(),
    )
    assert simulate(tasks).start_s.tolist() == simpy_starts(tasks)


def test_devices_may_share_the_radio_too():
    # Two devices send 3 s each through one uplink lane: the second waits until the first has sent.
    tasks = make_tasks([3, 3, 1, 1], [[], [], [0], [1]], resources=DESK, resource=[0, 0, -1, -1])
    trace = simulate(tasks)
    assert trace.makespan_s == 7
    assert trace.utilisation_ratio.tolist() == [6 / 7]


def test_the_same_tasks_give_the_same_trace():
    tasks = parallel_tasks(random_turns(1, 20), server="queue")
    assert simulate(tasks) == simulate(parallel_tasks(random_turns(1, 20), server="queue"))
    assert simulate(tasks) != simulate(parallel_tasks(random_turns(2, 20), server="queue"))


def test_fifty_thousand_tasks_are_played_in_less_than_400_ms():
    tasks = parallel_tasks(random_turns(3, 1700, most_iterations=10), server="queue")
    assert len(tasks) > 45_000
    times = []
    for _ in range(3):
        start = time.process_time()
        simulate(tasks)
        times.append(time.process_time() - start)
    assert min(times) < 0.4
