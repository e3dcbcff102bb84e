"""P1's block-wise algorithm: contract the blocks that no optimal cut divides, then solve the small graph.

Source: "Fast AI Model Partition for Split Learning over Edge Networks", arXiv 2507.01041. A *gate* is a
vertex whose output is the only live tensor after it; a *block* is what lies between two gates, the second
included. A block passes the intra-block test when no cut inside sends less than its entering tensor.
Then, if no vertex inside is cheaper on the device than on the server, some optimal cut does not divide
it: moving the block's device part to the server saves its compute and sends no more. The general
algorithm of the same paper is `cutwise.cuts.max_flow.minimum_cut`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Floats, Ints, Mask
from cutwise.caches import kept
from cutwise.cuts.gates import Blocks, BlockTest, find_blocks, intra_block_test, unfolded_blocks
from cutwise.cuts.max_flow import checked_server_weight, checked_weights, split_cost
from cutwise.cuts.network_flow import FlowNetwork, network_of, solve_network
from cutwise.cuts.split_graph import SplitGraph
from cutwise.errors import SolverError
from cutwise.frozen import Frozen

PROPORTIONAL = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedBlock:
    """One block: its ops, the weights of the intra-block test, and whether it was contracted.

    A block that passed is not contracted when one of its vertices is cheaper on the device.
    """

    ops: tuple[int, ...]
    entering_weight: float
    internal_weight: float
    passed: bool
    contracted: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class BlockWiseCut(Frozen):
    """The split that the block-wise algorithm finds, and how.

    `vertices` are left after contraction, of `vertices_before` (ops that can move on their own, and the
    root). `method` says what solved the small graph; `contracted` has a flag for each block of `test`,
    which later calls can be given. Times are those of this call: a test that was given costs nothing.
    """

    value: float
    mask: Mask
    method: Literal["prefix_scan", "max_flow"]
    test: BlockTest
    contracted: Mask
    vertices: int
    vertices_before: int
    detection_s: float = field(compare=False)
    test_s: float = field(compare=False)
    solve_s: float = field(compare=False)

    @property
    def runtime_s(self) -> float:
        """Detection, test and solution together."""
        return self.detection_s + self.test_s + self.solve_s

    @property
    def blocks(self) -> tuple[TestedBlock, ...]:
        """Every block, in topological order."""
        test = self.test
        return tuple(
            TestedBlock(
                ops=tuple(test.blocks.ops(block).tolist()),
                entering_weight=test.entering.item(block),
                internal_weight=test.internal.item(block),
                passed=test.passed.item(block),
                contracted=self.contracted.item(block),
            )
            for block in range(len(self.contracted))
        )


def block_wise_cut(
    graph: SplitGraph,
    *,
    device_weight: npt.ArrayLike,
    crossing_weight: npt.ArrayLike,
    server_weight: npt.ArrayLike | None = None,
    test: BlockTest | None = None,
    contract_all: bool = False,
) -> BlockWiseCut:
    """The split with the least additive cost, by contraction of blocks; weights as in `minimum_cut`.

    `test` is the outcome of an earlier call for crossing weights that are proportional to these: it saves
    detection and test. With `contract_all` every block is contracted whatever its test says: fast, and
    not optimal. Raises `SolverError` for weights that `minimum_cut` refuses, or a test that does not fit.
    """
    began = time.perf_counter()
    device, crossing = checked_weights(graph, device_weight, crossing_weight)
    server = checked_server_weight(graph, server_weight)
    blocks = find_blocks(graph) if test is None else test.blocks
    if device[blocks.free].any() or server[blocks.free].any():
        blocks, test = unfolded_blocks(graph), None
    detected = time.perf_counter()
    if test is None:
        test = intra_block_test(blocks, crossing)
    else:
        _check_fit(test, graph, crossing)
    tested = time.perf_counter()
    weights = _Weights(device=device, server=server).of(blocks.units.unit_of, blocks.units.count)
    contracted = np.full(len(blocks.entry), True) if contract_all else test.passed & _guards(blocks, weights)
    is_chain = bool(contracted.all()) and blocks.covers_all
    if is_chain:
        mask, vertices = _prefix_scan(blocks, weights, crossing), len(blocks.gates)
    else:
        mask, vertices = _small_cut(blocks, contracted, weights, crossing)
    mask = mask[blocks.units.unit_of]
    value = split_cost(graph, mask, device_weight=device, crossing_weight=crossing, server_weight=server)
    solved = time.perf_counter()
    return BlockWiseCut(
        value=value,
        mask=mask,
        method="prefix_scan" if is_chain else "max_flow",
        test=test,
        contracted=contracted,
        vertices=vertices,
        vertices_before=blocks.units.count,
        detection_s=detected - began,
        test_s=tested - detected,
        solve_s=solved - tested,
    )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Weights(Frozen):
    """What each vertex costs on the device and on the server; kept apart, so that no sum cancels."""

    device: Floats
    server: Floats

    def of(self, member: Ints, count: int) -> _Weights:
        """The weights of `count` vertices that these are `member` (n,) of."""
        device, server = (
            np.bincount(member, weights=side, minlength=count).astype(float)
            for side in (self.device, self.server)
        )
        return _Weights(device=device, server=server)


def _check_fit(test: BlockTest, graph: SplitGraph, crossing: Floats) -> None:
    known = test.crossing_weight
    scale: float = crossing.max(initial=0.0) / (known.max(initial=0.0) or 1.0)
    proportional = bool((np.abs(crossing - known * scale) <= PROPORTIONAL * crossing).all())
    if not proportional or test.blocks.graph != graph:
        raise SolverError(
            "the block test was made for another graph or for crossing weights in other proportions; "
            "run intra_block_test again"
        )


def _guards(blocks: Blocks, weights: _Weights) -> Mask:
    """Which blocks hold no unit, their exit aside, that is cheaper on the device."""
    bounds = np.stack([blocks.entry + 1, blocks.exit], axis=1).ravel()
    if not len(bounds):
        return np.zeros(0, dtype=bool)
    return np.minimum.reduceat(weights.device - weights.server, bounds)[::2] >= 0


def _prefix_scan(blocks: Blocks, weights: _Weights, crossing: Floats) -> Mask:
    """Units on the device at the best gate; the first of several equal ones."""
    units = blocks.units
    sent = np.bincount(units.sender_unit, weights=crossing[units.sender_op], minlength=units.count)
    behind = np.append(np.cumsum(weights.server[:0:-1])[::-1], 0.0)
    cost = (np.cumsum(weights.device) + behind + sent)[blocks.gates]
    return np.arange(units.count) <= blocks.gates[np.argmin(cost)]


def _small_cut(blocks: Blocks, contracted: Mask, weights: _Weights, crossing: Floats) -> tuple[Mask, int]:
    """Units on the device in the minimum cut of the contracted graph, and its number of vertices."""
    vertex_of, senders, network = _contracted_network(blocks, contracted.tobytes())
    count = network.vertex_count
    left = weights.of(vertex_of, count)
    mask, _, _ = solve_network(
        network,
        device=left.device,
        server=left.server,
        crossing=crossing[blocks.units.sender_op[senders]],
        on_device=np.arange(count) == 0,
    )
    return mask[vertex_of], count


@kept
def _contracted_network(blocks: Blocks, contracted: bytes) -> tuple[Ints, Ints, FlowNetwork]:
    """Vertex of each unit, the senders that are left, and the network of the contracted graph."""
    units = blocks.units
    flags = np.frombuffer(contracted, dtype=bool)
    joins = np.zeros(units.count + 1, dtype=np.int64)
    joins[blocks.entry[flags] + 1] += 1
    joins[blocks.exit[flags]] -= 1
    hidden = np.cumsum(joins)[: units.count] > 0
    vertex_of = np.cumsum(~hidden) - 1 + hidden
    senders = np.flatnonzero(~hidden[units.sender_unit])
    rank = np.full(len(units.sender_unit), -1)
    rank[senders] = np.arange(len(senders))
    left = rank[units.read_sender] >= 0
    vertices = int(vertex_of[-1]) + 1
    reads = np.unique(rank[units.read_sender[left]] * vertices + vertex_of[units.read_unit[left]])
    orders = vertex_of[units.arcs[len(units.read_sender) :]]
    network = network_of(
        vertex_count=vertices,
        sender_unit=vertex_of[units.sender_unit[senders]],
        read_sender=reads // vertices,
        read_unit=reads % vertices,
        orders=orders[orders[:, 0] != orders[:, 1]],
    )
    return vertex_of, senders, network
