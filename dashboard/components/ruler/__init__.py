"""The cut ruler: blocks, bytes that a cut would send and the delay of every cut over one axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cutwise_dashboard.components import asset_text

PARTS = ("base", "words", "layout", "cards", "lanes", "labels", "draw", "tip", "ruler")
HTML = """
<div class="ruler" tabindex="0" role="slider" aria-label="Cut position" aria-orientation="horizontal"></div>
<p class="unseen" aria-live="polite"></p>
"""
CSS = asset_text(__name__, "style.css")
SCRIPT = asset_text(__name__, *(f"{part}.js" for part in PARTS))

_RULER = st.components.v2.component("cutwise_ruler", html=HTML, css=CSS, js=SCRIPT)


def show(payload: Mapping[str, Any], *, key: str, height: int = 430, narrow_height: int = 330) -> None:
    """Shows what `ruler_payload` gives; a click or Enter pins a cut by a command of the desk.

    Heights are pixels, `narrow_height` where the window is a phone's.
    """
    _RULER(key=key, data={**payload, "height": height, "narrowHeight": narrow_height}, height="content")
