"""What one browser session holds: its desk, and what it may look at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import streamlit as st
from streamlit.runtime.scriptrunner import StopException, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import get_run_yield_check

from cutwise.budgets import shown_mistakes
from cutwise.errors import CutwiseError
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.desk.history import Desk, go_on
from cutwise_dashboard.executor.executor import shared_executor
from cutwise_dashboard.serving.component_values import UNREADABLE
from cutwise_dashboard.stores.link_store import stated_at

LINK_KEY = "q"
OLD_LINK_KEY = "plan"
"""The address of 0.1 carried its question under this name."""
NOT_READ = "What this browser sent could not be read, so nothing was changed; do it again."
DESK, ADDRESS, NOTICE = "desk", "address", "notice"
VIEW = "view."
"""View choices, such as the tab that is open, are widgets with such keys; they outlive a page switch."""


def desk() -> Desk:
    """The session's desk; the first run opens the question that the address carries."""
    if DESK not in st.session_state:
        st.session_state[DESK] = Desk()
        if st.runtime.exists():
            shared_executor().pool.start()
        _open_address(st.session_state[DESK])
    return st.session_state[DESK]


def take(outboxes: Iterable[Any]) -> None:
    """Takes what browsers sent and was not taken yet; ends where the session has gone."""
    for outbox in outboxes:
        if outbox == UNREADABLE["outbox"]:
            desk().said = NOT_READ
        desk().take(outbox, between=get_run_yield_check() or go_on, amid=_still_here)


def _still_here() -> None:
    """Ends the run of a session that has gone; one that only wants other things goes on."""
    context = get_script_run_ctx()
    if context and st.runtime.exists() and not _is_open(context.session_id):
        raise StopException


def _is_open(session_id: str) -> bool:
    return bool(st.runtime.get_instance().is_active_session(session_id))


def _open_address(opened: Desk) -> None:
    """Takes over what the address asks, whole or not at all."""
    text = st.query_params.get(LINK_KEY) or st.query_params.get(OLD_LINK_KEY)
    if not text:
        return
    try:
        opened.history[0], opened.said = stated_at(text)
    except CutwiseError as error:
        st.session_state[NOTICE] = f"This link could not be opened: {shown_mistakes(error)[0]}"
    if OLD_LINK_KEY in st.query_params:
        del st.query_params[OLD_LINK_KEY]


def write_address(opened: Desk) -> None:
    """Puts the question into the address once it is settled, and only when it has moved on.

    A run that Back or Forward asked for must not write an address, its old one least of all: that would end
    Forward, and after two quick steps Back the browser is further on than what was taken.
    """
    if not opened.settled:
        return
    address = opened.address(opened.stated)
    if address == st.session_state.get(ADDRESS) and LINK_KEY in st.query_params:
        return
    st.session_state[ADDRESS] = address
    if not address:
        st.query_params.pop(LINK_KEY, None)
        return
    if opened.walked and LINK_KEY in st.query_params:
        return
    if st.query_params.get(LINK_KEY) != address:
        st.query_params[LINK_KEY] = address


def begin(key: str, first: Any) -> str:
    """The key of a view choice, which is `first` until somebody chooses.

    A widget that is kept must not be given a default beside it: Streamlit has only one of the two.
    """
    st.session_state.setdefault(key, first)
    return key


def keep_views() -> None:
    """Keeps the view choices of pages that are not shown now."""
    for key in list(st.session_state):
        if str(key).startswith(VIEW):
            st.session_state[key] = st.session_state[key]


def stated() -> StatedQuestion:
    """What is asked."""
    return desk().stated


def ask(question: StatedQuestion, name: str, *, said: str = "") -> None:
    """Asks another question as a step of the history, with what is to be said of it; draws the page anew."""
    desk().settled, desk().walked = True, False
    desk().step(question, name)
    desk().said = said
    st.rerun()


def theme() -> Literal["light", "dark"]:
    """What the reader's browser shows."""
    return "dark" if st.context.theme.type == "dark" else "light"
