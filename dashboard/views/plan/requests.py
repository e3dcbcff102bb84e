"""What inference means to those who wait: a request, requests a second, and a token of a text."""

from __future__ import annotations

import streamlit as st

from cutwise.plans.serving import Inference, ServedDevice, TokenFigures
from cutwise_dashboard.format import as_written, figures, quantity_text, seconds_text


def show(served: Inference) -> None:
    """The figures of the device whose requests take longest, and of all devices together."""
    slowest = max(served.devices, key=lambda one: one.request_delay_s)
    grid = st.grid(5, min_column_width=150)
    for label, value, more in (*_of_requests(served, slowest), *_of_tokens(slowest.tokens)):
        grid.metric(
            as_written(label), value, as_written(more), delta_color="off", delta_arrow="off", border=True
        )
    if served.says:
        st.caption(as_written(". ".join(served.says) + "."))


def _of_requests(served: Inference, slowest: ServedDevice) -> list[tuple[str, str, str]]:
    pipelined = figures(served.pipelined_requests_per_s)
    whose = "" if len(served.devices) == 1 else f" of {slowest.device}"
    return [
        (f"A batch{whose}", seconds_text(slowest.request_delay_s), f"slowest: {slowest.slowest_part}"),
        ("Requests a second", figures(served.sequential_requests_per_s), f"{pipelined} pipelined"),
    ]


def _of_tokens(tokens: TokenFigures | None) -> list[tuple[str, str, str]]:
    if tokens is None:
        return []
    held = f"{quantity_text(tokens.server_cache_bytes, 'B')} at the server"
    found = [
        ("First token", seconds_text(tokens.time_to_first_token_s), "with its prompt"),
        ("Keys and values", quantity_text(tokens.device_cache_bytes, "B"), held),
    ]
    if tokens.token_s is None:
        return found
    own = quantity_text(tokens.device_energy_per_token_j or 0.0, "J")
    return [
        *found,
        ("Tokens a second", figures(tokens.tokens_per_s or 0.0), f"{seconds_text(tokens.token_s)} a token"),
        ("Energy a token", quantity_text(tokens.energy_per_token_j or 0.0, "J"), f"{own} at the device"),
        ("Data a token", quantity_text(tokens.traffic_per_token_bytes or 0.0, "B"), "both ways"),
    ]
