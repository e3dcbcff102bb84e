from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwise.costs.graph_cost import COLUMNS, price
from cutwise.costs.ops.formulas import OP_COSTS
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError, UnknownNameError
from cutwise.graph.model_graph import ModelGraph
from tests.core.costs.formula_calls import graph, op, stated
from tests.core.costs.no_loss import NO_LOSS

CONV = {"w": (4, 3, 3, 3)}


def small_net(batch_size: int = 1) -> ModelGraph:
    """Convolution, batch norm, ReLU, pooled and classified: 3x8x8 → 4x8x8 → 4x4x4 → 64 → 10."""
    n = batch_size
    return graph(
        op("x", "input", shape=(n, 3, 8, 8)),
        op("conv", "conv2d", "x", (n, 4, 8, 8), weights=CONV),
        op(
            "bn",
            "batch_norm",
            "conv",
            (n, 4, 8, 8),
            weights={"g": (4,), "h": (4,)},
            buffers={"m": (4,), "v": (4,)},
        ),
        op("relu", "relu", "bn", (n, 4, 8, 8)),
        op("pool", "max_pool", "relu", (n, 4, 4, 4), kernel=(2, 2)),
        op("flat", "flatten", "pool", (n, 64)),
        op("fc", "linear", "flat", (n, 10), weights={"fw": (10, 64), "fb": (10,)}, in_features=64),
        batch_size=n,
    )


def test_small_net_costs_what_is_worked_out_by_hand():
    """conv 256 x 27 x 2 = 13 824 (no input gradient); bn 256 x 8, 10, 3; relu 256; pool 64 x 4, back 64;
    fc 10 x 64 x 2 = 1 280."""
    cost = price(small_net(), Workload(loss=NO_LOSS))
    assert cost.forward_flops.tolist() == [0, 13_824, 2_048, 256, 256, 0, 1_280]
    assert cost.backward_input_flops.tolist() == [0, 0, 2_560, 256, 64, 0, 1_280]
    assert cost.backward_weight_flops.tolist() == [0, 13_824, 768, 0, 0, 0, 1_280]
    assert cost.macs == 6_912 + 640
    assert cost.parameters == 108 + 8 + 650
    assert not cost.unpriced


def test_each_storage_is_kept_once_by_the_first_op_that_needs_it():
    """conv keeps x 768 B; bn its input 1 024 B and, once for 32 samples, 2 x 4 x 4 = 32 B: 1 B a sample; relu
    its result 1 024 B; pool only places 64 x 8 = 512 B, since ReLU kept its input; fc its input, a view of
    pool's result, 256 B."""
    assert price(small_net(), Workload(loss=NO_LOSS)).saved_bytes.tolist() == [
        0,
        768,
        1_025,
        1_024,
        512,
        0,
        256,
    ]


def test_saved_and_sent_bytes_follow_their_own_number_formats():
    """bf16 weights, fp16 smashed data in int8: ReLU keeps 256 x 2 B and sends 256 x 1 B each way."""
    row = price(small_net(), Workload(loss=NO_LOSS, compute_dtype="bf16", smashed_dtype="int8")).row("relu")
    assert (row.saved_bytes, row.output_bytes, row.gradient_bytes, row.transient_bytes) == (
        512,
        256,
        256,
        512,
    )


def test_input_is_sent_in_its_own_number_format_and_gets_no_gradient():
    pixels = graph(op("x", "input", shape=(1, 3, 8, 8), dtype="uint8"))
    cost = price(pixels, Workload(loss=NO_LOSS, smashed_dtype="fp16"))
    assert (cost.row("x").output_bytes, cost.row("x").gradient_bytes) == (192, 0)
    assert cost.is_input.tolist() == [True]
    assert price(small_net(), Workload(loss=NO_LOSS, smashed_dtype="fp16")).row("x").output_bytes == 768


def test_whole_numbers_are_sent_as_they_are():
    ids = graph(
        op("x", "input", shape=(1, 16), dtype="int64"), op("y", "other:Sort", "x", (1, 16), dtype="int32")
    )
    assert price(ids, Workload(loss=NO_LOSS, smashed_dtype="fp16")).output_bytes.tolist() == [128, 64]


