"""The model that a question names: a shipped one, or an uploaded file that the store still holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cutwise.graph.model_graph import ModelGraph
from cutwise.guarded.reader_turns import READERS
from cutwise.importers import load_bytes
from cutwise.stated.stated_question import ModelReference
from cutwise_dashboard import cached
from cutwise_dashboard.caches import kept
from cutwise_dashboard.executor.run_turns import TURNS
from cutwise_dashboard.stores.upload_store import digest_of, kept_if_read, upload_at

WAITS = "It waits for its turn: other files are read now."
Dims = tuple[tuple[str, int], ...]
NOT_KEPT = (
    "“{name}” is open, but it will be asked for again after a while, and links do not lead to it: {why}"
)
AT_HAND: ContextVar[bytes | None] = ContextVar("at hand", default=None)
"""The file that is being read, which a store that cannot be written to does not have."""


def model_of(reference: ModelReference) -> ModelGraph | None:
    """The model; None for an upload that is not there (any more).

    Raises `ModelImportError` where the model does not take these sizes of its open dimensions.
    """
    dims = tuple(sorted(reference.dims.items()))
    if reference.sample:
        return cached.sample(reference.sample, dims)
    try:
        return _uploaded(reference.digest, reference.name, dims)
    except FileNotFoundError:
        return None


def read_upload(
    name: str, content: bytes, dims: Mapping[str, int] | None = None
) -> tuple[ModelReference, str]:
    """The reference of an uploaded file that has been read in the guarded process, and what is to be said.

    It is kept by its digest, where the store can be written to. Raises `ModelImportError` with one sentence;
    whatever ends the reading, a file that was not kept before is let go.
    """
    reference = ModelReference(digest=digest_of(content), name=name, dims=dict(dims or {}))
    before = AT_HAND.set(content)
    try:
        with kept_if_read(name, content) as why:
            model_of(reference)
    finally:
        AT_HAND.reset(before)
    return reference, NOT_KEPT.format(name=name, why=why) if why else ""


@kept
def _uploaded(digest: str, name: str, dims: Dims) -> ModelGraph:
    content = AT_HAND.get()
    if content is None or digest_of(content) != digest:
        content = _stored(digest, name)
    with TURNS.paused():
        return load_bytes(name, content, dims=dict(dims) or None, poll=while_read())


def _stored(digest: str, name: str) -> bytes:
    found = upload_at(digest)
    if found is None:
        raise FileNotFoundError(name)
    return found.content


def while_read() -> Callable[[], None]:
    """What is called while a file is read in a process of its own: says so where that waits for its turn.

    Any element call raises when the session has gone, which ends the reader with it.
    """
    places: list[DeltaGenerator] = []

    def poll() -> None:
        places[:] = places or [st.empty()]
        if READERS.waits:
            places[0].caption(WAITS)
        else:
            places[0].empty()

    return poll
