"""A topological order that keeps modules together, and how many tensors are live along it."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph, Op


@dataclass(frozen=True)
class Readers(Frozen):
    """Who reads whom, by position in `graph.ops`; `fixed` ops depend on no model input."""

    producers: Sequence[Sequence[int]]
    readers: Sequence[Sequence[int]]
    fixed: Sequence[bool]


@dataclass(frozen=True)
class OpOrder(Frozen):
    """The ops in one topological order, with what is live after each.

    `order` holds positions in `graph.ops`; every other column runs along the line. `gate` marks ops
    whose output is then the only live tensor, `live` counts the live tensors; fixed ones (masks,
    tables) are not counted.
    """

    order: Sequence[int]
    ops: Sequence[Op]
    fixed: Sequence[bool]
    gate: Sequence[bool]
    live: Sequence[int]


def flow_of(graph: ModelGraph) -> Readers:
    """Producers and readers of every op, each once."""
    index = graph.index
    producers = [[index[name] for name in dict.fromkeys(op.inputs)] for op in graph.ops]
    readers: list[list[int]] = [[] for _ in graph.ops]
    fixed: list[bool] = []
    for at, (op, made_from) in enumerate(zip(graph.ops, producers, strict=True)):
        fixed.append(op.kind == "constant" or (bool(made_from) and all(fixed[p] for p in made_from)))
        for producer in made_from:
            readers[producer].append(at)
    return Readers(producers, readers, fixed)


def gates(graph: ModelGraph) -> tuple[int, ...]:
    """Positions of the ops whose output is the only live tensor once they have run.

    Tensors that no model input reaches (masks, tables) are not counted as live.
    """
    line = line_of(graph, flow_of(graph), list(range(len(graph))))
    return tuple(at for at, is_gate in enumerate(line.gate) if is_gate)


def order_by_module(flow: Readers, modules: Sequence[str]) -> list[int]:
    """A topological order that finishes a module before it starts the next where it can.

    A source waits for its first reader, so that a table used late does not open the order.
    """
    due = _due(flow)
    waiting = [len(made_from) for made_from in flow.producers]
    ready: list[tuple[int, int]] = []
    ready_in: dict[str, list[tuple[int, int]]] = {module: [] for module in modules}
    placed = [False] * len(modules)
    order: list[int] = []

    def offer(at: int) -> None:
        heapq.heappush(ready, (due[at], at))
        heapq.heappush(ready_in[modules[at]], (due[at], at))

    for at, count in enumerate(waiting):
        if count == 0:
            offer(at)
    while len(order) < len(modules):
        same = ready_in[modules[order[-1]]] if order else []
        _, at = heapq.heappop(same or ready)
        if placed[at]:
            continue
        placed[at] = True
        order.append(at)
        for reader in flow.readers[at]:
            waiting[reader] -= 1
            if waiting[reader] == 0:
                offer(reader)
    return order


def _due(flow: Readers) -> list[int]:
    due = list(range(len(flow.readers)))
    for at in range(len(due) - 1, -1, -1):
        if (flow.fixed[at] or not flow.producers[at]) and flow.readers[at]:
            due[at] = min(due[reader] for reader in flow.readers[at])
    return due


def line_of(graph: ModelGraph, flow: Readers, order: list[int]) -> OpOrder:
    """The ops of `graph` along `order`, with gates and live tensors counted in one pass."""
    rank = [0] * len(order)
    for place, at in enumerate(order):
        rank[at] = place
    fixed = [flow.fixed[at] for at in order]
    gate: list[bool] = []
    live: list[int] = []
    ends = [0] * len(order)
    reach = alive = 0
    for place, at in enumerate(order):
        gate.append(not fixed[place] and reach <= place)
        if not fixed[place]:
            last_read = max((rank[reader] for reader in flow.readers[at]), default=place)
            reach = max(reach, last_read)
            ends[last_read] += 1
            alive += 1
        alive -= ends[place]
        live.append(alive)
    return OpOrder(order, [graph.ops[at] for at in order], fixed, gate, live)
