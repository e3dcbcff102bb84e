from __future__ import annotations

import pytest

from cutwise.simulation.engine import simulate
from cutwise.simulation.round_tasks import parallel_tasks, sequential_tasks
from cutwise.simulation.turns import Turns
from tests.core.simulation.simulated_worlds import ONE, STAGES, random_turns, stages, turns


def flow_s(played: Turns, device: int, parts: int) -> float:
    """One device's turn, worked out part by part: each lane serves the parts in order, forwards first."""
    times = [getattr(played, name)[device] / parts for name in STAGES]
    now = float(played.model_down_s[device])
    for _ in range(played.iterations[device]):
        lane_free = [now] * 4
        arrived = []
        for _ in range(parts):
            at = now
            for stage in range(4):
                at = max(at, lane_free[stage]) + times[stage]
                lane_free[stage] = at
            arrived.append(at)
        now = lane_free[0]
        for at in arrived:
            now = max(now, at) + times[4]
    return now + float(played.model_up_s[device])


def test_two_micro_batches_overlap_the_stages_of_an_iteration():
    # Halves take 1, 2, 1, 1 and 2 s. Forward ends at 1 and 2, uplink at 3 and 5, server at 4 and 6,
    # downlink at 5 and 7, backward at 7 and 9; undivided it is 2 + 4 + 2 + 2 + 4 = 14.
    one = turns({**ONE, **stages(2, 4, 2, 2, 4)})
    assert simulate(parallel_tasks(one, micro_batches=2)).makespan_s == 9
    assert simulate(parallel_tasks(one)).makespan_s == 14


def test_the_next_iteration_waits_for_every_micro_batch():
    twice = turns({**ONE, "iterations": 2, **stages(2, 4, 2, 2, 4)})
    assert simulate(parallel_tasks(twice, micro_batches=2)).makespan_s == 2 * 9


def test_forward_passes_come_before_the_first_backward_pass():
    # Both forwards are ready at 0; the first backward is ready at 1 + 0.5 + 0.5 + 0.5 = 2.5, but the
    # device computes forward until 3 · 1 = 3.
    trace = simulate(parallel_tasks(turns({**ONE, **stages(3, 1.5, 1.5, 1.5, 3)}), micro_batches=3))
    backward = [span.start_s for span in trace if span.kind == "device_backward"]
    assert backward == [3, 4, 5]


@pytest.mark.parametrize("parts", [1, 2, 3, 8])
def test_a_pipelined_turn_is_the_one_worked_out_part_by_part(parts: int):
    for seed in range(4):
        played = random_turns(seed, 6)
        expected_s = sum(flow_s(played, device, parts) for device in range(6))
        makespan_s = simulate(sequential_tasks(played, micro_batches=parts)).makespan_s
        assert makespan_s == pytest.approx(expected_s, rel=1e-12, abs=0)


def test_undivided_stages_take_exactly_what_they_take():
    played = turns(
        {**ONE, **stages(0.1, 0.7, 0.3, 0.9, 0.2), "uplink_latency_s": 0.3, "downlink_latency_s": 0.1}
    )
    tasks = parallel_tasks(played, micro_batches=1)
    assert [task.duration_s for task in tasks][:5] == [0.1, 0.7, 0.3, 0.9, 0.2]
    assert tasks == parallel_tasks(played)


def test_every_message_of_a_divided_transfer_pays_the_whole_latency():
    played = turns({**ONE, **stages(1, 3, 1, 5, 1), "uplink_latency_s": 1, "downlink_latency_s": 2})
    tasks = parallel_tasks(played, micro_batches=2)
    # Uplink (3 − 1) / 2 + 1 = 2; downlink (5 − 2) / 2 + 2 = 3.5.
    assert {task.duration_s for task in tasks if task.kind == "uplink"} == {2.0}
    assert {task.duration_s for task in tasks if task.kind == "downlink"} == {3.5}


def test_each_device_has_lanes_of_its_own_and_a_queue_is_shared():
    own = parallel_tasks(turns({**ONE, **stages(1, 1, 1, 1, 1)}))
    assert [resource.device for resource in own.resources] == ["device-0"] * 4
    queue = parallel_tasks(turns({**ONE, **stages(1, 1, 1, 1, 1)}), server="queue")
    assert [resource.name for resource in queue.resources if resource.device is None] == ["server"]
