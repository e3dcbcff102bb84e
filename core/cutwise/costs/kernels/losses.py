"""The loss behind the last outputs: how often their logits are held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from cutwise.costs.kernels.setting import WHOLE, RunSetting, bytes_in, kernel
from cutwise.costs.ops.formula import OUTPUT
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import DTYPE_BYTES, FLOATING, Op

NORMALISED = frozenset({"softmax", "log_softmax", "sigmoid"})
# Bytes a logit that head and loss of a part of the tokens hold beside the logits themselves: an fp32 copy and
# its log-probabilities, and in the backward pass the gradients of both in turn.
PART_FORWARD, PART_BACKWARD = 8, 12


def has_loss(op: Op, setting: RunSetting) -> bool:
    """Whether a loss stands behind `op`, a result that nothing in the model reads."""
    workload = setting.workload
    return (
        workload.training and workload.loss.kind != "none" and op.output.dtype in FLOATING and not op.figures
    )


def without_logits(op: Op, setting: RunSetting) -> Op | None:
    """Head and loss as one kernel that never holds all logits, where the options ask for one."""
    run = setting.run
    if op.kind != "linear" or not op.inputs or (run.loss != "fused" and run.loss_parts == 1):
        return None
    parts = max(1, run.loss_parts)
    logits = 0.0 if run.loss == "fused" else op.output.elements / parts
    own = DTYPE_BYTES[setting.compute]
    made = kernel(
        op, "", op.inputs, WHOLE, shape=(), keeps=(0,),
        forward_bytes=logits * (own + PART_FORWARD), backward_bytes=logits * (own + PART_BACKWARD),
    )  # fmt: skip
    return replace(made, weights=op.weights)


def loss(op: Op, setting: RunSetting) -> Iterator[Op]:
    """The kernels of the loss behind the result of `op`."""
    if op.kind in NORMALISED:
        yield kernel(op, "loss", (op.id,), WHOLE, shape=())
    else:
        yield from FORMS[setting.run.loss](op, setting)


def _same(op: Op, setting: RunSetting) -> Iterator[Op]:
    own = setting.known_format(op.id)
    yield from _log_loss(op, setting, op.id, WHOLE if setting.workload.autocast else own)


def _upcast(op: Op, setting: RunSetting) -> Iterator[Op]:
    own, name = setting.known_format(op.id), op.id
    if own != WHOLE:
        copy = kernel(op, "loss_copy", (op.id,), WHOLE)
        yield copy
        name = copy.id
    yield from _log_loss(op, setting, name, WHOLE)


def _log_loss(op: Op, setting: RunSetting, name: str, dtype: str) -> Iterator[Op]:
    """Log-probabilities, which are kept; the logits live as long as who called the model holds them."""
    held = bytes_in(op, setting.known_format(op.id)) if name != op.id or setting.run.kept_logits else 0.0
    kept = held if setting.run.kept_logits else 0.0
    logs = kernel(op, "log_probabilities", (name,), dtype, keeps=(OUTPUT,), kept_bytes=kept)
    yield logs
    yield kernel(op, "loss", (logs.id,), WHOLE, shape=(), forward_bytes=held - kept)


def _in_place(op: Op, setting: RunSetting) -> Iterator[Op]:
    own = bytes_in(op, setting.known_format(op.id))
    copy = kernel(op, "loss_copy", (op.id,), WHOLE, kept_bytes=own)
    yield copy
    yield kernel(op, "loss", (copy.id,), WHOLE, shape=())


def _in_parts(op: Op, setting: RunSetting) -> Iterator[Op]:
    own = setting.known_format(op.id)
    logs = kernel(op, "log_probabilities", (op.id,), own, passes=True)
    yield logs
    yield kernel(op, "loss", (logs.id,), WHOLE, shape=(), kept_bytes=bytes_in(op, own))


FORMS: Mapping[str, Callable[[Op, RunSetting], Iterator[Op]]] = FrozenDict(
    {"same": _same, "upcast": _upcast, "in_place": _in_place, "in_parts": _in_parts, "fused": _same}
)
