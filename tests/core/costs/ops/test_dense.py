from __future__ import annotations

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.ops.formulas import OUTPUT
from cutwise.costs.workload import Workload
from tests.core.costs.formula_calls import flops, graph, op, work
from tests.core.costs.no_loss import NO_LOSS


def test_first_convolution_of_resnet_costs_what_is_published():
    """64x112x112 = 802 816 outputs, each 3 x 7 x 7 = 147 multiply-adds: 118 013 952; FLOPs twice that."""
    answer = work("conv2d", (1, 3, 224, 224), output=(1, 64, 112, 112), weights=((64, 3, 7, 7), (64,)))
    assert answer.macs == 118_013_952
    assert flops(answer) == (236_027_904, 236_027_904, 236_027_904)
    assert answer.saves == (0,)


def test_depthwise_convolution_costs_one_channel_an_output_and_runs_back_at_twice_that():
    """64 groups: 64 x 8 x 8 = 4 096 outputs x 1 x 3 x 3 = 9 multiply-adds: 36 864; 73 728 FLOP each way."""
    answer = work("conv2d", (1, 64, 8, 8), output=(1, 64, 8, 8), weights=((64, 1, 3, 3),), groups=64)
    assert flops(answer) == (73_728, 73_728, 73_728)
    assert (answer.input_gradient_flops + answer.weight_gradient_flops) / answer.forward_flops == 2


def test_grouped_convolution_costs_its_own_groups_inputs_only():
    """8 outputs of 4x4 = 128, in 2 groups of 4 inputs: 128 x 4 x 9 = 4 608 multiply-adds."""
    assert work("conv2d", (1, 8, 4, 4), output=(1, 8, 4, 4), weights=((8, 4, 3, 3),), groups=2).macs == 4_608


def test_convolution_in_one_and_three_dimensions_follows_its_kernel():
    """1-D: 2 x 8 outputs x 3 x 5 = 240. 3-D: 2 x 27 outputs x 3 x 8 = 1 296."""
    assert work("conv1d", (1, 3, 12), output=(1, 2, 8), weights=((2, 3, 5),)).macs == 240
    assert work("conv3d", (1, 3, 4, 4, 4), output=(1, 2, 3, 3, 3), weights=((2, 3, 2, 2, 2),)).macs == 1_296


def test_first_layer_has_no_input_gradient():
    """4 outputs x 3 = 12 multiply-adds = 24 FLOP forward and for the weights; none for the data."""
    answer = work("linear", (1, 3), output=(1, 4), weights=((4, 3),), grads=(False,), in_features=3)
    assert flops(answer) == (24, 0, 24)


def test_transposed_convolution_works_once_for_each_input():
    """4 x 5 x 5 = 100 inputs, each spread over 6 channels x 2 x 2 = 24: 2 400 multiply-adds."""
    answer = work("conv_transpose2d", (1, 4, 5, 5), output=(1, 6, 10, 10), weights=((4, 6, 2, 2), (6,)))
    assert answer.macs == 2_400
    assert flops(answer) == (4_800, 4_800, 4_800)


def test_convolution_by_another_activation_keeps_both_and_has_a_gradient_for_each():
    """2 x 3 x 3 = 18 outputs x 1 x 2 x 2 = 4: 72 multiply-adds, 144 FLOP, twice that back."""
    answer = work("conv2d", (1, 1, 4, 4), (2, 1, 2, 2), output=(1, 2, 3, 3))
    assert flops(answer) == (144, 288, 0)
    assert answer.saves == (0, 1)


def test_linear_layer_multiplies_every_output_by_its_width():
    """Two tokens x 5 outputs x 3 = 30 multiply-adds, whichever way the weight is stored."""
    for shape in ((5, 3), (3, 5)):
        answer = work("linear", (1, 2, 3), output=(1, 2, 5), weights=(shape,), in_features=3)
        assert answer.macs == 30
        assert flops(answer) == (60, 60, 60)
        assert answer.saves == (0,)


def test_frozen_linear_layer_keeps_nothing_and_has_no_weight_gradient():
    """30 multiply-adds: 60 FLOP forward, 60 for the input."""
    answer = work("linear", (1, 2, 3), output=(1, 2, 5), weights=((5, 3),), trained=False, in_features=3)
    assert flops(answer) == (60, 60, 0)
    assert answer.saves == ()


