"""Break-evens for the strip: what is best where along each slider, drawn under it in its tray."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cutwise_dashboard.components import asset_text

_BREAK_EVENS = st.components.v2.component("cutwise_break_evens", js=asset_text(__name__, "arrived.js"))


def show_break_evens(quantities: Mapping[str, Any]) -> None:
    """Shows nothing by itself: the strip draws what arrives under the sliders of these paths."""
    _BREAK_EVENS(key="break_evens", data={"quantities": dict(quantities)})
