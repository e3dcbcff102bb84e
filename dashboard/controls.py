"""Dataclass fields as widgets: label, help, bounds, unit and choices come from the field itself.

A widget starts at the scenario's value and follows it when the scenario changes elsewhere (a link, the
fleet table, another widget); what the reader sets becomes the scenario's value in the same run.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Literal, TypeVar, get_args, get_origin

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cutwise.errors import ScenarioError
from cutwise.plans.inference_words import said
from cutwise.tolerances import SAME_RATIO
from cutwise.units import facts_of, hints_of
from cutwise_dashboard.components.live_slider import live_slider

Value = TypeVar("Value")
WIDEST = 1e300
PAGE_CHANGED = "page.changed"
SHOWN = "widgets.shown"
MOST_BUTTONS, BUTTON_LETTERS = 3, 18


def edited(owner: Value, name: str, *, key: str, disabled: bool = False) -> Value:
    """`owner` with the field `name` as the reader has set it, or `owner` itself when nothing changed."""
    current = getattr(owner, name)
    value = field_widget(type(owner), name, current, key=f"{key}.{name}", disabled=disabled)
    if value == current:
        return owner
    try:
        return replace(owner, **{name: value})
    except ScenarioError as error:
        st.error(str(error))
        return owner


def field_widget(owner: type, name: str, current: Any, *, key: str, disabled: bool = False) -> Any:
    """The widget of one field and what it is set to."""
    facts, hint = told(owner, name), hints_of(owner)[name]
    label = facts.get("title") or name.replace("_", " ").capitalize()
    choices = tuple(name for name in choices_in(hint) if name not in facts.get("aliases", ()))
    if choices:
        return choice(label, choices, current, key=key, help=facts["help"], disabled=disabled)
    if bool in get_args(hint):
        return choice(label, (None, True, False), current, key=key, help=facts["help"], disabled=disabled)
    if hint is bool:
        follow(key, current)
        return seen(key, st.toggle(label, key=key, help=facts["help"], disabled=disabled))
    if facts.get("shown"):
        return slider(label, current, facts, hint, key=key, disabled=disabled)
    follow(key, current or "")
    return seen(key, st.text_input(label, key=key, help=facts["help"], disabled=disabled))


def told(owner: type, name: str) -> dict[str, Any]:
    """The facts of one field, in the words of what the session plans: training or inference."""
    facts, scenario = facts_of(owner, name), st.session_state.get("scenario")
    training = scenario is None or scenario.workload.training
    return facts | {
        part: said(facts[part], training=training) for part in ("title", "help") if facts.get(part)
    }


def choice(
    label: str, choices: tuple[Any, ...], current: Any, *, key: str, help: str = "", disabled: bool = False
) -> Any:
    """Buttons side by side for a few short names, else a select box."""
    follow(key, current)
    letters = len("".join(map(str, choices)))
    if None not in choices and len(choices) <= MOST_BUTTONS and letters <= BUTTON_LETTERS:
        picked = st.segmented_control(
            label, choices, key=key, help=help or None, format_func=readable, disabled=disabled, required=True
        )
    else:
        picked = st.selectbox(
            label, choices, key=key, help=help or None, format_func=readable, disabled=disabled,
            placeholder=readable(None),
        )  # fmt: skip
    return seen(key, current if picked is None and None not in choices else picked)


def kept_choice(label: str, choices: tuple[str, ...], *, key: str) -> str:
    """A select box that belongs to the page and not to the scenario; the first name at first."""
    kept = last_seen(key)
    follow(key, kept if kept in choices else choices[0])
    return seen(key, st.selectbox(label, choices, key=key))


def drawer(label: str) -> DeltaGenerator | None:
    """A section that is closed at first; None while it is, as what it holds is made when it is opened."""
    section = st.expander(label, key=f"drawer.{label}", on_change="rerun")
    return section if section.open else None


def slider(
    label: str,
    current: Any,
    facts: dict[str, Any],
    hint: Any,
    *,
    key: str,
    disabled: bool = False,
    optional: bool | None = None,
) -> Any:
    """A live slider over the range the field shows; typed values may go to the field's own bounds."""
    low, high = facts["shown"]
    least, most = _bounds(facts)
    optional = type(None) in get_args(hint) if optional is None else optional
    follow(key, current, may_be_none=optional)
    value = live_slider(
        label,
        value=current,
        low=low,
        high=high,
        least=least,
        most=most,
        key=key,
        scale=facts.get("scale", "linear"),
        unit=facts.get("unit", ""),
        help=facts["help"],
        integer=int in (hint, *get_args(hint)),
        optional=optional,
        none_text="none",
        disabled=disabled,
    )
    return seen(key, value)


def number(owner: type, name: str, current: float, *, key: str) -> float:
    """The slider of a quantity that is never absent here, whatever its field allows."""
    facts, hint = told(owner, name), hints_of(owner)[name]
    return slider(facts["title"], current, facts, hint, key=key, optional=False)


def _bounds(facts: dict[str, Any]) -> tuple[float, float]:
    """The smallest and largest number that may be typed."""
    least = facts.get("ge", -WIDEST)
    if "gt" in facts:
        least = math.nextafter(facts["gt"], math.inf)
    most = facts.get("le", WIDEST)
    if "lt" in facts:
        most = math.nextafter(facts["lt"], -math.inf)
    return float(least), float(most)


def follow(key: str, current: Any, *, may_be_none: bool = False) -> None:
    """Moves a widget to the scenario's value when that has changed since the widget last showed it.

    A new page has new widgets under the old keys, which start at their own defaults unless told. A widget
    that holds None has not been told yet, unless the reader may have chosen it.
    """
    changed = not same(last_seen(key), current)
    untold = key not in st.session_state if may_be_none else st.session_state.get(key) is None
    if changed or untold or st.session_state.get(PAGE_CHANGED):
        st.session_state[key] = current
    seen(key, current)


def seen(key: str, value: Value) -> Value:
    """Notes what a widget showed last, and answers it."""
    _shown()[key] = value
    return value


def last_seen(key: str) -> Any:
    """What a widget showed last; None before that."""
    return _shown().get(key)


def _shown() -> dict[str, Any]:
    """What each widget showed last, in one entry: Streamlit goes through all entries for each select box."""
    return st.session_state.setdefault(SHOWN, {})


def same(first: Any, second: Any) -> bool:
    """Equal, or numbers that differ by rounding only."""
    numbers = isinstance(first, int | float) and isinstance(second, int | float)
    return math.isclose(first, second, rel_tol=SAME_RATIO) if numbers else first == second


def choices_in(hint: Any) -> tuple[Any, ...]:
    """The names a field may take: those of a Literal, with None for one that may be absent."""
    options = [part for part in (hint, *get_args(hint)) if get_origin(part) is Literal]
    if not options or get_origin(hint) is tuple:
        return ()
    absent = (None,) if type(None) in get_args(hint) else ()
    return (*absent, *get_args(options[0]))


def readable(name: Any) -> str:
    """A registered name as people read it; a file's name as it is."""
    if name is None:
        return "automatic"
    if isinstance(name, bool):
        return "yes" if name else "no"
    return str(name) if "." in str(name) else str(name).replace("_", " ")
