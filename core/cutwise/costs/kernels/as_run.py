"""A model as it runs: every op as the kernels it is, each tensor in its own number format, and the loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Ints
from cutwise.costs.gradient_flow import gradient_flow
from cutwise.costs.kernels.losses import has_loss, loss, without_logits
from cutwise.costs.kernels.rules import RULES, plain
from cutwise.costs.kernels.setting import RunSetting, kernel
from cutwise.costs.weight_costs import others_dtype, quantised_weights, trained_dtype
from cutwise.costs.workload import Workload
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import DTYPE_BYTES, ModelGraph, Op


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class AsRun(Frozen):
    """`graph`: the kernels, in the order they run; `owners` (kernels,): the op of the model of each."""

    graph: ModelGraph
    owners: Ints


def as_run(graph: ModelGraph, workload: Workload, *, accelerator: bool = True) -> AsRun:
    """The kernels that `graph`, with its adapters, runs as under `workload`.

    The last kernel of an op has the op's own id. Ops that state what they cost stay as they are.
    """
    if all(op.figures for op in graph.ops):
        return AsRun(graph=graph, owners=np.arange(len(graph)))
    formats: dict[str, str] = {}
    setting = _setting(graph, workload, formats, accelerator=accelerator)
    read = {name for op in graph.ops for name in op.inputs}
    ops: list[Op] = []
    owners: list[int] = []
    for at, op in enumerate(graph.ops):
        for made in _kernels(op, setting, terminal=op.id not in read):
            formats[made.id] = made.output.dtype
            ops.append(made)
            owners.append(at)
    return AsRun(graph=replace(graph, ops=tuple(ops)), owners=np.array(owners, dtype=np.int64))


def _setting(
    graph: ModelGraph, workload: Workload, formats: dict[str, str], *, accelerator: bool
) -> RunSetting:
    wide_others = bool(workload.quantised) and others_dtype(workload) == "fp32"
    return RunSetting(
        graph=graph,
        workload=workload,
        run=workload.run,
        compute=workload.compute,
        known_format=formats.__getitem__,
        adapter_dtype=trained_dtype(workload, adapter=True),
        whole_norms=wide_others and workload.compute != "fp32",
        quantised=quantised_weights(graph, workload, gradient_flow(graph, workload))
        if workload.quantised
        else frozenset(),
        gates=_gates(graph),
        accelerator=accelerator,
    )


def _gates(graph: ModelGraph) -> frozenset[str]:
    """Activations that only one product of two tensors reads."""
    readers: dict[str, list[Op]] = {}
    for op in graph.ops:
        for name in op.inputs:
            readers.setdefault(name, []).append(op)
    return frozenset(
        name for name, reading in readers.items()
        if len(reading) == 1 and reading[0].kind == "mul" and len(reading[0].inputs) == 2
    )  # fmt: skip


def _kernels(op: Op, setting: RunSetting, *, terminal: bool) -> Iterator[Op]:
    if op.figures or op.kind in {"input", "constant", "custom"} or not op.output.elements:
        yield from plain(op, setting)
        return
    ends = terminal and has_loss(op, setting)
    joined = without_logits(op, setting) if ends else None
    if joined is not None:
        yield joined
        return
    made = list(RULES.get(op.kind, plain)(op, setting))
    if setting.run.joint_products and "joint_features" in op.attrs:
        whole = op.output.elements // op.output.shape[-1] * op.attrs["joint_features"]
        made[-1] = replace(made[-1], attrs={**made[-1].attrs, "joint_elements": whole})
    if op.attrs.get("narrows") and made[-1].output.dtype != setting.wide:
        made[-1] = replace(made[-1], id=f"{op.id}/whole")
        made.append(kernel(op, "", (made[-1].id,), setting.wide))
    if setting.workload.training and op.attrs.get("dropout_ratio") and op.kind != "attention":
        made[-1] = replace(made[-1], id=f"{op.id}/before_dropout")
        mask = op.output.elements * (1 if setting.accelerator else DTYPE_BYTES[made[-1].output.dtype])
        made.append(kernel(op, "", (made[-1].id,), made[-1].output.dtype, kept_bytes=mask))
    yield from made
    if ends:
        yield from loss(op, setting)
