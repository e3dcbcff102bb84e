"""How a command ends: its exit code, and one sentence on the error stream for whatever went wrong."""

from __future__ import annotations

import hashlib
import os
import traceback
from collections.abc import Callable, Sequence

from cutwise.cli.streams import ReaderGoneError, note, said
from cutwise.errors import CutwiseError

FINE, BAD_INPUT, INFEASIBLE, FAULT = 0, 2, 3, 70
DEBUG = "CUTWISE_DEBUG"
"""The environment variable that asks for the traceback of a fault of ours."""
NO_MEMORY = "cutwise: this needs more memory than there is; plan fewer devices or a smaller model"


def outcome(action: Callable[[], int]) -> int:
    """The exit code of a command, once all that it printed has gone out; whatever it raises is told."""
    try:
        code = action()
        said()
    except CutwiseError as error:
        note("\n".join(_sentences(error)))
        return BAD_INPUT
    except ReaderGoneError:
        return FINE
    except MemoryError:
        note(NO_MEMORY)
        return BAD_INPUT
    except Exception as error:  # nobody above could tell it
        note(_fault(error))
        return FAULT
    else:
        return code


def _sentences(error: CutwiseError) -> Sequence[str]:
    """What an error says; all of it where the budgets that bound it are what is wrong."""
    from cutwise.budgets import shown_mistakes

    try:
        return shown_mistakes(error)
    except CutwiseError:
        return [str(error)]


def _fault(error: Exception) -> str:
    """The sentence about a fault of ours, with the same number for the same fault at the same place."""
    steps = traceback.extract_tb(error.__traceback__)
    at = " ".join(f"{os.path.basename(step.filename)}:{step.name}:{step.line}" for step in steps)
    kind = type(error).__name__
    number = hashlib.sha256(f"{kind} {at}".encode("utf-8", "replace")).hexdigest()[:8]
    told = (
        f"cutwise: this failed by a fault of ours ({kind}, number {number}); run it again with {DEBUG}=1 set "
        "for the details, and report them"
    )
    if os.environ.get(DEBUG):
        return "".join(traceback.format_exception(error)) + told
    return told
