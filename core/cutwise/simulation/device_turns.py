"""The tasks of every device's turn: model down, iterations of five stages, model up."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.frozen import FrozenDict
from cutwise.simulation.task_builder import TaskBuilder
from cutwise.simulation.tasks import NOBODY, Resource
from cutwise.simulation.turns import Turns

LANES = ("computing", "uplink", "downlink", "share of the server")
COMPUTING, UPLINK, DOWNLINK, SERVER = range(len(LANES))
LANE_OF_STAGE = FrozenDict(
    {
        "device_forward": COMPUTING,
        "uplink": UPLINK,
        "server": SERVER,
        "downlink": DOWNLINK,
        "device_backward": COMPUTING,
    }
)
FORWARD, BACKWARD = 0, -1


def resources_of(turns: Turns, *, server_queue: bool, server_capacity: int) -> tuple[Resource, ...]:
    """Each device's own lanes, lane by lane; the server's are replaced by one queue where it has one.

    Lane l of device i is at position l · devices + i.
    """
    own = [
        Resource(name=f"{name} {lane}", device=name)
        for lane in (LANES[:SERVER] if server_queue else LANES)
        for name in turns.devices
    ]
    return (*own, Resource(name="server", capacity=server_capacity)) if server_queue else tuple(own)


def add_turns(
    builder: TaskBuilder, turns: Turns, *, priorities: Ints, server_queue: bool, micro_batches: int
) -> tuple[Ints, Ints]:
    """Adds the turns, not ordered among each other; the first and the last task of each come out."""
    device = np.arange(len(turns))
    stages = _add_stages(
        builder, turns, priorities=priorities, server_queue=server_queue, micro_batches=micro_batches
    )
    down, up = (
        builder.add(
            kind=kind,
            duration_s=duration_s,
            resource=_needed(lane * len(turns) + device, duration_s),
            device=device,
            priority=priorities,
        )
        for kind, lane, duration_s in (
            ("model_down", DOWNLINK, turns.model_down_s),
            ("model_up", UPLINK, turns.model_up_s),
        )
    )
    last = np.cumsum(turns.iterations) - 1
    builder.order(down[:, None], stages[last + 1 - turns.iterations, :, FORWARD])
    builder.order(stages[last, :, BACKWARD], up[:, None])
    return down, up


def _add_stages(
    builder: TaskBuilder, turns: Turns, *, priorities: Ints, server_queue: bool, micro_batches: int
) -> Ints:
    """Positions of shape (iterations of all devices, micro-batches, stages).

    A device starts an iteration when it has finished the backward pass of the one before.
    """
    device = np.repeat(np.arange(len(turns)), turns.iterations)
    first = np.cumsum(turns.iterations) - turns.iterations
    iteration = np.arange(len(device)) - first[device]
    stage_s = _stage_s(turns, server_queue=server_queue, micro_batches=micro_batches)
    resource = _needed(_stage_lanes(len(turns), server_queue=server_queue), stage_s)
    stages = builder.add(
        kind=tuple(LANE_OF_STAGE),
        duration_s=np.repeat(stage_s[device][:, None], micro_batches, axis=1),
        resource=resource[device][:, None],
        device=device[:, None, None],
        iteration=iteration[:, None, None],
        priority=priorities[device][:, None, None],
    )
    builder.order(stages[:, :, :-1], stages[:, :, 1:])
    later = np.flatnonzero(iteration > 0)
    builder.order(stages[later - 1][:, :, None, BACKWARD], stages[later][:, None, :, FORWARD])
    return stages


def _stage_lanes(devices: int, *, server_queue: bool) -> Ints:
    lanes = np.array(list(LANE_OF_STAGE.values()))
    alone = np.where((lanes == SERVER) & server_queue, 0, 1)
    return lanes * devices + np.arange(devices)[:, None] * alone


def _stage_s(turns: Turns, *, server_queue: bool, micro_batches: int) -> Floats:
    """Seconds of one micro-batch in every stage, shape (devices, stages); each message pays its latency."""
    latencies_s = {"uplink": turns.uplink_latency_s, "downlink": turns.downlink_latency_s}
    server = "server_alone" if server_queue else "server"
    names = [server if stage == "server" else stage for stage in LANE_OF_STAGE]
    return np.column_stack(
        [
            getattr(turns, f"{name}_s") / micro_batches + latencies_s.get(name, 0.0) * (1 - 1 / micro_batches)
            for name in names
        ]
    )


def _needed(resource: Ints, duration_s: Floats) -> Ints:
    """No resource where there is nothing to do, so that nobody queues for 0 s."""
    return np.where(duration_s > 0, resource, NOBODY)
