"""The graph of a model: ops in topological order, the tensor each makes, the weights each reads."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cutwise.arrays import Ints
from cutwise.digests import EqualByDigest
from cutwise.errors import ModelImportError
from cutwise.frozen import Frozen, FrozenDict, read_only
from cutwise.graph.readable_graph import readable_parts

if TYPE_CHECKING:
    import networkx

DTYPE_BYTES: Mapping[str, float] = FrozenDict(
    {
        "fp64": 8, "fp32": 4, "bf16": 2, "fp16": 2, "fp8": 1,
        "int64": 8, "int32": 4, "int16": 2, "int8": 1, "int4": 0.5, "nf4": 0.5,
        "uint64": 8, "uint32": 4, "uint16": 2, "uint8": 1, "uint4": 0.5,
        "int2": 0.25, "uint2": 0.25,
        "complex32": 4, "complex64": 8, "complex128": 16,
        "bool": 1, "string": 0,
    }
)  # fmt: skip
FLOATING = frozenset({"fp64", "fp32", "bf16", "fp16", "fp8"})
COMPLEX = frozenset({"complex32", "complex64", "complex128"})
DIFFERENTIABLE = FLOATING | COMPLEX
"""Numbers that have gradients; floating ones are held as a workload says, complex ones as they are."""


SAID_OF_TRAINING = ("workload", "tuning")
"""Provenance that says how the file's model is trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """The shape and dtype of one tensor at the graph's own batch size.

    >>> TensorSpec(shape=(1, 3, 224, 224)).size_bytes
    602112
    """

    shape: tuple[int, ...]
    dtype: str = "fp32"

    @property
    def elements(self) -> int:
        """Number of elements; 1 for a scalar."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes it occupies in its own dtype."""
        return math.ceil(self.elements * DTYPE_BYTES[self.dtype])


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A parameter or buffer; ops that share one (tied weights) name the same `id`.

    `role` is "parameter" (trained), "frozen" (a parameter that the file says is not trained) or "buffer"
    (kept and exchanged but not trained: the running statistics of batch normalisation).
    """

    id: str
    shape: tuple[int, ...]
    dtype: str = "fp32"
    role: str = "parameter"

    @property
    def elements(self) -> int:
        """Number of elements; 1 for a scalar."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Op(Frozen):
    """One vertex: it reads the outputs of `inputs` and makes one tensor.

    `kind` is the normalised operation ("conv2d", "linear", "attention", "input", …); `block` is the
    module path ("layer1/0"); `inputs` are op ids in argument order; `attrs` are plain values that
    the cost formulas read (strides, groups, heads, …); `figures` are costs the file itself states,
    per sample, under the names of `cutwise-graph/1`; they win over anything derived. `source` is the
    name in the file. An op with several outputs in its file becomes one op per output.
    """

    id: str
    kind: str
    inputs: tuple[str, ...] = ()
    output: TensorSpec = TensorSpec(shape=())
    weights: tuple[Weight, ...] = ()
    block: str = ""
    attrs: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, float | tuple[float, float]] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelGraph(EqualByDigest):
    """A model as a directed acyclic graph; two graphs are equal when their digests are.

    `ops` are in topological order: every input is listed before its reader. Shapes are those of a
    mini-batch of `batch_size` samples; prices are per sample, so whatever prices the graph divides
    by it. `dims` holds the dimensions the importer had to choose ({"sequence": 128}), `provenance`
    says where the graph came from (format, producer, file digest), `warnings` what was assumed.
    `uncounted` is what the file holds beside that: "parameters" that no op counts, and the "macs" of a
    sample that go with them, as far as they are known. Names that would not be readable become so when a
    graph is made (`cutwise.fields.readable_names`).

    Raises `ModelImportError` for a repeated id, an unknown input or a wrong order.
    """

    name: str
    ops: tuple[Op, ...]
    batch_size: int = 1
    dims: Mapping[str, int] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    uncounted: Mapping[str, int] = field(default_factory=dict)
    digest: str = field(init=False, default="")
    index: Mapping[str, int] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for name, part in readable_parts(self).items():
            object.__setattr__(self, name, part)
        object.__setattr__(self, "index", self._checked_index())
        Frozen.__post_init__(self)
        object.__setattr__(self, "digest", self._digest())

    def __len__(self) -> int:
        return len(self.ops)

    @cached_property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """Pairs (producer, reader) of op positions, each pair once, ordered by reader."""
        return tuple(
            (self.index[name], reader)
            for reader, op in enumerate(self.ops)
            for name in dict.fromkeys(op.inputs)
        )

    @cached_property
    def edge_array(self) -> Ints:
        """The edges as a read-only array of shape (edges, 2)."""
        return read_only(np.array(self.edges, dtype=np.int64).reshape(-1, 2))

    @property
    def weights(self) -> Mapping[str, Weight]:
        """Every weight once, by id; tied weights appear once."""
        return {weight.id: weight for op in self.ops for weight in op.weights}

    @property
    def parameters(self) -> int:
        """Number of parameters; tied weights count once, buffers do not count."""
        return sum(w.elements for w in self.weights.values() if w.role != "buffer")

    @property
    def active_parameters(self) -> int:
        """Parameters that the forward pass of one token meets: of experts those that it is routed to.

        Tables count whole, though a token reads a row of them (`table_parameters`).
        """
        idle: dict[str, int] = {}
        for op in self.ops:
            if "experts_per_token" in op.attrs:
                left = op.attrs["experts"] - op.attrs["experts_per_token"]
                idle |= {weight.id: weight.elements * left // op.attrs["experts"] for weight in op.weights}
        return self.parameters - sum(idle.values())

    @property
    def table_parameters(self) -> int:
        """Parameters of tables that are only looked up; some publishers leave them out of the active ones."""
        tables = {w.id: w.elements for op in self.ops if op.kind == "embedding" for w in op.weights}
        others = {weight.id for op in self.ops if op.kind != "embedding" for weight in op.weights}
        return sum(elements for name, elements in tables.items() if name not in others)

    def to_networkx(self) -> networkx.DiGraph[str]:
        """The graph as a networkx digraph; vertices carry `op`, edges go from producer to reader."""
        import networkx

        graph: networkx.DiGraph[str] = networkx.DiGraph(name=self.name)
        graph.add_nodes_from((op.id, {"op": op}) for op in self.ops)
        graph.add_edges_from((name, op.id) for op in self.ops for name in op.inputs)
        return graph

    def _checked_index(self) -> dict[str, int]:
        index: dict[str, int] = {}
        for position, op in enumerate(self.ops):
            if op.id in index:
                raise ModelImportError(f"{self.name}: op id {op.id!r} is used twice; ids must be unique")
            for name in op.inputs:
                if name not in index:
                    raise ModelImportError(
                        f"{self.name}: op {op.id!r} reads {name!r}, which is not listed before it; "
                        "list ops inputs first, without cycles"
                    )
            index[op.id] = position
        return index

    def _digest(self) -> str:
        digest = hashlib.sha256(repr(self.batch_size).encode())
        for op in self.ops:
            parts = (
                op.id,
                op.kind,
                op.block,
                op.inputs,
                op.output,
                op.weights,
                dict(op.attrs),
                dict(op.figures),
            )
            digest.update(repr(parts).encode())
        # What is said of the file belongs to it: answers about two files must not stand in for each other.
        said = [self.provenance.get(name, "") for name in SAID_OF_TRAINING]
        digest.update(repr((self.warnings, sorted(self.uncounted.items()), said)).encode())
        return digest.hexdigest()
