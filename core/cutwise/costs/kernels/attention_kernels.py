"""The kernels of attention: one that is fused, or products, softmax and casts."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cutwise.costs.kernels.setting import WHOLE, RunSetting, cast, held_as, kernel, reading
from cutwise.costs.ops.formula import OUTPUT
from cutwise.graph.model_graph import DTYPE_BYTES, Op

PLACE_BYTES = 8  # places of maxima are int64


def attention(op: Op, setting: RunSetting) -> Iterator[Op]:
    """Fused, on keys and values copied for every head but in flash attention; or written out (eager)."""
    names: list[str] = []
    for position, name in enumerate(op.inputs):
        read, copies = cast(op, name, setting.compute, setting)
        yield from copies
        repeated = _repeated(op, read, setting) if position in (1, 2) else []
        yield from repeated
        names.append(repeated[-1].id if repeated else read)
    if _is_eager(op, setting) and setting.workload.training:
        yield from _written_out(op, tuple(names), setting)
        return
    held: dict[str, object] = {}
    if op.attrs.get("masked") and not setting.accelerator:
        # Processors take the mask as a tensor in the compute format.
        mask = op.output.shape[0] * op.attrs["q_length"] * op.attrs["k_length"]
        held["kept_bytes"] = mask * DTYPE_BYTES[setting.compute]
    yield held_as(reading(op, names), setting.compute, **held)


def _is_eager(op: Op, setting: RunSetting) -> bool:
    return setting.workload.attention == "eager" or bool(op.attrs.get("eager"))


def _repeated(op: Op, name: str, setting: RunSetting) -> list[Op]:
    if not op.attrs.get("repeats") or (setting.workload.attention == "flash" and not _is_eager(op, setting)):
        return []
    shape = (op.output.shape[0], op.attrs["heads"], op.attrs["k_length"], op.attrs["head_dim"])
    return [kernel(op, f"repeated:{name}", (name,), setting.compute, shape=shape)]


def _written_out(op: Op, names: tuple[str, ...], setting: RunSetting) -> Iterator[Op]:
    query, key, value = names[:3]
    compute = setting.compute
    rows, keys = op.output.shape[:3], op.attrs["k_length"]
    shape = (*rows, keys)
    scores = kernel(op, "scores", (query, key), compute, shape=shape, keeps=(0, 1))
    last = kernel(op, "scaled", (scores.id,), compute, shape=shape)
    yield from (scores, last)
    if op.attrs.get("upcast_softmax"):
        last = kernel(op, "masked", (last.id,), compute, shape=shape, passes=True)
        yield last
    if op.attrs.get("sinks"):
        shape = (*rows, keys + 1)
        yield from (sunk := _beside_sinks(op, last, setting, shape))
        last = sunk[-1]
    dtype = WHOLE if op.attrs.get("upcast_softmax") or setting.workload.autocast else compute
    last = kernel(op, "softmax", (last.id,), dtype, shape=shape, keeps=(OUTPUT,))
    yield last
    if dtype != compute:
        last = kernel(op, "probabilities", (last.id,), compute, shape=shape)
        yield last
    if op.attrs.get("dropout_ratio"):
        mask = last.output.elements * (1 if setting.accelerator else DTYPE_BYTES[compute])
        last = kernel(op, "dropped", (last.id,), compute, shape=shape, kept_bytes=mask)
        yield last
    # A product over batch and heads copies values that lie between those of other heads.
    values = kernel(op, "values", (value,), compute, shape=(*rows[:2], keys, op.attrs["value_dim"]))
    yield values
    yield kernel(op, "", (last.id, values.id), compute, keeps=(0, 1))


def _beside_sinks(op: Op, scores: Op, setting: RunSetting, shape: tuple[int, ...]) -> list[Op]:
    """One more score a row, and all less the largest, whose place is kept."""
    joined = kernel(op, "joined", (scores.id,), setting.compute, shape=shape)
    rows = (*shape[:-1], 1)
    largest = kernel(
        op, "largest", (joined.id,), setting.compute, shape=rows, kept_bytes=PLACE_BYTES * math.prod(rows)
    )
    lowered = kernel(op, "lowered", (joined.id, largest.id), setting.compute, shape=shape)
    return [joined, largest, lowered]
