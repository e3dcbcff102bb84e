"""The event loop: plays tasks on resources that serve first come, first served."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush

import numpy as np

from cutwise.arrays import Ints
from cutwise.errors import SolverError
from cutwise.simulation.tasks import Tasks
from cutwise.simulation.trace import Trace

MOST_NAMED = 4
"""Tasks of a cycle that a message names."""


def simulate(tasks: Tasks) -> Trace:
    """When every task runs if each starts as soon as its predecessors have finished and its resource is free.

    A resource serves tasks in the order in which they become ready; of those that become ready at one
    instant the lowest `priority`, then the first listed, comes first. At an instant everything that ends
    ends before anything new is served, so the same tasks always give the same trace.

    Raises `SolverError` for tasks that wait for each other.
    """
    start_s, ready_s = _played(tasks)
    if None in start_s:
        raise SolverError(f"{_cycle(tasks, start_s)}, so none of them can start; remove one of these orders")
    start = np.array(start_s, dtype=np.float64)
    return Trace(
        tasks=tasks, start_s=start, finish_s=start + tasks.duration_s, wait_s=start - np.array(ready_s)
    )


def _played(tasks: Tasks) -> tuple[list[float | None], list[float]]:
    """Start and ready time of every task; a start stays None where a task is never ready."""
    follow_start, follow = _followers(tasks)
    pending: list[int] = np.diff(tasks.after_start).tolist()
    durations: list[float] = tasks.duration_s.tolist()
    resources: list[int] = tasks.resource.tolist()
    place_of = _places(tasks).__getitem__
    # Position -1, no resource at all, picks the last one, which is never full.
    free = [*(resource.capacity for resource in tasks.resources), len(tasks)]
    queues: list[deque[int]] = [deque() for _ in free]
    start_s: list[float | None] = [None] * len(tasks)
    ready_s = [0.0] * len(tasks)

    now = 0.0
    running: list[tuple[float, int]] = []
    ready = [task for task, count in enumerate(pending) if not count]
    while True:
        if len(ready) > 1:
            ready.sort(key=place_of)
        for task in ready:
            ready_s[task] = now
            resource = resources[task]
            if free[resource]:
                free[resource] -= 1
                start_s[task] = now
                heappush(running, (now + durations[task], task))
            else:
                queues[resource].append(task)
        if not running:
            return start_s, ready_s
        now, ready = running[0][0], []
        while running and running[0][0] == now:
            task = heappop(running)[1]
            for follower in follow[follow_start[task] : follow_start[task + 1]]:
                pending[follower] -= 1
                if not pending[follower]:
                    ready.append(follower)
            resource = resources[task]
            if queues[resource]:
                task = queues[resource].popleft()
                start_s[task] = now
                heappush(running, (now + durations[task], task))
            else:
                free[resource] += 1


def _places(tasks: Tasks) -> list[int]:
    """Each task's place in the order of priority, then of listing."""
    places = np.empty(len(tasks), dtype=np.int64)
    places[np.argsort(tasks.priority, kind="stable")] = np.arange(len(tasks))
    return places.tolist()


def _followers(tasks: Tasks) -> tuple[list[int], list[int]]:
    """Who waits for task i: `follow[follow_start[i]:follow_start[i + 1]]`."""
    waiting = np.repeat(np.arange(len(tasks)), np.diff(tasks.after_start))
    by_first = np.argsort(tasks.after, kind="stable")
    starts = np.searchsorted(tasks.after[by_first], np.arange(len(tasks) + 1))
    return starts.tolist(), waiting[by_first].tolist()


def _cycle(tasks: Tasks, start_s: list[float | None]) -> str:
    """A sentence that names the tasks of one cycle, found by walking from predecessor to predecessor."""
    walked: dict[int, None] = {}
    at = start_s.index(None)
    while at not in walked:
        walked[at] = None
        before: Ints = tasks.after[tasks.after_start[at] : tasks.after_start[at + 1]]
        at = next(task for task in map(int, before) if start_s[task] is None)
    steps = list(walked)
    steps = steps[steps.index(at) :]
    more = ["…"] if len(steps) > MOST_NAMED else []
    named = [tasks.called(task) for task in steps[:MOST_NAMED]]
    return " waits for ".join([*named, *more, tasks.called(at)])
