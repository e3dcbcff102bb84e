"""Parts of a UNet under construction: convolutions, residual blocks, transformers over places."""

from __future__ import annotations

from dataclasses import dataclass

from cutwise.importers.hugging_face.net import BATCH, Net

# A gated perceptron is four times as wide as what it reads, in two halves.
HIDDEN, HALVES = 4, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformer:
    """A transformer over all places of an image: blocks, heads, and whether its ends are linear layers."""

    depth: int
    heads: int
    is_linear: bool


def conv(net: Net, path: str, x: str, filters: int, *, kernel: int = 3, stride: int = 1) -> str:
    """A convolution that keeps the size, or divides it by `stride`."""
    _, channels, height, width = net.shape(x)
    weights = [
        net.weight(path, (filters, channels, kernel, kernel)),
        net.weight(path, (filters,), part="bias"),
    ]
    sizes = (-(-height // stride), -(-width // stride))
    return net.op(
        "conv2d", path.rpartition(".")[2], [x], (BATCH, filters, *sizes), weights=weights,
        attrs={"kernel": (kernel, kernel), "stride": (stride, stride), "groups": 1},
    )  # fmt: skip


def group_norm(net: Net, path: str, x: str, groups: int) -> str:
    """Normalisation over groups of channels."""
    channels = net.shape(x)[1]
    weights = [net.weight(path, (channels,), part=part) for part in ("weight", "bias")]
    return net.op(
        "group_norm", path.rpartition(".")[2], [x], net.shape(x), weights=weights, attrs={"groups": groups}
    )


def residual(net: Net, path: str, x: str, time: str | None, filters: int, groups: int) -> str:
    """Two convolutions behind norms, an embedding of the time added between them where there is one."""
    with net.at(path.replace(".", "/"), path):
        y = net.elementwise("silu", "act1", group_norm(net, "norm1", x, groups))
        y = conv(net, "conv1", y, filters)
        if time is not None:
            added = net.linear("time_emb_proj", net.elementwise("silu", "act_time", time), filters)
            turned = net.reshape("time", added, BATCH, filters, 1, 1)
            y = net.op("add", "plus_time", [y, turned], net.shape(y))
        y = net.elementwise("silu", "act2", group_norm(net, "norm2", y, groups))
        y = conv(net, "conv2", y, filters)
        if net.shape(x)[1] != filters:
            x = conv(net, "conv_shortcut", x, filters, kernel=1)
        return net.elementwise("add", "add", x, y)


def image_attention(net: Net, path: str, x: str, groups: int) -> str:
    """Attention of one head over all places of an image, with a norm before it."""
    _, channels, height, width = net.shape(x)
    with net.at(path.replace(".", "/"), path):
        y = net.reshape("flat", group_norm(net, "group_norm", x, groups), BATCH, channels, height * width)
        y = net.transpose("places", y, 0, 2, 1)
        y = _attention(net, "", y, y, 1, bias=True)
        y = net.reshape("image", net.transpose("channels", y, 0, 2, 1), BATCH, channels, height, width)
        return net.elementwise("add", "add", y, x)


def resampled(net: Net, path: str, x: str, channels: int, *, stride: int = 1) -> str:
    """The convolution that makes an image smaller, or smooths one that was made larger."""
    with net.at(path.replace(".", "/"), path):
        return conv(net, "conv", x, channels, stride=stride)


def transformed(net: Net, path: str, x: str, text: str, kind: Transformer, groups: int) -> str:
    """A transformer over all places, which reads the text too; Rombach et al. 2022, arXiv 2112.10752."""
    _, channels, height, width = net.shape(x)
    with net.at(path.replace(".", "/"), path):
        y = group_norm(net, "norm", x, groups)
        if not kind.is_linear:
            y = conv(net, "proj_in", y, channels, kernel=1)
        y = net.transpose("places", net.reshape("flat", y, BATCH, channels, height * width), 0, 2, 1)
        if kind.is_linear:
            y = net.linear("proj_in", y, channels)
    for number in range(kind.depth):
        own = f"{path}.transformer_blocks.{number}"
        with net.at(own.replace(".", "/"), own):
            y = _block(net, y, text, kind.heads)
    with net.at(path.replace(".", "/"), path):
        if kind.is_linear:
            y = net.linear("proj_out", y, channels)
        y = net.reshape("image", net.transpose("channels", y, 0, 2, 1), BATCH, channels, height, width)
        if not kind.is_linear:
            y = conv(net, "proj_out", y, channels, kernel=1)
        return net.elementwise("add", "add", y, x)


def _block(net: Net, x: str, text: str, heads: int) -> str:
    own = net.layer_norm("norm1", x)
    x = net.elementwise("add", "add1", _attention(net, "attn1", own, own, heads), x)
    x = net.elementwise("add", "add2", _attention(net, "attn2", net.layer_norm("norm2", x), text, heads), x)
    width = net.width(x)
    both = net.linear("ff.net.0.proj", net.layer_norm("norm3", x), HIDDEN * HALVES * width, name="ff_in")
    value, gate = net.split("ff_halves", both, (HIDDEN * width, HIDDEN * width))
    gated = net.elementwise("mul", "gated", value, net.elementwise("gelu", "gelu", gate))
    return net.elementwise("add", "add3", net.linear("ff.net.2", gated, width, name="ff_out"), x)


def _attention(net: Net, name: str, x: str, read: str, heads: int, *, bias: bool = False) -> str:
    """Attention whose layers files call `name`; only the last of them has a bias unless all have one."""
    width, made, path = net.width(x), [], f"{name}." if name else ""
    for part, source in (("q", x), ("k", read), ("v", read)):
        y = net.linear(f"{path}to_{part}", source, width, bias=bias, name=f"{name}_to_{part}")
        made.append(_by_heads(net, f"{name}_{part}", y, heads))
    sizes = {
        "heads": heads, "kv_heads": heads, "head_dim": width // heads, "value_dim": width // heads,
        "q_length": net.shape(x)[1], "k_length": net.shape(read)[1], "causal": False,
    }  # fmt: skip
    context = net.op("attention", f"{name}_attention", made, net.shape(made[0]), attrs=sizes)
    merged = net.reshape(f"{name}_merge", net.transpose(f"{name}_turn", context, 0, 2, 1, 3), *net.shape(x))
    return net.linear(f"{path}to_out.0", merged, width, name=f"{name}_to_out")


def _by_heads(net: Net, name: str, x: str, heads: int) -> str:
    batch, tokens, width = net.shape(x)
    split = net.reshape(f"{name}_split", x, batch, tokens, heads, width // heads)
    return net.transpose(f"{name}_heads", split, 0, 2, 1, 3)
