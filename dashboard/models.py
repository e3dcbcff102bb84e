"""The model that a question names: a shipped one, or an uploaded file that the store still holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cutwise.graph.model_graph import ModelGraph
from cutwise.guarded.reader_turns import READERS
from cutwise.importers import load_bytes
from cutwise.stated.stated_question import ModelReference
from cutwise_dashboard import cached
from cutwise_dashboard.caches import kept
from cutwise_dashboard.executor.run_turns import TURNS
from cutwise_dashboard.stores.upload_store import kept_if_read, upload_at

WAITS = "It waits for its turn: other files are read now."
Dims = tuple[tuple[str, int], ...]


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


def read_upload(name: str, content: bytes, dims: Mapping[str, int] | None = None) -> ModelReference:
    """The reference of an uploaded file that has been read in the guarded process, and is kept by digest.

    Raises `ModelImportError` with one sentence; whatever ends the reading, a file that was not kept before
    is let go.
    """
    with kept_if_read(name, content) as digest:
        reference = ModelReference(digest=digest, name=name, dims=dict(dims or {}))
        model_of(reference)
    return reference


@kept
def _uploaded(digest: str, name: str, dims: Dims) -> ModelGraph:
    kept_here = upload_at(digest)
    if kept_here is None:
        raise FileNotFoundError(name)
    with TURNS.paused():
        return load_bytes(name, kept_here.content, dims=dict(dims) or None, poll=while_read())


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
