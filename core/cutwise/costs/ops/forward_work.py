"""The forward work of an op that stands alone: what is left out of a graph is weighed by it."""

from __future__ import annotations

from cutwise.costs.ops.formulas import OP_COSTS, OpCall
from cutwise.graph.model_graph import Op, TensorSpec


def forward_macs(op: Op, inputs: tuple[TensorSpec, ...]) -> int:
    """Multiply-adds of one forward pass of `op` on `inputs`; 0 where its kind has no cost or they misfit."""
    if op.kind not in OP_COSTS:
        return 0
    call = OpCall(
        op=op,
        inputs=inputs,
        inputs_need_grad=(False,) * len(inputs),
        weights_trained=False,
        main_weight_trained=False,
        training=False,
        fused_attention=True,
        element_bytes=1,
        batches=1,
    )
    try:
        return round(OP_COSTS[op.kind](call).macs)
    except (IndexError, KeyError, TypeError, ValueError, ZeroDivisionError):
        return 0
