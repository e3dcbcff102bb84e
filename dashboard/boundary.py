"""What goes wrong in one section of a page is told there, and the rest of the page goes on."""

from __future__ import annotations

import secrets
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

import streamlit as st

from cutwise.errors import CutwiseError
from cutwise.frozen import FrozenDict
from cutwise_dashboard.format import as_written

REASONS: Mapping[type[Exception], str] = FrozenDict(
    {
        MemoryError: "it needs more memory than there is; choose a smaller model or fewer devices",
        RecursionError: "the model is nested too deeply for it; choose a model with flatter blocks",
    }
)
OUR_FAULT = "the fault is ours; change an input, or report this number"


@contextmanager
def section(title: str, *, gap: Literal["small"] | None = "small") -> Iterator[None]:
    """A part of the page; also a decorator of the function that draws it.

    An error of the library is shown as its own sentence. Any other fault is named by its type and a number,
    under which its traceback stands in the server's log and nowhere else. What Streamlit raises to stop or
    rerun a page is no `Exception` and passes.
    """
    with st.container(gap=gap), around(title):
        yield


@contextmanager
def around(title: str) -> Iterator[None]:
    """The same without a container: what goes wrong is told wherever the page has come to."""
    try:
        yield
    except CutwiseError as error:
        st.error(as_written(str(error)))
    except Exception as error:  # nobody above can tell it without ending the page
        st.error(as_written(told(title, error)))


def told(title: str, error: Exception) -> str:
    """The sentence about a fault, after its traceback has been logged."""
    number = secrets.token_hex(4)
    lines = "".join(traceback.format_exception(error))
    sys.stderr.write(f"cutwise: reference {number}, section {title!r}\n{lines}")
    sys.stderr.flush()
    reason = next((text for kind, text in REASONS.items() if isinstance(error, kind)), OUR_FAULT)
    return f"{title} cannot be shown ({type(error).__name__}, reference {number}): {reason}."
