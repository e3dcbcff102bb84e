"""Places the ops of one block in columns, left to right, so that its main path runs straight.

Longest-path columns; then the order and height inside each column follow the weighted median of the
neighbours, with minimum distances kept exactly by pooling adjacent violators. A tensor read further
right than the next column gets a lane through the columns between, shared by all its readers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cutwise.frozen import Frozen
from cutwise_dashboard.caches import kept

NODE_REACH = 18.0  # half a node's height and half the gap to the next
LANE_REACH = 6.0
SWEEPS = 12
ORDERED_SWEEPS = 8  # the last sweeps move without changing the order
LANE_WEIGHT = 6.0  # how much a lane pulls itself straight
CHAIN_WEIGHT = 4.0  # the same for an op with one reader and its only producer

Edge = tuple[int, int]
Point = tuple[int, float]


@dataclass(frozen=True, slots=True)
class BlockLayout(Frozen):
    """Columns and heights of a block's ops, and where each edge passes on its way.

    A point is (column, y); column -1 is the left border, `width` the right one; y starts at 0.
    `entries` and `exits` are the heights at which tensors come in and go out, in the order asked for.
    """

    columns: tuple[int, ...]
    heights: tuple[float, ...]
    width: int
    entries: tuple[float, ...]
    exits: tuple[float, ...]
    paths: Mapping[Edge, tuple[Point, ...]]
    bottom: float

    def entry_path(self, entry: int, reader: int) -> tuple[Point, ...]:
        """The points from where tensor `entry` comes in to `reader`."""
        return ((-1, self.entries[entry]), *self.paths[len(self.columns) + entry, reader])

    def exit_path(self, producer: int, exit_index: int) -> tuple[Point, ...]:
        """The points from `producer` to where its output leaves the block."""
        port = len(self.columns) + len(self.entries) + exit_index
        return (*self.paths[producer, port], (self.width, self.exits[exit_index]))


@kept
def lay_out(
    count: int,
    edges: tuple[Edge, ...],
    entries: tuple[tuple[int, ...], ...] = (),
    exits: tuple[int, ...] = (),
) -> BlockLayout:
    """The layout of ops 0 … count-1 in topological order; equal structures are laid out once.

    `entries` lists for each tensor from outside the ops that read it, `exits` the ops read outside.

    >>> lay_out(3, ((0, 1), (1, 2), (0, 2))).columns
    (0, 1, 2)
    """
    ports = range(count, count + len(entries))
    ends = range(count + len(entries), count + len(entries) + len(exits))
    joined = [*edges]
    joined += [(port, reader) for port, readers in zip(ports, entries, strict=True) for reader in readers]
    joined += list(zip(exits, ends, strict=True))
    column = _columns(count, edges, ports, ends)
    lanes = _lanes(joined, column)
    height = _heights(column, lanes, _links(joined, column, lanes))
    top = min(height, default=0.0)
    y = [value - top for value in height]
    return BlockLayout(
        columns=tuple(column[:count]),
        heights=tuple(y[:count]),
        width=max(column[:count], default=-1) + 1,
        entries=tuple(y[port] for port in ports),
        exits=tuple(y[end] for end in ends),
        paths={
            (u, v): tuple((at, y[lanes[u, at]]) for at in range(column[u] + 1, column[v])) for u, v in joined
        },
        bottom=max(y, default=0.0),
    )


def _columns(count: int, edges: Sequence[Edge], ports: range, ends: range) -> list[int]:
    column = [0] * count
    readers: dict[int, list[int]] = defaultdict(list)
    has_producer = [False] * count
    for producer, reader in sorted(edges, key=lambda edge: edge[1]):
        column[reader] = max(column[reader], column[producer] + 1)
        readers[producer].append(reader)
        has_producer[reader] = True
    for op in range(count - 1, -1, -1):
        if not has_producer[op] and readers[op]:
            column[op] = min(column[reader] for reader in readers[op]) - 1
    width = max(column, default=-1) + 1
    return column + [-1] * len(ports) + [width] * len(ends)


def _lanes(edges: Sequence[Edge], column: list[int]) -> dict[tuple[int, int], int]:
    """A vertex for each (producer, column) that a tensor passes; appends their columns to `column`."""
    furthest: dict[int, int] = {}
    for producer, reader in edges:
        furthest[producer] = max(furthest.get(producer, 0), column[reader])
    lanes: dict[tuple[int, int], int] = {}
    for producer, last in furthest.items():
        for at in range(column[producer] + 1, last):
            lanes[producer, at] = len(column)
            column.append(at)
    return lanes


def _links(
    edges: Sequence[Edge], column: Sequence[int], lanes: dict[tuple[int, int], int]
) -> dict[Edge, float]:
    """Pairs of vertices in neighbouring columns that want the same height, and how much."""
    fan_out = Counter(producer for producer, _ in edges)
    fan_in = Counter(reader for _, reader in edges)
    links: dict[Edge, float] = {}
    for producer, reader in edges:
        stops = [lanes[producer, at] for at in range(column[producer] + 1, column[reader])]
        is_chain = fan_out[producer] == 1 and fan_in[reader] == 1
        steps = list(pairwise([producer, *stops, reader]))
        for step in steps:
            is_lane = len(steps) > 2 and step not in (steps[0], steps[-1])
            weight = LANE_WEIGHT if is_lane else CHAIN_WEIGHT if is_chain else 1.0
            links[step] = max(links.get(step, 0.0), weight)
    return links


Neighbours = dict[int, list[tuple[int, float]]]


def _heights(
    column: Sequence[int], lanes: dict[tuple[int, int], int], links: dict[Edge, float]
) -> list[float]:
    before, after = _neighbours(links)
    both = {v: before.get(v, []) + after.get(v, []) for v in range(len(column))}
    is_lane = set(lanes.values())
    reach = [LANE_REACH if vertex in is_lane else NODE_REACH for vertex in range(len(column))]
    columns: dict[int, list[int]] = defaultdict(list)
    for vertex, at in enumerate(column):
        columns[at].append(vertex)
    rightwards = [columns[at] for at in sorted(columns)]
    height = [0.0] * len(column)
    for vertices in rightwards:
        _settle(vertices, {}, reach, height, keeps_order=True)
    for sweep in range(SWEEPS):
        is_last = sweep >= ORDERED_SWEEPS
        goes_right = sweep % 2 == 0
        near = both if is_last else before if goes_right else after
        for vertices in rightwards if goes_right else reversed(rightwards):
            _settle(vertices, near, reach, height, keeps_order=is_last)
    for vertices in rightwards[1:]:
        _settle(vertices, before, reach, height, keeps_order=True)
    return height


def _neighbours(links: dict[Edge, float]) -> tuple[Neighbours, Neighbours]:
    before: Neighbours = defaultdict(list)
    after: Neighbours = defaultdict(list)
    for (left, right), weight in links.items():
        before[right].append((left, weight))
        after[left].append((right, weight))
    return before, after


def _settle(
    vertices: list[int], near: Neighbours, reach: Sequence[float], height: list[float], *, keeps_order: bool
) -> None:
    """Moves one column's vertices towards their neighbours; changes `vertices` and `height` in place."""
    wanted = {v: _median(near[v], height) if near.get(v) else height[v] for v in vertices}
    if not keeps_order:
        vertices.sort(key=lambda v: (wanted[v], height[v]))
    pull = [1.0 + sum(weight for _, weight in near.get(v, ())) for v in vertices]
    offset = 0.0
    offsets = [offset := offset + reach[a] + reach[b] for a, b in pairwise(vertices)]
    steps = [0.0, *offsets]
    flat = _rising([wanted[v] - step for v, step in zip(vertices, steps, strict=True)], pull)
    for v, value, step in zip(vertices, flat, steps, strict=True):
        height[v] = value + step


def _median(near: Sequence[tuple[int, float]], height: Sequence[float]) -> float:
    """The weighted median height of the neighbours; the middle of two where they balance."""
    ranked = sorted((height[v], weight) for v, weight in near)
    half = sum(weight for _, weight in ranked) / 2
    passed = 0.0
    for place, (value, weight) in enumerate(ranked):
        passed += weight
        if passed > half:
            return value
        if passed == half:
            return (value + ranked[place + 1][0]) / 2
    return ranked[-1][0]


def _rising(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The nearest sequence, in weighted least squares, that never falls (pool adjacent violators).

    >>> _rising([1.0, 3.0, 2.0], [1.0, 1.0, 1.0])
    [1.0, 2.5, 2.5]
    """
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        pools.append((value, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (low, low_weight, low_count), (high, high_weight, high_count) = pools.pop(-2), pools.pop()
            total = low_weight + high_weight
            mean = (low * low_weight + high * high_weight) / total
            pools.append((mean, total, low_count + high_count))
    return [mean for mean, _, count in pools for _ in range(count)]
