"""Values of the page's components in a browser's message: JSON that can be read, or what says that it cannot.

Streamlit reads them before the page runs, and again before every later run: one that it cannot read would end
the session.
"""

from __future__ import annotations

import json
from typing import Any

from google.protobuf.message import DecodeError
from streamlit.proto.BackMsg_pb2 import BackMsg

from cutwise.guarded.text_scan import mistake_in_text

UNREADABLE = {"outbox": {"unreadable": True}}
"""Stands in place of a component's state that nobody can read."""


def with_readable_values(data: bytes) -> bytes:
    """A message that asks for a run, every value of a component in it readable; the same one where it was."""
    try:
        message = BackMsg.FromString(data)
    except DecodeError:
        return data  # Streamlit ends such a connection
    wrong = [one for one in message.rerun_script.widget_states.widgets if not _is_readable(one)]
    for one in wrong:
        if one.WhichOneof("value") == "json_value":
            one.json_value = json.dumps(UNREADABLE)
        else:
            one.ClearField("json_trigger_value")
    return message.SerializeToString() if wrong else data


def _is_readable(widget: Any) -> bool:
    kind = widget.WhichOneof("value")
    if kind not in ("json_value", "json_trigger_value"):
        return True
    text = getattr(widget, kind)
    try:
        if mistake_in_text(text):
            return False
        return isinstance(json.loads(text), dict) or kind == "json_trigger_value"
    except (ValueError, RecursionError):
        return False
