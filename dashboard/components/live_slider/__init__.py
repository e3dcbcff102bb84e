"""A slider that reruns the page while it is dragged, on a linear or a logarithmic scale."""

from __future__ import annotations

import math
import sys
from functools import partial
from typing import Any, Literal, overload

import streamlit as st

from cutwise.units import UNITS
from cutwise_dashboard.components import asset_text
from cutwise_dashboard.components.live_slider.markup import HTML

CSS = asset_text(__name__, "style.css")
SCRIPT = asset_text(__name__, "quantity_text.js", "slider.js")

_SLIDER = st.components.v2.component("cutwise_live_slider", html=HTML, css=CSS, js=SCRIPT)


@overload
def live_slider(
    label: str,
    *,
    value: float,
    low: float,
    high: float,
    key: str,
    scale: Literal["linear", "log"] = ...,
    unit: str = ...,
    step: float | None = ...,
    help: str = ...,
    integer: bool = ...,
    optional: Literal[False] = ...,
    none_text: str = ...,
    least: float | None = ...,
    most: float | None = ...,
    disabled: bool = ...,
) -> float: ...


@overload
def live_slider(
    label: str,
    *,
    value: float | None,
    low: float,
    high: float,
    key: str,
    scale: Literal["linear", "log"] = ...,
    unit: str = ...,
    step: float | None = ...,
    help: str = ...,
    integer: bool = ...,
    optional: bool,
    none_text: str = ...,
    least: float | None = ...,
    most: float | None = ...,
    disabled: bool = ...,
) -> float | None: ...


def live_slider(
    label: str,
    *,
    value: float | None,
    low: float,
    high: float,
    key: str,
    scale: Literal["linear", "log"] = "linear",
    unit: str = "",
    step: float | None = None,
    help: str = "",
    integer: bool = False,
    optional: bool = False,
    none_text: str = "automatic",
    least: float | None = None,
    most: float | None = None,
    disabled: bool = False,
) -> float | None:
    """The value of a slider from `low` to `high`, which reports while it is dragged.

    The value lives in `st.session_state[key]`, a plain number: `value` starts it, and whoever assigns
    it before this call moves the slider. `unit` is a key of `cutwise.units.UNITS` or a unit's symbol; the
    browser adds the SI prefix. A click on the shown value lets it be typed ("20M"), between `least`
    and `most` (by default the ends). With `optional` the value may be None, shown as `none_text`.
    `step` is for the linear scale; the logarithmic one has about 200 positions of two figures.
    """
    ends = (
        low if least is None else max(least, -sys.float_info.max),
        high if most is None else min(most, sys.float_info.max),
    )
    _check(label, low, high, scale)
    st.session_state.setdefault(key, value)
    inner_key = f"{key}.slider"
    _SLIDER(
        key=inner_key,
        data={
            "label": label,
            "value": _plain(st.session_state[key]),
            "ack": _last_move(inner_key).get("count", 0),
            "low": low,
            "high": high,
            "least": ends[0],
            "most": ends[1],
            "scale": scale,
            "step": step,
            "unit": UNITS.get(unit, unit),
            "isInteger": integer,
            "help": help,
            "optional": optional,
            "noneText": none_text,
            "disabled": disabled,
        },
        on_move_change=partial(_take_move, key, inner_key, ends, integer=integer, optional=optional),
    )
    current = st.session_state[key]
    return None if current is None else int(current) if integer else float(current)


def _check(label: str, low: float, high: float, scale: str) -> None:
    if not low < high:
        raise ValueError(f"slider {label!r}: low {low} is not below high {high}")
    if scale not in ("linear", "log"):
        raise ValueError(f"slider {label!r}: scale {scale!r} is neither linear nor log")
    if scale == "log" and low <= 0:
        raise ValueError(f"slider {label!r}: a logarithmic scale cannot start at {low}; give low above 0")


def kept_value(
    moved: Any, current: float | None, *, ends: tuple[float, float], integer: bool, optional: bool
) -> float | None:
    """`moved` where the slider may take it, else `current`: what a browser sends is not trusted.

    >>> kept_value(3.6, 1, ends=(0, 10), integer=True, optional=False)
    4
    >>> kept_value("3.6", 1, ends=(0, 10), integer=True, optional=False)
    1
    """
    if moved is None and optional:
        return None
    is_number = isinstance(moved, int | float) and not isinstance(moved, bool)
    if not is_number or not ends[0] <= moved <= ends[1]:
        return current
    return round(moved) if integer else float(moved)


def _take_move(key: str, inner_key: str, ends: tuple[float, float], *, integer: bool, optional: bool) -> None:
    moved = _last_move(inner_key).get("value", math.nan)
    st.session_state[key] = kept_value(
        moved, st.session_state.get(key), ends=ends, integer=integer, optional=optional
    )


def _last_move(inner_key: str) -> dict[str, Any]:
    state: Any = st.session_state.get(inner_key) or {}
    return state.get("move") or {}


def _plain(value: Any) -> float | None:
    return None if value is None else float(value)
