"""Files that a reader dropped on the page: small ones are held, larger ones not longer than they are read.

What was read is found again in the store of uploads, by its digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cutwise.errors import CutwiseError
from cutwise_dashboard.stores.upload_store import keep_upload, upload_at

HELD_BYTES = 4_000_000
"""Of one file: a configuration, an index, a question of 10,000 devices; each session may hold some."""
GONE = "files over 4 MB are not held once they were refused; remove it from the list and drop it again"
Named = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file that was looked at; `digest` where the store has it, empty where it is held or gone."""

    name: str
    digest: str = ""


def ids_listed(key: str) -> list[str]:
    """The files that the browser lists now, let go or not."""
    return [file.file_id for file in st.session_state.get(key) or []]


def contents_of(ids: Iterable[str], held: Sequence[UploadedFile], seen: Mapping[str, Dropped]) -> list[Named]:
    """Names and contents in the order of `ids`; what is gone is left out.

    Raises `CutwiseError` where all of them are gone.
    """
    here = {file.file_id: (file.name, file.getvalue()) for file in held}
    found = [here.get(one) or _stored(seen.get(one)) for one in ids]
    if found and not any(found):
        names = ", ".join(sorted({one.name for one in seen.values()})[:3])
        raise CutwiseError(f"{names}: {GONE}")
    return [one for one in found if one]


def _stored(dropped: Dropped | None) -> Named | None:
    kept = upload_at(dropped.digest) if dropped and dropped.digest else None
    return (kept.name, kept.content) if kept else None


def let_go(key: str, files: Sequence[UploadedFile], *, was_read: bool) -> dict[str, Dropped]:
    """Lets go of what is too large to be held; what `was_read` is kept by the store before.

    `files` are copies of what the widget of this key holds, which outlives the run.
    """
    looked_at = {file.file_id: _kept(file, was_read) for file in files}
    for file in (*files, *(st.session_state.get(key) or [])):
        if isinstance(file, UploadedFile) and file.size > HELD_BYTES:
            _forget(file)
    return looked_at


def _kept(file: UploadedFile, was_read: bool) -> Dropped:
    if file.size > HELD_BYTES and was_read:
        with suppress(CutwiseError):  # it is found no more then, and dropped again
            return Dropped(file.name, keep_upload(file.name, file.getvalue()))
    return Dropped(file.name)


def _forget(file: UploadedFile) -> None:
    if context := get_script_run_ctx():
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    file.truncate(0)