def test_frozen_convolution_keeps_its_input_nevertheless():
    answer = work("conv2d", (1, 1, 4, 4), output=(1, 1, 2, 2), weights=((1, 1, 3, 3),), trained=False)
    assert answer.saves == (0,)


def test_product_of_two_activations_has_a_gradient_for_each_and_keeps_the_other():
    """2 heads of 3x5 outputs = 30, inner 4: 120 multiply-adds, 240 FLOP, 480 back."""
    answer = work("matmul", (2, 3, 4), (2, 4, 5), output=(2, 3, 5))
    assert flops(answer) == (240, 480, 0)
    assert set(answer.saves) == {0, 1}


def test_product_keeps_only_the_operand_the_other_gradient_needs():
    """Only the left operand needs a gradient: 240 FLOP back, the right one is kept."""
    answer = work("matmul", (2, 3, 4), (2, 4, 5), output=(2, 3, 5), grads=(True, False))
    assert flops(answer) == (240, 240, 0)
    assert answer.saves == (1,)


HEADS = {"heads": 2, "q_length": 3, "k_length": 5, "head_dim": 4, "value_dim": 4}
QUERY, KEY = (1, 2, 3, 4), (1, 2, 5, 4)


def test_fused_attention_runs_back_at_two_and_a_half_times_forward():
    """2 heads x 3 queries x 5 keys x (4 + 4) = 240 multiply-adds, 480 FLOP; back 4 products + the scores
    again: 2 x (120 + 120) + 120 = 600 multiply-adds, 1 200 FLOP. 2 x 3 rows keep 4 B each: 24 B."""
    answer = work("attention", QUERY, KEY, KEY, output=QUERY, **HEADS)
    assert answer.macs == 240
    assert flops(answer) == (480, 1_200, 0)
    assert answer.saves == (0, 1, 2, OUTPUT)
    assert answer.extra_bytes == 24


def test_eager_attention_runs_back_at_twice_forward_and_keeps_the_probabilities():
    """2 x (120 + 120) = 480 multiply-adds back, 960 FLOP; 2 x 3 x 5 probabilities of 2 B: 60 B."""
    answer = work("attention", QUERY, KEY, KEY, output=QUERY, fused=False, element_bytes=2, **HEADS)
    assert flops(answer) == (480, 960, 0)
    assert answer.saves == (0, 1, 2)
    assert answer.extra_bytes == 60


def test_attention_with_a_trained_bias_falls_back_to_the_eager_kernel():
    """A mask that needs a gradient: 2 x 3 x 5 probabilities of 4 B = 120 B are kept."""
    answer = work("attention", QUERY, KEY, KEY, (1, 2, 3, 5), output=QUERY, **HEADS)
    assert answer.extra_bytes == 120


def test_attention_with_shared_keys_counts_every_query_head():
    """4 query heads on 2 key heads: 4 x 3 x 5 x 8 = 480 multiply-adds."""
    shared = {**HEADS, "heads": 4, "kv_heads": 2}
    assert work("attention", (1, 4, 3, 4), KEY, KEY, output=(1, 4, 3, 4), **shared).macs == 480


def test_parts_of_a_fused_attention_add_up_to_the_whole():
    """The written-out products of the case above: 240 + 240 forward; back 3 x 240 + 2 x 240 = 1 200."""
    scores = work("attention_scores", QUERY, (1, 2, 4, 5), output=(1, 2, 3, 5))
    softmax = work("attention_softmax", (1, 2, 3, 5), output=(1, 2, 3, 5))
    context = work("attention_context", (1, 2, 3, 5), KEY, output=QUERY)
    assert flops(scores) == (240, 720, 0)
    assert flops(context) == (240, 480, 0)
    assert softmax.extra_bytes == 24
    assert softmax.saves == ()
    assert context.saves == (1, OUTPUT)


