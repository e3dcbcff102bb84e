"""Rounds by the number of groups: a bar for each, which a click or a key adopts by one command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cutwise_dashboard.charts.finite_payload import finite
from cutwise_dashboard.components import asset_text

HTML = '<div class="divisions"></div>'
CSS = asset_text(__name__, "style.css")
SCRIPT = asset_text(__name__, "bars.js")

_BARS = st.components.v2.component("cutwise_group_bars", html=HTML, css=CSS, js=SCRIPT)


def group_bars(payload: Mapping[str, Any], *, key: str) -> None:
    """Draws the bars that `group_payload` makes."""
    _BARS(key=key, data=finite(payload))
