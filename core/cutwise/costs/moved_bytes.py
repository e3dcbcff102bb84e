r"""What an op takes of the memory beside its FLOPs: tensors and weights that are moved, kernels started.

An op reads all its inputs and writes its output ($b$ bytes a sample), and reads its weights once a mini-batch
($w$ bytes); a view does neither. A fused attention moves queries, keys, values and its result alone. The
backward pass does all of it once for the inputs' gradient and once for the weights', as far as each is
needed: $2 b$, $2 w$ and two launches where everything is trained.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats
from cutwise.caches import kept
from cutwise.costs.attention_pattern import Attention, written_out_attentions
from cutwise.costs.derived_costs import TRIPS, is_stated
from cutwise.costs.gradient_flow import GradientFlow, first_output
from cutwise.costs.kernels.joined_ops import JoinedOp, joined_ops
from cutwise.costs.ops.formula import drops
from cutwise.costs.stated_costs import MEASURED
from cutwise.costs.storages import storage_roots
from cutwise.costs.weight_costs import read_bytes
from cutwise.costs.workload import Workload
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import DTYPE_BYTES, FLOATING, ModelGraph, Op

ABSENT = frozenset({"input", "constant"})
PICKING = frozenset({"embedding", "gather", "slice", "split"})
"""Ops that read of their first operand only what they write."""
TABLES = frozenset({"embedding"})
MATRIX_PRODUCTS = frozenset(
    {
        "linear", "matmul", "grouped_matmul", "einsum", "attention", "routed_experts", "lstm", "gru", "rnn",
        "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    }
)  # fmt: skip
"""Ops whose two gradients are products of their own."""
TIMED = frozenset(MEASURED)
EAGER_PASSES = 4
"""The scores are written, read and written by the softmax, and read: four passes over them."""
EAGER_LAUNCHES = 3


def moving_columns(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> dict[str, Floats]:
    """Bytes that each op moves (a sample), bytes of weights it reads and kernels it starts (a mini-batch).

    Columns of shape (ops,), the same of the backward pass beside them; 0 for ops whose seconds were measured.
    """
    ops = _Ops.of(graph, workload)
    rows = np.array([ops.row(at) for at in range(len(graph))]).reshape(len(graph), 2)
    moved, launches = rows[:, 0] / graph.batch_size, rows[:, 1]
    weights = _weights(graph, workload, flow)
    passes = np.array(list(_backward_passes(graph, flow)), dtype=np.float64)
    tables = np.array([op.kind in TABLES for op in graph.ops], dtype=bool)
    read = np.where(tables | (moved == 0), 0.0, weights)
    return {
        "moved_bytes": moved,
        "read_bytes": read,
        "launches": launches,
        "backward_moved_bytes": passes * moved,
        "backward_read_bytes": passes * np.where(tables, weights, read),
        "backward_launches": passes * launches,
    }


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Ops(Frozen):
    """A graph with what its ops' tensors take, which of them are views, and which run as one attention."""

    graph: ModelGraph
    sizes: tuple[float, ...]
    roots: tuple[int, ...]
    fused: dict[int, Attention]
    joined: Mapping[int, JoinedOp]
    training: bool
    eager: bool

    @classmethod
    def of(cls, graph: ModelGraph, workload: Workload) -> _Ops:
        roots, found = _layout(graph, workload.training, workload.attention == "eager")
        return cls(
            graph=graph,
            sizes=tuple(_size(op, graph, workload) for op in graph.ops),
            roots=roots,
            fused={at: attention for attention in found for at in attention.inside},
            joined=joined_ops(graph, training=workload.training) if workload.run.fused_kernels else {},
            training=workload.training,
            eager=workload.attention == "eager",
        )

    def row(self, at: int) -> tuple[float, float]:
        """Bytes that an op moves for the graph's own batch, and its launches."""
        op = self.graph.ops[at]
        if op.kind in ABSENT or _is_timed(op):
            return 0.0, 0.0
        if op.figures:
            index = self.graph.index
            return sum([self.sizes[index[name]] for name in op.inputs]) + self.sizes[at], 1.0
        if first_output(self.graph, at) != at:
            return 0.0, 0.0
        if at in self.fused:
            return self._fused(at, self.fused[at])
        if self._is_view(at):
            return 0.0, 0.0
        if at in self.joined:
            joined = self.joined[at]
            read = sum(self.sizes[one] for one in joined.sources)
            return read + self.sizes[at] * joined.writes, joined.launches
        trips = float(op.attrs.get(TRIPS, 1))
        scores = self._eager_scores(op)
        moved = sum(self._reads(op)) + self.sizes[at] + EAGER_PASSES * scores
        return moved, trips * (1.0 + EAGER_LAUNCHES * (scores > 0))

    def _reads(self, op: Op) -> Iterator[float]:
        sources = [self.graph.index[name] for name in op.inputs]
        for place, source in enumerate(sources):
            whole = self.sizes[source]
            yield (
                min(whole, self.sizes[self.graph.index[op.id]]) if op.kind in PICKING and not place else whole
            )
        if op.kind in TABLES:
            yield self.sizes[self.graph.index[op.id]]

    def _fused(self, at: int, attention: Attention) -> tuple[float, float]:
        """The product with the values starts the kernel; the one with the keys reads queries and keys."""
        op, inside = self.graph.ops[at], attention.inside
        outer = [self.graph.index[name] for name in op.inputs if self.graph.index[name] not in inside]
        if at == attention.scores:
            return sum(self.sizes[source] for source in outer), 0.0
        if at == attention.context:
            return sum(self.sizes[source] for source in outer) + self.sizes[at], 1.0
        return 0.0, 0.0

    def _is_view(self, at: int) -> bool:
        op = self.graph.ops[at]
        return self.roots[at] != at or (op.kind == "dropout" and not drops(op, training=self.training))

    def _eager_scores(self, op: Op) -> float:
        """Bytes of an attention's scores where they are written down."""
        if op.kind != "attention" or not (self.eager or op.attrs.get("eager")):
            return 0.0
        query = self.graph.index[op.inputs[0]]
        return self.sizes[query] / max(1, int(op.attrs["head_dim"])) * float(op.attrs["k_length"])


