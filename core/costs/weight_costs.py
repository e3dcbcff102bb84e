"""Bytes of weights: how large each number format is, and which op is charged for a shared weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.costs.gradient_flow import GradientFlow, frozen_weights, is_trainable
from core.costs.workload import OPTIMIZER_STATES, Workload
from core.graph.model_graph import DTYPE_BYTES, FLOATING, ModelGraph

Floats = NDArray[np.float64]

SCALE_BYTES = 2  # one fp16 scale …
SCALED_WEIGHTS = 64  # … for each block of weights in four bits (the usual block size of QLoRA's NF4)
SCALED_DTYPES = ("int4", "nf4")


def bytes_per_weight(dtype: str) -> float:
    """Bytes of one weight in number format `dtype`, its share of the scales included.

    >>> bytes_per_weight("nf4")   # 0.5 + 2 / 64
    0.53125
    """
    return DTYPE_BYTES[dtype] + (SCALE_BYTES / SCALED_WEIGHTS if dtype in SCALED_DTYPES else 0)


def weight_columns(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> dict[str, Floats]:
    """Bytes of the weights each op is charged for, and their numbers (`parameters`, `trained`).

    A tied weight is charged to the first op that reads it, or to each where `tied_weights` is
    "untied". Floating weights are held in the workload's number format, all others in their own.
    Buffers of ops that are not frozen are exchanged with the trained parameters: running statistics
    travel with the model.
    """
    rows = np.array(_charges(graph, workload, flow), dtype=np.float64).reshape(len(graph), len(_CHARGES))
    charged = dict(zip(_CHARGES, rows.T, strict=True))
    trainable_bytes = charged["trained"] * bytes_per_weight(workload.weights_dtype)
    moving = charged["buffer_bytes"] * ~np.array(flow.frozen, dtype=bool) * workload.training
    return {
        **charged,
        "trainable_bytes": trainable_bytes,
        "exchanged_bytes": trainable_bytes + moving,
        **training_state(trainable_bytes, workload),
    }


def training_state(trainable_bytes: Floats, workload: Workload) -> Mapping[str, Floats]:
    """Bytes of weight gradients (compute format) and optimiser state that trained weights bring along.

    Adam in mixed precision, 1 MB of bf16 weights: 500 000 weights, 1 MB of gradients and
    500 000 x 2 moments x 4 B = 4 MB of state.

    >>> adam = Workload(weights_dtype="bf16", optimizer="adam")
    >>> state = training_state(np.array([1e6]), adam)
    >>> float(state["weight_gradient_bytes"][0]), float(state["optimizer_bytes"][0])
    (1000000.0, 4000000.0)
    """
    trained = trainable_bytes / bytes_per_weight(workload.weights_dtype)
    states = OPTIMIZER_STATES[workload.optimizer]
    return {
        "weight_gradient_bytes": trained * DTYPE_BYTES[workload.compute],
        "optimizer_bytes": trained * states * DTYPE_BYTES[workload.optimizer_state],
    }


_CHARGES = ("weight_bytes", "buffer_bytes", "parameters", "trained")


def _charges(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> Sequence[tuple[float, ...]]:
    untied = workload.tied_weights == "untied"
    held = bytes_per_weight(workload.weights_dtype)
    frozen = frozen_weights(graph, flow.frozen)
    charged: set[str] = set()
    rows: list[tuple[float, ...]] = []
    for op, frozen_here in zip(graph.ops, flow.frozen, strict=True):
        weights, buffers, parameters, trained = 0.0, 0.0, 0.0, 0.0
        for weight in {w.id: w for w in op.weights if untied or w.id not in charged}.values():
            if weight.role == "buffer":
                buffers += weight.elements * DTYPE_BYTES[weight.dtype]
                continue
            weights += weight.elements * (held if weight.dtype in FLOATING else DTYPE_BYTES[weight.dtype])
            parameters += weight.elements
            still = frozen_here if untied else weight.id in frozen
            if workload.training and is_trainable(weight) and not still:
                trained += weight.elements
        charged.update(w.id for w in op.weights)
        rows.append((weights, buffers, parameters, trained))
    return rows
