"""Max-flow by shortest augmenting paths, one a step, so that a reader can follow it (Edmonds, Karp 1972)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from cutwise.frozen import Frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipe(Frozen):
    """An arc from node to node that carries at most `room`; `kind` says what it stands for."""

    tail: int
    head: int
    room: float
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStep(Frozen):
    """What is pushed along `path`, pairs of arc and direction, and the `flow` of every arc after it.

    The last step finds no path: `reached` are the nodes that could still be reached.
    """

    path: tuple[tuple[int, int], ...]
    pushed: float
    total: float
    flow: tuple[float, ...]
    reached: frozenset[int]


def flow_steps(pipes: Sequence[Pipe], *, source: int, sink: int) -> list[FlowStep]:
    """Every step from no flow to the most there can be.

    >>> pipes = [Pipe(tail=0, head=1, room=3.0, kind="a"), Pipe(tail=1, head=2, room=2.0, kind="b")]
    >>> [(step.pushed, step.total, sorted(step.reached)) for step in flow_steps(pipes, source=0, sink=2)]
    [(2.0, 2.0, []), (0.0, 2.0, [0, 1])]
    """
    flow, total, steps = [0.0] * len(pipes), 0.0, []
    while True:
        before = _search(pipes, flow, source, sink)
        if sink not in before:
            reached = frozenset(before)
            steps.append(FlowStep(path=(), pushed=0.0, total=total, flow=tuple(flow), reached=reached))
            return steps
        path = _path(before, source, sink)
        pushed = min(_left(pipes[at], flow[at], way) for at, way in path)
        for at, way in path:
            flow[at] += way * pushed
        total += pushed
        steps.append(FlowStep(path=path, pushed=pushed, total=total, flow=tuple(flow), reached=frozenset()))


def _left(pipe: Pipe, used: float, way: int) -> float:
    return pipe.room - used if way > 0 else used


Step = tuple[int, int, int]


def _search(pipes: Sequence[Pipe], flow: list[float], source: int, sink: int) -> dict[int, Step]:
    """For each node that can be reached, the node before it, the arc taken, and its direction."""
    before: dict[int, Step] = {source: (-1, -1, 0)}
    queue = deque([source])
    while queue and sink not in before:
        here = queue.popleft()
        for at, pipe in enumerate(pipes):
            for start, end, way in ((pipe.tail, pipe.head, 1), (pipe.head, pipe.tail, -1)):
                if start == here and end not in before and _left(pipe, flow[at], way) > 0:
                    before[end] = (here, at, way)
                    queue.append(end)
    return before


def _path(before: dict[int, Step], source: int, sink: int) -> tuple[tuple[int, int], ...]:
    path, here = [], sink
    while here != source:
        here, at, way = before[here]
        path.append((at, way))
    return tuple(reversed(path))
