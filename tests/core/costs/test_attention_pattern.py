from __future__ import annotations

import pytest

from cutwise.costs.attention_pattern import attentions, written_out_attentions
from cutwise.graph.model_graph import ModelGraph, Op
from tests.core.costs.formula_calls import graph, op

SCORES = (1, 2, 3, 3)


def ids(model: ModelGraph) -> list[dict[str, str]]:
    found = written_out_attentions(model)
    return [{model.ops[position].id: role for position, role in core.roles.items()} for core in found]


def heads(*between: Op, read: str) -> ModelGraph:
    """Queries times keys, `between`, and the product of `read` with the values."""
    return graph(
        op("q", "input", shape=(1, 2, 3, 4)),
        op("k", "input", shape=(1, 2, 4, 3)),
        op("v", "input", shape=(1, 2, 3, 4)),
        op("mask", "constant", shape=(1, 1, 3, 3)),
        op("s", "matmul", "q k", SCORES),
        *between,
        op("c", "matmul", f"{read} v", (1, 2, 3, 4)),
    )


def test_product_softmax_product_is_an_attention():
    model = heads(op("p", "softmax", "s", SCORES), read="p")
    assert ids(model) == [{"s": "attention_scores", "p": "attention_softmax", "c": "attention_context"}]
    assert model.ops[written_out_attentions(model)[0].query].id == "q"


def test_scale_mask_guard_and_dropout_may_stand_between():
    model = heads(
        op("scaled", "mul", "s", SCORES),
        op("masked", "add", "mask scaled", SCORES),
        op("p", "softmax", "masked", SCORES),
        op("guarded", "where", "mask p", SCORES),
        op("d", "dropout", "guarded", SCORES),
        read="d",
    )
    assert ids(model)[0] == {
        "s": "attention_scores", "p": "attention_softmax", "d": "identity", "c": "attention_context",
    }  # fmt: skip


def test_capped_scores_make_an_attention_that_no_fused_kernel_takes_the_place_of():
    """As in Gemma 2: cap x tanh(scores / cap)."""
    model = heads(
        op("small", "div", "s", SCORES),
        op("tanh", "tanh", "small", SCORES),
        op("capped", "mul", "tanh", SCORES),
        op("p", "softmax", "capped", SCORES),
        read="p",
    )
    assert ids(model) == []
    assert [(model.ops[core.scores].id, model.ops[core.context].id) for core in attentions(model)] == [
        ("s", "c")
    ]


@pytest.mark.parametrize("kind", ["copy", "expand"])
def test_copies_and_idle_expansions_may_stand_between(kind: str):
    model = heads(op("p", "softmax", "s", SCORES), op("again", kind, "p", SCORES), read="again")
    assert ids(model) == [{"s": "attention_scores", "p": "attention_softmax", "c": "attention_context"}]


def test_softmax_of_anything_but_a_product_is_no_attention():
    """A gate's softmax that weights experts reads a layer, not queries and keys."""
    model = graph(
        op("x", "input", shape=(1, 3, 4)),
        op("gate", "linear", "x", (1, 3, 2), weights={"w": (2, 4)}),
        op("p", "softmax", "gate", (1, 3, 2)),
        op("e", "input", shape=(1, 2, 4)),
        op("y", "matmul", "p e", (1, 3, 4)),
    )
    assert ids(model) == []


def test_two_products_without_a_softmax_are_no_attention():
    assert ids(heads(op("r", "relu", "s", SCORES), read="r")) == []


def test_probabilities_that_another_op_reads_are_kept_and_make_no_fused_attention():
    model = heads(op("p", "softmax", "s", SCORES), op("shown", "reduce_mean", "p", (1, 3, 3)), read="p")
    assert ids(model) == []


def test_test_for_nan_beside_the_choice_it_decides_belongs_to_the_attention():
    model = heads(
        op("p", "softmax", "s", SCORES),
        op("nan", "other:IsNaN", "p", SCORES, dtype="bool"),
        op("guarded", "where", "nan p", SCORES),
        read="guarded",
    )
    assert len(ids(model)) == 1


def test_search_gives_up_on_long_chains_and_on_diamonds_upon_diamonds():
    """2⁴⁰ paths lead up from the product: only the nearest eight ops are looked at."""
    ops = [op("x", "input", shape=SCORES), op("y0", "neg", "x", SCORES)]
    for i in range(40):
        ops += [op(f"a{i}", "mul", f"y{i}", SCORES), op(f"b{i}", "mul", f"y{i}", SCORES)]
        ops.append(op(f"y{i + 1}", "add", f"a{i} b{i}", SCORES))
    ops += [op("c", "matmul", "y40 x", SCORES), op("d", "matmul", "c x", SCORES)]
    assert ids(graph(*ops)) == []
