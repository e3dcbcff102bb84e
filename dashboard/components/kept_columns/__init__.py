"""Questions side by side as a table whose columns are opened and dropped; its first column stays in sight."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cutwise_dashboard.components import asset_text

HTML = (
    '<div class="scroller" role="region" tabindex="0" aria-label="Questions side by side">'
    '<table class="kept"></table></div>'
)
CSS = asset_text(__name__, "style.css")
SCRIPT = asset_text(__name__, "columns.js")

_COLUMNS = st.components.v2.component("cutwise_kept_columns", html=HTML, css=CSS, js=SCRIPT)


def kept_columns(table: dict[str, Any], *, key: str = "kept") -> None:
    """Shows the table that `side_by_side.question_columns.table_of` makes; its buttons give commands."""
    _COLUMNS(key=key, data=table)
