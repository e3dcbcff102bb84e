from __future__ import annotations

from collections import Counter

import pytest

from cutwise.costs.layer_roles import linear_roles
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.base import load_model
from tests.core.costs.formula_calls import graph, op
from tests.core.costs.small_transformers import (
    BATCH,
    TOKENS,
    WIDTH,
    attention_ops,
    layer,
    mlp_ops,
    transformer,
)


def roles(model: ModelGraph) -> dict[str, str]:
    return {model.ops[at].id: role for at, role in linear_roles(model).items()}


FLAT = (BATCH, TOKENS, WIDTH)


@pytest.mark.parametrize("fused", [False, True])
def test_structure_alone_tells_attention_mlp_output_and_the_rest(fused: bool):
    renamed = transformer(fused=fused)
    assert roles(renamed) == {
        "embed": "other",
        "0/attention/q": "attention",
        "0/attention/k": "attention",
        "0/attention/v": "attention",
        "0/attention/out": "attention",
        "0/mlp/up": "mlp",
        "0/mlp/down": "mlp",
        "head": "head",
    }


def test_attention_and_mlp_side_by_side_on_one_branch_are_told_apart():
    """x + attention(x) + mlp(x), as in GPT-NeoX."""
    ops = [op("x", "input", shape=(BATCH, TOKENS, 12)), layer("embed", "x", 12, WIDTH)]
    ops += attention_ops("a", "embed")[:-1] + mlp_ops("m", "embed")[:-1]
    ops += [op("both", "add", "a/out m/down", FLAT), op("sum", "add", "embed both", FLAT)]
    found = roles(graph(*ops, layer("head", "sum", WIDTH, 5)))
    assert {name for name, role in found.items() if role == "attention"} == {"a/q", "a/k", "a/v", "a/out"}
    assert {name for name, role in found.items() if role == "mlp"} == {"m/up", "m/down"}


def test_rotation_shared_keys_and_a_gated_mlp_are_seen_through():
    """As in Llama: q and k are turned by x cos + rotated x sin, keys and values repeated for two heads."""
    heads, few = (BATCH, 4, TOKENS, 4), (BATCH, 2, TOKENS, 4)
    ops = [op("x", "input", shape=(BATCH, TOKENS), dtype="int64")]
    ops += [
        op("embed", "embedding", "x", FLAT, weights={"table": (50, WIDTH)}),
        op("ln", "rms_norm", "embed", FLAT, weights={"g": (WIDTH,)}),
    ]
    for name, shape in (("q", heads), ("k", few), ("v", few)):
        ops += [layer(name, "ln", WIDTH, WIDTH), op(f"{name}h", "reshape", name, shape)]
    for name, shape in (("q", heads), ("k", few)):
        ops += [
            op(f"{name}cos", "mul", f"{name}h", shape),
            op(f"{name}half", "slice", f"{name}h", shape),
            op(f"{name}neg", "neg", f"{name}half", shape),
            op(f"{name}sin", "mul", f"{name}neg", shape),
            op(f"{name}turned", "add", f"{name}cos {name}sin", shape),
        ]
    ops += [
        op("kmany", "expand", "kturned", heads),
        op("vmany", "expand", "vh", heads),
        op("kt", "transpose", "kmany", (BATCH, 4, 4, TOKENS), perm=(0, 1, 3, 2)),
        op("s", "matmul", "qturned kt", (BATCH, 4, TOKENS, TOKENS)),
        op("p", "softmax", "s", (BATCH, 4, TOKENS, TOKENS)),
        op("c", "matmul", "p vmany", heads),
        op("m", "reshape", "c", FLAT),
        layer("o", "m", WIDTH, WIDTH),
        op("sum", "add", "embed o", FLAT),
        op("ln2", "rms_norm", "sum", FLAT, weights={"g2": (WIDTH,)}),
        layer("gate", "ln2", WIDTH, WIDTH),
        layer("up", "ln2", WIDTH, WIDTH),
        op("silu", "silu", "gate", FLAT),
        op("both", "mul", "silu up", FLAT),
        layer("down", "both", WIDTH, WIDTH),
        op("sum2", "add", "sum down", FLAT),
        layer("lm_head", "sum2", WIDTH, 50),
    ]
    assert roles(graph(*ops)) == {
        **dict.fromkeys(("q", "k", "v", "o"), "attention"),
        **dict.fromkeys(("gate", "up", "down"), "mlp"),
        "lm_head": "head",
    }


def test_projection_in_two_steps_belongs_to_the_attention():
    """Keys made from a narrow latent: both layers lie before the attention on its branch."""
    ops = [op("x", "input", shape=(BATCH, TOKENS, 12)), layer("embed", "x", 12, WIDTH)]
    made = attention_ops("a", "embed")
    narrow = layer("a/latent", "a/ln", WIDTH, 4)
    made = [made[0], narrow, *made[1:]]
    made = [layer("a/k", "a/latent", 4, WIDTH) if found.id == "a/k" else found for found in made]
    found = roles(graph(*ops, *made, layer("head", "a/sum", WIDTH, 5)))
    assert found["a/latent"] == found["a/k"] == "attention"
    assert found["embed"] == "other"


def test_all_layers_but_the_last_of_a_plain_perceptron_are_its_mlp():
    ops = [op("x", "input", shape=(BATCH, TOKENS, 12)), layer("a", "x", 12, 8), op("r", "relu", "a", FLAT)]
    assert roles(graph(*ops, layer("b", "r", 8, 8), layer("c", "b", 8, 5))) == {
        "a": "mlp", "b": "mlp", "c": "head",
    }  # fmt: skip


def test_last_layer_of_a_headless_model_is_no_output_layer():
    ops = [op("x", "input", shape=(BATCH, TOKENS, 12)), layer("embed", "x", 12, WIDTH)]
    ops += attention_ops("a", "embed") + mlp_ops("m", "a/sum")
    assert roles(graph(*ops))["m/down"] == "mlp"


def test_module_names_decide_where_structure_says_nothing():
    """A layer whose product with a gate nobody adds to anything, in a model with attention elsewhere."""
    ops = [op("x", "input", shape=(BATCH, TOKENS, 12)), layer("embed", "x", 12, WIDTH)]
    ops += attention_ops("a", "embed")
    gates = [layer("ffn/gate", "a/sum", WIDTH, WIDTH), layer("pool", "ffn/gate", WIDTH, WIDTH)]
    found = roles(graph(*ops, *gates, layer("head", "pool", WIDTH, 5)))
    assert (found["ffn/gate"], found["pool"]) == ("mlp", "other")


def test_convolutions_have_no_role():
    model = graph(
        op("x", "input", shape=(1, 3, 8, 8)),
        op("c", "conv2d", "x", (1, 4, 8, 8), weights={"w": (4, 3, 3, 3)}),
    )
    assert roles(model) == {}


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("gpt2", {"attention": 48, "mlp": 24, "head": 1}),
        ("vit_b16", {"attention": 48, "mlp": 24, "head": 1}),
        ("two_tower", {"attention": 16, "mlp": 8, "other": 1, "head": 1}),
        ("vgg16", {"mlp": 2, "head": 1}),
        ("resnet18", {"head": 1}),
    ],
)
def test_layers_of_a_sample_have_the_roles_its_architecture_gives_them(name: str, counts: dict[str, int]):
    """12 layers of 4 projections and 2 of the MLP; the text tower has 4 of them."""
    assert Counter(linear_roles(load_model(f"sample:{name}")).values()) == counts
