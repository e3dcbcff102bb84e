"""Weights that several ops read: which keep their ops on one side, and which each side has a copy of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.costs.gradient_flow import GradientFlow, changing_weights, separate_weights
from cutwise.costs.weight_costs import weight_columns
from cutwise.costs.workload import Workload
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import DTYPE_BYTES, ModelGraph, Op

HELD_COLUMNS = (
    "weight_bytes", "trainable_bytes", "buffer_bytes", "weight_gradient_bytes", "optimizer_bytes",
    "exchanged_bytes",
)  # fmt: skip
"""What an op is charged for a weight."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SharedWeights(Frozen):
    """What follows from weights that several ops read.

    `ties` are groups of ops (positions) that stay on one side, `tied_names` the weight of each. Of all
    others each side that reads one holds a copy: `readers` (weights, ops) says who reads it, `charged`
    (weights,) which op's figures have it in them, `held_bytes` (weights, `HELD_COLUMNS`) how much of them it
    is, and `kept_equal_bytes` (weights,) its gradient, which goes up and comes back in every iteration
    while both sides train a copy; 0 where nothing is trained. `step_bytes` (weights,) is what the optimiser's
    step copies of it. Weights with the same readers are one. `led` (weights,) is true where all readers
    follow from the one that is charged.
    """

    ties: tuple[tuple[int, ...], ...] = ()
    tied_names: tuple[str, ...] = ()
    readers: Mask = field(default_factory=lambda: np.zeros((0, 0), dtype=bool))
    charged: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    held_bytes: Floats = field(default_factory=lambda: np.zeros((0, len(HELD_COLUMNS))))
    kept_equal_bytes: Floats = field(default_factory=lambda: np.zeros(0))
    step_bytes: Floats = field(default_factory=lambda: np.zeros(0))
    led: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def __len__(self) -> int:
        return len(self.charged)

    def read_on(self, sides: Mask) -> Mask:
        """Which copied weights each of `sides` (k, ops) reads, shape (k, weights)."""
        read = np.zeros((len(sides), len(self)), dtype=bool)
        for weight, readers in enumerate(self.readers):
            read[:, weight] = sides[:, readers].any(axis=1)
        return read

    def beside(self, sides: Mask) -> Mask:
        """Which copied weights each of `sides` (k, ops) holds beyond what its own ops are charged for."""
        return self.read_on(sides) & ~sides[:, self.charged]

    def of(self, column: str) -> Floats:
        """One of `HELD_COLUMNS` (weights,)."""
        return self.held_bytes[:, HELD_COLUMNS.index(column)]

    @property
    def frozen_bytes(self) -> Floats:
        """What of each copied weight (weights,) is not trained, so that one copy serves many clients."""
        return np.maximum(self.of("weight_bytes") - self.of("trainable_bytes"), 0.0)

    @property
    def kept_bytes(self) -> Floats:
        """What each copied weight (weights,) takes on a side that reads it."""
        columns = ("weight_bytes", "buffer_bytes", "weight_gradient_bytes", "optimizer_bytes")
        return np.sum([self.of(column) for column in columns], axis=0)


NOTHING_SHARED = SharedWeights()


def shared_positions(graph: ModelGraph) -> Mapping[str, tuple[int, ...]]:
    """The positions of the ops that read each weight that more than one op reads."""
    readers: dict[str, list[int]] = defaultdict(list)
    for position, op in enumerate(graph.ops):
        for name in {weight.id: None for weight in op.weights}:
            readers[name].append(position)
    return {name: tuple(found) for name, found in readers.items() if len(found) > 1}


def shared_weights(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> SharedWeights:
    """What `graph`'s shared weights mean under `workload`.

    Nothing has to agree where a weight is frozen or nothing is trained: each side holds a copy. One that is
    trained keeps its ops on one side, unless copies are kept equal (`tied_weights = "copied"`) or each op
    trains its own ("untied"). "one_side" keeps all together, frozen or not.
    """
    positions, asked = shared_positions(graph), workload.tied_weights
    if not positions:
        return NOTHING_SHARED
    changing = changing_weights(graph, workload, flow)
    bound = set(positions) if asked == "one_side" else changing if asked is None else frozenset[str]()
    alone = separate_weights(graph, workload, flow)
    tied: dict[tuple[int, ...], str] = {}
    copied: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for name, found in positions.items():
        if name in bound:
            tied.setdefault(found, name)
        elif name not in alone:
            copied[found].append(name)
    groups = tuple(sorted(tied))
    return replace(
        _copies(graph, workload, flow, copied), ties=groups, tied_names=tuple(tied[group] for group in groups)
    )


def _copies(
    graph: ModelGraph, workload: Workload, flow: GradientFlow, copied: Mapping[tuple[int, ...], list[str]]
) -> SharedWeights:
    readers = np.zeros((len(copied), len(graph)), dtype=bool)
    held = np.zeros((len(copied), len(HELD_COLUMNS)))
    equal, step = np.zeros(len(copied)), np.zeros(len(copied))
    trained = frozenset[str]().union(*flow.trained)
    for row, (found, names) in enumerate(copied.items()):
        readers[row, list(found)] = True
        equal[row] = DTYPE_BYTES[workload.compute] * _elements(graph.ops[found[0]], trained & set(names))
        if not graph.ops[found[0]].figures:
            columns = weight_columns(graph, workload, flow, only=frozenset(names))
            held[row] = [columns[name][found[0]] for name in HELD_COLUMNS]
            step[row] = columns["step_bytes"][found[0]]
    return SharedWeights(
        readers=readers,
        charged=np.array([found[0] for found in copied], dtype=np.int64),
        held_bytes=held,
        kept_equal_bytes=equal,
        step_bytes=step,
        led=_led(graph, readers),
    )


def _led(graph: ModelGraph, readers: Mask) -> Mask:
    """Which weights (weights,) have a first reader that all others depend on."""
    led = np.zeros_like(readers)
    led[np.arange(len(led)), readers.argmax(axis=1)] = True
    edges: list[list[int]] = graph.edge_array[np.argsort(graph.edge_array[:, 1], kind="stable")].tolist()
    for producer, reader in edges:
        led[:, reader] |= led[:, producer]
    return np.asarray((led | ~readers).all(axis=1))


def _elements(op: Op, names: frozenset[str]) -> int:
    return sum({weight.id: weight.elements for weight in op.weights if weight.id in names}.values())
