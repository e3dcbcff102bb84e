"""The stories: each a script of its own that draws what Python worked out, on shared elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from cutwise.frozen import FrozenDict
from cutwise_dashboard.components import asset_text

HTML = """
<div class="story">
  <div class="picture"></div>
  <div class="side"></div>
  <p class="unseen" aria-live="polite"></p>
</div>
"""
CSS = asset_text(__name__, "style.css")
SHARED = ("elements", "stage")
SCRIPTS: Mapping[str, str] = FrozenDict(
    {
        "minimum_cut": asset_text(
            __name__,
            *(f"{part}.js" for part in (*SHARED, "minimum_cut_picture", "minimum_cut_words", "minimum_cut")),
        ),
        "rate": asset_text(__name__, *(f"{part}.js" for part in (*SHARED, "rate_picture", "rate"))),
    }
)
"""What the browser gets for each story, as one module."""

_STORIES: Mapping[str, Callable[..., Any]] = FrozenDict(
    {
        name: st.components.v2.component(f"cutwise_story_{name}", html=HTML, css=CSS, js=script)
        for name, script in SCRIPTS.items()
    }
)


def show_story(script: str, payload: Mapping[str, Any], *, key: str) -> None:
    """Tells a story; where the reader is in it stays in the browser."""
    _STORIES[script](key=key, data=dict(payload))
