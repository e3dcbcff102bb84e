from __future__ import annotations

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from tests.core.costs.formula_calls import flops, graph, op, work
from tests.core.costs.torch_truth import counted_flops

torch = pytest.importorskip("torch")


def test_product_of_two_operands_takes_a_multiply_add_for_all_indices_together():
    """2 x 3 x 4 x 5 = 120 multiply-adds, 240 FLOP; the gradient of each operand as much."""
    answer = work("einsum", (2, 3, 4), (2, 4, 5), output=(2, 3, 5), equation="bij,bjk->bik")
    assert answer.macs == 120
    assert flops(answer) == (240, 480, 0)
    assert answer.saves == (0, 1)


def test_outer_product_sums_nothing_away():
    """3 x 5 = 15 multiply-adds."""
    assert work("einsum", (3,), (5,), output=(3, 5), equation="i,j->ij").macs == 15


def test_equation_without_result_keeps_what_is_named_once():
    """Summed over j as in "ij,jk->ik": 2 x 3 x 4 = 24."""
    assert work("einsum", (2, 3), (3, 4), output=(2, 4), equation="ij, jk").macs == 24


def test_ellipsis_stands_for_the_dimensions_in_front():
    """7 x 2 x 3 x 4 = 168; the second operand has none of them."""
    answer = work("einsum", (7, 2, 3), (3, 4), output=(7, 2, 4), equation="...ij,jk->...ik")
    assert answer.macs == 168


def test_weight_is_an_operand_with_a_gradient_of_its_own():
    """2 x 3 x 4 x 5 = 120 multiply-adds: 240 FLOP for the input, 240 for the weight, wherever it stands."""
    for equation, places in (("bij,jk->bik", (1,)), ("jk,bij->bik", (0,))):
        answer = work(
            "einsum", (2, 3, 4), output=(2, 3, 5), weights=((4, 5),), equation=equation, weight_places=places
        )
        assert flops(answer) == (240, 240, 240)
        assert answer.saves == (0,)


def test_frozen_weight_keeps_nothing():
    answer = work(
        "einsum", (2, 3), output=(2, 4), weights=((3, 4),), trained=False, equation="ij,jk->ik"
    )  # fmt: skip
    assert flops(answer) == (48, 48, 0)
    assert answer.saves == ()


def test_three_operands_are_multiplied_from_left_to_right():
    """ab,bc: 2 x 3 x 4 = 24, then ac,cd: 2 x 4 x 5 = 40: 64. Backward: of cd 40, of the product 40, and of
    both its operands 24 each: 128."""
    answer = work("einsum", (2, 3), (3, 4), (4, 5), output=(2, 5), equation="ab,bc,cd->ad")
    assert flops(answer) == (128, 256, 0)
    last = work(
        "einsum", (2, 3), (3, 4), (4, 5), output=(2, 5), equation="ab,bc,cd->ad", grads=(False, False, True)
    )
    assert flops(last) == (128, 80, 0)
    assert last.saves == (0, 1)


def test_single_operand_is_turned_for_nothing_or_summed():
    """A transposition moves; a sum of 2 x 3 adds 6."""
    assert flops(work("einsum", (2, 3), output=(3, 2), equation="ij->ji")) == (0, 0, 0)
    assert flops(work("einsum", (2, 3), output=(2,), equation="ij->i")) == (6, 6, 0)


def test_single_operand_without_result_keeps_every_index():
    """An equation "ij" is "ij->ij", "...i" is "...i->...i": nothing is summed. No gradient, no work."""
    assert flops(work("einsum", (2, 3), output=(2, 3), equation="ij")) == (0, 0, 0)
    assert flops(work("einsum", (7, 2), output=(7, 2), equation="...i")) == (0, 0, 0)
    assert flops(work("einsum", (2, 3), output=(2,), equation="ij->i", grads=(False,))) == (6, 0, 0)


def test_dimension_of_one_counts_once():
    """1 x 3 x 4 = 12 multiply-adds."""
    assert work("einsum", (1, 3), (3, 4), output=(1, 4), equation="ij,jk->ik").macs == 12


def test_equation_that_does_not_fit_its_operands_is_refused_by_name():
    x = op("x", "input", shape=(2, 3))
    for equation in ("ij,jk->ik", "ijk->i"):
        with pytest.raises(ModelImportError, match="op 'e' cannot be priced as 'einsum'"):
            price(graph(x, op("e", "einsum", "x", (2,), equation=equation)), Workload())


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("bij,bjk->bik", ((2, 3, 4), (2, 4, 5))),
        ("bhqd,bhkd->bhqk", ((2, 2, 3, 4), (2, 2, 5, 4))),
        ("bshd,hde->bse", ((2, 3, 2, 4), (2, 4, 6))),
        ("...i,ij->...j", ((2, 3, 4), (4, 5))),
    ],
)
def test_einsum_counts_what_torch_does(equation: str, shapes: tuple[tuple[int, ...], ...]):
    class Summation(torch.nn.Module):
        def forward(self, *operands):
            return torch.einsum(equation, *operands)

    data = [torch.randn(shape, requires_grad=True) for shape in shapes]
    made = tuple(Summation()(*data).shape)
    answer = work("einsum", *shapes, output=made, equation=equation)
    assert flops(answer)[:2] == counted_flops(Summation(), *data)
