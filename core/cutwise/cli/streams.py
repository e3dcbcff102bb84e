"""What is printed, on whatever there is to print on: closed, full, gone away, or without these letters."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import NoReturn, TextIO

from cutwise.disk.written_files import unwritable
from cutwise.errors import CutwiseError
from cutwise.fields.readable_names import readable_text

OUTPUT = "the output"


class ReaderGoneError(Exception):
    """Whoever read the output has gone away, as `head` does once it has enough."""


class NoStream(io.TextIOBase):
    """In place of an output that was closed before the command began: says so where it is written to."""

    def write(self, text: str, /) -> NoReturn:
        """Raises `CutwiseError`."""
        raise CutwiseError(
            f"{OUTPUT} is closed, and there is something to print; leave it open, or name a file"
        )


def say(text: str) -> None:
    """Prints a text as a command's answer; raises `CutwiseError` where it cannot be written."""
    try:
        print(text)
    except OSError as error:
        raise _unsaid(error) from error


def said() -> None:
    """Lets everything that was printed go out; raises as `say` does."""
    try:
        sys.stdout.flush()
    except OSError as error:
        raise _unsaid(error) from error


def note(text: str) -> None:
    """Prints sentences on the error stream, a line each; where nobody can read them nothing is to be done."""
    with suppress(OSError, ValueError):
        if sys.stderr is not None:
            print("\n".join(map(readable_text, text.split("\n"))), file=sys.stderr, flush=True)


def _unsaid(error: OSError) -> Exception:
    if isinstance(error, BrokenPipeError):
        return ReaderGoneError()
    return CutwiseError(unwritable(OUTPUT, error))


def show_any_letter() -> None:
    """Letters that a terminal does not know are replaced from now on."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def open_streams() -> None:
    """Puts something in place of streams that were closed, so that no file takes their place."""
    for handle in range(3):
        try:
            os.fstat(handle)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free one, which is this
    if sys.stdout is None:
        sys.stdout = NoStream()
    if sys.stderr is None:
        sys.stderr = _nothing()


def settle_streams() -> None:
    """Lets go of what could not be written, or the interpreter would say so again at its end."""
    for stream, handle in ((sys.stdout, 1), (sys.stderr, 2)):
        try:
            stream.flush()
        except (OSError, ValueError):
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, handle)
            os.close(nothing)


def _nothing() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")
