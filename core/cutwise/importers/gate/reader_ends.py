"""How a reader's process ended, as the sentence that is true of it."""

from __future__ import annotations

import signal
from collections.abc import Mapping

from cutwise.disk.scratch_folders import NO_PLACE
from cutwise.frozen import FrozenDict
from cutwise.importers.importer import SMALLER
from cutwise.read_limits import READER_RESULT_BYTES
from cutwise.units import binary_text

DISK_FULL, RESULT_TOO_LARGE = 74, 75
"""Exit codes of a reader that read the file and could not hand its answer over."""
NO_MEMORY = f"needs more memory to read than it is given; {SMALLER}"
FROM_OUTSIDE = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")
ENDED = (
    "its reader was ended from outside, as a system does whose memory runs out; try again, and if it happens "
    f"again, close other programs or {SMALLER}"
)
SAYS: Mapping[int, str] = FrozenDict(
    {
        DISK_FULL: NO_PLACE.format("the disk is full"),
        RESULT_TOO_LARGE: f"makes a graph of over {binary_text(READER_RESULT_BYTES)}; {SMALLER}",
        **{-getattr(signal, name, 0): ENDED for name in FROM_OUTSIDE},
        -getattr(signal, "SIGBUS", 0): (
            "changed while it was read, or its disk cannot be read; copy the file anew and try again"
        ),
    }
)


def why_it_ended(code: int, cpu_s: int) -> str:
    """What to say of a reader that ended with this exit code and without an answer.

    >>> why_it_ended(-9, 30).partition(",")[0]
    'its reader was ended from outside'
    """
    if code == -getattr(signal, "SIGXCPU", 0):
        return f"needs more than {cpu_s} s of computing to read; {SMALLER}"
    if code and code in SAYS:
        return SAYS[code]
    return (
        f"the reader stopped without an answer (exit code {code}); "
        "the file is damaged or hostile, export the model again"
    )