@kept
def _layout(graph: ModelGraph, training: bool, eager: bool) -> tuple[tuple[int, ...], tuple[Attention, ...]]:
    """In whose storage each output lies, and what runs as one attention: the same for every batch."""
    if all(op.figures for op in graph.ops):
        return tuple(range(len(graph))), ()
    found = () if eager else written_out_attentions(graph)
    return tuple(storage_roots(graph, training=training)), found


def _is_timed(op: Op) -> bool:
    """True for an op whose seconds were measured."""
    return bool(op.figures) and not TIMED.isdisjoint(op.figures)


def _size(op: Op, graph: ModelGraph, workload: Workload) -> float:
    """Bytes of an op's output for the graph's own batch, as it lies in memory while the model runs."""
    if op.kind == "constant":
        return 0.0
    if "output_bytes" in op.figures:
        return _total(op.figures["output_bytes"]) * graph.batch_size
    share = graph.batch_size / workload.batch_size if op.attrs.get("once_a_batch") else 1.0
    dtype = op.output.dtype
    own = DTYPE_BYTES[workload.compute if dtype in FLOATING and op.kind != "input" else dtype]
    return float(op.output.elements * op.attrs.get(TRIPS, 1) * share * own)


def _total(figure: object) -> float:
    """A stated figure, or the sum of its parts; numpy's sum of one number takes longer than all else here."""
    return float(figure) if isinstance(figure, int | float) else float(np.sum(figure))  # type: ignore[call-overload]


def _weights(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> Floats:
    stated = [_total(op.figures.get("weight_bytes", 0.0)) if op.figures else 0.0 for op in graph.ops]
    measured = [_is_timed(op) for op in graph.ops]
    weights = np.array(stated)
    if not all(op.figures for op in graph.ops):
        weights = weights + read_bytes(graph, workload, flow)
    return np.where(np.array(measured, dtype=bool), 0.0, weights)


def _backward_passes(graph: ModelGraph, flow: GradientFlow) -> Iterator[float]:
    """How often each op's tensors are moved again in the backward pass: at most twice."""
    for at, op in enumerate(graph.ops):
        if not flow.needs_grad[at]:
            yield 0.0
            continue
        if is_stated(op) or op.kind not in MATRIX_PRODUCTS:
            yield 2.0
            continue
        inputs = sum(flow.needs_grad[graph.index[name]] for name in op.inputs)
        yield float(min(2, inputs + bool(flow.trains[at])))
