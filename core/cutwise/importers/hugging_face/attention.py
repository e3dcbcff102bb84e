"""Attention as the transformers library runs it: which tensors are views, copies, repeated or turned."""

from __future__ import annotations

from dataclasses import dataclass

from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.net import BATCH, Net

# Order of (sequence, heads, width) to (heads, sequence, width), behind the batch.
TURN = (0, 2, 1, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """How attention is divided: query heads, key and value heads, width of one.

    `rotated` features of each head are turned by the token's position; `partial` says that they are turned
    apart from the others and joined to them again, which copies both, even where there are no others.
    `window` is how many tokens one sees (None: all before it). `written_out`: it runs as separate products
    and never as a fused kernel; `capped`: scores pass a tanh before the softmax. Eager attention makes its
    softmax in fp32 where it is `upcast`, and drops `dropout_ratio` of its result; `masked`: a mask is made
    even of whole texts.
    """

    count: int
    width: int
    kv_heads: int
    causal: bool = True
    rotated: int = 0
    partial: bool = False
    window: int | None = None
    written_out: bool = False
    capped: bool = False
    upcast: bool = False
    dropout_ratio: float = 0.0
    masked: bool = True

    @property
    def widths(self) -> tuple[int, int, int]:
        """Features of all queries, all keys, all values."""
        return self.count * self.width, self.kv_heads * self.width, self.kv_heads * self.width

    @classmethod
    def equal(
        cls,
        keys: Keys,
        *,
        width: tuple[str, ...] = ("hidden_size",),
        heads: tuple[str, ...] = ("num_attention_heads",),
        causal: bool = True,
        rotated_share: float | None = None,
        upcast: bool = False,
        dropout_ratio: float = 0.0,
        masked: bool = True,
    ) -> Heads:
        """As many key heads as query heads, which share the model's width; `width` and `heads` are keys."""
        count = keys.count_of(*heads)
        size = keys.divided(width[0], heads[0], size=keys.count_of(*width), count=count)
        return cls(
            count=count,
            width=size,
            kv_heads=count,
            causal=causal,
            rotated=int(size * (rotated_share or 0)),
            partial=rotated_share is not None,
            upcast=upcast,
            dropout_ratio=dropout_ratio,
            masked=masked,
        )


def by_heads(net: Net, name: str, x: str, heads: int) -> str:
    """`x` seen as (batch, sequence, heads, width)."""
    *outer, features = net.shape(x)
    return net.reshape(f"{name}_split", x, *outer, heads, features // heads)


def rotated_heads(net: Net, name: str, x: str, heads: Heads) -> str:
    """Heads in front, their features turned by the token's position; `x` is as `by_heads` makes it.

    A whole head is turned in the order it lies in memory.
    """
    if heads.partial:
        return joined_parts(net, name, net.transpose(f"{name}_heads", x, *TURN), heads)
    return net.transpose(f"{name}_heads", net.elementwise("rope", f"{name}_rotary", x), *TURN)


def joined_parts(net: Net, name: str, x: str, heads: Heads) -> str:
    """`x`, (batch, heads, sequence, width), with a part of each head turned: a copy of both parts."""
    turned, *rest = net.split(f"{name}_parts", x, _rotary_parts(heads))
    turned = net.elementwise("rope", f"{name}_rotary", turned)
    return net.op("concat", f"{name}_joined", [turned, *rest], net.shape(x), attrs={"axis": 3})


def attended(net: Net, query: str, key: str, value: str, heads: Heads, bias: str = "") -> str:
    """The result of all heads side by side, (batch, sequence, heads x width).

    Queries, keys and values are (batch, heads, sequence, width). `bias`, (batch, heads, sequence, sequence),
    is added to the scores; where it is trained no fused kernel runs.
    """
    turned = net.transpose("context_heads", contexts(net, query, key, value, heads, bias), *TURN)
    return net.reshape("merge", turned, BATCH, net.shape(turned)[1], heads.count * heads.width)


def contexts(net: Net, query: str, key: str, value: str, heads: Heads, bias: str = "") -> str:
    """The result of every head, (batch, heads, sequence, width)."""
    if heads.written_out:
        return _written_out(net, query, key, value, heads)
    return _fused(net, query, key, value, heads, bias)


def _fused(net: Net, query: str, key: str, value: str, heads: Heads, bias: str) -> str:
    sizes = {
        "heads": heads.count, "kv_heads": heads.kv_heads, "head_dim": heads.width, "value_dim": heads.width,
        "q_length": net.shape(query)[2], "k_length": net.shape(key)[2],
    }  # fmt: skip
    repeats = heads.kv_heads != heads.count
    ways = {
        "repeats": repeats,
        "upcast_softmax": heads.upcast,
        "dropout_ratio": heads.dropout_ratio,
        "masked": heads.masked,
    }
    said = {name: value for name, value in ways.items() if value}
    attrs = {**sizes, **_seen(heads), **said}
    read = [query, key, value, *([bias] if bias else [])]
    return net.op("attention", "attention", read, net.shape(query), attrs=attrs)


def _written_out(net: Net, query: str, key: str, value: str, heads: Heads) -> str:
    """Scores, cap, mask, softmax and context as ops; keys and values copied for every query head."""
    tokens = net.shape(query)[2]
    if heads.kv_heads != heads.count:
        key, value = (
            net.op("tile", f"{name}_repeated", [x], net.shape(query))
            for name, x in (("key", key), ("value", value))
        )
    key = net.transpose("key_turned", key, 0, 1, 3, 2)
    scores = net.op("matmul", "scores", [query, key], (BATCH, heads.count, tokens, tokens))
    scores = net.elementwise("mul", "scale", scores)
    if heads.capped:
        scores = capped(net, scores)
    scores = net.op("add", "mask", [scores], net.shape(scores), attrs=_seen(heads))
    probabilities = net.op("softmax", "softmax", [scores], net.shape(scores), attrs={"written_out": True})
    return net.op("matmul", "context", [probabilities, value], net.shape(query))


def capped(net: Net, x: str) -> str:
    """`x` held between two bounds: c tanh(x / c)."""
    scaled = net.elementwise("div", "cap_scale", x)
    return net.elementwise("mul", "cap_height", net.elementwise("tanh", "cap", scaled))


def _seen(heads: Heads) -> dict[str, int]:
    return {"causal": heads.causal} | ({} if heads.window is None else {"window": heads.window})


def _rotary_parts(heads: Heads) -> tuple[int, ...]:
    kept = heads.width - heads.rotated
    return (heads.rotated, kept) if kept else (heads.rotated,)
