"""Ops that run as one kernel where kernels are fused, on graphs small enough to count by hand."""

from __future__ import annotations

import pytest

from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec, Weight

IMAGE = TensorSpec(shape=(1, 8, 4, 4))
"""128 elements, 512 bytes."""
SIZE = 512.0


def op(name: str, kind: str, *inputs: str, weights: tuple[Weight, ...] = (), **attrs: object) -> Op:
    return Op(id=name, kind=kind, inputs=inputs, output=IMAGE, weights=weights, attrs=attrs)


def conv(name: str, source: str) -> Op:
    kernel = Weight(id=f"{name}.weight", shape=(8, 8, 1, 1))
    return op(name, "conv2d", source, weights=(kernel,), kernel=(1, 1), stride=(1, 1), groups=1)


def norm(name: str, source: str) -> Op:
    return op(name, "batch_norm", source, weights=(Weight(id=f"{name}.weight", shape=(8,)),))


def residual_block() -> ModelGraph:
    """Two convolutions with their norms, the input added, an activation: as in ResNet."""
    return ModelGraph(
        name="block",
        ops=(
            op("x", "input"),
            conv("first", "x"),
            norm("first_norm", "first"),
            op("first_act", "relu", "first_norm"),
            conv("second", "first_act"),
            norm("second_norm", "second"),
            op("sum", "add", "second_norm", "x"),
            op("act", "relu", "sum"),
        ),
    )


def columns(cost: GraphCost) -> dict[str, tuple[float, float]]:
    """Tensors moved and kernels started, by op."""
    both = zip(cost.graph.ops, cost.moved_bytes / SIZE, cost.launches, strict=True)
    return {op.id: (float(moved), float(starts)) for op, moved, starts in both}


def test_separate_kernels_read_and_write_every_tensor() -> None:
    found = columns(price(residual_block(), Workload(mode="inference")))
    assert found == {
        "x": (0, 0), "first": (2, 1), "first_norm": (2, 1), "first_act": (2, 1), "second": (2, 1),
        "second_norm": (2, 1), "sum": (3, 1), "act": (2, 1),
    }  # fmt: skip


def test_fused_kernels_hold_norms_and_activations_and_one_sum_of_two_tensors() -> None:
    """The second norm, the sum and the activation are one kernel: it reads two tensors and writes one."""
    found = columns(price(residual_block(), Workload(mode="inference", kernels="fused")))
    assert found == {
        "x": (0, 0), "first": (2, 1), "first_norm": (0, 0), "first_act": (0, 0), "second": (2, 1),
        "second_norm": (0, 0), "sum": (0, 0), "act": (3, 1),
    }  # fmt: skip


def test_a_norm_that_is_trained_runs_alone() -> None:
    found = columns(price(residual_block(), Workload(kernels="fused")))
    assert found["first_norm"] == (2, 1)
    assert found["first_act"] == (0, 0), "an activation behind it runs in its kernel"


def test_products_of_one_input_are_one_kernel_that_still_reads_every_matrix() -> None:
    def product(name: str) -> Op:
        return op(name, "linear", "x", weights=(Weight(id=f"{name}.weight", shape=(4, 4)),), in_features=4)

    graph = ModelGraph(name="heads", ops=(op("x", "input"), product("query"), product("key")))
    cost = price(graph, Workload(mode="inference", kernels="fused"))
    assert columns(cost) == {"x": (0, 0), "query": (2, 1), "key": (1, 0)}
    assert cost.read_bytes.tolist() == [0, 64, 64]
    trained = columns(price(graph, Workload(kernels="fused")))
    assert trained["key"] == (2, 1), "each has gradients of its own"


@pytest.mark.parametrize("mode", ["training", "inference"])
def test_fusing_changes_no_flop(mode: str) -> None:
    given: dict[str, object] = {"mode": mode}
    separate, fused = (
        price(residual_block(), Workload(**given, kernels=kernels))  # type: ignore[arg-type]
        for kernels in ("separate", "fused")
    )
    assert separate.forward_flops.tolist() == fused.forward_flops.tolist()
    assert separate.weight_bytes.tolist() == fused.weight_bytes.tolist()