def test_constants_are_never_sent_or_kept_for_a_sample():
    """Both sides hold the model file; the product keeps the mask for its gradient, but it is there anyway."""
    model = graph(
        op("x", "input", shape=(1, 4)),
        op("mask", "constant", shape=(1, 4)),
        op("fc", "linear", "x", (1, 4), weights={"w": (4, 4)}, in_features=4),
        op("y", "mul", "fc mask", (1, 4)),
    )
    cost = price(model, Workload(loss=NO_LOSS))
    assert cost.row("mask").output_bytes == 0
    assert cost.row("y").saved_bytes == 0


@pytest.mark.parametrize("batch_size", [1, 32])
def test_price_is_for_one_sample_whatever_the_graphs_batch(batch_size: int):
    workload = Workload(loss=NO_LOSS, batch_size=batch_size)
    one, eight = price(small_net(1), workload), price(small_net(8), workload)
    for name in COLUMNS:
        assert getattr(eight, name) == pytest.approx(getattr(one, name)), name
    assert one.macs == eight.macs


def test_statistics_of_batch_norm_are_kept_once_for_all_samples_of_a_batch():
    """2 x 4 x 4 = 32 B: a whole batch keeps 32 B more than its samples, of 8 or of 64."""
    for batch_size in (8, 64):
        row = price(small_net(), Workload(loss=NO_LOSS, batch_size=batch_size)).row("bn")
        assert batch_size * row.saved_bytes == batch_size * 1_024 + 32


def test_constant_is_held_once_whatever_the_batch():
    """A mask of 16 floats: 64 B beside the weights, none for a sample."""
    model = graph(
        op("x", "input", shape=(1, 16)),
        op("mask", "constant", shape=(16,)),
        op("y", "add", "x mask", (1, 16)),
    )
    row = price(model, Workload(loss=NO_LOSS)).row("mask")
    assert (row.buffer_bytes, row.transient_bytes, row.exchanged_bytes) == (64, 0, 0)


def test_frozen_stem_stops_the_backward_pass_where_training_begins():
    """Only fc trains: it works out its weights' gradient, its input's goes nowhere, and nothing is sent back
    across any cut before it; fc keeps its input of 256 B, the rest nothing."""
    cost = price(small_net(), Workload(loss=NO_LOSS, frozen=("conv", "bn")))
    assert cost.backward_input_flops.tolist() == [0] * 7
    assert cost.backward_weight_flops.tolist() == [0, 0, 0, 0, 0, 0, 1_280]
    assert cost.gradient_bytes.tolist() == [0, 0, 0, 0, 0, 0, 40]
    assert cost.saved_bytes.tolist() == [0, 0, 0, 0, 0, 0, 256]
    assert cost.trainable_parameters == 650


def test_frozen_head_passes_the_gradient_and_keeps_nothing_for_itself():
    cost = price(small_net(), Workload(loss=NO_LOSS, frozen=("fc",)))
    assert (cost.row("fc").backward_input_flops, cost.row("fc").backward_weight_flops) == (1_280, 0)
    assert cost.row("fc").saved_bytes == 0


def test_inference_runs_forward_only():
    cost = price(small_net(), Workload(loss=NO_LOSS, mode="inference", optimizer="adam"))
    for name in (
        "backward_input_flops", "backward_weight_flops", "gradient_bytes", "weight_gradient_bytes",
        "optimizer_bytes", "saved_bytes", "exchanged_bytes", "trainable_bytes",
    ):  # fmt: skip
        assert not getattr(cost, name).any(), name
    assert cost.row("conv").forward_flops == 13_824
    assert cost.row("relu").output_bytes == 1_024


def test_kind_without_a_formula_is_reported_and_its_bytes_still_count():
    model = graph(
        op("x", "input", shape=(1, 4)),
        op("fc", "linear", "x", (1, 4), weights={"w": (4, 4)}, in_features=4),
        op("fft", "other:DFT", "fc", (1, 4)),
        op("ifft", "other:DFT", "fft", (1, 4), weights={"v": (5,)}),
    )
    cost = price(model, Workload(loss=NO_LOSS))
    assert cost.unpriced == {"other:DFT": 2}
    assert cost.row("ifft").forward_flops == 0
    assert (cost.row("ifft").output_bytes, cost.row("ifft").weight_bytes) == (16, 20)
    assert cost.row("fft").saved_bytes == 16


