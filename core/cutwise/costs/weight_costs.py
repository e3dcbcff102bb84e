"""Bytes of weights: how large each number format is, and which op is charged for a shared weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cutwise.arrays import Floats
from cutwise.costs.gradient_flow import GradientFlow
from cutwise.costs.layer_roles import HEAD, linear_roles
from cutwise.costs.workload import HALF_PRECISION, OPTIMIZER_STATES, QUANTISED, Workload
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import DTYPE_BYTES, FLOATING, ModelGraph, Weight
from cutwise.units import BITS_PER_BYTE

# One fp16 scale for each block of weights in four bits (the usual block size of QLoRA's NF4). In int8 there
# is one for each row of a matrix, far below 1 % of it, and left out.
SCALE_BYTES = 2
SCALED_WEIGHTS = 64
SCALED_DTYPES = ("int4", "nf4")
MASTER_BYTES = 4  # one fp32 copy
# Formats of GGUF files, bits a weight with all scales (llama.cpp): every matrix has them, tables of words
# too, and the output layer one of its own.
GGUF_BITS = FrozenDict({"q8_0": 8.5, "q4_k_m": 4.83, "q4_0": 4.5})
GGUF_HEAD_BITS = FrozenDict({"q8_0": 8.5, "q4_k_m": 6.56, "q4_0": 6.56})
# Ops whose matrices are quantised; all other weights stay in 16 bit.
QUANTISED_KINDS = frozenset(
    {
        "linear", "matmul", "grouped_matmul", "einsum", "conv1d", "conv2d", "conv3d", "conv_transpose1d",
        "conv_transpose2d", "conv_transpose3d", "lstm", "gru", "rnn",
    }
)  # fmt: skip


def bytes_per_weight(dtype: str) -> float:
    """Bytes of one weight in number format `dtype`, its share of the scales included.

    >>> bytes_per_weight("nf4")   # 0.5 + 2 / 64
    0.53125
    """
    if dtype in GGUF_BITS:
        return GGUF_BITS[dtype] / BITS_PER_BYTE
    return DTYPE_BYTES[dtype] + (SCALE_BYTES / SCALED_WEIGHTS if dtype in SCALED_DTYPES else 0)


def unquantised_dtype(workload: Workload) -> str:
    """The number format of weights that are trained, or never quantised.

    It is the weights' own, or where that is for matrices only the compute format.

    >>> unquantised_dtype(Workload(weights_dtype="nf4", compute_dtype="bf16"))
    'bf16'
    """
    formats = (workload.weights_dtype, workload.compute, "fp16")
    return next(dtype for dtype in formats if dtype not in QUANTISED)


def weight_columns(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> dict[str, Floats]:
    """Bytes of the weights each op is charged for, and their numbers (`parameters`, `trained`).

    A tied weight is charged to the first op that reads it, or to each where `tied_weights` is
    "untied". Floating weights are held in the workload's number format, all others in their own; of a
    quantised format are only matrices of dense ops that are not trained. Buffers of ops that are not
    frozen are exchanged with the trained parameters: running statistics travel with the model.
    """
    rows = np.array(_charges(graph, workload, flow), dtype=np.float64).reshape(len(graph), len(_CHARGES))
    charged = dict(zip(_CHARGES, rows.T, strict=True))
    trainable_bytes = charged["trained"] * DTYPE_BYTES[unquantised_dtype(workload)]
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
    500 000 x 2 moments x 4 B = 4 MB of state; master weights add 500 000 x 4 B = 2 MB.

    >>> adam = Workload(weights_dtype="bf16", optimizer="adam", master_weights=True)
    >>> state = training_state(np.array([1e6]), adam)
    >>> float(state["weight_gradient_bytes"][0]), float(state["optimizer_bytes"][0])
    (1000000.0, 6000000.0)
    """
    held_as = unquantised_dtype(workload)
    trained = trainable_bytes / DTYPE_BYTES[held_as]
    states = OPTIMIZER_STATES[workload.optimizer]
    master = MASTER_BYTES if workload.master_weights and held_as in HALF_PRECISION else 0
    return {
        "weight_gradient_bytes": trained * DTYPE_BYTES[workload.compute],
        "optimizer_bytes": trained * (states * DTYPE_BYTES[workload.optimizer_state] + master),
    }


_CHARGES = ("weight_bytes", "buffer_bytes", "parameters", "trained")


def _charges(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> Sequence[tuple[float, ...]]:
    untied = workload.tied_weights == "untied"
    packed = workload.weights_dtype in QUANTISED
    quantised = _quantised_weights(graph, workload, flow) if packed else frozenset()
    quantised_size = bytes_per_weight(workload.weights_dtype)
    head = quantised & _head_weights(graph) if workload.weights_dtype in GGUF_BITS else frozenset()
    head_size = GGUF_HEAD_BITS.get(workload.weights_dtype, 0.0) / BITS_PER_BYTE
    sizes = dict.fromkeys(quantised, quantised_size) | dict.fromkeys(head, head_size)
    plain_size = DTYPE_BYTES[unquantised_dtype(workload)]
    charged: set[str] = set()
    rows: list[tuple[float, ...]] = []
    for op, trained_here in zip(graph.ops, flow.trained, strict=True):
        weights, buffers, parameters, trained = 0.0, 0.0, 0.0, 0.0
        for weight in {w.id: w for w in op.weights if untied or w.id not in charged}.values():
            if weight.role == "buffer":
                buffers += weight.elements * DTYPE_BYTES[weight.dtype]
                continue
            size = sizes.get(weight.id, plain_size)
            weights += weight.elements * (size if weight.dtype in FLOATING else DTYPE_BYTES[weight.dtype])
            parameters += weight.elements
            trained += weight.elements * (weight.id in trained_here)
        charged.update(w.id for w in op.weights)
        rows.append((weights, buffers, parameters, trained))
    return rows


def _head_weights(graph: ModelGraph) -> frozenset[str]:
    """Weights of the layers that make the model's output."""
    roles = linear_roles(graph)
    return frozenset(w.id for at, role in roles.items() if role == HEAD for w in graph.ops[at].weights)


def _quantised_weights(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> frozenset[str]:
    """Matrices that only dense ops read and nobody trains; in a GGUF file those of tables too."""
    kinds = QUANTISED_KINDS | ({"embedding"} if workload.weights_dtype in GGUF_BITS else set())
    matrices: set[str] = set()
    others: set[str] = set().union(*flow.trained)
    for op in graph.ops:
        dense = op.kind in kinds
        for weight in op.weights:
            (matrices if dense and _is_matrix(weight) else others).add(weight.id)
    return frozenset(matrices - others)


def _is_matrix(weight: Weight) -> bool:
    return weight.elements > max(weight.shape, default=1)
