"""The strip: the question as a row of chips with trays, and the outbox of all components."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cutwise_dashboard.charts.finite_payload import finite
from cutwise_dashboard.components import asset_text

PARTS = ("outbox", "trail", "made", "controls", "showing", "strip")
CSS = asset_text(__name__, "style.css")
SCRIPT = asset_text(__name__, *(f"{part}.js" for part in PARTS))
HTML = '<div class="strip"></div>'
KEY = "strip"

_STRIP = st.components.v2.component("cutwise_strip", html=HTML, css=CSS, js=SCRIPT)


def strip(data: dict[str, Any]) -> None:
    """Shows the strip; what is in its outbox is read at the start of the next run."""
    _STRIP(key=KEY, data=finite(data), on_outbox_change=_nothing)


def outbox() -> Any:
    """The commands that browsers sent last; some may have been taken already."""
    return (st.session_state.get(KEY) or {}).get("outbox")


def _nothing() -> None:
    """Named so that Streamlit reports the change."""
