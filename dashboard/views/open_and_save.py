"""Opening a file of the reader's, whatever it holds, and saving the whole question as one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from cutwise.budgets import shown_mistakes
from cutwise.errors import CutwiseError
from cutwise.importers import IMPORTERS
from cutwise.importers.base import size_given
from cutwise.importers.several_files import one_upload
from cutwise.problem.stated_workload import with_adapter
from cutwise.stated.opened import Opened
from cutwise.stated.question_file import dump_question, parse_opened
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard import session
from cutwise_dashboard.desk.commands import with_model
from cutwise_dashboard.executor.run_turns import TURNS
from cutwise_dashboard.format import as_written
from cutwise_dashboard.models import read_upload, while_read
from cutwise_dashboard.views import calibrated_parties
from cutwise_dashboard.views.dropped_files import Dropped, contents_of, ids_listed, let_go

MOST_MEGABYTES = 200
SHOWN_FILES = 3
SAYS_SO = re.compile(rb'"format"\s*:\s*"cutwise-(?:question|scenario)/')
LONGEST_HEAD = 4096
FILES, READ, WRONG = "open.files", "open.read", "open.wrong"
TOLD = (
    "Drop a model, a question that was saved here, a scenario file, or the calibration of a machine. A model "
    "is read in a guarded process, and nothing of it is run."
)


def show(stated: StatedQuestion) -> None:
    """The two buttons beside the brand line."""
    with st.popover("Open", key="open", icon=":material/folder_open:", type="tertiary"):
        _open(stated)
    st.download_button(
        "Save", lambda: dump_question(stated), "question.toml", "application/toml", on_click="ignore",
        key="save", icon=":material/download:", type="tertiary",
        help="The whole question as one file: open it here, or run: cutwise plan question.toml",
    )  # fmt: skip


def _open(stated: StatedQuestion) -> None:
    st.caption(TOLD)
    files = st.file_uploader(
        "File", key=FILES, accept_multiple_files=True, max_upload_size=MOST_MEGABYTES,
        help=f"Models: {', '.join(known.about for known in IMPORTERS.values())}. Questions: TOML",
    )  # fmt: skip
    sizes = st.text_input(
        "Sizes of open dimensions", key="open.sizes", placeholder="height=320, width=320",
        help="Only for a model whose dimensions are open and whose proposed sizes do not fit",
    )  # fmt: skip
    if wrong := st.session_state.get(WRONG):
        st.error(as_written(wrong))
    calibrated_parties.offer(stated)
    seen, with_sizes = st.session_state.get(READ, ({}, ""))
    ids = ids_listed(FILES)
    new = [file for file in files if file.file_id not in seen]
    if not ids or not (new or sizes != with_sizes):
        return
    seen = {one: seen[one] for one in ids if one in seen} | {file.file_id: Dropped(file.name) for file in new}
    st.session_state[READ] = (seen, sizes)
    was_read, found = False, None
    try:
        with st.spinner(
            as_written(f"Reading {', '.join(file.name for file in (new or files)[:SHOWN_FILES])} …")
        ):
            every = contents_of(ids, files, seen)
            several = [(file.name, file.getvalue()) for file in new] or every
            if not calibrated_parties.take(several):
                found = opened(stated, several, every, sizes)
            was_read = True
    except CutwiseError as error:
        st.session_state[WRONG] = "\n\n".join(shown_mistakes(error))
    finally:
        st.session_state[READ] = (seen | let_go(FILES, files, was_read=was_read), sizes)
    if not was_read:
        st.rerun()
    st.session_state.pop(WRONG, None)
    if found is None:
        st.rerun()
    session.ask(found.question, "file", said=found.notice)


def opened(
    stated: StatedQuestion,
    new: Sequence[tuple[str, bytes]],
    files: Sequence[tuple[str, bytes]],
    sizes: str = "",
) -> Opened:
    """The question after these files were opened, and what is to be said of them.

    A question or a scenario replaces what it says; the configuration of an adapter says how the model that is
    there is trained; anything else is a model. Raises `CutwiseError` with what is wrong; nothing is changed
    then.
    """
    if len(new) == 1:
        name, content = new[0]
        if adapted := with_adapter(stated.scenario.workload, content):
            return Opened(replace(stated, scenario=replace(stated.scenario, workload=adapted)))
        if says_question(name, content):
            with TURNS.paused():
                return parse_opened(content, name, now=stated, poll=while_read())
    model, said = read_upload(*one_upload(list(new), list(files)), parsed_sizes(sizes))
    if model.digest == stated.model.digest:
        return Opened(replace(stated, model=model, cut=""), said)
    return Opened(with_model(stated, model), said)


def says_question(name: str, content: bytes) -> bool:
    """True for a file of a question or a scenario: TOML, or JSON that says so.

    >>> says_question("mine.toml", b""), says_question("config.json", b'{"model_type": "gpt2"}')
    (True, False)
    >>> says_question("saved.json", b'{"format": "cutwise-scenario/1"}')
    True
    """
    if name.lower().endswith(".toml"):
        return True
    return name.lower().endswith(".json") and bool(SAYS_SO.search(content[:LONGEST_HEAD]))


def parsed_sizes(text: str) -> dict[str, int]:
    """Sizes written as "height=320, width=320".

    Raises `ModelImportError` for anything else.
    """
    parts = filter(None, (word.strip() for word in text.split(",")))
    return dict(size_given(part, given_as="sizes") for part in parts)
