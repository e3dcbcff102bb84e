"""What whole models take of FLOPs, memory and launches: totals of our own graphs, kept without the graphs.

The graphs are those of PyTorch modules that the product does not need; where they are installed,
`python -m tests.measured_models totals` makes the table anew.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from cutwise.arrays import Mask
from cutwise.caches import kept
from cutwise.costs.graph_cost import GraphCost
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph, Op
from cutwise.registry import NamedTable

MODEL_TOTALS = "measured/model_totals.csv"
ATTENTION_SHARE = 0.03
"""From this part of its FLOPs in products of two activations on, a model is one of attention."""
SUMS = (
    "forward_flops", "backward_flops", "moved_bytes", "read_bytes", "launches", "backward_moved_bytes",
    "backward_read_bytes", "backward_launches",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTotals(Frozen):
    """Sums over all ops of one model under one workload, per sample or once a mini-batch as in `GraphCost`.

    `size` is the side of the image in pixels, or the tokens of a sample. `winograd_flops` are those of plain
    3×3 convolutions of stride 1, forward; `family` is "attention", "depthwise" or "plain".
    """

    model: str
    size: int
    workload: str
    family: str
    parameters: int
    macs: float
    forward_flops: float
    backward_flops: float
    moved_bytes: float
    read_bytes: float
    launches: float
    backward_moved_bytes: float
    backward_read_bytes: float
    backward_launches: float
    winograd_flops: float


@kept
def model_totals() -> Mapping[str, ModelTotals]:
    """Every total that is shipped, by `total_name`."""
    text = files("cutwise.assets").joinpath(MODEL_TOTALS).read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    found = [_total(row) for row in rows]
    return NamedTable("measured model", {total_name(one.model, one.size, one.workload): one for one in found})


def total_name(model: str, size: int, workload: str) -> str:
    """What a total is called.

    >>> total_name("resnet50", 224, "inference_amp")
    'resnet50 at 224, inference_amp'
    """
    return f"{model} at {size}, {workload}"


def _total(row: Mapping[str, str]) -> ModelTotals:
    words: dict[str, Any] = {name: row[name] for name in ("model", "workload", "family")}
    numbers: dict[str, Any] = {name: float(row[name]) for name in ("macs", *SUMS, "winograd_flops")}
    return ModelTotals(size=int(row["size"]), parameters=int(float(row["parameters"])), **words, **numbers)


def totals_of(cost: GraphCost, *, model: str, size: int, workload: str) -> ModelTotals:
    """The totals of a priced model."""
    sums = {name: float(getattr(cost, name).sum()) for name in SUMS if name != "backward_flops"}
    return ModelTotals(
        model=model,
        size=size,
        workload=workload,
        family=family_of(cost),
        parameters=cost.parameters,
        macs=float(cost.macs),
        backward_flops=float((cost.backward_input_flops + cost.backward_weight_flops).sum()),
        winograd_flops=float(cost.forward_flops[_where(cost.graph, is_winograd)].sum()),
        **sums,
    )


def family_of(cost: GraphCost) -> str:
    """What most decides how a model runs: attention, depthwise convolutions, or neither."""
    attention = float(cost.forward_flops[_where(cost.graph, is_attention)].sum())
    if attention > ATTENTION_SHARE * float(cost.forward_flops.sum()):
        return "attention"
    return "depthwise" if _where(cost.graph, is_depthwise).any() else "plain"


def _where(graph: ModelGraph, holds: Callable[[Op], bool]) -> Mask:
    return np.array([holds(op) for op in graph.ops], dtype=bool)


def is_attention(op: Op) -> bool:
    """True for a product of two activations."""
    return op.kind == "attention" or (op.kind in {"matmul", "einsum"} and not op.weights)


def is_depthwise(op: Op) -> bool:
    """True for a convolution that joins no channels."""
    grouped = op.kind == "conv2d" and int(op.attrs.get("groups", 1)) > 1
    return grouped and all(weight.shape[1] == 1 for weight in op.weights[:1])


def is_winograd(op: Op) -> bool:
    """True for a convolution that runtimes do with 2.25 times fewer products: 3×3, stride 1, all channels."""
    if op.kind != "conv2d" or int(op.attrs.get("groups", 1)) != 1:
        return False
    kernel, stride, dilation = (op.attrs.get(name, 1) for name in ("kernel", "stride", "dilation"))
    return math.prod(np.ravel(stride)) == 1 and math.prod(np.ravel(dilation)) == 1 and tuple(kernel) == (3, 3)
