"""Short ways to ask one formula, and to write down small graphs."""

from __future__ import annotations

from typing import Any

from cutwise.costs.ops.formulas import OP_COSTS, OpCall, OpWork
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec, Weight

Shape = tuple[int, ...]


def work(
    kind: str,
    *inputs: Shape,
    output: Shape,
    weights: tuple[Shape, ...] = (),
    grads: tuple[bool, ...] | None = None,
    trained: bool | None = None,
    training: bool = True,
    fused: bool = True,
    element_bytes: float = 4,
    batches: float = 1,
    **attrs: Any,
) -> OpWork:
    """What the formula of `kind` answers; by default every input needs a gradient and weights train."""
    op = Op(
        id="op",
        kind=kind,
        output=TensorSpec(shape=output),
        weights=tuple(Weight(id=f"w{i}", shape=shape) for i, shape in enumerate(weights)),
        attrs=attrs,
    )
    call = OpCall(
        op=op,
        inputs=tuple(TensorSpec(shape=shape) for shape in inputs),
        inputs_need_grad=tuple(True for _ in inputs) if grads is None else grads,
        weights_trained=bool(weights) if trained is None else trained,
        main_weight_trained=bool(weights) if trained is None else trained,
        training=training,
        fused_attention=fused,
        element_bytes=element_bytes,
        batches=batches,
    )
    return OP_COSTS[kind](call)


def flops(answer: OpWork) -> tuple[float, float, float]:
    """Forward, input-gradient and weight-gradient FLOPs."""
    return answer.forward_flops, answer.input_gradient_flops, answer.weight_gradient_flops


def op(
    name: str,
    kind: str,
    inputs: str = "",
    shape: Shape = (),
    *,
    weights: dict[str, Shape] | None = None,
    buffers: dict[str, Shape] | None = None,
    dtype: str = "fp32",
    block: str = "",
    **attrs: Any,
) -> Op:
    """One op; `inputs` are ids parted by spaces, `weights` and `buffers` map ids to shapes."""
    held = [Weight(id=key, shape=value) for key, value in (weights or {}).items()]
    held += [Weight(id=key, shape=value, role="buffer") for key, value in (buffers or {}).items()]
    return Op(
        id=name,
        kind=kind,
        inputs=tuple(inputs.split()),
        output=TensorSpec(shape=shape, dtype=dtype),
        weights=tuple(held),
        block=block,
        attrs=attrs,
    )


def stated(name: str, inputs: str = "", *, kind: str = "custom", **figures: Any) -> Op:
    """One op that says what it costs."""
    unstated = TensorSpec(shape=(0,))
    return Op(id=name, kind=kind, inputs=tuple(inputs.split()), output=unstated, figures=figures)


def graph(*ops: Op, batch_size: int = 1) -> ModelGraph:
    """A graph of these ops."""
    return ModelGraph(name="toy", ops=ops, batch_size=batch_size)
