"""What onnxruntime's attention operators are made of: projections, rotations and ONNX's own attention."""

from __future__ import annotations

from typing import Any

import numpy as np

from cutwise.importers.onnx_format.contrib.fused import RMS_NORM, halves, pieces
from cutwise.importers.onnx_format.contrib.fused_node import FusedNode, UnreadableError
from cutwise.importers.onnx_format.contrib.names import microsoft

PRODUCT_OF_INTEGERS = microsoft("MatMulIntegerToFloat")
ROTATION = microsoft("RotaryEmbedding")


def attention(parts: FusedNode) -> None:
    """One product makes queries, keys and values of the input; then they attend."""
    joint = parts.add("MatMul", parts.read(0), parts.read(1))
    if parts.read(2):
        joint = parts.add("Add", joint, parts.read(2))
    widths = parts.numbers("qkv_hidden_sizes")
    split = pieces(parts, joint, widths) if len(widths) == 3 else halves(parts, joint, 3)
    _attend_after_joint(parts, split, past=4, mask=3, bias=5)


def quantised_attention(parts: FusedNode) -> None:
    """`attention` whose projection is a product of whole numbers."""
    slots = (0, 1, 3, 4, 6, 7, 2)
    joint = parts.add(PRODUCT_OF_INTEGERS, *(parts.read(slot) for slot in slots))
    _attend_after_joint(parts, halves(parts, joint, 3), past=8, mask=5, bias=-1)


def multi_head_attention(parts: FusedNode) -> None:
    """Queries, keys and values, each with its bias, attend; they may come packed in one tensor."""
    heads = parts.heads()
    query, key, value = _unpacked(parts, heads)
    if parts.read(3):
        query, key, value = _biased(parts, (query, key, value))
    bias, past = parts.read(5), (parts.read(6), parts.read(7))
    causal = parts.number("unidirectional")
    _attend(parts, (query, key, value), heads=(heads, heads), mask=bias, past=past, causal=causal,
            beside=(parts.read(4),))  # fmt: skip


def decoder_attention(parts: FusedNode) -> None:
    """`multi_head_attention` with its inputs in the order of the decoder's operator."""
    heads = parts.heads()
    query, key, value = _unpacked(parts, heads)
    if parts.read(10):
        query, key, value = _biased(parts, (query, key, value), slot=10)
    past = (parts.read(5), parts.read(6))
    _attend(parts, (query, key, value), heads=(heads, heads), mask=parts.read(4), past=past, causal=0,
            beside=(parts.read(3),))  # fmt: skip


def grouped_query_attention(parts: FusedNode) -> None:
    """Queries and fewer keys and values, normalised and turned where that is asked for, attend."""
    heads, key_heads = parts.heads(), parts.heads("kv_num_heads")
    query, key, value = parts.read(0), parts.read(1), parts.read(2)
    if not key:
        width = parts.shape(0)[-1] // (heads + 2 * key_heads)
        query, key, value = pieces(parts, query, (heads * width, key_heads * width, key_heads * width))
    if parts.read(14) and parts.read(15):
        query, key = (parts.add(RMS_NORM, q, parts.read(at)) for q, at in ((query, 14), (key, 15)))
    if parts.number("do_rotary"):
        tables = (parts.read(9), parts.read(7), parts.read(8))
        query, key = (
            parts.add(ROTATION, name, *tables, num_heads=count)
            for name, count in ((query, heads), (key, key_heads))
        )
    past = (parts.read(3), parts.read(4))
    _attend(parts, (query, key, value), heads=(heads, key_heads), mask=parts.read(10), past=past,
            causal=parts.number("causal", 1), beside=(parts.read(5), parts.read(6)))  # fmt: skip


def packed_projections(parts: FusedNode) -> None:
    """A norm of the input and three products with packed weights."""
    name = _normalised(parts, summed=3)
    for number, columns in enumerate(("Nq", "Nkv", "Nkv")):
        slots = (3 + 3 * number, 4 + 3 * number)
        _packed_product(parts, name, slots, 5 + 3 * number, columns, to=parts.made(number))


def packed_gate(parts: FusedNode) -> None:
    """A norm of the input, two products with packed weights, and one times the SiLU of the other."""
    name = _normalised(parts, summed=1)
    gate = _packed_product(parts, name, (3, 4), 5, "N")
    up = _packed_product(parts, name, (6, 7), 8, "N")
    parts.add("Mul", parts.add("Swish", gate), up, to=parts.made(0))


def _normalised(parts: FusedNode, *, summed: int) -> str:
    name = parts.read(0)
    if parts.read(1):
        name = parts.add("Add", name, parts.read(1), to=parts.made(summed))
    return parts.add(RMS_NORM, name, parts.read(2)) if parts.read(2) else name


def _packed_product(
    parts: FusedNode, name: str, slots: tuple[int, int], bias: int, columns: str, to: str = ""
) -> str:
    sizes = {"K": parts.number("K"), "N": parts.number(columns)}
    packing = {"bits": parts.number("bits", 4), "block_size": parts.number("block_size", 32)}
    reads = [name, *(parts.read(slot) for slot in slots), "", "", parts.read(bias)]
    return parts.add(microsoft("MatMulNBits"), *reads, to=to, **sizes, **packing)


