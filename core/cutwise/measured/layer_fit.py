"""Seconds of layers that nobody timed, from a benchmark of others: by class of layer, or by three columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from cutwise.arrays import Floats
from cutwise.measured.split_runs import LayerBenchmark, LayerWork, PassSeconds, TimedLayer

STEP_BYTES_A_BYTE = 5
"""SGD with momentum reads a weight, its gradient and its momentum, and writes two of them."""
SAME = 1e-9


def non_negative_fit(rows: ArrayLike, targets: ArrayLike) -> Floats:
    """The factors of least squares among those that are not negative, by trying every set of columns.

    Of sets that fit equally well the smallest with the first columns is taken.

    >>> non_negative_fit([[1.0, 1.0], [1.0, 2.0], [1.0, 3.0]], [2.0, 1.0, 0.0])  # its slope would be -1
    array([1., 0.])
    """
    table, wanted = np.asarray(rows, dtype=np.float64), np.asarray(targets, dtype=np.float64)
    best, least = np.zeros(table.shape[1]), float(wanted @ wanted)
    sets = [s for size in range(table.shape[1]) for s in combinations(range(table.shape[1]), size + 1)]
    for columns in map(list, sets):
        found, *_ = np.linalg.lstsq(table[:, columns], wanted, rcond=None)
        missed = wanted - table[:, columns] @ found
        if (found >= 0).all() and missed @ missed < least - SAME * (wanted @ wanted):
            best, least = np.zeros(table.shape[1]), float(missed @ missed)
            best[columns] = found
    return best


def by_class(benchmark: LayerBenchmark, works: Sequence[LayerWork]) -> list[PassSeconds]:
    """Each layer's seconds from those of its own class; of a class that was not timed, by three columns."""
    timed = {layer.work.kind for layer in benchmark.layers}
    alike = {
        kind: [layer for layer in benchmark.layers if layer.work.kind == kind]
        for kind in {work.kind for work in works} & timed
    }
    factors = {kind: (_class_factors(rows, 0), _class_factors(rows, 1)) for kind, rows in alike.items()}
    rest = dict(zip(works, by_three_columns(benchmark, works), strict=True))
    steps_s = _steps_s(benchmark, works)
    return [
        rest[work]
        if work.kind not in factors
        else PassSeconds(
            forward_s=float(factors[work.kind][0] @ _class_row(work, 0)),
            backward_s=float(factors[work.kind][1] @ _class_row(work, 1)),
            step_s=step_s,
        )
        for work, step_s in zip(works, steps_s, strict=True)
    ]


def by_three_columns(benchmark: LayerBenchmark, works: Sequence[LayerWork]) -> list[PassSeconds]:
    """Each layer's seconds from its FLOPs, moved bytes and launches, alike for all classes."""
    rows = np.array([_three(layer.work, 0) for layer in benchmark.layers])
    taken = np.array([layer.taken.forward_s for layer in benchmark.layers])
    factors = non_negative_fit(rows / taken[:, None], np.ones(len(taken)))
    backward = np.array([factors @ _three(layer.work, 1) for layer in benchmark.layers])
    ratio = float(np.median([layer.taken.backward_s for layer in benchmark.layers] / backward))
    return [
        PassSeconds(
            forward_s=float(factors @ _three(work, 0)),
            backward_s=ratio * float(factors @ _three(work, 1)),
            step_s=step_s,
        )
        for work, step_s in zip(works, _steps_s(benchmark, works), strict=True)
    ]


def _class_factors(rows: Sequence[TimedLayer], backward: int) -> Floats:
    """Seconds a GFLOP, a megabyte of tensors and of weights, and a call; relative errors count."""
    taken = np.array([(row.taken.forward_s, row.taken.backward_s)[backward] for row in rows])
    columns = np.array([_class_row(row.work, backward) for row in rows])
    return non_negative_fit(columns / taken[:, None], np.ones(len(taken)))


def _class_row(work: LayerWork, backward: int) -> Floats:
    flops = (work.forward_flops, work.backward_flops)[backward]
    return np.array([1e-9 * flops, 1e-6 * work.tensor_bytes, 1e-6 * work.weight_bytes, 1.0])


def _three(work: LayerWork, backward: int) -> Floats:
    """GFLOP, megabytes and launches; a backward pass moves and launches twice what the forward pass does."""
    flops = (work.forward_flops, work.backward_flops)[backward]
    moved = 1e-6 * (work.moved_bytes + work.weight_bytes)
    return np.array([1e-9 * flops, (1 + backward) * moved, (1 + backward) * work.launches])


def _steps_s(benchmark: LayerBenchmark, works: Sequence[LayerWork]) -> Floats:
    """Seconds of the optimiser's steps: as those that were timed, else its passes over the weights."""
    timed = [layer for layer in benchmark.layers if layer.taken.step_s > 0]
    weights = np.array([work.weight_bytes for work in works])
    if not timed:
        return STEP_BYTES_A_BYTE * weights / benchmark.bytes_per_s
    taken = np.array([layer.taken.step_s for layer in timed])
    rows = np.array([[1e-6 * layer.work.weight_bytes, 1.0] for layer in timed])
    factors = non_negative_fit(rows / taken[:, None], np.ones(len(taken)))
    return np.where(weights > 0, np.column_stack([1e-6 * weights, np.ones(len(weights))]) @ factors, 0.0)
