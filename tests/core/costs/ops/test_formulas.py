from __future__ import annotations

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.ops.formulas import OP_COSTS, OpCall, OpWork
from cutwise.costs.workload import Workload
from cutwise.errors import UnknownNameError
from tests.core.costs.formula_calls import graph, op, work

NAMES = """
input constant conv1d conv2d conv3d conv_transpose2d linear matmul attention embedding batch_norm layer_norm
group_norm instance_norm rms_norm lrn relu sigmoid tanh softmax log_softmax exp sqrt elu reciprocal gelu silu
relu6 clip leaky_relu hardswish hardsigmoid mish pow erf abs log sin cos softplus prelu max_pool avg_pool
global_avg_pool global_max_pool reduce_mean reduce_sum reduce_max add sub mul div maximum minimum where neg
concat gather pad resize tile depth_to_space space_to_depth slice split reshape transpose flatten squeeze
unsqueeze identity cast expand dropout lstm gru rnn grouped_matmul einsum rope top_k
quantize dequantize dynamic_quantize routed_experts
"""


@pytest.mark.parametrize("kind", NAMES.split())
def test_every_kind_importers_emit_has_a_formula(kind: str):
    assert kind in OP_COSTS


def test_unknown_kind_is_answered_with_a_suggestion():
    with pytest.raises(UnknownNameError, match="did you mean 'conv2d'"):
        OP_COSTS["conv2"]


def test_new_kind_is_one_decorated_function():
    @OP_COSTS.named("square_for_this_test")
    def square(call: OpCall) -> OpWork:
        return OpWork(forward_flops=call.elements, input_gradient_flops=2 * call.elements, saves=(0,))

    try:
        model = graph(op("x", "input", shape=(1, 4)), op("y", "square_for_this_test", "x", (1, 4)))
        assert price(model, Workload()).row("y").forward_flops == 4
        assert not price(model, Workload()).unpriced
        with pytest.raises(ValueError, match="registered twice"):
            OP_COSTS.named("square_for_this_test")(square)
    finally:
        OP_COSTS._entries.pop("square_for_this_test")


def test_dense_ops_alone_count_multiply_adds():
    """The bias row of a sum, a norm or an activation is no multiply-add."""
    for kind in ("relu", "add", "softmax", "layer_norm"):
        assert work(kind, (2, 4), output=(2, 4)).macs == 0


FROZEN = """
conv2d linear grouped_matmul embedding batch_norm layer_norm group_norm instance_norm rms_norm lrn relu gelu
prelu max_pool global_max_pool avg_pool reduce_mean reduce_max add sub mul div maximum where neg gather resize
tile dropout einsum rope top_k
"""


@pytest.mark.parametrize("kind", FROZEN.split())
def test_nothing_runs_backward_where_nothing_needs_a_gradient(kind: str):
    shape = (2, 6, 4, 6)
    sizes = {"output": shape, "weights": ((6, 6),), "equation": "abcd,de->abce", "mode": "linear"}
    answer = work(kind, shape, grads=(False,), trained=False, **sizes)
    assert (answer.input_gradient_flops, answer.weight_gradient_flops) == (0, 0)
