"""The strip: the question as a row of chips with trays, and the outbox of all components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cutwise_dashboard.charts.finite_payload import finite
from cutwise_dashboard.components import asset_text
from cutwise_dashboard.components.strip.catalogue_rows import catalogue_script

PARTS = ("outbox", "trail", "lost", "made", "catalogue", "controls", "break_evens", "showing", "strip")
CSS = asset_text(__name__, "style.css", "catalogue.css")
SCRIPT = "\n".join([catalogue_script(), asset_text(__name__, *(f"{part}.js" for part in PARTS))])
HTML = '<div class="strip"></div>'
KEY, SETTLING_KEY = "strip", "settling"

_STRIP = st.components.v2.component("cutwise_strip", html=HTML, css=CSS, js=SCRIPT)
_SETTLING = st.components.v2.component("cutwise_settling", js=asset_text(__name__, "settling.js"))


def strip(data: dict[str, Any]) -> None:
    """Shows the strip; what is in its outbox is read at the start of the next run."""
    _STRIP(key=KEY, data=finite(data), on_outbox_change=_nothing)


def settling(taken: dict[str, int]) -> None:
    """Shows nothing: by it a value that is let go where it was held last arrives, and is told to be taken."""
    _SETTLING(key=SETTLING_KEY, data={"taken": taken}, on_outbox_change=_nothing)


def outboxes() -> tuple[Any, ...]:
    """The commands that browsers sent last; some may have been taken already."""
    states = (st.session_state.get(key) for key in (KEY, SETTLING_KEY))
    return tuple(state.get("outbox") if isinstance(state, Mapping) else None for state in states)


def _nothing() -> None:
    """Named so that Streamlit reports the change."""
