from __future__ import annotations

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.ops.formulas import OUTPUT
from cutwise.costs.ops.pointwise import ACTIVATIONS
from cutwise.costs.workload import Workload
from tests.core.costs.formula_calls import flops, graph, op, work
from tests.core.costs.no_loss import NO_LOSS

SHAPE = (2, 3, 4)  # 24 elements

# FLOPs forward and backward for 24 elements, one FLOP for each operation named.
WORKED = {
    "relu": (24, 24),  # max | x mask
    "sigmoid": (96, 72),  # neg exp add div | 1-y, x y, x g
    "tanh": (24, 72),  # tanh | y·y, 1-, x g
    "softmax": (120, 96),  # max sub exp sum div | g·y sum sub x y
    "log_softmax": (120, 96),  # max sub exp sum sub | exp sum x sub
    "exp": (24, 24),  # exp | g·y
    "sqrt": (24, 48),  # sqrt | 2·y, g/
    "elu": (96, 72),  # compare exp sub x | compare, y+a, x g
    "reciprocal": (24, 72),  # 1/x | y·y, neg, x g
    "gelu": (120, 216),  # x/√2 erf +1 x½ xx | the same four for the cdf, x², x-½, exp, x c·x+cdf, x g
    "silu": (120, 144),  # sigmoid 4, x | sigmoid kept as one 1, 1-s, x x, +1, x s, x g
    "relu6": (48, 72),  # max min | two compares, x mask
    "clip": (48, 72),
    "leaky_relu": (48, 48),  # compare x | compare x
    "hardswish": (120, 120),  # +3 max min x /6 | two compares, 2x, +3, /6·g
    "hardsigmoid": (96, 72),  # x + max min | two compares, x
    "mish": (120, 216),  # exp +1 log tanh x | tanh of softplus 4, its slope 3, +, x g
    "pow": (24, 72),  # pow | pow, x n, x g
    "erf": (24, 96),  # erf | x², exp, x 2/√π, x g
    "abs": (24, 48),  # abs | sign, x g
    "log": (24, 24),  # log | g/x
    "sin": (24, 48),  # sin | cos, x g
    "cos": (24, 72),  # cos | sin, neg, x g
    "softplus": (72, 96),  # exp +1 log | exp, +1, /, x g
}
KEEP_RESULT = {
    "relu", "sigmoid", "tanh", "softmax", "log_softmax", "exp", "sqrt", "elu", "reciprocal",
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(WORKED))
def test_activation_costs_its_operations_for_each_element(kind: str):
    forward, backward = WORKED[kind]
    assert flops(work(kind, SHAPE, output=SHAPE)) == (forward, backward, 0)
    assert work(kind, SHAPE, output=SHAPE).macs == 0


def test_every_activation_is_worked_out_above():
    assert set(WORKED) == set(ACTIVATIONS)


@pytest.mark.parametrize("kind", sorted(WORKED))
def test_activation_keeps_its_result_where_that_is_enough_and_else_its_input(kind: str):
    expected = (OUTPUT,) if kind in KEEP_RESULT else (0,)
    assert work(kind, SHAPE, output=SHAPE).saves == expected


def test_activation_of_raw_data_has_no_gradient():
    assert flops(work("gelu", SHAPE, output=SHAPE, grads=(False,))) == (120, 0, 0)


def test_parametric_relu_trains_its_slopes():
    """24 elements: compare and multiply; back the same for input and for slopes (multiply and sum)."""
    answer = work("prelu", SHAPE, output=SHAPE, weights=((3,),))
    assert flops(answer) == (48, 48, 48)
    assert answer.saves == (0,)


@pytest.mark.parametrize("kind", ["add", "sub"])
def test_gradient_of_a_sum_passes_through_at_no_cost(kind: str):
    answer = work(kind, SHAPE, SHAPE, output=SHAPE)
    assert flops(answer) == (24, 0, 0)
    assert answer.saves == ()


def test_gradient_of_a_broadcast_operand_is_summed():
    """24 additions forward, 24 to sum the gradient of the operand with one row."""
    assert flops(work("add", SHAPE, (1, 3, 4), output=SHAPE)) == (24, 24, 0)


def test_bias_trains_by_summing_the_gradient():
    assert flops(work("add", SHAPE, output=SHAPE, weights=((4,),))) == (24, 0, 24)