def test_second_output_of_an_op_has_no_work_of_its_own_but_bytes():
    model = graph(
        op("x", "input", shape=(7, 1, 3)),
        op("l", "lstm", "x", (7, 1, 2), weights={"W": (1, 8, 3), "R": (1, 8, 2)}, hidden_size=2),
        op("l:1", "lstm", "x", (1, 1, 2), output_index=1),
    )
    cost = price(model, Workload(loss=NO_LOSS))
    assert cost.row("l:1").forward_flops == 0
    assert (cost.row("l:1").output_bytes, cost.row("l:1").gradient_bytes) == (8, 8)


def test_work_stays_with_the_first_output_that_is_read_even_if_it_is_not_the_files_first():
    """Only the last states of a recurrent layer are read: 7 x (8 x 3 + 8 x 2) = 280 multiply-adds."""
    model = graph(
        op("x", "input", shape=(7, 1, 3)),
        op(
            "l",
            "lstm",
            "x",
            (1, 1, 2),
            weights={"W": (1, 8, 3), "R": (1, 8, 2)},
            hidden_size=2,
            output_index=1,
        ),
        op("l:2", "lstm", "x", (1, 1, 2), output_index=2),
    )
    assert price(model, Workload(loss=NO_LOSS)).forward_flops.tolist() == [0, 560, 0]


def test_op_that_cannot_be_priced_is_named_with_what_is_missing():
    broken = graph(op("x", "input", shape=(1, 3, 8, 8)), op("conv_7", "conv2d", "x", (1, 4, 8, 8)))
    with pytest.raises(ModelImportError, match="toy: op 'conv_7' cannot be priced as 'conv2d'"):
        price(broken, Workload(loss=NO_LOSS))


def attention_net() -> ModelGraph:
    """Two heads of 4 over 3 tokens, written out; queries, keys and values are 24 floats each."""
    tokens, heads, scores = (1, 3, 8), (1, 2, 3, 4), (1, 2, 3, 3)
    ops = [op("x", "input", shape=tokens)]
    for name, perm in (("q", (0, 2, 1, 3)), ("k", (0, 2, 3, 1)), ("v", (0, 2, 1, 3))):
        shape = (1, 2, 4, 3) if name == "k" else heads
        ops += [
            op(name, "linear", "x", tokens, weights={f"w{name}": (8, 8)}, in_features=8),
            op(f"{name}r", "reshape", name, (1, 3, 2, 4)),
            op(f"{name}t", "transpose", f"{name}r", shape, perm=perm),
        ]
    ops += [
        op("half", "constant", shape=()),
        op("mask", "constant", shape=scores),
        op("s", "matmul", "qt kt", scores),
        op("scaled", "mul", "s half", scores),
        op("masked", "add", "scaled mask", scores),
        op("p", "softmax", "masked", scores),
        op("drop", "dropout", "p", scores, ratio=0.1),
        op("c", "matmul", "drop vt", heads),
        op("ct", "transpose", "c", (1, 3, 2, 4), perm=(0, 2, 1, 3)),
        op("cr", "reshape", "ct", tokens),
        op("o", "linear", "cr", tokens, weights={"wo": (8, 8)}, in_features=8),
    ]
    return graph(*ops)


def test_written_out_attention_is_priced_as_a_fused_kernel():
    """Scores keep q and k (96 B each); softmax 6 rows x 4 B = 24 B; context keeps v and itself, 192 B; the
    output layer keeps nothing new. Scores 2 x 18 x 4 = 144 FLOP, three times back; context 144, twice."""
    cost = price(attention_net(), Workload(loss=NO_LOSS))
    saved = {name: cost.row(name).saved_bytes for name in ("s", "p", "drop", "c", "o")}
    assert saved == {"s": 192, "p": 24, "drop": 0, "c": 192, "o": 0}
    assert cost.row("s").backward_input_flops == 432
    assert cost.row("c").backward_input_flops == 288


def test_written_out_attention_in_the_eager_kernel_keeps_its_probabilities():
    """Scores q and k 192 B; probabilities 18 x 4 = 72 B; dropout mask 18 B; context: dropped probabilities
    72 B and v 96 B; the output layer a copy of the merged heads 96 B."""
    cost = price(attention_net(), Workload(loss=NO_LOSS, attention="eager"))
    saved = {name: cost.row(name).saved_bytes for name in ("s", "p", "drop", "c", "o")}
    assert saved == {"s": 192, "p": 72, "drop": 18, "c": 168, "o": 96}
    assert cost.row("s").backward_input_flops == 288


def test_row_of_an_unknown_op_suggests_a_known_one():
    with pytest.raises(UnknownNameError, match="did you mean 'conv'"):
        price(small_net(), Workload(loss=NO_LOSS)).row("convv")


