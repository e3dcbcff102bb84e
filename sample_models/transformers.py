"""Transformer samples, and one model of two branches that are joined late."""

from __future__ import annotations

from onnx import ModelProto, TensorProto

from cutwise.sample_models.convolutional import resnet18_trunk
from cutwise.sample_models.layers import Layers


def vit_b16() -> ModelProto:
    """Dosovitskiy et al. 2021, arXiv 2010.11929, table 1: ViT-Base on patches of 16 × 16 pixels."""
    net, width, tokens = Layers("vit_b16"), 768, 196 + 1
    with net.module("patches"):
        x = net.conv("conv", net.input("image", (3, 224, 224)), (3, width), 16, stride=16)
        x = net.transpose("transpose", net.reshape("reshape", x, (0, width, 196)), (0, 2, 1))
        x = net.concat("concat", [_class_tokens(net, width), x])
        x = net.add("positions", x, net.weight("positions", (1, tokens, width)))
    for number in range(12):
        with net.module(f"encoder/layer_{number}"):
            x = encoder_layer(net, x, width=width, heads=12, hidden=4 * width, epsilon=1e-6)
    x = net.layer_norm("encoder/ln", x, width, epsilon=1e-6)
    x = net.node("Gather", "class_token", [x, net.scalar("first", 0, TensorProto.INT64)], axis=1)
    return net.model(net.linear("head", x, (width, 1000)), (1000,))


def _class_tokens(net: Layers, width: int) -> str:
    token = net.weight("class_token", (1, 1, width))
    sizes = net.node("Shape", "batch", ["image"], start=0, end=1)
    shape = net.node("Concat", "class_token_shape", [sizes, net.numbers((1, width))], axis=0)
    return net.node("Expand", "class_tokens", [token, shape])


def gpt2(layers: int = 12, width: int = 768, heads: int = 12, vocabulary: int = 50_257) -> ModelProto:
    """Radford et al. 2019, GPT-2 small: the output layer shares the weights of the token embedding."""
    net = Layers("gpt2")
    ids = net.input("input_ids", ("sequence",), TensorProto.INT64)
    positions = _positions(net, ids)
    with net.module("embeddings"):
        x = net.embedding("tokens", ids, vocabulary, width)
        table = net.weight("positions.weight", (1024, width))
        x = net.add("positions", x, net.node("Gather", "position_rows", [table, positions], axis=0))
    mask = _causal_mask(net, positions)
    for number in range(layers):
        with net.module(f"h/{number}"):
            x = encoder_layer(
                net, x, width=width, heads=heads, hidden=4 * width, mask=mask, approximate="tanh"
            )
    x = net.layer_norm("ln_f", x, width)
    tied = net.node("Transpose", "lm_head_weight", ["embeddings.tokens.weight"], perm=[1, 0])
    return net.model(net.node("MatMul", "lm_head", [x, tied]), ("sequence", vocabulary))


def _positions(net: Layers, ids: str) -> str:
    with net.module("mask"):
        shape = net.node("Shape", "shape", [ids], start=1, end=2)
        zero, one = (
            net.scalar(name, value, TensorProto.INT64) for name, value in (("int_zero", 0), ("int_one", 1))
        )
        length = net.node("Squeeze", "length", [shape])
        return net.node("Range", "positions", [zero, length, one])


def _causal_mask(net: Layers, positions: str) -> str:
    with net.module("mask"):
        rows = net.node("Unsqueeze", "rows", [positions, net.numbers((1,))])
        columns = net.node("Unsqueeze", "columns", [positions, net.numbers((0,))])
        return net.node("GreaterOrEqual", "visible", [rows, columns])


def encoder_layer(
    net: Layers, x: str, *, width: int, heads: int, hidden: int, mask: str = "",
    approximate: str = "none", epsilon: float = 1e-5,
) -> str:  # fmt: skip
    """Attention and a two-layer perceptron, each with its norm before it and a residual around it."""
    with net.module("attention"):
        y = attention(
            net, net.layer_norm("ln", x, width, epsilon=epsilon), width=width, heads=heads, mask=mask
        )
        x = net.add("add", x, y)
    with net.module("mlp"):
        y = net.linear_on_tokens("fc1", net.layer_norm("ln", x, width, epsilon=epsilon), (width, hidden))
        y = net.linear_on_tokens("fc2", net.gelu("gelu", y, approximate=approximate), (hidden, width))
        return net.add("add", x, y)


def attention(net: Layers, x: str, *, width: int, heads: int, mask: str = "") -> str:
    """Multi-head attention with separate products for query, key and value."""
    size = width // heads
    orders = {"query": (0, 2, 1, 3), "key": (0, 2, 3, 1), "value": (0, 2, 1, 3)}
    split = {}
    for name, order in orders.items():
        y = net.linear_on_tokens(name, x, (width, width))
        split[name] = net.transpose(
            f"{name}_heads", net.reshape(f"{name}_split", y, (0, 0, heads, size)), order
        )
    scores = net.node("MatMul", "scores", [split["query"], split["key"]])
    scores = net.node("Mul", "scale", [scores, net.scalar(f"one_over_root_{size}", size**-0.5)])
    if mask:
        scores = net.node("Where", "mask", [mask, scores, net.scalar("minus_infinity", float("-inf"))])
    y = net.node("MatMul", "context", [net.softmax("softmax", scores), split["value"]])
    y = net.reshape("merge", net.transpose("context_heads", y, (0, 2, 1, 3)), (0, 0, width))
    return net.linear_on_tokens("out", y, (width, width))


def two_tower() -> ModelProto:
    """An image tower (ResNet-18) and a text tower (four encoder layers) joined by a small classifier.

    The image shrinks early, the token ids are small from the start: the best cut lies at a different
    depth in each tower, so no split along one chain of layers is best.
    """
    net, width, tokens = Layers("two_tower"), 256, 64
    with net.module("image_tower"):
        image = resnet18_trunk(net, net.input("image", (3, 224, 224)))
    with net.module("text_tower"):
        ids = net.input("token_ids", (tokens,), TensorProto.INT64)
        x = net.embedding("tokens", ids, 30_522, width)
        x = net.add("positions", x, net.weight("positions", (1, tokens, width)))
        for number in range(4):
            with net.module(f"layer_{number}"):
                x = encoder_layer(net, x, width=width, heads=4, hidden=4 * width)
        x = net.layer_norm("ln", x, width)
        text = net.node("ReduceMean", "mean", [x, net.numbers((1,))], keepdims=0)
    with net.module("joint"):
        x = net.concat("concat", [image, text])
        x = net.relu("relu", net.linear("fc1", x, (512 + width, 512)))
        x = net.linear("fc2", x, (512, 101))
    return net.model(x, (101,))
