"""Which ops privacy keeps on the device."""

from __future__ import annotations

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.costs.graph_cost import GraphCost
from cutwise.errors import ScenarioError
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
    graph = cost.graph
    if isinstance(keep_on_device, tuple):
        return with_ancestors(graph, _named(graph, keep_on_device) | cost.is_input)
    if isinstance(keep_on_device, LayerDepth):
        return with_ancestors(graph, _within(cost, keep_on_device.layers))
    return with_ancestors(graph, _within(cost, 1) if keep_on_device == "first_layer" else cost.is_input)


def with_ancestors(graph: ModelGraph, mask: Mask) -> Mask:
    """`mask` and everything that its ops depend on."""
    closed = mask.copy()
    for position in range(len(graph.ops) - 1, -1, -1):
        if closed[position]:
            closed[[graph.index[name] for name in graph.ops[position].inputs]] = True
    return closed


def _named(graph: ModelGraph, names: tuple[str, ...]) -> Mask:
    unknown = [name for name in names if name not in graph.index]
    if unknown:
        raise ScenarioError(
            [
                f"privacy.keep_on_device: {graph.name} has no op {name!r}; inspect lists them"
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
        weighted = np.array([any(cost.is_input[graph.index[n]] for n in op.inputs) for op in graph.ops])
    depth = _depths(cost, weighted, lookups=True)
    return cost.is_input | np.array(
        [any(depth[graph.index[name]] < layers for name in op.inputs) for op in graph.ops], dtype=bool
    )


def _weighted(graph: ModelGraph) -> Mask:
    """Ops with weights, in their file or by stated figures; of an adapted layer the sum at its end."""
    bases = {op.attrs["adapts"] for op in graph.ops if "adapts" in op.attrs}
    return np.array([_ends_layer(op) and op.id not in bases for op in graph.ops], dtype=bool)


def _ends_layer(op: Op) -> bool:
    if "adapter" in op.attrs and "merged_rank" not in op.attrs:
        return False
    states = any(op.figures.get(name, 0) for name in ("weight_bytes", "trainable_bytes"))
    return bool(op.weights) or states or "adapts" in op.attrs


def _depths(cost: GraphCost, weighted: Mask, *, lookups: bool) -> Floats:
    """How many layers deep each op's output is; infinite where no model input leads to it.

    Of several paths the shallowest counts; behind an embedding lookup the deepest, counted in attention
    outputs, because the residual stream would carry the looked-up table past every layer. Where no
    attention follows the lookups they are ops like any other.
    """
    graph = cost.graph
    depth = np.full(len(graph.ops), np.inf)
    looked_up, attended = np.zeros((2, len(graph.ops)), dtype=bool)
    for position, op in enumerate(graph.ops):
        read = [i for name in op.inputs if np.isfinite(depth[i := graph.index[name]])]
        if cost.is_input[position]:
            depth[position] = 0
        elif read:
            after_lookup = [i for i in read if looked_up[i]]
            attends = op.kind in ATTENTION_CORE or any(attended[i] for i in read)
            if after_lookup:
                layer = bool(weighted[position]) and attends
                depth[position] = max(depth[i] for i in after_lookup) + layer
                looked_up[position], attended[position] = True, attends and not layer
            elif lookups and op.kind == "embedding":
                depth[position] = min(depth[i] for i in read)
                looked_up[position] = True
            else:
                depth[position] = min(depth[i] for i in read) + weighted[position]
    if looked_up.any() and not depth[looked_up].any():
        return _depths(cost, weighted, lookups=False)
    return depth
