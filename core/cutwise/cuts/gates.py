"""Blocks between gates, and the intra-block test of the block-wise algorithm (P1, arXiv 2507.01041)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Floats, Ints, Mask
from cutwise.cuts.network_flow import network_of, solve_network
from cutwise.cuts.pool.closure import comparable_with_all
from cutwise.cuts.pool.contraction import Units, contract
from cutwise.cuts.pool.folding import fold
from cutwise.cuts.split_graph import SplitGraph
from cutwise.errors import SolverError
from cutwise.frozen import Frozen
from cutwise.tolerances import SUM_ROUNDING


@dataclass(frozen=True, eq=False, kw_only=True)
class Blocks(Frozen):
    """The gates of a graph and the blocks between them; it depends on no weight.

    `gates` are units in topological order, the root (0) first. Block i lies after gate `entry[i]` up to
    gate `exit[i]` included, with at least one unit strictly between. `free` (n,) marks ops that were
    taken to cost nothing on the device: constants and outputs that would hide gates.
    """

    graph: SplitGraph
    units: Units
    gates: Ints
    entry: Ints
    exit: Ints
    free: Mask

    @property
    def covers_all(self) -> bool:
        """True when the last unit is a gate, so that the gates with their blocks are the whole graph."""
        return int(self.gates[-1]) == self.units.count - 1

    def ops(self, block: int) -> Ints:
        """The ops of a block, its second gate included."""
        unit_of = self.units.unit_of
        return np.flatnonzero((unit_of > self.entry[block]) & (unit_of <= self.exit[block]))


@dataclass(frozen=True, eq=False, kw_only=True)
class BlockTest(Frozen):
    """For each block the weight of the tensor that enters and of the least cut inside; passed when equal.

    The outcome holds for every multiple of `crossing_weight` (n,).
    """

    blocks: Blocks
    crossing_weight: Floats
    entering: Floats
    internal: Floats
    passed: Mask
    runtime_s: float = field(compare=False)


def find_blocks(graph: SplitGraph) -> Blocks:
    """Gates and blocks of `graph`.

    A gate is a unit that precedes or follows every other one and that no edge jumps over. With one
    input and one output the second implies the first; with more, both are needed.
    """
    both_signs = np.hstack([graph.device_features, -graph.device_features])
    nothing = np.zeros((graph.op_count, 0))
    units = contract(graph)
    folded = fold(graph, units, device=both_signs, peak=nothing, crossing=nothing)
    free = ~graph.device_features.any(axis=1) & (units.unit_of > 0) & (folded is not units)
    return _blocks(graph, folded, np.asarray(free))


def unfolded_blocks(graph: SplitGraph) -> Blocks:
    """Gates and blocks of `graph` where no op is taken to cost nothing."""
    return _blocks(graph, contract(graph), np.zeros(graph.op_count, dtype=bool))


def _blocks(graph: SplitGraph, units: Units, free: Mask) -> Blocks:
    gates = _gates(units)
    wide = np.flatnonzero(np.diff(gates) > 1)
    return Blocks(graph=graph, units=units, gates=gates, entry=gates[wide], exit=gates[wide + 1], free=free)


def intra_block_test(blocks: Blocks, crossing_weight: npt.ArrayLike) -> BlockTest:
    """The least crossing weight inside each block, its entry on the device and its exit on the server.

    It is at most the weight that enters; the block passes when it is that weight (to a relative 1e-12).
    """
    began = time.perf_counter()
    weight = np.asarray(crossing_weight, dtype=float)
    if weight.shape != (blocks.graph.op_count,) or (weight < 0).any():
        raise SolverError("crossing_weight: give a number >= 0 for each op")
    pairs = [_entering_and_internal(blocks.units, weight, *ends) for ends in _ends(blocks)]
    entering, internal = np.array(pairs, dtype=float).reshape(-1, 2).T
    return BlockTest(
        blocks=blocks,
        crossing_weight=weight,
        entering=entering,
        internal=internal,
        passed=internal >= entering * (1 - SUM_ROUNDING),
        runtime_s=time.perf_counter() - began,
    )


def _ends(blocks: Blocks) -> list[tuple[int, int]]:
    entries: list[int] = blocks.entry.tolist()
    exits: list[int] = blocks.exit.tolist()
    return list(zip(entries, exits, strict=True))


def _gates(units: Units) -> Ints:
    inner = units.arcs[(units.arcs > 0).all(axis=1)] - 1
    comparable = np.zeros(units.count, dtype=bool)
    comparable[comparable_with_all(units.count - 1, inner[:, 0], inner[:, 1]) + 1] = True
    comparable[0] = True
    last_reader = np.full(units.count, -1)
    np.maximum.at(last_reader, units.sender_unit[units.read_sender], units.read_unit)
    jumped_to = np.maximum.accumulate(np.concatenate([[-1], last_reader]))[:-1]
    return np.flatnonzero(comparable & (jumped_to <= np.arange(units.count)))


def _entering_and_internal(units: Units, weight: Floats, entry: int, exit_: int) -> tuple[float, float]:
    first, last = np.searchsorted(units.sender_unit, [entry, exit_])
    reads = slice(*np.searchsorted(units.read_sender, [first, last]))
    sender_unit: Ints = units.sender_unit[first:last] - entry
    sender: Ints = units.read_sender[reads] - first
    reader: Ints = units.read_unit[reads] - entry
    price: Floats = weight[units.sender_op[first:last]]
    count = exit_ - entry + 1
    network = network_of(
        vertex_count=count,
        sender_unit=sender_unit,
        read_sender=sender,
        read_unit=reader,
        orders=np.zeros((0, 2), dtype=np.int64),
    )
    ends = np.arange(count)
    mask, _, _ = solve_network(
        network, device=np.zeros(count), crossing=price, on_device=ends == 0, on_server=ends == count - 1
    )
    crosses = np.zeros(len(price), dtype=bool)
    crosses[sender[mask[sender_unit[sender]] & ~mask[reader]]] = True
    return float(np.sum(price[sender_unit == 0])), float(np.sum(price[crosses]))
