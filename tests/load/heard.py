"""What a tab looks at of all that the server says."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

STRIP, SETTLING, FILES = "-strip", "-settling", "-open.files"
FIGURES = '<div class="cutwise-figures">'
FIGURE = re.compile(
    r'<div class="cutwise-figure[^"]*"><small>(.*?)</small><b>(.*?)</b><span class="[^"]*">(.*?)</span></div>'
)
Tab = Any
"""The session that hears it: `DrivenSession`."""


def heard(tab: Tab, message: ForwardMsg) -> None:
    """Notes in `tab` what the message says."""
    HEARD.get(message.WhichOneof("type"), _ignored)(tab, message)


def _ignored(tab: Tab, message: ForwardMsg) -> None:
    """Says nothing that is looked at."""


def _new_session(tab: Tab, message: ForwardMsg) -> None:
    tab.session = message.new_session.initialize.session_id
    tab.page = message.new_session.page_script_hash
    tab.errors, tab.is_running = [], True


def _finished(tab: Tab, message: ForwardMsg) -> None:
    tab.runs += 1
    early = message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
    tab.is_running = bool(early)


def _address(tab: Tab, message: ForwardMsg) -> None:
    tab.queries = message.page_info_changed.query_string


def _delta(tab: Tab, message: ForwardMsg) -> None:
    if message.metadata.cacheable:
        tab.cached.append(message.hash)
    element = message.delta.new_element
    kind = element.WhichOneof("type")
    if kind in SHOWN:
        SHOWN[kind](tab, element)
    if element.bidi_component.id.endswith(SETTLING):
        tab.fragment = message.delta.fragment_id


def _component(tab: Tab, element: Any) -> None:
    component = element.bidi_component
    if component.id.endswith(SETTLING):
        tab.ids[SETTLING] = component.id
        tab.taken = max(tab.taken, json.loads(component.json)["taken"].get(tab.client, 0))
    if component.id.endswith(STRIP):
        tab.ids[STRIP] = component.id
        data = json.loads(component.json)
        tab.taken, tab.link = data["taken"].get(tab.client, 0), data["link"]


def _uploader(tab: Tab, element: Any) -> None:
    tab.ids[FILES] = element.file_uploader.id


def _markup(tab: Tab, element: Any) -> None:
    body = element.html.body
    if FIGURES in body:
        tab.figures = tuple(tuple(map(html.unescape, found)) for found in FIGURE.findall(body))
        tab.drawn += 1


def _alert(tab: Tab, element: Any) -> None:
    tab.errors.append(element.alert.body)


def _progress(tab: Tab, element: Any) -> None:
    tab.waits_for = element.progress.text


SHOWN: Mapping[str, Callable[[Tab, Any], None]] = {
    "bidi_component": _component,
    "file_uploader": _uploader,
    "html": _markup,
    "alert": _alert,
    "progress": _progress,
}


def _urls(tab: Tab, message: ForwardMsg) -> None:
    tab.urls = list(message.file_urls_response.file_urls)


HEARD: Mapping[str, Callable[[Tab, ForwardMsg], None]] = {
    "new_session": _new_session,
    "script_finished": _finished,
    "page_info_changed": _address,
    "delta": _delta,
    "file_urls_response": _urls,
}
"""What is looked at of all that the server says."""