@pytest.mark.parametrize(("kind", "gates", "kept"), [("lstm", 4, 6), ("gru", 3, 6), ("rnn", 1, 0)])
def test_recurrence_multiplies_input_and_hidden_state_at_every_step(kind: str, gates: int, kept: int):
    """7 steps x 2 samples = 14; weights 20·gates x 10 and 20·gates x 20: 14 x 600 x gates multiply-adds.
    Back: weights as forward; input 14 x 200 x gates, through time 14 x 400 x gates. It keeps `kept`
    vectors of 20 floats a step beside its input and result."""
    answer = work(
        kind,
        (7, 2, 10),
        output=(7, 2, 20),
        weights=((1, 20 * gates, 10), (1, 20 * gates, 20)),
        hidden_size=20,
    )
    assert answer.macs == 8_400 * gates
    assert flops(answer) == (16_800 * gates, 16_800 * gates, 16_800 * gates)
    assert answer.saves == (0, OUTPUT)
    assert answer.extra_bytes == 14 * 20 * kept * 4


def test_first_recurrent_layer_still_sends_gradients_through_time():
    """14 x 20 x 20 = 5 600 multiply-adds of one gate: 11 200 FLOP."""
    answer = work("rnn", (7, 2, 10), output=(7, 2, 20), weights=((1, 20, 10), (1, 20, 20)), grads=(False,))
    assert answer.input_gradient_flops == 11_200


def test_recurrence_in_two_directions_counts_both():
    """Weights of 2 directions: 14 x 2 x (20 x 10 + 20 x 20) = 16 800 multiply-adds."""
    answer = work(
        "rnn",
        (7, 2, 10),
        output=(7, 2, 2, 20),
        weights=((2, 20, 10), (2, 20, 20)),
        hidden_size=20,
        directions=2,
    )
    assert answer.macs == 16_800


def test_grouped_product_counts_the_rows_that_are_multiplied():
    """3 tokens x 2 active experts = 6 rows x 5 outputs x 4 inputs = 120 multiply-adds, whichever expert's."""
    answer = work("grouped_matmul", (6, 4), output=(6, 5), weights=((8, 4, 5),))
    assert answer.macs == 120
    assert flops(answer) == (240, 240, 240)
    assert answer.saves == (0,)
    frozen = work("grouped_matmul", (6, 4), output=(6, 5), weights=((8, 4, 5),), trained=False)
    assert flops(frozen) == (240, 240, 0)
    assert frozen.saves == ()


def test_mixture_of_experts_works_for_active_experts_and_holds_all():
    """3 tokens, 8 experts of 4 → 5, 2 active: router 3 x 8 x 4 = 96, experts 6 x 5 x 4 = 120 multiply-adds;
    weights 32 + 160."""
    model = graph(
        op("x", "input", shape=(3, 4)),
        op("router", "linear", "x", (3, 8), weights={"g": (8, 4)}, in_features=4),
        op("gate", "softmax", "router", (3, 8)),
        op("top", "top_k", "gate", (3, 2), output_index=0),
        op("top:1", "top_k", "gate", (3, 2), dtype="int64", output_index=1),
        op("rows", "gather", "x top:1", (6, 4)),
        op("experts", "grouped_matmul", "rows top:1", (6, 5), weights={"e": (8, 4, 5)}),
    )
    cost = price(model, Workload())
    assert cost.macs == 96 + 120
    assert cost.parameters == 32 + 160
    assert cost.row("experts").weight_bytes == 640
    assert not cost.unpriced


def test_shared_keys_and_values_are_kept_at_their_own_size():
    """Attention of 4 query heads on 2 key heads: 3 x 16 floats of queries and result, 3 x 8 of keys and of
    values, 4 B a row of 4 x 3: 2 x 192 + 2 x 96 + 48 B."""
    sizes = {"heads": 4, "kv_heads": 2, "q_length": 3, "k_length": 3, "head_dim": 4, "value_dim": 4}
    ops = [op("x", "input", shape=(1, 4, 3, 4))]
    for name, heads in (("q", 4), ("k", 2), ("v", 2)):
        ops.append(op(name, "prelu", "x", (1, heads, 3, 4), weights={name: (1,)}))
    made = graph(*ops, op("y", "attention", "q k v", (1, 4, 3, 4), **sizes))
    assert price(made, Workload(loss=NO_LOSS)).row("y").saved_bytes == 2 * 192 + 2 * 96 + 48


