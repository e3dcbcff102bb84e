"""Heads of GGUF files written byte by byte, whatever they claim."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

KINDS = {bool: (7, "?"), int: (4, "I"), float: (6, "f")}
Tensors = Mapping[str, tuple[int, Sequence[int]]]


def text(value: str | bytes) -> bytes:
    coded = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(coded)) + coded


def value(content: Any) -> bytes:
    """A value with its kind: whole numbers, floats, truths, texts, and lists of one of them."""
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return struct.pack("<I", 8) + text(content)
    if isinstance(content, list):
        kind = value(content[0])[:4] if content else struct.pack("<I", 4)
        return (
            struct.pack("<I", 9)
            + kind
            + struct.pack("<Q", len(content))
            + b"".join(value(v)[4:] for v in content)
        )
    kind, form = KINDS[type(content)]
    return struct.pack(f"<I{form}", kind, content)


def head(
    values: Mapping[str, Any], tensors: Tensors | None = None,
    *, version: int = 3, counts: tuple[int, int] | None = None,
) -> bytes:  # fmt: skip
    """A head with `tensors`, name → number of the type and sizes, the fastest first."""
    tensors = tensors or {}
    told = counts or (len(tensors), len(values))
    parts = [b"GGUF", struct.pack("<IQQ", version, *told)]
    parts += [text(name) + value(content) for name, content in values.items()]
    parts += [
        text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, 0)
        for name, (kind, shape) in tensors.items()
    ]
    return b"".join(parts)


def llama(architecture: str = "llama", **changed: Any) -> dict[str, Any]:
    """Values of a small Llama; None leaves one out."""
    sizes = {
        "context_length": 256, "embedding_length": 64, "block_count": 2, "feed_forward_length": 96,
        "attention.head_count": 4, "attention.head_count_kv": 2,
    } | changed  # fmt: skip
    told = {f"{architecture}.{name}": size for name, size in sizes.items() if size is not None}
    tokens = [f"t{number}" for number in range(101)]
    return {"general.architecture": architecture, **told, "tokenizer.ggml.tokens": tokens}
