"""What a browser sends is looked at before it is unpacked: few parts pass, many end the connection."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from cutwise_dashboard.serving import serving_bounds as bounds
from cutwise_dashboard.serving.browser_messages import heard_kinds, within_bounds
from cutwise_dashboard.serving.component_values import UNREADABLE, with_readable_values
from tests.dashboard.serving.knocking import finished

RERUN, FILE_URLS, CLEAR_CACHE = 11, 16, 5


def widgets(count: int, value: str = "") -> BackMsg:
    message = BackMsg()
    for n in range(count):
        message.rerun_script.widget_states.widgets.add(id=f"{n:x}", json_value=value)
    return message


def files(count: int, name: str = "") -> BackMsg:
    message = BackMsg()
    message.file_urls_request.file_names.extend([name] * count)
    return message


def a_page() -> BackMsg:
    """Three hundred widgets and 10,000 pasted devices, as a browser sends them."""
    rows = "\n".join(f"d{i}\t{100 + i}\t{2 + i} GFLOP/s\t{1 + i} GB\t20 Mbit/s" for i in range(10_000))
    pasted = {"n": 1, "kind": "fleet", "value": rows}
    message = widgets(300, "1")
    outbox = {"outbox": {"client": "a", "commands": [pasted]}}
    message.rerun_script.widget_states.widgets.add(id="strip", json_value=json.dumps(outbox))
    message.rerun_script.query_string = "q=" + "v" * 1800
    message.rerun_script.context_info.timezone = "Europe/Berlin"
    message.rerun_script.context_info.timezone_offset = -60
    message.rerun_script.cached_message_hashes.extend(["0" * 32] * 500)
    for place in range(20):
        told = message.rerun_script.widget_states.widgets.add(id=f"files{place}").file_uploader_state_value
        told.uploaded_file_info.add(file_id="1", name="a.onnx", size=9)
    return message


def passed(*messages: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What a layer hands on of these messages, and what it sends."""
    incoming = [{"type": "websocket.receive", "bytes": data} for data in messages]
    incoming.append({"type": "websocket.disconnect", "code": 1001})
    taken: list[dict[str, Any]] = []
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        while not taken or taken[-1]["type"] != "websocket.disconnect":
            taken.append(await receive())

    finished(within_bounds(inside)({"type": "websocket"}, receive, send))
    return taken, sent


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        (a_page(), {RERUN}),
        (files(bounds.SESSION_UPLOADS, "a name.onnx"), {FILE_URLS}),
        (BackMsg(clear_cache=True), {CLEAR_CACHE}),
        (BackMsg(), set()),
    ],
)
def test_what_a_page_sends_passes(message: BackMsg, kinds: set[int]) -> None:
    assert heard_kinds(message.SerializeToString()) == kinds


@pytest.mark.parametrize(
    "data",
    [
        widgets(100_000).SerializeToString(),
        b"".join(widgets(1).SerializeToString() for _ in range(10_000)),  # merged into one when it is read
        files(800_000).SerializeToString(),
        files(2, "x" * 40_000).SerializeToString(),
        b"\xff" * 20,
        widgets(3).SerializeToString()[:-1],
        b"\x0b\x0c",  # a group, which no message of Streamlit's has
    ],
)
def test_too_many_parts_end_the_connection(data: bytes) -> None:
    began = time.thread_time()
    taken, sent = passed(data, BackMsg(stop_script=True).SerializeToString())
    assert time.thread_time() - began < 0.2  # the event loop serves everybody
    assert taken == [{"type": "websocket.disconnect", "code": 1009}]
    assert [one["type"] for one in sent] == ["websocket.close"]


def test_what_the_page_does_not_need_is_not_handed_on() -> None:
    stop = BackMsg(stop_script=True).SerializeToString()
    taken, sent = passed(BackMsg(clear_cache=True).SerializeToString(), stop)
    assert [one.get("bytes") for one in taken] == [stop, None]
    assert not sent


def values_read(*values: str) -> list[str]:
    message = BackMsg()
    for n, value in enumerate(values):
        message.rerun_script.widget_states.widgets.add(id=str(n), json_value=value)
    taken, _ = passed(message.SerializeToString())
    found = BackMsg.FromString(taken[0]["bytes"])
    return [widget.json_value for widget in found.rerun_script.widget_states.widgets]


@pytest.mark.parametrize(
    "value",
    [
        '{"outbox":', "", "3", "[]", "nul", "[" * 10_000, '{"outbox":' * 900 + "1" + "}" * 900,
        "[" * 500_000, '{"a": [' + "{}," * 600_000 + "{}]}", '{"n": ' + "9" * 5000 + "}",
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_read_says_so_in_its_place(value: str) -> None:
    good = '{"outbox": {"client": "a", "commands": []}}'
    assert values_read(good, value) == [good, json.dumps(UNREADABLE)]


def test_a_text_instead_of_a_message_ends_the_connection() -> None:
    taken, sent = passed(None)
    assert (taken[0]["type"], sent[0]["type"]) == ("websocket.disconnect", "websocket.close")


def test_a_look_costs_little() -> None:
    data = a_page().SerializeToString()
    began = time.thread_time()
    for _ in range(10):
        heard_kinds(data)
        with_readable_values(data)
    assert (time.thread_time() - began) / 10 < 0.02
