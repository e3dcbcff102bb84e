"""Costs that ops state themselves (`cutwise-graph/1`, measured profiles): taken as they are.

A figure that is missing is 0, except `exchanged_bytes`, which is `trainable_bytes`, and
`gradient_bytes`, which is `output_bytes` where the op or an ancestor is trainable. Figures are bytes
and FLOPs for one sample as the file means them: no number format of the workload rescales them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cutwise.arrays import Floats
from cutwise.costs.gradient_flow import GradientFlow
from cutwise.costs.weight_costs import bytes_per_weight, training_state, unquantised_dtype
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import DTYPE_BYTES, ModelGraph

# One row of four times an op, each a pair (fixed seconds an iteration, seconds a sample).
MEASURED = ("device_forward_s", "device_backward_s", "server_forward_s", "server_backward_s")
BACKWARD = slice(1, None, 2)


def stated_columns(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> dict[str, Floats]:
    """What each op states, defaults filled in; 0 in every column for ops that state nothing.

    The two halves of a stated backward pass are not known, so `backward_input_flops` holds all of it.
    Inference, and patterns that freeze an op and all its ancestors, take away its backward figures.
    """
    active = ~np.array(flow.silenced, dtype=bool) & workload.training
    thawed = ~np.array(flow.frozen, dtype=bool) & workload.training
    output, stated_trainable = _figure(graph, "output_bytes"), _figure(graph, "trainable_bytes")
    trainable = stated_trainable * thawed
    returned = _figure(graph, "gradient_bytes", output * np.array(flow.needs_grad, dtype=bool)) * active
    weights = _figure(graph, "weight_bytes")
    return {
        "forward_flops": _figure(graph, "forward_flops"),
        "backward_input_flops": _figure(graph, "backward_flops") * active,
        "weight_bytes": weights,
        "exchanged_bytes": _figure(graph, "exchanged_bytes", stated_trainable) * thawed,
        **_training_state(trainable, workload),
        "transient_bytes": np.maximum(output, returned),
        "output_bytes": output,
        "gradient_bytes": returned,
        "parameters": weights / bytes_per_weight(workload.quantised or workload.weights_dtype),
        "trained": trainable / DTYPE_BYTES[unquantised_dtype(workload)],
    }


def _training_state(trainable_bytes: Floats, workload: Workload) -> Mapping[str, Floats]:
    held_as = unquantised_dtype(workload)
    return training_state(trainable_bytes / DTYPE_BYTES[held_as], held_as, workload)


def stated_saved(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> Sequence[float]:
    """Bytes each op says that it keeps of a sample; 0 where nothing goes backward or it says nothing."""
    return [
        float(np.sum(op.figures["saved_bytes"])) * (workload.training and not silenced)
        if "saved_bytes" in op.figures
        else 0.0
        for op, silenced in zip(graph.ops, flow.silenced, strict=True)
    ]


def measured_times(graph: ModelGraph, *, training: bool) -> Floats:
    """Seconds each op was measured to take, shape (ops, `MEASURED`, 2); 0 where it was not.

    The last axis is fixed seconds an iteration and seconds a sample; a single number is the latter.
    """
    times = np.zeros((len(graph), len(MEASURED), 2))
    for position, op in enumerate(graph.ops):
        for column, name in enumerate(MEASURED if op.figures else ()):
            if name in op.figures:
                figure = op.figures[name]
                times[position, column] = figure if isinstance(figure, tuple) else (0.0, figure)
    if not training:
        times[:, BACKWARD] = 0.0
    return times


def _figure(graph: ModelGraph, name: str, default: Floats | None = None) -> Floats:
    values = np.array([op.figures.get(name, np.nan) for op in graph.ops], dtype=np.float64)
    return np.where(np.isnan(values), 0.0 if default is None else default, values)
