"""Which ops privacy keeps on the device."""

from __future__ import annotations

import math

import numpy as np

from cutwise.arrays import Mask, masked
from cutwise.costs.graph_cost import GraphCost
from cutwise.errors import ScenarioError, shown
from cutwise.graph.model_graph import ModelGraph, Op
from cutwise.scenario.parts import LayerDepth

ATTENTION_CORE = frozenset({"softmax", "attention"})


def private_ops(cost: GraphCost, keep_on_device: str | LayerDepth | tuple[str, ...]) -> Mask:
    """Ops that must stay on the device, closed under what they read, shape (ops,).

    `first_layer` keeps, on every path from an input, everything up to and including the first op with
    weights; `LayerDepth(n)` up to the n-th; `raw_allowed` the inputs only; a list of op ids those ops.
    After an embedding lookup (its table is known to the server) a layer is a whole attention block,
    and the residual sum that takes it in stays too. Without weights the first op after the input stays.
    """
    return with_ancestors(cost.graph, asked_to_stay(cost, keep_on_device))


def asked_to_stay(cost: GraphCost, keep_on_device: str | LayerDepth | tuple[str, ...]) -> Mask:
    """The ops that `private_ops` keeps for themselves, without what they read, shape (ops,)."""
    if isinstance(keep_on_device, tuple):
        return _named(cost.graph, keep_on_device) | cost.is_input
    if isinstance(keep_on_device, LayerDepth):
        return _within(cost, keep_on_device.layers)
    return _within(cost, 1) if keep_on_device == "first_layer" else cost.is_input


def with_ancestors(graph: ModelGraph, mask: Mask) -> Mask:
    """`mask` and everything that its ops depend on."""
    closed = mask.copy()
    for position in range(len(graph.ops) - 1, -1, -1):
        if closed[position]:
            closed[[graph.index[name] for name in graph.ops[position].inputs]] = True
    return closed


def with_followers(graph: ModelGraph, mask: Mask) -> Mask:
    """`mask` and everything that depends on its ops."""
    after = mask.copy()
    for position, op in enumerate(graph.ops):
        if not after[position]:
            after[position] = any(after[graph.index[name]] for name in op.inputs)
    return after


def _named(graph: ModelGraph, names: tuple[str, ...]) -> Mask:
    unknown = [name for name in names if name not in graph.index]
    if unknown:
        raise ScenarioError(
            [
                f"privacy.keep_on_device: {graph.name} has no op {shown(name)}; inspect lists them"
                for name in unknown
            ]
        )
    mask = np.zeros(len(graph.ops), dtype=bool)
    mask[[graph.index[name] for name in names]] = True
    return mask


def _within(cost: GraphCost, layers: int) -> Mask:
    """Inputs, and ops that read something at most `layers - 1` layers deep."""
    graph = cost.graph
    weighted = _weighted(graph)
    if not weighted.any():
        inputs = {op.id for op, given in zip(graph.ops, cost.is_input.tolist(), strict=True) if given}
        weighted = masked(not inputs.isdisjoint(op.inputs) for op in graph.ops)
    depth = _depths(cost, weighted.tolist(), lookups=True)
    return cost.is_input | masked(any(depth[graph.index[n]] < layers for n in op.inputs) for op in graph.ops)


def _weighted(graph: ModelGraph) -> Mask:
    """Ops with weights, in their file or by stated figures; of an adapted layer the sum at its end."""
    bases = {op.attrs["adapts"] for op in graph.ops if "adapts" in op.attrs}
    return masked(_ends_layer(op) and op.id not in bases for op in graph.ops)


def _ends_layer(op: Op) -> bool:
    if "adapter" in op.attrs and "merged_rank" not in op.attrs:
        return False
    states = any(op.figures.get(name, 0) for name in ("weight_bytes", "trainable_bytes"))
    return bool(op.weights) or states or "adapts" in op.attrs


def _depths(cost: GraphCost, weighted: list[bool], *, lookups: bool) -> list[float]:
    """How many layers deep each op's output is; infinite where no model input leads to it.

    Of several paths the shallowest counts; behind an embedding lookup the deepest, counted in attention
    outputs, because the residual stream would carry the looked-up table past every layer. Where no
    attention follows the lookups they are ops like any other.
    """
    graph, is_input = cost.graph, cost.is_input.tolist()
    depth = [math.inf] * len(graph.ops)
    looked_up, attended = [False] * len(graph.ops), [False] * len(graph.ops)
    for position, op in enumerate(graph.ops):
        read = [i for name in op.inputs if math.isfinite(depth[i := graph.index[name]])]
        if is_input[position]:
            depth[position] = 0
        elif read:
            after_lookup = [i for i in read if looked_up[i]]
            attends = op.kind in ATTENTION_CORE or any(attended[i] for i in read)
            if after_lookup:
                layer = weighted[position] and attends
                depth[position] = max(depth[i] for i in after_lookup) + layer
                looked_up[position], attended[position] = True, attends and not layer
            elif lookups and op.kind == "embedding":
                depth[position] = min(depth[i] for i in read)
                looked_up[position] = True
            else:
                depth[position] = min(depth[i] for i in read) + weighted[position]
    beyond = [deep for deep, after in zip(depth, looked_up, strict=True) if after]
    if beyond and not any(beyond):
        return _depths(cost, weighted, lookups=False)
    return depth
