"""An ASGI layer that looks at what a browser sends by its websocket, before Streamlit unpacks it.

A message of a megabyte may hold a million parts, each of which costs Streamlit hundreds of bytes, and the
event loop, which serves everybody, its time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from google.protobuf.descriptor import Descriptor
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from cutwise.frozen import FrozenDict
from cutwise_dashboard.serving import serving_bounds as bounds
from cutwise_dashboard.serving.component_values import with_readable_values

VARINT, EIGHT_BYTES, TEXT, FOUR_BYTES = 0, 1, 2, 5
FIXED_BYTES = FrozenDict({EIGHT_BYTES: 8, FOUR_BYTES: 4})
LONGEST_VARINT = 10
TOO_BIG = 1009
HEARD = frozenset(
    BackMsg.DESCRIPTOR.fields_by_name[name].number
    for name in (
        "rerun_script", "stop_script", "file_urls_request", "app_heartbeat", "backend_operation_request",
    )
)  # fmt: skip
"""Kinds of message that the page needs; the others are for whoever writes pages, and clear what all share."""
RERUN = BackMsg.DESCRIPTOR.fields_by_name["rerun_script"].number
Field = tuple[int, int, int, int]


def _inside(kind: Descriptor) -> Iterator[tuple[str, Mapping[int, Descriptor]]]:
    """Every kind of message in this one, with its fields that are messages themselves."""
    nested = {field.number: field.message_type for field in kind.fields if field.message_type}
    yield kind.full_name, nested
    for one in nested.values():
        yield from _inside(one)


INSIDE: Mapping[str, Mapping[int, Descriptor]] = FrozenDict(dict(_inside(BackMsg.DESCRIPTOR)))
"""Name of a kind of message → number → what its fields hold that are messages themselves."""


def within_bounds(app: ASGIApp) -> ASGIApp:
    """Messages of few parts, of kinds that the page has; a connection that sends others is closed."""

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await app(scope, partial(_looked_at, receive, send), send)
        else:
            await app(scope, receive, send)

    return layer


async def _looked_at(receive: Receive, send: Send) -> Message:
    while True:
        message = await receive()
        if message["type"] != "websocket.receive":
            return message
        data = message.get("bytes")
        kinds = heard_kinds(data) if data else None
        if data is None or kinds is None:
            await send({"type": "websocket.close", "code": TOO_BIG})
            return {"type": "websocket.disconnect", "code": TOO_BIG}
        if kinds <= HEARD:
            return {**message, "bytes": with_readable_values(data) if RERUN in kinds else data}


def heard_kinds(data: bytes) -> frozenset[int] | None:
    """The kinds of message in these bytes, of which there is usually one; None where that is too much.

    >>> heard_kinds(BackMsg(stop_script=True).SerializeToString())
    frozenset({7})
    >>> heard_kinds(bytes([255])) is None
    True
    """
    try:
        kinds = _kinds_within_bounds(data)
    except (ValueError, IndexError):
        return None
    return None if RERUN not in kinds and len(data) > bounds.SMALL_MESSAGE_BYTES else kinds


def _kinds_within_bounds(data: bytes) -> frozenset[int]:
    """The numbers of the outermost fields; raises `ValueError` where all inside are more than may be."""
    kinds, count = set[int](), 0
    waiting = [(0, len(data), BackMsg.DESCRIPTOR)]
    while waiting:
        begin, end, kind = waiting.pop()
        inside = INSIDE[kind.full_name]
        for number, wire, start, stop in _fields(data, begin, end):
            count += 1
            if count > bounds.MESSAGE_PARTS:
                raise ValueError("too many parts")
            if kind is BackMsg.DESCRIPTOR:
                kinds.add(number)
            if wire == TEXT and number in inside:
                waiting.append((start, stop, inside[number]))
    return frozenset(kinds)


def _fields(data: bytes, begin: int, end: int) -> Iterator[Field]:
    """Number and kind of every field, and where its content begins and ends; each is looked at when asked."""
    at = begin
    while at < end:
        tag, start = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            _, at = _varint(data, start)
        elif wire == TEXT:
            length, start = _varint(data, start)
            at = start + length
        elif wire in FIXED_BYTES:
            at = start + FIXED_BYTES[wire]
        else:
            raise ValueError("no field of ours")
        if at > end:
            raise ValueError("a field that is cut off")
        yield number, wire, start, at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value = 0
    for shift in range(0, LONGEST_VARINT * 7, 7):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("a number without an end")
