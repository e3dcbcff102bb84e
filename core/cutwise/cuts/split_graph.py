"""A priced graph as arrays: what a split costs in each feature, and which sets of ops are splits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Floats, Ints, Mask
from cutwise.digests import EqualByDigest, freeze
from cutwise.errors import SolverError

ROWS_AT_ONCE = 1 << 24


@dataclass(frozen=True, eq=False, kw_only=True)
class SplitGraph(EqualByDigest):
    """Ops in topological order with their features; two graphs are equal when their digests are.

    A *split* is a set of ops on the device that holds all `pinned` ops, holds every producer of
    what it reads, and keeps the ops of each group in `ties` together. Shapes, for n ops:

    - `edges` (m, 2): producer and reader positions, producer first; repeated pairs count once;
    - `device_features` (n, a): summed over the device side; numbers of any sign;
    - `peak_features` (n, b): the largest on the device side, 0 when it is empty; not negative;
    - `crossing_features` (n, c): summed over the ops on the device that an op on the server reads,
      each once however many readers it has;
    - `feature_names`: a + b + c names in that order.

    An empty array stands for no pins, no ties or no features of that kind.

    Raises `SolverError` for a wrong shape, an edge against the order, or a number that is not finite.
    """

    op_count: int
    edges: Ints
    device_features: Floats
    crossing_features: Floats
    peak_features: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    pinned: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))
    ties: tuple[tuple[int, ...], ...] = ()
    feature_names: tuple[str, ...] = ()
    digest: str = field(init=False, default="")

    def __post_init__(self) -> None:
        count = self.op_count
        pinned = np.array(self.pinned, dtype=bool)
        pinned = pinned if pinned.size else np.zeros(count, dtype=bool)
        if pinned.shape != (count,):
            raise SolverError(f"pinned has shape {pinned.shape}; give one flag for each of {count} ops")
        device = _feature_table("device_features", self.device_features, count)
        peak = _feature_table("peak_features", self.peak_features, count)
        crossing = _feature_table("crossing_features", self.crossing_features, count)
        if (peak < 0).any():
            raise SolverError("peak_features holds a negative number; a peak is at least 0")
        arrays = {
            "edges": _distinct_edges(self.edges, count),
            "device_features": device,
            "peak_features": peak,
            "crossing_features": crossing,
            "pinned": pinned,
        }
        for name, array in arrays.items():
            freeze(self, name, array)
        object.__setattr__(self, "ties", _real_ties(self.ties, count))
        object.__setattr__(self, "feature_names", self._checked_names())
        object.__setattr__(self, "digest", self._digest())

    @property
    def feature_count(self) -> int:
        """Number of features of a split."""
        tables = (self.device_features, self.peak_features, self.crossing_features)
        return sum(table.shape[1] for table in tables)

    def _checked_names(self) -> tuple[str, ...]:
        names = tuple(self.feature_names)
        if not names:
            kinds = ("device", "peak", "crossing")
            tables = (self.device_features, self.peak_features, self.crossing_features)
            return tuple(
                f"{kind}_{i}"
                for kind, table in zip(kinds, tables, strict=True)
                for i in range(table.shape[1])
            )
        if len(names) != self.feature_count or len(set(names)) != len(names):
            raise SolverError(f"feature_names {names} must be {self.feature_count} different names")
        return names

    def _digest(self) -> str:
        digest = hashlib.sha256(repr((self.op_count, self.ties, self.feature_names)).encode())
        arrays = (
            self.edges,
            self.device_features,
            self.peak_features,
            self.crossing_features,
            self.pinned,
        )
        for array in arrays:
            digest.update(repr(array.shape).encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def is_split(graph: SplitGraph, mask: npt.ArrayLike) -> bool:
    """True when the ops in `mask` (n,) hold the pinned ops, their own producers, and whole tie groups."""
    on_device = np.asarray(mask, dtype=bool)
    producer, reader = graph.edges[:, 0], graph.edges[:, 1]
    closed = not (on_device[reader] & ~on_device[producer]).any()
    together = all(len({bool(on_device[op]) for op in group}) == 1 for group in graph.ties)
    return closed and together and bool(on_device[graph.pinned].all())


def features_of(graph: SplitGraph, masks: npt.ArrayLike) -> Floats:
    """Features (K, a + b + c) of the device sides `masks` (K, n), straight from their definition.

    >>> chain = SplitGraph(op_count=2, edges=[[0, 1]], device_features=[[3.0], [4.0]],
    ...                    crossing_features=[[10.0], [20.0]])
    >>> features_of(chain, [[True, False], [True, True]]).tolist()
    [[3.0, 10.0], [7.0, 0.0]]
    """
    rows = np.atleast_2d(np.asarray(masks, dtype=bool))
    step = max(1, ROWS_AT_ONCE // max(1, graph.op_count + len(graph.edges)))
    parts = [_features(graph, rows[i : i + step]) for i in range(0, len(rows), step)]
    return np.concatenate(parts) if parts else np.zeros((0, graph.feature_count))


def crossing_ops(graph: SplitGraph, masks: npt.ArrayLike) -> Mask:
    """Which ops (K, n) send their output across in the splits `masks` (K, n)."""
    rows = np.atleast_2d(np.asarray(masks, dtype=bool))
    crosses = np.zeros_like(rows)
    if len(graph.edges):
        producer, reader = graph.edges[:, 0], graph.edges[:, 1]
        first = np.flatnonzero(np.diff(producer, prepend=-1))
        sent: Mask = np.logical_or.reduceat(~rows[:, reader], first, axis=1)
        crosses[:, producer[first]] = sent & rows[:, producer[first]]
    return crosses


def row_sums(rows: Mask, values: Floats) -> Floats:
    """Sum of `values` (n,) over each row of `rows` (K, n), the same however many rows are given."""
    return np.asarray(np.where(np.ascontiguousarray(rows), values, 0.0).sum(axis=1))


def row_peaks(rows: Mask, values: Floats) -> Floats:
    """Largest of `values` (n,) over each row of `rows` (K, n), 0 for an empty row."""
    return np.asarray(np.where(rows, values, 0.0).max(axis=1, initial=0.0))


def _features(graph: SplitGraph, rows: Mask) -> Floats:
    sent = crossing_ops(graph, rows)
    columns = [row_sums(rows, values) for values in _columns(graph.device_features)]
    columns += [row_peaks(rows, values) for values in _columns(graph.peak_features)]
    columns += [row_sums(sent, values) for values in _columns(graph.crossing_features)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(rows), 0))


def _columns(table: Floats) -> list[Floats]:
    return [table[:, number] for number in range(table.shape[1])]


def _feature_table(name: str, given: npt.ArrayLike, count: int) -> Floats:
    table = np.array(given, dtype=float, order="C")
    table = table if table.size else np.zeros((count, 0))
    if table.ndim != 2 or len(table) != count:
        raise SolverError(f"{name} has shape {table.shape}; give one row for each of {count} ops")
    if not np.isfinite(table).all():
        op = int(np.flatnonzero(~np.isfinite(table).all(axis=1))[0])
        raise SolverError(f"{name}: op {op} has {table[op].tolist()}; every feature must be finite")
    return table


def _distinct_edges(given: npt.ArrayLike, count: int) -> Ints:
    edges = np.array(given, dtype=np.int64).reshape(-1, 2)
    if len(edges) and (np.min(edges) < 0 or np.max(edges) >= count):
        raise SolverError(f"edges name op {int(np.max(edges))}; ops are numbered 0 to {count - 1}")
    wrong = np.flatnonzero(edges[:, 0] >= edges[:, 1])
    if len(wrong):
        producer, reader = edges[wrong[0]].tolist()
        raise SolverError(f"edge {producer} -> {reader} goes backwards; number the ops topologically")
    keys = np.unique(edges[:, 0] * count + edges[:, 1])
    return np.stack([keys // max(count, 1), keys % max(count, 1)], axis=1)


def _real_ties(given: Sequence[Sequence[int]], count: int) -> tuple[tuple[int, ...], ...]:
    groups = tuple(tuple(sorted({int(op) for op in group})) for group in given)
    for group in groups:
        if group and not 0 <= group[0] <= group[-1] < count:
            raise SolverError(f"ties {group}: ops are numbered 0 to {count - 1}")
    return tuple(group for group in groups if len(group) > 1)
