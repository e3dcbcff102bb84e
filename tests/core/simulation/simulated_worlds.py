"""Rounds worked out by hand, random ones, and two independent simulators: a naive one and SimPy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import simpy

from cutwise.simulation.tasks import Resource, Tasks
from cutwise.simulation.turns import Turns

STAGES = ("device_forward_s", "uplink_s", "server_s", "downlink_s", "device_backward_s")
ONE = {"iterations": 1, "model_down_s": 0, "model_up_s": 0}


def turns(*rows: dict[str, Any]) -> Turns:
    """One row a device; latencies are 0 and the server alone is as fast as its share unless given."""
    whole = [
        {"server_alone_s": row["server_s"], "uplink_latency_s": 0, "downlink_latency_s": 0, **row}
        for row in rows
    ]
    names = tuple(f"device-{i}" for i in range(len(rows)))
    columns: dict[str, Any] = {name: [row[name] for row in whole] for name in whole[0]}
    return Turns(devices=names, **columns)


def stages(*seconds: float) -> dict[str, float]:
    """Forward, uplink, server, downlink and backward seconds of one iteration."""
    return dict(zip(STAGES, seconds, strict=True))


PHONE = {"iterations": 2, "model_down_s": 1, **stages(2, 3, 4, 1, 2), "model_up_s": 2}
"""Its turn is 1 + 2 · (2 + 3 + 4 + 1 + 2) + 2 = 27 s."""
BOARD = {"iterations": 3, "model_down_s": 2, **stages(1, 1, 2, 1, 1), "model_up_s": 1}
"""Its turn is 2 + 3 · (1 + 1 + 2 + 1 + 1) + 1 = 21 s."""
CAMERA = {"iterations": 1, "model_down_s": 1, **stages(5, 1, 1, 1, 6), "model_up_s": 1}
"""Its turn is 1 + 1 · (5 + 1 + 1 + 1 + 6) + 1 = 16 s."""


def random_turns(seed: int, count: int, *, most_iterations: int = 4) -> Turns:
    """Turns without ties: no two sums of seconds are equal."""
    draw = np.random.default_rng(seed)
    columns = ("model_down_s", *STAGES, "model_up_s")
    rows = draw.uniform(0.1, 1.0, (count, len(columns)))
    return turns(
        *(
            {"iterations": int(draw.integers(1, most_iterations + 1)), **dict(zip(columns, row, strict=True))}
            for row in rows.tolist()
        )
    )


def make_tasks(
    durations: Sequence[float],
    after: Sequence[Sequence[int]],
    *,
    resources: Sequence[Resource] = (),
    resource: Sequence[int] | None = None,
    priority: Sequence[int] | None = None,
) -> Tasks:
    """Tasks of kind "server" that are nobody's; predecessors as one list a task."""
    count = len(durations)
    return Tasks(
        resources=tuple(resources),
        duration_s=np.array(durations, dtype=float),
        resource=np.array([-1] * count if resource is None else resource),
        device=np.full(count, -1),
        kind=np.full(count, 3),
        iteration=np.full(count, -1),
        priority=np.array([0] * count if priority is None else priority),
        after_start=np.cumsum([0, *(len(group) for group in after)]),
        after=np.array([first for group in after for first in group]),
    )


def naive_starts(tasks: Tasks) -> list[float]:
    """The rules in the words of `simulate`, with lists searched anew at every instant."""
    rows = [tasks[i] for i in range(len(tasks))]
    queues: dict[int, list[int]] = {r: [] for r in range(len(tasks.resources))}
    running: dict[int, float] = {}
    starts: dict[int, float] = {}
    ended: set[int] = set()
    known: set[int] = set()
    now = 0.0

    def serve(r: int) -> None:
        while queues[r] and sum(tasks.resource[i] == r for i in running) < tasks.resources[r].capacity:
            begin(queues[r].pop(0))

    def begin(i: int) -> None:
        starts[i] = now
        running[i] = now + rows[i].duration_s

    while True:
        while ending := [i for i, finish in running.items() if finish == now]:
            for i in ending:
                del running[i]
                ended.add(i)
            for r in queues:
                serve(r)
        ready = [i for i, row in enumerate(rows) if i not in known and ended.issuperset(row.after)]
        for i in sorted(ready, key=lambda i: (rows[i].priority, i)):
            known.add(i)
            if tasks.resource[i] < 0:
                begin(i)
            else:
                queues[int(tasks.resource[i])].append(i)
                serve(int(tasks.resource[i]))
        if not running:
            return [starts[i] for i in range(len(rows))]
        now = min(running.values())


def simpy_starts(tasks: Tasks) -> list[float]:
    """Every task as a SimPy process that waits for its predecessors, then for its resource."""
    world = simpy.Environment()
    servers = [simpy.Resource(world, capacity=resource.capacity) for resource in tasks.resources]
    starts = [0.0] * len(tasks)
    ends = [world.event() for _ in range(len(tasks))]

    def run(i: int) -> Iterator[Any]:
        yield world.all_of([ends[j] for j in tasks[i].after])
        if tasks.resource[i] < 0:
            starts[i] = world.now
            yield world.timeout(tasks.duration_s[i])
        else:
            with servers[tasks.resource[i]].request() as turn:
                yield turn
                starts[i] = world.now
                yield world.timeout(tasks.duration_s[i])
        ends[i].succeed()

    for i in range(len(tasks)):
        world.process(run(i))
    world.run()
    return starts


def simpy_makespan_s(played: Turns, groups: Sequence[Sequence[int]], *, capacity: int) -> float:
    """A round told as SimPy processes, one a group, with one queue for the server at full speed."""
    world = simpy.Environment()
    server = simpy.Resource(world, capacity=capacity)

    def group_of(devices: Sequence[int]) -> Iterator[Any]:
        for i in devices:
            yield world.timeout(played.model_down_s[i])
            for _ in range(played.iterations[i]):
                yield world.timeout(played.device_forward_s[i])
                yield world.timeout(played.uplink_s[i])
                with server.request() as turn:
                    yield turn
                    yield world.timeout(played.server_alone_s[i])
                yield world.timeout(played.downlink_s[i])
                yield world.timeout(played.device_backward_s[i])
            yield world.timeout(played.model_up_s[i])

    for devices in groups:
        world.process(group_of(devices))
    world.run()
    return float(world.now)
