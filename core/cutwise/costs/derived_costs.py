"""Costs derived from shapes: the formulas of `OP_COSTS`, and each saved storage counted once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats
from cutwise.costs.attention_pattern import Attention, written_out_attentions
from cutwise.costs.gradient_flow import GradientFlow, first_output
from cutwise.costs.ops.formula import KERNEL, OUTPUT
from cutwise.costs.ops.formulas import OP_COSTS, OpCall, OpWork
from cutwise.costs.ops.spectral import of_complex_numbers
from cutwise.costs.weight_costs import weight_columns
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import DTYPE_BYTES, FLOATING, ModelGraph, Op, Weight

NO_WORK = OpWork()
TRIPS = "trips"
"""The attribute of an op that stands for so many turns of a loop, each with work and tensors of its own."""
HELD = frozenset({"keeps_input", "kept_bytes", "kept_once_bytes", "forward_bytes", "backward_bytes", TRIPS})


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedCosts(Frozen):
    """Columns by name, per sample where `GraphCost` says so, and the kinds that have no formula."""

    columns: Mapping[str, Floats]
    unpriced: Mapping[str, int]


def is_stated(op: Op) -> bool:
    """True if `op` says itself what it costs, or has no shape to derive a cost from."""
    return bool(op.figures) or op.kind == "custom" or op.output.elements == 0


def derived_costs(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> DerivedCosts:
    """What the ops of `graph` cost by their kinds and shapes; 0 for ops that state their costs.

    Raises `ModelImportError` where an op lacks a shape, weight or attribute that its formula reads.
    """
    kinds, works = priced_works(graph, workload, flow)
    tensors = _tensor_columns(graph, workload, flow)
    whole_batch = {
        "forward_flops": _column(work.forward_flops for work in works),
        "backward_input_flops": _column(work.input_gradient_flops for work in works),
        "backward_weight_flops": _column(work.weight_gradient_flops for work in works),
        "macs": _column(work.macs for work in works),
        "output_bytes": tensors["output_bytes"],
        "gradient_bytes": tensors["gradient_bytes"],
    }
    columns = {name: column / graph.batch_size for name, column in whole_batch.items()}
    columns |= weight_columns(graph, workload, flow)
    # A constant is there once, however many samples there are.
    columns["buffer_bytes"] = columns["buffer_bytes"] + tensors["constant_bytes"]
    missing = Counter(kind for kind in kinds if kind is not None and kind not in OP_COSTS)
    return DerivedCosts(columns=columns, unpriced=missing)


def priced_works(
    graph: ModelGraph, workload: Workload, flow: GradientFlow
) -> tuple[list[str | None], list[OpWork]]:
    """The kind each op is priced as (None: it states its costs), and its work by the formula of that kind."""
    kinds = _priced_kinds(graph, fused_attentions(graph, workload))
    return kinds, [_work(graph, workload, flow, position, kind) for position, kind in enumerate(kinds)]


def fused_attentions(graph: ModelGraph, workload: Workload) -> tuple[Attention, ...]:
    """Attentions written out as separate ops that train as one kernel; forward alone costs the same."""
    fused = workload.training and workload.attention != "eager"
    return written_out_attentions(graph) if fused else ()


def _priced_kinds(graph: ModelGraph, attentions: Sequence[Attention]) -> list[str | None]:
    """The kind each op is priced as; None for an op that states its costs."""
    roles = {position: kind for found in attentions for position, kind in found.roles.items()}
    return [None if is_stated(op) else roles.get(position, op.kind) for position, op in enumerate(graph.ops)]


def _work(
    graph: ModelGraph, workload: Workload, flow: GradientFlow, position: int, kind: str | None
) -> OpWork:
    if kind is None or first_output(graph, position) != position:
        return NO_WORK
    op = graph.ops[position]
    if kind == KERNEL:
        return _held(OpWork(), op, None)
    if kind not in OP_COSTS:
        return OpWork(saves=tuple(range(len(op.inputs))))
    sources = [graph.index[name] for name in op.inputs]
    call = OpCall(
        op=op,
        inputs=tuple(graph.ops[source].output for source in sources),
        inputs_need_grad=tuple(flow.needs_grad[position] and flow.needs_grad[source] for source in sources),
        weights_trained=flow.trains[position],
        main_weight_trained=any(w.id in flow.trained[position] for w in _main_weights(op)),
        training=workload.training,
        fused_attention=workload.attention != "eager",
        element_bytes=DTYPE_BYTES[op.output.dtype],
        batches=graph.batch_size / workload.batch_size,
        flash_attention=workload.attention == "flash",
    )
    try:
        return _held(of_complex_numbers(OP_COSTS[kind](call), call), op, call)
    except (IndexError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ModelImportError(
            f"{graph.name}: op {op.id!r} cannot be priced as {kind!r}: its shapes, weights or attributes "
            f"are incomplete ({type(error).__name__}: {error}); export the model with static shapes"
        ) from error


def _main_weights(op: Op) -> Sequence[Weight]:
    """What the matrix of an op is made of: its first weight, or more where it is computed from several."""
    return op.weights if "merged_rank" in op.attrs else op.weights[: op.attrs.get("main_weights", 1)]


def _held(work: OpWork, op: Op, call: OpCall | None) -> OpWork:
    """The work with what the op's attributes say that it keeps and holds beside its formula."""
    if "keeps" in op.attrs:
        work = replace(work, saves=tuple(op.attrs["keeps"]), extra_bytes=0.0, once_bytes=0.0)
    if not op.attrs.keys() & HELD:
        return work
    work = _repeated(work, call, op.attrs[TRIPS]) if call is not None and TRIPS in op.attrs else work
    return replace(
        work,
        saves=tuple({*work.saves, 0}) if op.attrs.get("keeps_input") else work.saves,
        extra_bytes=work.extra_bytes + op.attrs.get("kept_bytes", 0.0),
        once_bytes=work.once_bytes + op.attrs.get("kept_once_bytes", 0.0),
        forward_bytes=work.forward_bytes + op.attrs.get("forward_bytes", 0.0),
        backward_bytes=work.backward_bytes + op.attrs.get("backward_bytes", 0.0),
    )


