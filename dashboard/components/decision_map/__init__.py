"""The decision map: a canvas of which cut is best where, on which a click or a key goes to a point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cutwise_dashboard.components import asset_text
from cutwise_dashboard.components.decision_map.markup import HTML

PARTS = ("places", "scores", "regions", "names", "picture", "going", "map")
WORDS = asset_text("cutwise_dashboard.components.ruler", "words.js")
CSS = asset_text(__name__, "style.css")
SCRIPT = "\n".join([WORDS, asset_text(__name__, *(f"{part}.js" for part in PARTS))])

FOUND_SCRIPT = asset_text(__name__, "found.js")

_MAP = st.components.v2.component("cutwise_decision_map", html=HTML, css=CSS, js=SCRIPT)
_FOUND = st.components.v2.component("cutwise_decision_map_found", js=FOUND_SCRIPT)


def show_map(payload: Mapping[str, Any], *, key: str) -> None:
    """Draws the map; going to a point is one command of the page.

    What was found is a message of its own, so that the scripts are sent once.
    """
    with st.container(gap=None):
        _MAP(key=key, data={"name": key})
        _FOUND(key=f"{key}.found", data={"name": key, "found": dict(payload)})
