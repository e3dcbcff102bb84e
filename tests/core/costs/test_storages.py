from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwise.costs.storages import reshaped_strides, storage_roots
from cutwise.graph.model_graph import Op
from tests.core.costs.formula_calls import graph, op


def roots(*ops: Op, training: bool = True) -> list[str]:
    model = graph(*ops)
    return [model.ops[root].id for root in storage_roots(model, training=training)]


def test_views_lie_in_the_storage_of_what_they_view():
    assert roots(
        op("x", "input", shape=(1, 6)),
        op("a", "relu", "x", (1, 6)),
        op("b", "reshape", "a", (1, 2, 3)),
        op("c", "transpose", "b", (1, 3, 2), perm=(0, 2, 1)),
        op("d", "identity", "c", (1, 3, 2)),
        op("e", "unsqueeze", "d", (1, 1, 3, 2)),
    ) == ["x", "a", "a", "a", "a", "a"]


def test_reshape_of_a_transposed_tensor_copies():
    """3x2 with strides (1, 3) is no row of six: channel shuffle and merged heads need a copy."""
    assert roots(
        op("x", "input", shape=(1, 2, 3)),
        op("t", "transpose", "x", (1, 3, 2), perm=(0, 2, 1)),
        op("r", "reshape", "t", (1, 6)),
        op("s", "reshape", "r", (1, 3, 2)),
    ) == ["x", "x", "r", "r"]


def test_order_of_a_transposition_follows_from_the_shapes_where_it_is_not_given():
    """(2, 5, 2, 4) → (2, 2, 5, 4) swaps the middle, as heads are parted from tokens; a square is turned."""
    assert roots(
        op("x", "input", shape=(2, 5, 2, 4)),
        op("t", "transpose", "x", (2, 2, 5, 4)),
        op("r", "reshape", "t", (4, 5, 4)),
        op("u", "transpose", "t", (2, 5, 2, 4)),
        op("s", "reshape", "u", (2, 5, 8)),
    ) == ["x", "x", "r", "x", "x"]
    square = (
        op("x", "input", shape=(3, 3)),
        op("t", "transpose", "x", (3, 3)),
        op("r", "reshape", "t", (9,)),
    )
    assert roots(*square) == ["x", "x", "r"]


def test_transposing_twice_leaves_nothing_to_copy():
    assert roots(
        op("x", "input", shape=(2, 3)),
        op("t", "transpose", "x", (3, 2), perm=(1, 0)),
        op("u", "transpose", "t", (2, 3), perm=(1, 0)),
        op("r", "reshape", "u", (6,)),
    ) == ["x", "x", "x", "x"]


def test_transpose_that_only_moves_a_single_row_copies_nothing():
    assert roots(
        op("x", "input", shape=(1, 4, 8)),
        op("t", "transpose", "x", (4, 1, 8), perm=(1, 0, 2)),
        op("r", "reshape", "t", (32,)),
    ) == ["x", "x", "x"]


def test_elementwise_op_keeps_the_order_in_memory():
    """A scaled transposed tensor is still transposed in memory, so merging its dimensions copies."""
    assert roots(
        op("x", "input", shape=(2, 3)),
        op("t", "transpose", "x", (3, 2), perm=(1, 0)),
        op("m", "mul", "t", (3, 2)),
        op("r", "reshape", "m", (6,)),
        op("u", "transpose", "m", (2, 3), perm=(1, 0)),
        op("v", "reshape", "u", (6,)),
    ) == ["x", "x", "m", "r", "m", "m"]


def test_parts_of_a_tensor_share_its_storage_and_merging_them_copies():
    assert roots(
        op("x", "input", shape=(2, 6)),
        op("q", "split", "x", (2, 3)),
        op("q:1", "split", "x", (2, 3), output_index=1),
        op("s", "slice", "x", (2, 2)),
        op("r", "reshape", "q", (6,)),
    ) == ["x", "x", "x", "x", "r"]


def test_one_place_along_an_axis_is_a_view_and_several_are_a_copy():
    """The class token x[:, 0] keeps all tokens alive; an index tensor, or several places, copy rows."""
    tokens = op("x", "input", shape=(2, 5, 8))
    assert roots(tokens, op("first", "gather", "x", (2, 8))) == ["x", "x"]
    assert roots(tokens, op("some", "gather", "x", (2, 3, 8))) == ["x", "some"]
    index = op("i", "input", shape=(), dtype="int64")
    assert roots(tokens, index, op("chosen", "gather", "x i", (2, 8)))[2] == "chosen"


def test_one_of_three_stacked_parts_keeps_its_order_in_memory():
    """(2, 3, 4) → transposed (2, 4, 3) → x[0] is (4, 3) in column order: flattening it copies."""
    assert roots(
        op("x", "input", shape=(2, 3, 4)),
        op("t", "transpose", "x", (2, 4, 3), perm=(0, 2, 1)),
        op("p", "gather", "t", (4, 3)),
        op("r", "reshape", "p", (12,)),
    ) == ["x", "x", "x", "r"]


def test_repeated_rows_are_a_view_until_they_are_merged():
    """Keys shared by two heads: expand is free, the reshape after it copies."""
    assert roots(
        op("k", "input", shape=(1, 2, 1, 4)),
        op("e", "expand", "k", (1, 2, 2, 4)),
        op("r", "reshape", "e", (1, 4, 4)),
    ) == ["k", "k", "r"]


