"""The scenario library: shipped scenarios and the reader's own as cards, with what each would change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cutwise_dashboard.charts.finite_payload import finite
from cutwise_dashboard.components import asset_text

KEY = "library.cards"
PARTS = ("kept", "cards", "library")
HTML = '<div class="library"></div>'
CSS = asset_text(__name__, "style.css")
SCRIPT = asset_text(__name__, *(f"{part}.js" for part in PARTS))

_LIBRARY = st.components.v2.component("cutwise_library", html=HTML, css=CSS, js=SCRIPT)


def library(payload: Mapping[str, Any]) -> None:
    """Shows the cards; which of them is opened is read at the start of the next run."""
    _LIBRARY(key=KEY, data=finite(payload), on_looked_change=_nothing)


def looked_at() -> Mapping[str, Any]:
    """The card that is open: the name of a shipped scenario, or link and name of one of the reader's own."""
    state = st.session_state.get(KEY)
    found = state.get("looked") if isinstance(state, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _nothing() -> None:
    """Named so that Streamlit reports the change."""