def test_product_of_two_activations_keeps_each_for_the_other():
    """24 forward, 24 for each gradient."""
    answer = work("mul", SHAPE, SHAPE, output=SHAPE)
    assert flops(answer) == (24, 48, 0)
    assert set(answer.saves) == {0, 1}


def test_product_with_a_gate_multiplies_and_sums_the_gates_gradient():
    """Squeeze-and-excite: 24 for the large operand, 24 + 24 for the gate."""
    assert flops(work("mul", SHAPE, (2, 3, 1), output=SHAPE)) == (24, 72, 0)


def test_product_with_a_trained_scale_keeps_its_input():
    """24 forward, 24 for the input, multiply and sum 48 for the scale."""
    answer = work("mul", SHAPE, output=SHAPE, weights=((4,),))
    assert flops(answer) == (24, 24, 48)
    assert 0 in answer.saves


def test_product_with_a_frozen_scale_or_a_number_keeps_nothing():
    assert 0 not in work("mul", SHAPE, output=SHAPE, weights=((4,),), trained=False).saves
    assert 0 not in work("mul", SHAPE, output=SHAPE).saves


def test_quotient_keeps_the_divisor_and_the_dividend_only_for_the_divisors_gradient():
    """24 forward; 24 for the dividend, 3 x 24 for the divisor."""
    both = work("div", SHAPE, SHAPE, output=SHAPE)
    assert flops(both) == (24, 96, 0)
    assert both.saves == (0, 1)
    assert work("div", SHAPE, SHAPE, output=SHAPE, grads=(True, False)).saves == (1,)


def test_quotient_by_a_trained_divisor_keeps_the_dividend():
    answer = work("div", SHAPE, output=SHAPE, weights=((4,),))
    assert flops(answer) == (24, 24, 72)
    assert 0 in answer.saves


@pytest.mark.parametrize("kind", ["maximum", "minimum"])
def test_larger_of_two_sends_each_its_share_back(kind: str):
    answer = work(kind, SHAPE, SHAPE, output=SHAPE)
    assert flops(answer) == (24, 48, 0)
    assert answer.saves == (0, 1)


def test_choice_keeps_its_condition_only():
    """24 choices forward, 24 for each gradient; the condition is whole: 24 bools."""
    net = graph(
        op("x", "input", shape=SHAPE),
        op("a", "prelu", "x", SHAPE, weights={"s": (1,)}),
        op("if", "less", "a", SHAPE, dtype="bool"),
        op("y", "where", "if a a", SHAPE),
    )
    row = price(net, Workload(loss=NO_LOSS)).row("y")
    assert (row.forward_flops, row.backward_input_flops) == (24, 48)
    assert row.saved_bytes == 24


def test_choice_by_a_constant_condition_keeps_nothing():
    assert work("where", SHAPE, output=SHAPE).saves == ()


def test_change_of_sign_costs_one_each_way_and_keeps_nothing():
    answer = work("neg", SHAPE, output=SHAPE)
    assert flops(answer) == (24, 24, 0)
    assert answer.saves == ()


def test_sum_with_a_factor_multiplies_its_last_operand_first():
    """6 elements multiplied and added; back, the second operand's gradient is multiplied too."""
    assert flops(work("add", (2, 3), (2, 3), output=(2, 3), factor=2.0)) == (12, 6, 0)
    assert flops(work("add", (2, 3), (2, 3), output=(2, 3), factor=2.0, grads=(True, False))) == (12, 0, 0)


def test_turning_by_an_angle_takes_two_products_and_a_sum_and_keeps_nothing():
    """24 elements x 3, both ways."""
    answer = work("rope", (2, 3, 4), output=(2, 3, 4))
    assert flops(answer) == (72, 72, 0)
    assert (answer.saves, answer.extra_bytes) == ((), 0)


def test_scale_as_large_as_its_operand_sums_no_gradient():
    """24 forward, 24 for the input, 24 for a scale of its own for every element."""
    assert flops(work("mul", SHAPE, output=SHAPE, weights=(SHAPE,))) == (24, 24, 24)


def test_product_with_fixed_data_keeps_the_data_alone():
    answer = work("mul", SHAPE, SHAPE, output=SHAPE, grads=(True, False))
    assert flops(answer) == (24, 24, 0)
    assert answer.saves == (1,)
