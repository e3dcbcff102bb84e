from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.errors import SolverError, UnknownNameError
from cutwise.simulation.engine import simulate
from cutwise.simulation.round_tasks import clustered_tasks, grouped_tasks, parallel_tasks, sequential_tasks
from cutwise.simulation.turns import Turns
from tests.core.simulation.simulated_worlds import (
    BOARD,
    CAMERA,
    ONE,
    PHONE,
    STAGES,
    random_turns,
    simpy_makespan_s,
    stages,
    turns,
)

FLEET = turns(PHONE, BOARD, CAMERA)
EXACT = 1e-12


def closed_forms_s(played: Turns, *, server: str = "server_s") -> list[float]:
    """Each turn added up number by number: model down, iterations of five stages, model up."""
    names = [server if name == "server_s" else name for name in STAGES]
    return [
        played.model_down_s[i]
        + played.iterations[i] * math.fsum(getattr(played, name)[i] for name in names)
        + played.model_up_s[i]
        for i in range(len(played))
    ]


def dealt(count: int, groups: int) -> list[list[int]]:
    return [list(range(first, count, groups)) for first in range(groups)]


def test_turns_one_after_another_add_up():
    assert simulate(sequential_tasks(FLEET)).makespan_s == 27 + 21 + 16


def test_turns_at_once_take_as_long_as_the_longest():
    assert simulate(parallel_tasks(FLEET)).makespan_s == 27


def test_groups_take_as_long_as_the_one_whose_turns_add_up_to_most():
    assert simulate(grouped_tasks(FLEET, [[0], [1, 2]])).makespan_s == max(27, 21 + 16)


def test_clusters_add_up_and_each_takes_as_long_as_its_longest_turn():
    assert simulate(clustered_tasks(FLEET, [[0, 1], [2]])).makespan_s == max(27, 21) + 16


@pytest.mark.parametrize("seed", range(5))
def test_without_contention_the_makespan_is_the_closed_form(seed: int):
    played = random_turns(seed, 24)
    turn_s, groups = closed_forms_s(played), dealt(24, 5)
    by_group = [sum(turn_s[i] for i in group) for group in groups]
    by_cluster = [max(turn_s[i] for i in group) for group in groups]
    for tasks, expected_s in (
        (sequential_tasks(played), sum(turn_s)),
        (parallel_tasks(played), max(turn_s)),
        (grouped_tasks(played, groups), max(by_group)),
        (clustered_tasks(played, groups), sum(by_cluster)),
    ):
        assert simulate(tasks).makespan_s == pytest.approx(expected_s, rel=EXACT, abs=0)


def test_one_group_is_a_sequential_round_and_groups_of_one_are_a_parallel_round():
    assert grouped_tasks(FLEET, [[0, 1, 2]]) == sequential_tasks(FLEET)
    assert grouped_tasks(FLEET, [[0], [1], [2]]) == parallel_tasks(FLEET)


def test_a_queue_at_the_server_makes_the_second_wait():
    # Both come at 2 and are served for 2 s each: 2 to 4 and 4 to 6; then 1 + 1 s more.
    twin = {**ONE, **stages(1, 1, 2, 1, 1)}
    trace = simulate(parallel_tasks(turns(twin, twin), server="queue"))
    assert trace.makespan_s == 8
    assert trace.wait_s.sum() == 2


def test_a_server_for_two_serves_two_of_three_at_once():
    twin = {**ONE, **stages(1, 1, 2, 1, 1)}
    trace = simulate(parallel_tasks(turns(twin, twin, twin), server="queue", server_capacity=2))
    assert trace.makespan_s == 8
    assert trace.wait_s.sum() == 2


def test_the_queue_is_served_at_full_speed_and_the_share_as_priced():
    alone = turns({**ONE, **stages(1, 1, 4, 1, 1), "server_alone_s": 2})
    assert simulate(parallel_tasks(alone, server="queue")).makespan_s == 6
    assert simulate(parallel_tasks(alone, server="share")).makespan_s == 8


def test_of_two_that_come_at_once_the_one_with_more_to_do_goes_first():
    # Both come at 2: the longer one is done at 2 + 1 + 1 + 5 = 9, the other at 2 + 2 + 1 + 1 = 6.
    short, long = {**ONE, **stages(1, 1, 1, 1, 1)}, {**ONE, **stages(1, 1, 1, 1, 5)}
    assert simulate(parallel_tasks(turns(short, long), server="queue")).makespan_s == 9


def test_who_asks_nothing_of_the_server_does_not_queue_for_it():
    busy = {**ONE, **stages(0, 1, 10, 0, 0)}
    alone = {**ONE, **stages(2, 0, 0, 0, 3)}
    trace = simulate(parallel_tasks(turns(busy, alone), server="queue"))
    assert max(span.finish_s for span in trace if span.device == "device-1") == 5
    assert trace.wait_s.sum() == 0