def test_cast_to_another_format_copies_and_to_its_own_shares():
    assert roots(
        op("x", "input", shape=(4,), dtype="int64"),
        op("a", "cast", "x", (4,), dtype="fp32"),
        op("b", "cast", "a", (4,), dtype="fp32"),
        op("c", "cast", "b", (4,), dtype="fp16"),
    ) == ["x", "a", "a", "c"]


@pytest.mark.parametrize(
    ("training", "ratio", "root"), [(False, 0.5, "x"), (True, 0.0, "x"), (True, 0.5, "d")]
)
def test_dropout_is_a_view_unless_it_drops(training: bool, ratio: float, root: str):
    ops = (op("x", "input", shape=(4,)), op("d", "dropout", "x", (4,), ratio=ratio))
    assert roots(*ops, training=training)[1] == root


def test_result_in_the_order_of_the_queries_merges_its_heads_for_free():
    """Queries (1, 2 heads, 3, 4) seen through a transposition: the attention's result lies as
    (1, 3, 2, 4), so transposing back and merging heads is a view."""
    model = graph(
        op("x", "input", shape=(1, 3, 2, 4)),
        op("q", "transpose", "x", (1, 2, 3, 4), perm=(0, 2, 1, 3)),
        op("c", "matmul", "q q", (1, 2, 3, 4)),
        op("t", "transpose", "c", (1, 3, 2, 4), perm=(0, 2, 1, 3)),
        op("r", "reshape", "t", (1, 3, 8)),
    )
    assert storage_roots(model, training=True, laid_out_like={2: 1}) == [0, 0, 2, 2, 2]
    assert storage_roots(model, training=True) == [0, 0, 2, 2, 4]


def test_softmax_writes_row_by_row_whatever_it_reads():
    """Of a transposed tensor too, so that its result is flattened for free."""
    assert roots(
        op("x", "input", shape=(2, 3)),
        op("t", "transpose", "x", (3, 2), perm=(1, 0)),
        op("s", "softmax", "t", (3, 2)),
        op("r", "reshape", "s", (6,)),
    ) == ["x", "x", "s", "s"]


def test_turned_square_of_two_is_flattened_by_a_copy():
    square = op("x", "input", shape=(2, 2)), op("t", "transpose", "x", (2, 2), perm=(1, 0))
    assert roots(*square, op("r", "reshape", "t", (4,))) == ["x", "x", "r"]


def test_one_place_along_the_middle_leaves_gaps_that_flattening_copies():
    """Rows of x[:, 0] lie 40 values apart and are 8 long."""
    picked = op("x", "input", shape=(2, 5, 8)), op("p", "gather", "x", (2, 8))
    assert roots(*picked, op("r", "reshape", "p", (16,))) == ["x", "x", "r"]


@pytest.mark.parametrize("shape", [(1, 1, 4), (4,)])
def test_repeated_dimensions_merge_with_each_other_for_free(shape: tuple[int, ...]):
    """numpy: broadcast_to(x, (2, 3, 4)).reshape(6, 4) shares x's memory, .reshape(24) does not."""
    repeated = op("x", "input", shape=shape), op("e", "expand", "x", (2, 3, 4))
    assert roots(*repeated, op("r", "reshape", "e", (6, 4))) == ["x", "x", "x"]
    assert roots(*repeated, op("r", "reshape", "e", (24,))) == ["x", "x", "r"]


def test_order_that_names_a_dimension_too_many_says_nothing_of_memory():
    turned = op("x", "input", shape=(2, 3)), op("t", "transpose", "x", (3, 2, 1), perm=(1, 0, 2))
    assert roots(*turned, op("r", "reshape", "t", (6,))) == ["x", "x", "x"]


def test_other_sizes_and_nothing_at_all_have_no_strides():
    assert reshaped_strides((2, 3), (3, 1), (3,)) is None
    assert reshaped_strides((0, 2), (2, 1), (2, 0)) is None
    assert reshaped_strides((1,), (1,), (1, 1)) == (1, 1)


@st.composite
def reshapes(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """A shape, an order of its dimensions, and another shape with as many elements."""
    shape = tuple(draw(st.lists(st.sampled_from([1, 2, 3, 4]), min_size=1, max_size=4)))
    order = tuple(draw(st.permutations(range(len(shape)))))
    factors = [factor for size in shape for factor in {4: (2, 2)}.get(size, (size,))]
    factors = draw(st.permutations(factors))
    cuts = sorted(draw(st.sets(st.integers(1, len(factors)), max_size=3)) | {len(factors)})
    wanted, start = [], 0
    for cut in cuts:
        wanted.append(int_product(factors[start:cut]))
        start = cut
    return shape, order, tuple(wanted)


def int_product(factors: list[int]) -> int:
    product = 1
    for factor in factors:
        product *= factor
    return product


@given(reshapes())
def test_reshape_is_a_view_exactly_where_numpy_makes_one(case):
    """numpy sets a shape in place only if no copy is needed: the independent judge."""
    import numpy as np

    shape, order, wanted = case
    array = np.empty(shape, dtype=np.int8).transpose(order)
    found = reshaped_strides(array.shape, array.strides, wanted)
    moved = array.reshape(wanted)
    assert (found is not None) == np.shares_memory(moved, array)
    if found is not None:
        longer = [axis for axis, size in enumerate(wanted) if size > 1]
        assert [found[axis] for axis in longer] == [moved.strides[axis] for axis in longer]
