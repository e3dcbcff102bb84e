"""A drawn graph whose blocks fold and whose ops are picked; both are kept for as long as the model stays."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cutwise_dashboard.charts.graph.graph_drawing import GraphDrawing, toggled
from cutwise_dashboard.components.dag_view import dag_event, dag_view

Draw = Callable[[frozenset[str], frozenset[str]], GraphDrawing]


def show(draw: Draw, *, key: str, digest: str, sequential: bool = False) -> str | None:
    """Shows what `draw` makes of the blocks opened and closed by hand; answers what is picked.

    `digest` is that of the model: another one starts with nothing folded and nothing picked.
    """
    opened, closed = _folds(key, digest)
    event = dag_event(key, selected=picked(key, digest))
    drawing = draw(opened, closed)
    if event.toggled:
        opened, closed = toggled(drawing, event.toggled, opened, closed)
        st.session_state[f"{key}.folds"] = (digest, opened, closed)
        drawing = draw(opened, closed)
    pick(key, digest, event.selected)
    dag_view(drawing, selected=event.selected, key=key, sequential=sequential)
    return event.selected


def pick(key: str, digest: str, selected: str | None) -> None:
    """Keeps what is picked: an op id, "block:" and a block's name, or None."""
    st.session_state[f"{key}.picked"] = (digest, selected)


def picked(key: str, digest: str) -> str | None:
    """What is picked in the model with this digest."""
    known = st.session_state.get(f"{key}.picked")
    return known[1] if known and known[0] == digest else None


def _folds(key: str, digest: str) -> tuple[frozenset[str], frozenset[str]]:
    known = st.session_state.get(f"{key}.folds")
    return (known[1], known[2]) if known and known[0] == digest else (frozenset(), frozenset())
