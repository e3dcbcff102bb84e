"""What the reader must know before anything else: a link that was opened, a file that could not be read."""

from __future__ import annotations

import streamlit as st

from cutwise.errors import CutwiseError
from cutwise_dashboard import session
from cutwise_dashboard.format import as_written


def opened_link() -> None:
    """Restores what a share link holds, once."""
    text = st.query_params.get(session.LINK_KEY)
    if text and st.session_state.get("opened_link") != text:
        st.session_state["opened_link"] = text
        try:
            session.note("versions", session.restore(text))
        except CutwiseError as error:
            st.warning(f"This link could not be opened: {as_written(str(error))}")
        else:
            del st.query_params[session.LINK_KEY]


def other_versions() -> None:
    """Says that other versions wrote what was opened, as long as the scenario is that one."""
    if told := session.noted("versions"):
        st.info(as_written(told))


def opened_paper() -> None:
    """The figure that the scenario was opened for, as long as the scenario is that one."""
    if told := session.noted("paper"):
        st.info(as_written(told))


def upload_error() -> None:
    """Why the last upload was refused; the model that was there goes on."""
    if error := st.session_state.get("upload_error"):
        st.error(as_written(error))


def missing_upload() -> None:
    """Asks for the file that a link was made with."""
    chosen = session.choice()
    st.info(
        f"This link was made with **{as_written(chosen.upload_name)}**, which is not part of a link. "
        "Upload that file under “Your own model” to open the plan, or choose a model in the sidebar."
    )
