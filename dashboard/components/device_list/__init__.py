"""The devices in a row, each with its turn and its cut; one is looked at."""

from __future__ import annotations

from typing import Any

import streamlit as st

from cutwise.plans.plan import Plan
from cutwise_dashboard.components import asset_text
from cutwise_dashboard.format import seconds_text

HTML = '<div class="list" role="listbox" aria-label="Device looked at" aria-orientation="horizontal"></div>'
_LIST = st.components.v2.component(
    "cutwise_device_list",
    html=HTML,
    css=asset_text(__name__, "style.css"),
    js=asset_text(__name__, "list.js"),
)


def device_list(rows: dict[str, Any], *, key: str = "devices") -> None:
    """Shows the devices; a click looks at one."""
    _LIST(key=key, data=rows)


def device_rows(plan: Plan, shown: int) -> dict[str, Any]:
    """What the row of devices shows: name, turn and cut of each, its turn over the longest."""
    longest = max(float(stage.delay_s) for stage in plan.stages) or 1.0
    return {
        "shown": plan.decisions[shown].device,
        "rows": [
            {
                "name": decision.device,
                "detail": f"{seconds_text(float(stage.delay_s))} · {decision.cut.label}",
                "share": float(stage.delay_s) / longest,
            }
            for decision, stage in zip(plan.decisions, plan.stages, strict=True)
        ],
    }