def _repeated(work: OpWork, call: OpCall, trips: int) -> OpWork:
    """The work of `trips` turns; each keeps tensors of its own, the first those that are ops' outputs."""
    kept = [
        call.op.output if place == OUTPUT else call.inputs[place]
        for place in work.saves
        if place < len(call.inputs)
    ]
    tensors = sum(spec.elements * DTYPE_BYTES[spec.dtype] for spec in kept)
    return replace(
        work,
        forward_flops=trips * work.forward_flops,
        input_gradient_flops=trips * work.input_gradient_flops,
        weight_gradient_flops=trips * work.weight_gradient_flops,
        macs=trips * work.macs,
        extra_bytes=trips * work.extra_bytes + (trips - 1) * tensors,
    )


def _tensor_columns(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> dict[str, Floats]:
    """Bytes of each output for the whole batch: as it is sent, as its gradient is, and held once for good.

    Floating tensors are sent as smashed data, whole numbers and the model's inputs as they are;
    constants are never sent: both sides hold the model file. What is the same for every sample
    (`once_a_batch`: position biases) is sent once a mini-batch, of which the graph's own is a share.
    """
    outputs = [op.output for op in graph.ops]
    share = graph.batch_size / workload.batch_size
    elements = _column(
        op.output.elements * op.attrs.get(TRIPS, 1) * (share if op.attrs.get("once_a_batch") else 1)
        for op in graph.ops
    )
    own = elements * _column(DTYPE_BYTES[output.dtype] for output in outputs)
    floating = np.array([output.dtype in FLOATING for output in outputs], dtype=bool)
    is_input = np.array([op.kind == "input" for op in graph.ops], dtype=bool)
    constant = np.array([op.kind == "constant" for op in graph.ops], dtype=bool)
    smashed = np.where(floating, elements * DTYPE_BYTES[workload.smashed], own)
    held = np.where(floating, elements * DTYPE_BYTES[workload.compute], own)
    return {
        "output_bytes": np.where(constant, 0.0, np.where(is_input, own, smashed)),
        "gradient_bytes": np.where(np.array(flow.needs_grad, dtype=bool), smashed, 0.0),
        "constant_bytes": held * constant,
    }


def _column(values: Iterable[float]) -> Floats:
    return np.array(list(values), dtype=np.float64)
