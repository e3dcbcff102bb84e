"""The decision map: a canvas of which cut is best where, on which a click or a key goes to a point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cutwise_dashboard.components import asset_text
from cutwise_dashboard.components.decision_map.markup import HTML

PARTS = ("places", "names", "picture", "going", "map")
CSS = asset_text(__name__, "style.css")
SCRIPT = asset_text(__name__, *(f"{part}.js" for part in PARTS))

_MAP = st.components.v2.component("cutwise_decision_map", html=HTML, css=CSS, js=SCRIPT)


def show_map(payload: Mapping[str, Any], *, key: str) -> None:
    """Draws the map; going to a point is one command of the page."""
    _MAP(key=key, data=dict(payload))
