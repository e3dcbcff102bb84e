"""The fleet as a table whose cells take typed quantities; every edit leaves as a command of the desk."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cutwise_dashboard.components import asset_text

HTML = '<div class="fleet"></div>'
PARTS = ("cells", "rows", "pasted", "table")
CSS = asset_text(__name__, "style.css")
SCRIPT = asset_text(__name__, *(f"{part}.js" for part in PARTS))
_TABLE = st.components.v2.component("cutwise_fleet_table", html=HTML, css=CSS, js=SCRIPT)


def fleet_table(data: dict[str, Any], *, key: str = "fleet_table") -> None:
    """Shows the table of what `fleet_data` gives."""
    _TABLE(key=key, data=data)
