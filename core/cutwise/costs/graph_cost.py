"""The price of a model: what each op costs under one workload, as columns."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.costs.derived_costs import derived_costs, is_stated
from cutwise.costs.generation.columns import GenerationCosts, generation_columns
from cutwise.costs.gradient_flow import gradient_flow
from cutwise.costs.kernels.kernel_costs import kernel_costs
from cutwise.costs.kernels.op_columns import held_columns, widest_bytes
from cutwise.costs.lora import rewritten
from cutwise.costs.moved_bytes import moving_columns
from cutwise.costs.shared_weights import NOTHING_SHARED, SharedWeights, shared_weights
from cutwise.costs.stated_costs import measured_times, stated_columns
from cutwise.costs.workload import Workload
from cutwise.digests import EqualByDigest, freeze
from cutwise.errors import UnknownNameError
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class OpCost:
    """What one op costs, per sample unless said; a row of `GraphCost`.

    Backward work is split into the gradient of the op's inputs and that of its weights; forward work that
    checkpointing does again is part of the former. `saved_bytes` is what this op is the first to keep for
    the backward pass, its share of what is kept once a mini-batch included; `transient_bytes` the
    widest tensor alive while it runs, its output or a copy on the way, with what it holds beside that; with
    checkpointing also what its part had to make again by then. `output_bytes` and `gradient_bytes` are what
    crosses a cut behind it, up and back down. `moved_bytes` are the tensors that it reads and writes in
    memory, `backward_moved_bytes` those of its backward pass.

    Once a mini-batch: `read_bytes` of weights, `launches` of kernels, and both in the backward pass.

    Once per copy of the model, whatever the batch: `weight_bytes`, `buffer_bytes` (running
    statistics, constants), `trainable_bytes`, `exchanged_bytes` (sent with the device-side model),
    `weight_gradient_bytes`, `optimizer_bytes` and `step_bytes` (the copy that the optimiser's step makes).
    """

    op: str
    forward_flops: float
    backward_input_flops: float
    backward_weight_flops: float
    weight_bytes: float
    buffer_bytes: float
    trainable_bytes: float
    exchanged_bytes: float
    weight_gradient_bytes: float
    optimizer_bytes: float
    step_bytes: float
    saved_bytes: float
    transient_bytes: float
    output_bytes: float
    gradient_bytes: float
    moved_bytes: float
    read_bytes: float
    launches: float
    backward_moved_bytes: float
    backward_read_bytes: float
    backward_launches: float

    @property
    def backward_flops(self) -> float:
        """FLOPs of the whole backward pass of a sample."""
        return self.backward_input_flops + self.backward_weight_flops


COLUMNS = tuple(f.name for f in fields(OpCost) if f.name != "op")


@dataclass(frozen=True, eq=False, kw_only=True)
class GraphCost(EqualByDigest):
    """The columns of `OpCost` over all ops of `graph` under `workload`, in graph order, read-only.

    `graph` is the model as it is trained: with LoRA it has more ops than the file.

    `measured_s` has shape (ops, 4, 2): device forward, device backward, server forward, server
    backward, each as fixed seconds an iteration and seconds a sample; 0 where nothing was measured.
    `is_input` marks the model's inputs. `unpriced` counts the ops of each kind without a formula:
    their FLOPs are missing from every figure, their bytes are not. `macs` are the multiply-adds of
    dense ops in one forward pass of a sample; `parameters` and `trainable_parameters` count a tied
    weight once, or for each op that trains one of its own. `shared` says what keeps ops that read one weight
    together, and what a side holds beyond what its ops are charged for. `generation` says what generating
    text takes, where the workload asks for it. Two prices are equal when their digests are.
    """

    graph: ModelGraph
    workload: Workload
    forward_flops: Floats
    backward_input_flops: Floats
    backward_weight_flops: Floats
    weight_bytes: Floats
    buffer_bytes: Floats
    trainable_bytes: Floats
    exchanged_bytes: Floats
    weight_gradient_bytes: Floats
    optimizer_bytes: Floats
    step_bytes: Floats
    saved_bytes: Floats
    transient_bytes: Floats
    output_bytes: Floats
    gradient_bytes: Floats
    moved_bytes: Floats
    read_bytes: Floats
    launches: Floats
    backward_moved_bytes: Floats
    backward_read_bytes: Floats
    backward_launches: Floats
    measured_s: Floats
    is_input: Mask
    unpriced: Mapping[str, int]
    macs: int
    parameters: int
    trainable_parameters: int
    shared: SharedWeights = NOTHING_SHARED
    generation: GenerationCosts | None = None
    digest: str = field(init=False, default="")

    def __post_init__(self) -> None:
        digest = hashlib.sha256(f"{self.graph.digest}{self.workload}".encode())
        for name in (*COLUMNS, "measured_s", "is_input"):
            column = np.ascontiguousarray(getattr(self, name)).copy()
            freeze(self, name, column)
            digest.update(column.tobytes())
        object.__setattr__(self, "digest", digest.hexdigest())
        Frozen.__post_init__(self)

    def __len__(self) -> int:
        return len(self.graph)

    def row(self, op_id: str) -> OpCost:
        """What op `op_id` costs; raises `UnknownNameError` for an id the graph does not have."""
        if op_id not in self.graph.index:
            raise UnknownNameError("op", op_id, self.graph.index)
        position = self.graph.index[op_id]
        return OpCost(op=op_id, **{name: float(getattr(self, name)[position]) for name in COLUMNS})


def price(graph: ModelGraph, workload: Workload) -> GraphCost:
    """What every op of `graph` costs under `workload`, after `rewritten` has added adapters.

    Figures an op states win over the formulas of `OP_COSTS`. In inference nothing is saved,
    exchanged, trained or sent back. Raises `ScenarioError` for a frozen pattern or a target that matches
    nothing, and `ModelImportError` for an op whose shapes its formula cannot use.
    """
    graph = rewritten(graph, workload)
    flow = gradient_flow(graph, workload)
    derived = derived_costs(graph, workload, flow)
    states_it = np.array([is_stated(op) for op in graph.ops], dtype=bool)
    stated = stated_columns(graph, workload, flow) if states_it.any() else {}
    whole = {
        name: np.where(states_it, stated.get(name, 0.0), column) for name, column in derived.columns.items()
    }
    whole |= moving_columns(graph, workload, flow)
    stated_widths = stated.get("transient_bytes", 0.0) * states_it
    kernels = kernel_costs(graph, workload)
    whole |= held_columns(kernels, workload.batch_size, {**whole, "transient_bytes": stated_widths})
    made = {**whole, "transient_bytes": np.maximum(stated_widths, widest_bytes(kernels, len(graph)))}
    generated, generation = generation_columns(graph, workload, flow, made)
    whole |= generated
    return GraphCost(
        graph=graph,
        workload=workload,
        **{name: whole[name] for name in COLUMNS},
        measured_s=measured_times(graph, training=workload.training),
        is_input=np.array([op.kind == "input" for op in graph.ops], dtype=bool),
        unpriced=derived.unpriced,
        macs=round(whole["macs"].sum()),
        parameters=round(whole["parameters"].sum()),
        trainable_parameters=round(whole["trained"].sum()),
        shared=shared_weights(graph, workload, flow),
        generation=generation,
    )