def test_row_holds_the_numbers_of_its_columns():
    cost = price(small_net(), Workload(loss=NO_LOSS))
    for name in COLUMNS:
        assert getattr(cost.row("bn"), name) == getattr(cost, name)[2]


def test_columns_are_read_only():
    cost = price(small_net(), Workload(loss=NO_LOSS))
    with pytest.raises(ValueError, match="read-only"):
        cost.forward_flops[0] = 1
    with pytest.raises(TypeError):
        cost.unpriced["x"] = 1


def test_prices_are_equal_when_graph_workload_and_numbers_are():
    cost = price(small_net(), Workload(loss=NO_LOSS))
    assert cost == price(small_net(), Workload(loss=NO_LOSS))
    assert len({cost, price(small_net(), Workload(loss=NO_LOSS))}) == 1
    assert cost != price(small_net(), Workload(loss=NO_LOSS, batch_size=8))
    assert cost != dataclasses.replace(cost, forward_flops=cost.forward_flops + 1)


def test_replacing_a_column_leaves_the_given_array_writable():
    cost, mine = price(small_net(), Workload(loss=NO_LOSS)), np.zeros(7)
    dataclasses.replace(cost, forward_flops=mine)
    mine[0] = 1


@given(st.integers(1, 64), st.integers(1, 64), st.integers(1, 64), st.booleans())
def test_backward_work_of_a_chain_of_layers_is_twice_forward_less_the_first_input(
    a: int, b: int, c: int, tied: bool
):
    """Each layer runs back once for its weights and, but for the first, once for its input."""
    model = graph(
        op("x", "input", shape=(1, a)),
        op("f", "linear", "x", (1, b), weights={"w": (b, a)}, in_features=a),
        op(
            "g",
            "linear",
            "f",
            (1, c),
            weights={"w" if tied and (b, a) == (c, b) else "v": (c, b)},
            in_features=b,
        ),
    )
    cost = price(model, Workload(loss=NO_LOSS))
    forward = cost.forward_flops.sum()
    assert forward == 2 * (a * b + b * c)
    assert (cost.backward_input_flops + cost.backward_weight_flops).sum() == 2 * forward - 2 * a * b


@given(st.sampled_from(["fp32", "bf16", "fp16", "int8", "int4", "nf4"]), st.sampled_from(["sgd", "adam"]))
def test_every_column_is_finite_and_not_negative(dtype: str, optimizer: str):
    cost = price(small_net(), Workload(loss=NO_LOSS, weights_dtype=dtype, optimizer=optimizer))
    for name in COLUMNS:
        column = getattr(cost, name)
        assert column.shape == (7,)
        assert column.dtype == np.float64
        assert np.isfinite(column).all()
        assert (column >= 0).all()


def test_stated_chain_of_ten_thousand_ops_keeps_its_order():
    """Sum of 1 to 9 999; every op but the input sends 4 B back."""
    ops = [stated("0", kind="input", output_bytes=1)]
    ops += [
        stated(str(i), str(i - 1), forward_flops=i, output_bytes=4, trainable_bytes=4)
        for i in range(1, 10_000)
    ]
    cost = price(graph(*ops), Workload(loss=NO_LOSS))
    assert cost.forward_flops.sum() == 9_999 * 10_000 / 2
    assert cost.gradient_bytes.sum() == 4 * 9_999


SHAPES = st.lists(st.sampled_from([0, 1, 4]), max_size=4).map(tuple)


@given(st.sampled_from([*OP_COSTS, "other:Foo"]), SHAPES, SHAPES, st.none() | SHAPES, st.integers(1, 3))
def test_op_of_any_kind_and_shape_is_priced_or_refused_by_name(kind, read, made, weight, readers):
    """Importers may hand over what a strange file says: nothing but a refusal may come out of it."""
    sources = [op(f"x{i}", "prelu", shape=read, weights={f"s{i}": (1,)}) for i in range(readers)]
    inputs = " ".join(source.id for source in sources)
    weights = None if weight is None else {"w": weight}
    model = graph(op("x", "input", shape=read), *sources, op("y", kind, inputs, made, weights=weights))
    try:
        cost = price(model, Workload(loss=NO_LOSS, attention="eager"))
    except ModelImportError as refusal:
        assert "cannot be priced" in str(refusal)  # noqa: PT017
    else:
        assert all((getattr(cost, name) >= 0).all() for name in COLUMNS)
