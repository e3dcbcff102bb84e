"""Bytes of weights: how large each number format is, and which op is charged for a shared weight."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import numpy as np

from cutwise.arrays import Floats
from cutwise.costs.gradient_flow import GradientFlow, separate_weights
from cutwise.costs.layer_roles import language_heads
from cutwise.costs.options.quantisation import Quantisation
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import HALF_PRECISION, OPTIMIZER_STATES, QUANTISED, Workload
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import DTYPE_BYTES, FLOATING, ModelGraph, Weight
from cutwise.units import BITS_PER_BYTE

# Weights that share a scale, bytes of one, and bits of its zero point. nf4: Dettmers et al. 2023, arXiv
# 2305.14314; int4 as GPTQ stores it, groups of 128. In int8 there is one scale for each row, far below 1 %.
BLOCKS: Mapping[str, int] = FrozenDict({"nf4": 64, "int4": 128})
SCALES: Mapping[str, str] = FrozenDict({"nf4": "fp32", "int4": "fp16"})
ZERO_POINT_BYTES: Mapping[str, float] = FrozenDict({"int4": 0.5})
SCALES_OF_A_SCALE = 256  # double quantisation: scales in one byte, with an fp32 scale for so many
STATE_BLOCK = 256  # states in 8 bit that share an fp32 scale
MASTER_BYTES = 4  # one fp32 copy
EIGHT_BIT = frozenset({"adamw_8bit"})
COPYING = frozenset({"adamw"})  # a step over all weights at once copies one state
PLAIN = Quantisation()
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


def bytes_per_weight(dtype: str, quantisation: Quantisation = PLAIN) -> float:
    r"""Bytes of one weight in number format `dtype`, its share of scales and zero points included.

    nf4 in blocks of 64 with fp32 scales is $0.5 + 4/64$ bytes, double quantised
    $0.5 + 1/64 + 4/(64 \cdot 256)$; int4 in groups of 128 (GPTQ) $0.5 + (2 + 0.5)/128$.

    >>> bytes_per_weight("nf4"), bytes_per_weight("int4")
    (0.5625, 0.51953125)
    >>> round(bytes_per_weight("nf4", Quantisation(scales="double")), 4)
    0.5159
    """
    if dtype in GGUF_BITS:
        return GGUF_BITS[dtype] / BITS_PER_BYTE
    block = quantisation.block or BLOCKS.get(dtype)
    if dtype not in QUANTISED or block is None:
        return DTYPE_BYTES[dtype]
    scales = quantisation.scales or SCALES.get(dtype, "fp16")
    scale = 1 + DTYPE_BYTES["fp32"] / SCALES_OF_A_SCALE if scales == "double" else DTYPE_BYTES[scales]
    return DTYPE_BYTES[dtype] + (scale + ZERO_POINT_BYTES.get(dtype, 0.0)) / block


def unquantised_dtype(workload: Workload) -> str:
    """The number format of weights that are trained, or never quantised.

    It is the weights' own, or where that is for matrices only the compute format.

    >>> unquantised_dtype(Workload(weights_dtype="nf4", compute_dtype="bf16"))
    'bf16'
    """
    formats = (workload.weights_dtype, workload.compute, "fp16")
    return next(dtype for dtype in formats if dtype not in QUANTISED)


def others_dtype(workload: Workload) -> str:
    """The number format of weights that quantisation leaves alone.

    As given; else that of the program where adapters are trained beside quantised weights (peft makes them
    fp32), and the format of unquantised weights otherwise.

    >>> others_dtype(Workload(weights_dtype="nf4", compute_dtype="bf16", tuning=Lora()))
    'fp32'
    """
    if workload.quantised and (
        workload.quantisation.others or (workload.training and isinstance(workload.tuning, Lora))
    ):
        return workload.run.others or unquantised_dtype(workload)
    return unquantised_dtype(workload)


def trained_dtype(workload: Workload, *, adapter: bool) -> str:
    """The number format of trained weights: adapters have their own beside weights of 16 bit and less."""
    held_as = unquantised_dtype(workload)
    separate = adapter and (workload.quantised or held_as in HALF_PRECISION)
    return workload.run.adapter_dtype if separate else held_as


def weight_columns(
    graph: ModelGraph, workload: Workload, flow: GradientFlow, *, only: Container[str] | None = None
) -> dict[str, Floats]:
    """Bytes of the weights each op is charged for, and their numbers (`parameters`, `trained`).

    A tied weight is charged to the first op that reads it, or to each that trains one of its own; `only` of
    the named ones, if any are. Floating weights are held in the workload's number format, all others in
    their own; of a quantised format are only matrices of dense ops that are not trained. Buffers of ops that
    are not frozen are exchanged with the trained parameters: running statistics travel with the model.
    """
    rows = np.array(_charges(graph, workload, flow, only), dtype=np.float64).reshape(
        len(graph), len(_CHARGES)
    )
    charged = dict(zip(_CHARGES, rows.T, strict=True))
    adapter = np.array([bool(op.attrs.get("adapter")) for op in graph.ops], dtype=bool)
    moving = charged["buffer_bytes"] * ~np.array(flow.frozen, dtype=bool) * workload.training
    plain, beside = (
        training_state(charged["trained"] * whose, trained_dtype(workload, adapter=adapters), workload)
        for adapters, whose in ((False, ~adapter), (True, adapter))
    )
    state = {name: plain[name] + beside[name] for name in plain}
    return {**charged, **state, "exchanged_bytes": state["trainable_bytes"] + moving}


def training_state(trained: Floats, held_as: str, workload: Workload) -> Mapping[str, Floats]:
    r"""Bytes of `trained` weights held as `held_as`, of their gradients and of the optimiser's state.

    Gradients and states have the weight's own format, as in PyTorch; $W + G + 2 S$ of bf16 weights under
    AdamW is $2 + 2 + 4$ B a weight, and its step copies one state (2 B more) unless it is fused: 10 B, as
    measured on Mistral-7B and Llama-3-8B. States in 8 bit take $1 + 4/256$ B each; master weights 4 B.

    >>> adam = Workload(weights_dtype="bf16", optimizer="adamw")
    >>> state = training_state(np.array([1.0]), "bf16", adam)
    >>> {name: float(size[0]) for name, size in state.items()}  # doctest: +NORMALIZE_WHITESPACE
    {'trainable_bytes': 2.0, 'weight_gradient_bytes': 2.0, 'optimizer_bytes': 4.0, 'step_bytes': 2.0}
    """
    own = DTYPE_BYTES[held_as]
    in_bytes = workload.optimizer in EIGHT_BIT
    state = (
        1 + DTYPE_BYTES["fp32"] / STATE_BLOCK
        if in_bytes
        else DTYPE_BYTES[workload.optimizer_dtype or held_as]
    )
    master = MASTER_BYTES if workload.master_weights and held_as in HALF_PRECISION else 0
    copied = workload.optimizer in COPYING and not workload.run.fused_step
    return {
        "trainable_bytes": trained * own,
        "weight_gradient_bytes": trained * own,
        "optimizer_bytes": trained * (OPTIMIZER_STATES[workload.optimizer] * state + master),
        "step_bytes": trained * state * copied,
    }


_CHARGES = ("weight_bytes", "buffer_bytes", "parameters", "trained")


def _charges(
    graph: ModelGraph, workload: Workload, flow: GradientFlow, only: Container[str] | None
) -> Sequence[tuple[float, ...]]:
    separate = separate_weights(graph, workload, flow)
    sizes = _quantised_sizes(graph, workload, flow) if workload.quantised else {}
    plain_size = DTYPE_BYTES[others_dtype(workload)]
    charged: set[str] = set()
    rows: list[tuple[float, ...]] = []
    for op, trained_here in zip(graph.ops, flow.trained, strict=True):
        weights, buffers, parameters, trained = 0.0, 0.0, 0.0, 0.0
        for weight in {w.id: w for w in op.weights if w.id in separate or w.id not in charged}.values():
            if only is not None and weight.id not in only:
                continue
            if weight.role == "buffer":
                buffers += weight.elements * DTYPE_BYTES[weight.dtype]
                continue
            size = sizes.get(weight.id, plain_size)
            if weight.id in trained_here:
                size = DTYPE_BYTES[trained_dtype(workload, adapter=bool(op.attrs.get("adapter")))]
            weights += weight.elements * (size if weight.dtype in FLOATING else DTYPE_BYTES[weight.dtype])
            parameters += weight.elements
            trained += weight.elements * (weight.id in trained_here)
        charged.update(w.id for w in op.weights)
        rows.append((weights, buffers, parameters, trained))
    return rows


def read_bytes(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> Floats:
    """Bytes of all weights that each op reads, shared or not, shape (ops,)."""
    sizes = _quantised_sizes(graph, workload, flow) if workload.quantised else {}
    plain_size = DTYPE_BYTES[others_dtype(workload)]

    def held(weight: Weight) -> float:
        own = sizes.get(weight.id, plain_size) if weight.dtype in FLOATING else DTYPE_BYTES[weight.dtype]
        return weight.elements * own

    rows = [sum(held(weight) for weight in op.weights if weight.role != "buffer") for op in graph.ops]
    return np.array(rows, dtype=np.float64)


def _quantised_sizes(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> dict[str, float]:
    """Bytes of a weight of each quantised matrix; the output layer of a GGUF file has a format of its own."""
    found, dtype = quantised_weights(graph, workload, flow), workload.quantised or ""
    heads = {weight.id for at in language_heads(graph) for weight in graph.ops[at].weights}
    head = GGUF_HEAD_BITS[dtype] / BITS_PER_BYTE if dtype in GGUF_HEAD_BITS else None
    size = bytes_per_weight(dtype, workload.quantisation)
    return {name: size if head is None or name not in heads else head for name in found}


def quantised_weights(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> frozenset[str]:
    """Matrices that only dense ops read and nobody trains, but for the output layer's where it is skipped.

    In a GGUF file those of tables too, and of the output layer.
    """
    packed = workload.quantised in GGUF_BITS
    tables = packed or "embeddings" not in workload.run.skip
    kinds = QUANTISED_KINDS | ({"embedding"} if tables else set())
    matrices: set[str] = set()
    others: set[str] = set().union(*flow.trained)
    skipped = language_heads(graph) if "lm_head" in workload.run.skip and not packed else frozenset()
    for position, op in enumerate(graph.ops):
        dense = op.kind in kinds and position not in skipped
        for weight in op.weights:
            (matrices if dense and _is_matrix(weight) else others).add(weight.id)
    return frozenset(matrices - others)


def _is_matrix(weight: Weight) -> bool:
    return weight.elements > max(weight.shape, default=1)
