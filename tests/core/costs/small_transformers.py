"""Small transformers as graphs: pre-norm blocks with attention written out or as one op."""

from __future__ import annotations

from cutwise.graph.model_graph import ModelGraph, Op
from tests.core.costs.formula_calls import graph, op

BATCH, TOKENS, WIDTH, HEADS = 2, 6, 16, 2


def attention_ops(name: str, source: str, *, fused: bool = False) -> list[Op]:
    """Norm, projections, attention, output projection and residual sum, whose id is "<name>/sum"."""
    flat = (BATCH, TOKENS, WIDTH)
    heads = (BATCH, HEADS, TOKENS, WIDTH // HEADS)
    ops = [op(f"{name}/ln", "layer_norm", source, flat, weights=_norm(name))]
    for part, perm in (
        ("q", (0, 2, 1, 3)),
        ("k", (0, 2, 1, 3) if fused else (0, 2, 3, 1)),
        ("v", (0, 2, 1, 3)),
    ):
        split = (BATCH, TOKENS, HEADS, WIDTH // HEADS)
        ops += [
            layer(f"{name}/{part}", f"{name}/ln", WIDTH, WIDTH),
            op(f"{name}/{part}_split", "reshape", f"{name}/{part}", split),
            op(
                f"{name}/{part}_heads",
                "transpose",
                f"{name}/{part}_split",
                tuple(split[axis] for axis in perm),
                perm=perm,
            ),
        ]
    made = " ".join(f"{name}/{part}_heads" for part in "qkv")
    if fused:
        sizes = {"q_length": TOKENS, "k_length": TOKENS, "head_dim": heads[-1], "value_dim": heads[-1]}
        ops.append(op(f"{name}/context", "attention", made, heads, heads=HEADS, **sizes))
    else:
        scores = (BATCH, HEADS, TOKENS, TOKENS)
        ops += [
            op(f"{name}/scores", "matmul", f"{name}/q_heads {name}/k_heads", scores),
            op(f"{name}/scaled", "mul", f"{name}/scores", scores),
            op(f"{name}/softmax", "softmax", f"{name}/scaled", scores),
            op(f"{name}/context", "matmul", f"{name}/softmax {name}/v_heads", heads),
        ]
    return [
        *ops,
        op(
            f"{name}/turned",
            "transpose",
            f"{name}/context",
            (BATCH, TOKENS, HEADS, WIDTH // HEADS),
            perm=(0, 2, 1, 3),
        ),
        op(f"{name}/merged", "reshape", f"{name}/turned", flat),
        layer(f"{name}/out", f"{name}/merged", WIDTH, WIDTH),
        op(f"{name}/sum", "add", f"{source} {name}/out", flat),
    ]


def mlp_ops(name: str, source: str) -> list[Op]:
    """Norm, two layers with GELU between, and residual sum, whose id is "<name>/sum"."""
    flat, wide = (BATCH, TOKENS, WIDTH), (BATCH, TOKENS, 4 * WIDTH)
    return [
        op(f"{name}/ln", "layer_norm", source, flat, weights=_norm(name)),
        layer(f"{name}/up", f"{name}/ln", WIDTH, 4 * WIDTH),
        op(f"{name}/gelu", "gelu", f"{name}/up", wide),
        layer(f"{name}/down", f"{name}/gelu", 4 * WIDTH, WIDTH),
        op(f"{name}/sum", "add", f"{source} {name}/down", flat),
    ]


def layer(name: str, source: str, inputs: int, outputs: int) -> Op:
    """A linear layer with bias."""
    return op(
        name,
        "linear",
        source,
        (BATCH, TOKENS, outputs),
        weights={f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)},
        in_features=inputs,
        out_features=outputs,
    )


def transformer(*, layers: int = 1, fused: bool = False) -> ModelGraph:
    """Patches of 12 numbers, embedded; blocks of attention and MLP; an output layer of 5 classes."""
    ops = [op("x", "input", shape=(BATCH, TOKENS, 12)), layer("embed", "x", 12, WIDTH)]
    for number in range(layers):
        ops += attention_ops(f"{number}/attention", ops[-1].id, fused=fused)
        ops += mlp_ops(f"{number}/mlp", ops[-1].id)
    return graph(*ops, layer("head", ops[-1].id, WIDTH, 5), batch_size=BATCH)


def _norm(name: str) -> dict[str, tuple[int, ...]]:
    return {f"{name}/ln.weight": (WIDTH,), f"{name}/ln.bias": (WIDTH,)}
