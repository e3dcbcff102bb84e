"""What every kernel of a model keeps and holds, and which kernels run again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.caches import kept
from cutwise.costs.checkpointing import run_again
from cutwise.costs.derived_costs import fused_attentions, priced_works
from cutwise.costs.gradient_flow import GradientFlow, gradient_flow
from cutwise.costs.kernels.as_run import as_run
from cutwise.costs.saved_tensors import SavedTensors, saved_tensors
from cutwise.costs.stated_costs import stated_saved
from cutwise.costs.storages import storage_roots
from cutwise.costs.workload import Workload
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import DTYPE_BYTES, ModelGraph


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class KernelCosts(Frozen):
    """The kernels of a model as it runs under one workload, bytes per sample.

    `owners` (kernels,) are the ops of the model; `roots` say in whose storage each result lies; `saved` is
    what the backward pass keeps; `forward_bytes` and `backward_bytes` what a kernel holds while it runs, and
    `passing_once_bytes` once a mini-batch; `segments` the part each runs again with, `RUNS_ONCE` for the
    others. Nothing here depends on the batch.
    """

    graph: ModelGraph
    owners: Ints
    flow: GradientFlow
    roots: Sequence[int]
    saved: SavedTensors
    forward_bytes: Floats
    backward_bytes: Floats
    passing_once_bytes: Floats
    segments: Sequence[int]


def kernel_costs(graph: ModelGraph, workload: Workload, *, accelerator: bool = True) -> KernelCosts:
    """What the kernels of `graph`, with its adapters, hold under `workload`.

    Raises `ModelImportError` where an op lacks a shape, weight or attribute that its formula reads.
    """
    alike = replace(
        workload, batch_size=1, local_epochs=None, local_iterations=None, micro_batches=1, label_bytes=None,
        smashed_dtype=None, labels_at="server", gradient_accumulation=1,
    )  # fmt: skip
    return _kernel_costs(graph, alike, accelerator)


@kept
def _kernel_costs(graph: ModelGraph, workload: Workload, accelerator: bool) -> KernelCosts:
    run = as_run(graph, workload, accelerator=accelerator)
    flow = gradient_flow(run.graph, workload)
    _, works = priced_works(run.graph, workload, flow)
    queries = {found.context: found.query for found in fused_attentions(run.graph, workload)}
    roots = storage_roots(run.graph, training=workload.training, laid_out_like=queries)
    saved = saved_tensors(
        run.graph, works, roots, flow.needs_grad, _sizes(run.graph), stated_saved(run.graph, workload, flow)
    )
    samples = run.graph.batch_size
    return KernelCosts(
        graph=run.graph,
        owners=run.owners,
        flow=flow,
        roots=roots,
        saved=saved,
        forward_bytes=np.array([work.forward_bytes for work in works]) / samples,
        backward_bytes=np.array([work.backward_bytes for work in works]) / samples,
        passing_once_bytes=np.array([op.attrs.get("passing_once_bytes", 0.0) for op in run.graph.ops]),
        segments=run_again(run.graph, workload, flow),
    )


def _sizes(graph: ModelGraph) -> list[float]:
    """Bytes of each kernel's own storage; figures are for one sample, constants are held for good."""
    sizes = []
    for op in graph.ops:
        elements = op.attrs.get("joint_elements", op.output.elements)
        own = 0.0 if op.kind == "constant" else elements * DTYPE_BYTES[op.output.dtype]
        if "output_bytes" in op.figures:
            own = float(np.sum(op.figures["output_bytes"])) * graph.batch_size
        sizes.append(own)
    return sizes
