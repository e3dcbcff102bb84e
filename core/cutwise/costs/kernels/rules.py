"""The kernels of each kind of op: casts, temporary tensors and copies that a framework makes on the way.

A kind without a rule is one kernel in the widest format of what it reads. What follows is PyTorch's eager
mode, transformers and peft, held against allocations of real runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cutwise.costs.kernels.attention_kernels import attention
from cutwise.costs.kernels.setting import WHOLE, Rule, RunSetting, bytes_in, cast, held_as, kernel, reading
from cutwise.costs.ops.formula import OUTPUT
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import DTYPE_BYTES, Op

DEQUANTISED_BYTES = 2  # a quantised matrix passes by in 16 bit
PRODUCTS = (
    "matmul", "einsum", "conv1d", "conv2d", "conv3d", "conv_transpose1d",
    "conv_transpose2d", "conv_transpose3d", "lstm", "gru", "rnn",
)  # fmt: skip
WHOLE_UNDER_AUTOCAST = ("layer_norm", "group_norm", "softmax", "log_softmax")
# Accelerators make these whole too, processors do not.
WHOLE_ON_ACCELERATORS = (
    "exp",
    "log",
    "pow",
    "reciprocal",
    "softplus",
    "reduce_sum",
    "reduce_prod",
    "reduce_l2",
)


def plain(op: Op, setting: RunSetting) -> Iterator[Op]:
    """One kernel in the widest format of what it reads."""
    yield held_as(op, setting.format_of(*op.inputs))


def product(op: Op, setting: RunSetting) -> Iterator[Op]:
    """A product in the compute format, of copies where its operands are in another."""
    yield from _product(op, setting, setting.compute)


def grouped_product(op: Op, setting: RunSetting) -> Iterator[Op]:
    """A product for each group of rows, which autocast leaves in the format of the weights."""
    yield from _product(op, setting, setting.wide)


def linear(op: Op, setting: RunSetting) -> Iterator[Op]:
    """A linear layer: autocast copies its weights, a quantised one passes by in 16 bit, both ways.

    One that is `whole` (a router) runs in fp32 unless autocast decides.
    Adapters run in their own format on a copy of the layer's input, which is dropped out first.
    """
    run, workload = setting.run, setting.workload
    if op.attrs.get("adapter") and "merged_rank" not in op.attrs:
        yield from _adapter(op, setting)
        return
    matrix = op.weights[0].elements if op.weights else 0
    held: dict[str, object] = {}
    if workload.autocast and DTYPE_BYTES[setting.compute] < DTYPE_BYTES[WHOLE]:
        held["kept_once_bytes"] = matrix * DTYPE_BYTES[setting.compute]
    if workload.quantised and op.weights and op.weights[0].id in setting.quantised:
        passing = matrix * DEQUANTISED_BYTES
        held |= {"passing_once_bytes": passing, "keeps_input": run.keeps_inputs}
    whole = op.attrs.get("whole") and not workload.autocast
    yield from _product(op, setting, WHOLE if whole else setting.compute, **held)


def _adapter(op: Op, setting: RunSetting) -> Iterator[Op]:
    dtype = setting.compute if setting.workload.autocast else setting.adapter_dtype
    name, copies = cast(op, op.inputs[0], dtype, setting)
    yield from copies
    ratio = setting.run.dropout_ratio
    if op.attrs.get("reads_input") and ratio and setting.workload.training:
        dropped = kernel(op, "dropped", (name,), dtype, shape=setting.op(op.inputs[0]).output.shape)
        mask = dropped.output.elements * (1 if setting.accelerator else DTYPE_BYTES[dtype])
        yield replace(dropped, attrs={**dropped.attrs, "kept_bytes": mask})
        name = dropped.id
    yield held_as(replace(op, inputs=(name,)), dtype)


def adapted(op: Op, setting: RunSetting) -> Iterator[Op]:
    """The sum of a layer and its adapter, scaled in the adapter's format; back in the layer's own."""
    base, branch = op.inputs
    own, beside = setting.known_format(base), setting.known_format(branch)
    scaled = kernel(op, "scaled", (branch,), beside)
    yield scaled
    joined = setting.format_of(base, branch)
    passes = joined == own == beside
    if joined == own:
        yield kernel(op, "", (base, scaled.id), own, passes=passes)
        return
    both = kernel(op, "sum", (base, scaled.id), joined)
    yield both
    yield kernel(op, "", (both.id,), own)


def addition(op: Op, setting: RunSetting) -> Iterator[Op]:
    """A sum in the widest format of its operands, or that of a layer and its adapter."""
    return adapted(op, setting) if "adapts" in op.attrs else plain(op, setting)


def rms_norm(op: Op, setting: RunSetting) -> Iterator[Op]:
    """Root-mean-square norm: one kernel, or square and mean, root, product, in fp32, and casts around them.

    The product's own gradient and that of the square take temporary tensors in fp32.
    """
    own = setting.format_of(*op.inputs)
    after = WHOLE if op.attrs.get("whole") or setting.whole_norms else own
    if setting.run.fused_kernels or not setting.workload.training:
        yield held_as(op, after)
        return
    size = bytes_in(op, WHOLE)
    name, copies = cast(op, op.inputs[0], WHOLE, setting)
    yield from copies
    rows = (*op.output.shape[:-1], 1)
    mean = kernel(
        op, "mean", (name,), WHOLE, shape=rows, keeps=(0,), forward_bytes=size, backward_bytes=2 * size
    )
    root = kernel(op, "root", (mean.id,), WHOLE, shape=rows, keeps=(OUTPUT,))
    yield from (mean, root)
    part = "" if after == WHOLE else "normed"
    normed = kernel(op, part, (name, root.id), WHOLE, keeps=(0, 1), backward_bytes=size)
    yield normed
    if part:
        yield kernel(op, "", (normed.id,), after)


def multiplication(op: Op, setting: RunSetting) -> Iterator[Op]:
    """A product element by element; of fused kernels only the last writes a result."""
    if setting.run.fused_kernels and len(op.inputs) == 1 and setting.op(op.inputs[0]).kind == "rms_norm":
        yield replace(held_as(op, setting.format_of(*op.inputs)), kind="identity")
        return
    yield held_as(op, setting.format_of(*op.inputs))


def gate(op: Op, setting: RunSetting) -> Iterator[Op]:
    """An activation; as part of a fused gated product it writes nothing of its own."""
    made = held_as(op, setting.format_of(*op.inputs))
    gated = setting.run.fused_kernels and setting.workload.training and op.id in setting.gates
    yield replace(made, kind="identity") if gated else made


def rotation(op: Op, setting: RunSetting) -> Iterator[Op]:
    """A rotation by positions; as separate kernels it takes two more tensors, both ways.

    Under autocast sines and cosines are fp32, and so is what they turn.
    """
    own = setting.format_of(*op.inputs)
    size = 0.0 if setting.run.fused_kernels else 2 * bytes_in(op, setting.wide)
    held = {"forward_bytes": size, "backward_bytes": size}
    if setting.wide == own or setting.run.fused_kernels:
        yield held_as(op, own, **held)
        return
    turned = held_as(replace(op, id=f"{op.id}/turned"), setting.wide, **held)
    yield turned
    yield kernel(op, "", (turned.id,), setting.compute)


def embedding(op: Op, setting: RunSetting) -> Iterator[Op]:
    """A look-up; with adapters and checkpointing its result is made to need a gradient."""
    workload = setting.workload
    reached = workload.training and workload.tuning.kind == "lora" and workload.checkpointing != "none"
    yield held_as(op, setting.wide, **({"requires_gradient": True} if reached else {}))


def whole(op: Op, setting: RunSetting) -> Iterator[Op]:
    """Under autocast in fp32, of a copy if need be; else one kernel."""
    yield from _product(op, setting, WHOLE) if setting.workload.autocast else plain(op, setting)


def whole_on_accelerators(op: Op, setting: RunSetting) -> Iterator[Op]:
    """Under autocast in fp32 on an accelerator only."""
    yield from whole(op, setting) if setting.accelerator else plain(op, setting)


def _product(op: Op, setting: RunSetting, dtype: str, **held: object) -> Iterator[Op]:
    names = []
    for name in op.inputs:
        read, copies = cast(op, name, dtype, setting)
        yield from copies
        names.append(read)
    yield held_as(reading(op, names), dtype, **held)


RULES: Mapping[str, Rule] = FrozenDict(
    {
        **dict.fromkeys(PRODUCTS, product),
        **dict.fromkeys(WHOLE_UNDER_AUTOCAST, whole),
        **dict.fromkeys(WHOLE_ON_ACCELERATORS, whole_on_accelerators),
        "linear": linear,
        "grouped_matmul": grouped_product,
        "add": addition,
        "rms_norm": rms_norm,
        "mul": multiplication,
        "silu": gate,
        "gelu": gate,
        "rope": rotation,
        "embedding": embedding,
        "attention": attention,
    }
)
"""Op kind → its kernels."""