@pytest.mark.parametrize("capacity", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 4, 30])
def test_with_a_queue_at_the_server_simpy_agrees_bit_for_bit(groups: int, capacity: int):
    for seed in range(3):
        played, dealt_out = random_turns(seed, 30), dealt(30, groups)
        tasks = grouped_tasks(played, dealt_out, server="queue", server_capacity=capacity)
        assert simulate(tasks).makespan_s == simpy_makespan_s(played, dealt_out, capacity=capacity)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 3))
def test_a_queue_never_beats_the_longest_turn_nor_the_servers_own_work(seed: int, count: int, capacity: int):
    played = random_turns(seed, count)
    makespan_s = simulate(parallel_tasks(played, server="queue", server_capacity=capacity)).makespan_s
    work_s = float((played.iterations * played.server_alone_s).sum()) / capacity
    assert makespan_s >= (1 - EXACT) * max(*closed_forms_s(played, server="server_alone_s"), work_s)


@pytest.mark.parametrize("seed", range(3))
def test_a_server_with_room_for_all_makes_nobody_wait(seed: int):
    played = random_turns(seed, 15)
    trace = simulate(parallel_tasks(played, server="queue", server_capacity=15))
    assert trace.wait_s.sum() == 0
    longest_s = max(closed_forms_s(played, server="server_alone_s"))
    assert trace.makespan_s == pytest.approx(longest_s, rel=EXACT, abs=0)


WHOLE_SECONDS = st.fixed_dictionaries(
    {
        "iterations": st.integers(1, 3),
        **{name: st.integers(0, 3) for name in ("model_down_s", *STAGES, "model_up_s")},
    }
)


@settings(max_examples=150, deadline=None)
@given(st.lists(WHOLE_SECONDS, min_size=1, max_size=8), st.data())
def test_the_order_in_which_devices_are_listed_changes_nothing(
    rows: list[dict[str, Any]], data: st.DataObject
):
    order = data.draw(st.permutations(range(len(rows))))
    capacity, parts = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2))
    groups = dealt(len(rows), data.draw(st.integers(1, len(rows))))
    moved = [[order.index(i) for i in group] for group in reversed(groups)]

    def makespan_s(listed: Sequence[dict[str, Any]], grouped: list[list[int]]) -> float:
        options: Any = {"server": "queue", "server_capacity": capacity, "micro_batches": parts}
        return simulate(grouped_tasks(turns(*listed), grouped, **options)).makespan_s

    assert makespan_s([rows[i] for i in order], moved) == makespan_s(rows, groups)


def test_every_task_is_listed_with_its_device_and_iteration():
    tasks = parallel_tasks(turns(PHONE))
    kinds = [(task.kind, task.iteration) for task in tasks]
    assert kinds == [
        *((stage, turn) for turn in (0, 1) for stage in
          ("device_forward", "uplink", "server", "downlink", "device_backward")),
        ("model_down", -1),
        ("model_up", -1),
    ]  # fmt: skip
    assert {task.device for task in tasks} == {"device-0"}


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([[0, 1]], "device-2 is in 0 groups"),
        ([[0, 1], [1, 2]], "device-1 is in 2 groups"),
        ([[0, 1, 2, 3]], "lists device 3; there are 3"),
    ],
)
def test_groups_that_do_not_hold_every_device_once_are_refused(groups: list[list[int]], message: str):
    with pytest.raises(SolverError, match=message):
        grouped_tasks(FLEET, groups)


def test_empty_groups_change_nothing():
    assert grouped_tasks(FLEET, [[], [0, 1], [2]]) == grouped_tasks(FLEET, [[0, 1], [2]])
    assert clustered_tasks(FLEET, [[0, 1], [], [2]]) == clustered_tasks(FLEET, [[0, 1], [2]])


def test_options_that_mean_nothing_are_refused():
    with pytest.raises(UnknownNameError, match="did you mean 'queue'"):
        parallel_tasks(FLEET, server="queu")  # type: ignore[typeddict-item]
    with pytest.raises(SolverError, match="micro_batches is 0"):
        parallel_tasks(FLEET, micro_batches=0)
    with pytest.raises(SolverError, match="server: capacity 0"):
        parallel_tasks(FLEET, server="queue", server_capacity=0)


def test_a_thousand_devices_are_listed_in_full():
    tasks = parallel_tasks(random_turns(0, 1000, most_iterations=1))
    # 5 stages, model down and up for each, and one average.
    assert len(tasks) == 1000 * 7 + 1
    assert np.isfinite(simulate(tasks).makespan_s)
