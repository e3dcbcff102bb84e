"""Every split of a small graph, one by one: the oracle, and the brute-force baseline."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cutwise.arrays import Mask
from cutwise.cuts.pool.contraction import Units, contract
from cutwise.cuts.split_graph import SplitGraph
from cutwise.errors import SolverError

MASKS_AT_ONCE = 4096


def all_splits(graph: SplitGraph, *, max_splits: int = 1 << 22) -> Mask:
    """Masks (K, n) of every split of `graph`; see `split_batches`."""
    return np.concatenate(list(split_batches(graph, max_splits=max_splits)))


def split_batches(graph: SplitGraph, *, max_splits: int = 1 << 22) -> Iterator[Mask]:
    """Masks (up to 4096, n) of every split of `graph`, each split once, in a fixed order.

    Any graph of at most 22 units (ops that can move on their own) stays within the default.
    Raises `SolverError` when there are more than `max_splits`.

    >>> chain = SplitGraph(op_count=2, edges=[[0, 1]], device_features=[[0.0]] * 2,
    ...                    crossing_features=[[0.0]] * 2)
    >>> [masks.tolist() for masks in split_batches(chain)]
    [[[False, False], [True, False], [True, True]]]
    """
    units = contract(graph)
    codes = _closed_sets(units, max_splits)
    width = (units.count + 7) // 8
    for first in range(0, len(codes), MASKS_AT_ONCE):
        part = codes[first : first + MASKS_AT_ONCE]
        octets = np.frombuffer(b"".join(code.to_bytes(width, "little") for code in part), dtype=np.uint8)
        bits = np.unpackbits(octets.reshape(len(part), width), axis=1, count=units.count, bitorder="little")
        yield units.op_masks(bits.astype(bool))


def _closed_sets(units: Units, max_splits: int) -> list[int]:
    """Sets of units, as bits, that hold the root and every unit they need."""
    needs = [0] * units.count
    arcs: list[list[int]] = units.arcs.tolist()
    for producer, reader in arcs:
        needs[reader] |= 1 << producer
    codes = [1]
    for unit in range(1, units.count):
        codes += [code | 1 << unit for code in codes if not needs[unit] & ~code]
        if len(codes) > max_splits:
            raise SolverError(
                f"this graph has over {max_splits:,} splits, too many to try one by one; "
                "use the pool, max-flow or CP-SAT"
            )
    return codes