def test_merging_adapters_costs_a_product_once_a_batch_and_its_gradient_two():
    """Two samples of a batch of 4, 3 tokens, 4 → 5: 30 outputs x 4 = 120 multiply-adds; rank 2 makes the
    matrix of 5 x 4, 40 multiply-adds, half of them these samples' share: 20. Forward 240 + 40; the weights'
    gradient 240 of the whole matrix and 40 for each adapter. Its 20 values of 2 B are kept once."""
    merged = {"output": (2, 3, 5), "weights": ((5, 4),), "batches": 0.5, "element_bytes": 2, "merged_rank": 2}
    answer = work("linear", (2, 3, 4), **merged)
    assert answer.macs == 140
    assert flops(answer) == (280, 240, 320)
    assert answer.once_bytes == 40
    assert work("linear", (2, 3, 4), grads=(False,), **merged).once_bytes == 0
    assert flops(work("linear", (2, 3, 4), trained=False, **merged)) == (280, 240, 0)


def test_a_third_input_is_no_operand_of_a_product():
    """120 multiply-adds, 240 FLOP: once for each operand, the scores once more where either needs them."""
    left, right, mask, made = (2, 3, 4), (2, 4, 5), (2, 3, 5), (2, 3, 5)
    for kind, both, none in (("matmul", 480, 0), ("attention_scores", 720, 0), ("attention_context", 480, 0)):
        assert work(kind, left, right, mask, output=made).input_gradient_flops == both
        alone = work(kind, left, right, mask, output=made, grads=(False, False, True))
        assert alone.input_gradient_flops == none


def test_scores_of_a_fused_attention_keep_queries_and_keys():
    assert work("attention_scores", QUERY, (1, 2, 4, 5), output=(1, 2, 3, 5)).saves == (0, 1)


def test_softmax_over_one_key_keeps_a_number_for_every_query():
    """2 x 3 rows of one key: 4 B each."""
    assert work("attention_softmax", (2, 3, 1), output=(2, 3, 1)).extra_bytes == 24


@pytest.mark.parametrize(
    ("grads", "products"),
    [
        ((True, False, False), 3),
        ((False, True, False), 3),
        ((False, False, True), 2),
        ((True, True, False), 4),
        ((False, False, False), 0),
    ],
)
def test_fused_attention_runs_back_for_what_needs_it(grads: tuple[bool, ...], products: int):
    """A product takes 240 FLOP. Queries or keys: one for the probabilities, one each of themselves, and the
    scores again; values alone: theirs, and the scores again."""
    answer = work("attention", QUERY, KEY, KEY, output=QUERY, grads=grads, **HEADS)
    assert answer.input_gradient_flops == 240 * products


def test_projected_recurrence_makes_the_smaller_state_at_every_step():
    """14 steps; 80 x 10 weights of the input, 80 x 8 of the state and 8 x 20 that make the state: 14 x 1 600
    multiply-adds. Kept are six vectors of 20 and the whole state: 14 x 20 x 7 x 4 B."""
    answer = work(
        "lstm",
        (7, 2, 10),
        output=(7, 2, 8),
        weights=((1, 80, 10), (1, 80, 8), (1, 8, 20)),
        hidden_size=20,
        projected=True,
    )
    assert answer.macs == 14 * 1_600
    assert answer.extra_bytes == 14 * 20 * 7 * 4


def test_recurrence_keeps_the_vectors_of_every_direction():
    """14 steps x 2 directions x 6 vectors of 20 floats; the size is the state's where none is given."""
    sizes = {"output": (7, 2, 2, 20), "weights": ((2, 80, 10), (2, 80, 20)), "directions": 2}
    assert work("lstm", (7, 2, 10), **sizes).extra_bytes == 14 * 2 * 6 * 20 * 4


def test_frozen_recurrence_behind_data_has_no_gradients():
    answer = work(
        "rnn",
        (7, 2, 10),
        output=(7, 2, 20),
        weights=((1, 20, 10), (1, 20, 20)),
        grads=(False,),
        trained=False,
    )
    assert flops(answer) == (16_800, 0, 0)


def test_convolution_by_fixed_data_has_a_gradient_for_its_input_alone():
    """72 multiply-adds, 144 FLOP."""
    answer = work("conv2d", (1, 1, 4, 4), (2, 1, 2, 2), output=(1, 2, 3, 3), grads=(True, False))
    assert flops(answer) == (144, 144, 0)


def test_product_with_a_number_multiplies_every_element_once():
    assert work("matmul", (), (4,), output=(4,)).macs == 4
