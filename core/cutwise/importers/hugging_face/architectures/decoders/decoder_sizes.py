"""What many decoders' configurations say in the same words: heads, layers that see a window."""

from __future__ import annotations

from collections.abc import Callable

from cutwise.importers.hugging_face.attention import Heads
from cutwise.importers.hugging_face.keys import Keys

SLIDING, FULL = "sliding_attention", "full_attention"


def grouped_heads(
    keys: Keys, *, width: int | None = None, rotated_share: float | None = None, kv_default: int | None = None
) -> Heads:
    """Heads by the usual keys: `width` is that of one where no key says it, `kv_default` how many have keys.

    With a `rotated_share` that part of each head is turned apart from the rest; else all of it is.
    """
    count = keys.count("num_attention_heads")
    size = keys.count("hidden_size")
    if "head_dim" in keys.values or width:
        width = keys.count("head_dim", width)
    else:
        width = keys.divided("hidden_size", "num_attention_heads", size=size, count=count)
    kv_heads = keys.count("num_key_value_heads", kv_default or count)
    keys.divided("num_attention_heads", "num_key_value_heads", size=count, count=kv_heads)
    share = 1.0 if rotated_share is None else rotated_share
    return Heads(
        count=count,
        width=width,
        kv_heads=kv_heads,
        rotated=int(width * share),
        partial=rotated_share is not None,
        upcast=True,
        dropout_ratio=keys.dropout("attention_dropout", 0.0),
    )


def windows(keys: Keys, sees_window: Callable[[int], bool]) -> tuple[int | None, ...]:
    """For each layer how many tokens it sees at once, None for all before it.

    `layer_types` says it layer by layer; where it is not there, `sees_window` does.
    """
    layers = keys.count("num_hidden_layers")
    if "layer_types" in keys.values:
        types = keys.words("layer_types", frozenset({SLIDING, FULL}), layers)
        sliding = [word == SLIDING for word in types]
    else:
        sliding = [sees_window(layer) for layer in range(layers)]
    if not any(sliding) or "sliding_window" not in keys.values:
        return (None,) * layers
    window = keys.count("sliding_window")
    return tuple(window if found else None for found in sliding)


def patterned_windows(keys: Keys, pattern: int) -> tuple[int | None, ...]:
    """`windows` where every layer whose number is a multiple of the pattern's length sees all tokens."""
    said = "layer_types" not in keys.values and "sliding_window" in keys.values
    length = keys.count("sliding_window_pattern", pattern) if said else pattern
    return windows(keys, lambda layer: bool((layer + 1) % length))