def _unpacked(parts: FusedNode, heads: int) -> tuple[str, str, str]:
    """Queries (batch, length, width), keys and values so or (batch, heads, length, width) a head."""
    query, key, value = parts.read(0), parts.read(1), parts.read(2)
    shape = parts.shape(0)
    if len(shape) == 5:
        query, key, value = _taken(parts, query, 3, heads)
        return query, key, value
    if key and len(parts.shape(1)) == 5:
        key, value = _taken(parts, key, 2, heads)
    if not key:
        raise UnreadableError
    if len(parts.spec(key).shape) == 4:
        turned = _by_head(parts, query, heads)
        return turned, key, value
    return query, key, value or key


def _taken(parts: FusedNode, packed: str, count: int, heads: int) -> list[str]:
    """The tensors packed as (batch, length, heads, count, width), each as (batch, length, heads · width)."""
    batch, length, own, inside, width = parts.spec(packed).shape
    if inside != count or own != heads:
        raise UnreadableError
    sizes = parts.constant(np.ones(count, dtype=np.int64))
    names = tuple(parts.fresh(f"part{number}") for number in range(count))
    split = parts.add_many("Split", packed, sizes, to=names, axis=3)
    return [_reshaped(parts, name, (batch, length, heads * width)) for name in split]


def _by_head(parts: FusedNode, name: str, heads: int) -> str:
    batch, length, width = parts.spec(name).shape
    apart = _reshaped(parts, name, (batch, length, heads, width // heads))
    return parts.add("Transpose", apart, perm=[0, 2, 1, 3])


def _reshaped(parts: FusedNode, name: str, shape: tuple[int, ...], to: str = "") -> str:
    return parts.add("Reshape", name, parts.constant(np.array(shape, dtype=np.int64)), to=to)


def _biased(parts: FusedNode, names: tuple[str, str, str], slot: int = 3) -> tuple[str, str, str]:
    """Each of three tensors with its piece of one bias."""
    widths = [parts.spec(name).shape for name in names]
    if any(len(shape) != 3 for shape in widths):
        raise UnreadableError
    split = pieces(parts, parts.read(slot), tuple(shape[-1] for shape in widths))
    query, key, value = (parts.add("Add", name, piece) for name, piece in zip(names, split, strict=True))
    return query, key, value


def _attend_after_joint(parts: FusedNode, split: tuple[str, ...], *, past: int, mask: int, bias: int) -> None:
    """Attention whose past keys and values are one tensor (2, batch, heads, length, width)."""
    heads = parts.heads()
    query, key, value = split
    before = ("", "")
    if parts.read(past):
        before = _past_pair(parts, parts.read(past))
    present = parts.made(1)
    pair = (parts.fresh("present_key"), parts.fresh("present_value")) if present else None
    added = parts.read(bias) if bias >= 0 else ""
    _attend(parts, (query, key, value), heads=(heads, heads), mask=added, past=before,
            causal=parts.number("unidirectional"), beside=(parts.read(mask),), present=pair)  # fmt: skip
    if pair is not None:
        axis = parts.constant(np.array([0], dtype=np.int64))
        stacked = [parts.add("Unsqueeze", name, axis) for name in pair]
        parts.add("Concat", *stacked, to=present, axis=0)


def _past_pair(parts: FusedNode, past: str) -> tuple[str, str]:
    sizes = parts.constant(np.ones(2, dtype=np.int64))
    names = (parts.fresh("past_key"), parts.fresh("past_value"))
    halves_of_it = parts.add_many("Split", past, sizes, to=names, axis=0)
    axis = parts.constant(np.array([0], dtype=np.int64))
    key, value = (parts.add("Squeeze", name, axis) for name in halves_of_it)
    return key, value


def _attend(
    parts: FusedNode,
    tensors: tuple[str, str, str],
    *,
    heads: tuple[int, int],
    mask: str,
    past: tuple[str, str],
    causal: int,
    beside: tuple[str, ...],
    present: tuple[str, str] | None = None,
) -> None:
    """ONNX's own attention of these tensors; its result is the node's, keys and values too where wanted."""
    made = present or (parts.made(1), parts.made(2))
    query, key, value = tensors
    reads = [query, key, value, mask, *(past if all(past) else ())]
    while not reads[-1]:
        reads.pop()
    by_head = len(parts.spec(query).shape) == 4
    out = parts.fresh("by_head") if by_head else parts.made(0)
    outputs = (out, *made) if any(made) else (out,)
    given: dict[str, Any] = {} if by_head else {"q_num_heads": heads[0], "kv_num_heads": heads[1]}
    parts.add_many("Attention", *reads, to=outputs, beside=beside, is_causal=causal, **given)
    if by_head:
        batch, own, length, width = parts.spec(out).shape
        turned = parts.add("Transpose", out, perm=[0, 2, 1, 3])
        _reshaped(parts, turned, (batch, length, own * width), to=parts.made(0))
