"""What stands above every page: what Cutwise is, opening and saving, the strip, and what is said first."""

from __future__ import annotations

from importlib.resources import files

import streamlit as st

from cutwise.errors import CutwiseError
from cutwise.graph.model_graph import ModelGraph
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard import session
from cutwise_dashboard.components import strip
from cutwise_dashboard.desk.history import Desk
from cutwise_dashboard.format import as_written
from cutwise_dashboard.models import model_of
from cutwise_dashboard.strip.payload import strip_data
from cutwise_dashboard.views import library_dialog, open_and_save

BRAND = (
    "<b>Cutwise</b> finds where to cut a neural network between device, edge and cloud so that a round ends "
    "first, and says why."
)
NO_LINK = "This question is too large for a link: save it as a file, as a reload of the page starts anew."
OWN_NUMBERS = {"learn": ".st-key-desk { display: none; }"}
"""Pages whose stories have numbers of their own: the strip's would be taken for theirs."""
STYLE = files("cutwise_dashboard") / "page.css"


def show(desk: Desk, page: str) -> None:
    """Draws the head of the page for what is on the desk."""
    st.html(f"<style>{STYLE.read_text('utf-8')}{OWN_NUMBERS.get(page, '')}</style>")
    with st.container(key="head", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(BRAND, width="stretch")
        library_dialog.show()
        open_and_save.show(desk.stated)
    with st.container(key="desk", gap=None):
        data = strip_data(desk, _known_model(desk.stated), page=page)
        strip.strip(data)
        _settle()
    _said(desk)
    if not data["link"]:
        st.warning(NO_LINK)


@st.fragment
def _settle() -> None:
    """Takes a value that was let go where it was held last; whatever else came draws the page anew.

    A slider's every step would be drawn twice otherwise: as it is held, and as it is let go.
    """
    desk = session.desk()
    before = desk.looks
    session.take(strip.outboxes())
    if desk.looks != before:
        st.rerun()
    session.write_address(desk)
    strip.settling(dict(desk.taken))


def _known_model(stated: StatedQuestion) -> ModelGraph | None:
    """The model, None where there is none yet; the page below says why."""
    try:
        return model_of(stated.model)
    except CutwiseError:
        return None


def _said(desk: Desk) -> None:
    """What is to be said of a link or a file that was opened."""
    if desk.said:
        st.info(as_written(desk.said))
    if notice := st.session_state.get(session.NOTICE):
        st.warning(as_written(notice))
    if refused := desk.refused.get(""):
        st.warning(as_written(f"{refused.reason[:1].upper()}{refused.reason[1:]}"))
