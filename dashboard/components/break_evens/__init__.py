"""Break-evens for the strip: what is best where along each slider of the tray that is open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cutwise_dashboard.components import asset_text

KEY = "break_evens"

_BREAK_EVENS = st.components.v2.component("cutwise_break_evens", js=asset_text(__name__, "arrived.js"))


def open_tray() -> str:
    """The tray that the browser last said to be open; empty for none."""
    state = st.session_state.get(KEY)
    return str(state.get("open") or "") if isinstance(state, Mapping) else ""


def show_break_evens(quantities: Mapping[str, Any]) -> None:
    """Shows nothing by itself: the strip draws what arrives under the sliders of these paths."""
    _BREAK_EVENS(key=KEY, data={"quantities": dict(quantities), "open": open_tray()}, on_open_change=_nothing)


def _nothing() -> None:
    """Named so that Streamlit reports the change."""
