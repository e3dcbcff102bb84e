"""The one place where scenarios are chosen: those that come with the product, and the reader's own."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from cutwise.budgets import sentence_of
from cutwise.errors import CutwiseError
from cutwise.stated.question_file import parse_opened
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard import session
from cutwise_dashboard.boundary import around
from cutwise_dashboard.components.library import library, looked_at
from cutwise_dashboard.executor.run_turns import TURNS
from cutwise_dashboard.format import as_written
from cutwise_dashboard.models import while_read
from cutwise_dashboard.side_by_side.library_payload import TOO_LARGE, facts_of, library_payload, link_kept

FILE = "library.file"
MOST_MEGABYTES = 8
TOLD = (
    "A scenario brings its model and its scheme along. Open one to see what it would change; choosing it is "
    "a step that Undo takes back."
)


def show() -> None:
    """The button beside the brand line that opens the library."""
    if st.button("Scenarios", key="scenarios", icon=":material/library_books:", type="tertiary"):
        _library()


@st.dialog("Scenarios", width="large")
def _library() -> None:
    with around("The scenario library"):
        stated = session.stated()
        st.caption(TOLD)
        place = st.container()
        imported = _imported(stated)
        with place:
            library(library_payload(stated, looked_at(), imported))


def _imported(stated: StatedQuestion) -> Mapping[str, str] | None:
    """A file that the reader adds to their own scenarios, as its name and the link by which it is kept."""
    with st.expander("Add a scenario file to your own"):
        file = st.file_uploader(
            "Scenario file", key=FILE, type=["toml", "json"], max_upload_size=MOST_MEGABYTES,
            help="As Export writes it, or a question that was saved",
        )  # fmt: skip
        if file is None:
            return None
        try:
            with TURNS.paused():
                found = parse_opened(file.getvalue(), file.name, now=stated, poll=while_read()).question
        except CutwiseError as error:
            st.error(as_written(not_added(file.name, error)))
            return None
        if not (link := link_kept(found)):
            st.error(TOO_LARGE)
            return None
        return {"id": file.file_id, "name": found.scenario.name, "link": link, "facts": facts_of(found)}


def not_added(name: str, error: CutwiseError) -> str:
    """Why a file is no scenario, in one sentence: what is wrong first, and how much more is.

    >>> not_added("a.toml", CutwiseError("seed: must be a valid integer, not 'a'"))
    "a.toml was not added: seed: must be a valid integer, not 'a'."
    >>> not_added("a.toml", CutwiseError("a.toml: is not a text file in TOML or JSON"))
    'a.toml was not added: it is not a text file in TOML or JSON.'
    """
    first, *more = getattr(error, "mistakes", (str(error),))
    count = len(more) + getattr(error, "unworded", 0)
    counted = f", and {count} more mistake{'s' * (count > 1)}" if count else ""
    told = sentence_of(first.replace(f"{name}: is ", "it is ", 1)).rstrip(".")
    return f"{sentence_of(name)} was not added: {told}{counted}."
