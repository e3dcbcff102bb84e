"""How a guarded process ended without an answer, as the sentence that is true of it."""

from __future__ import annotations

import signal
from collections.abc import Mapping

from cutwise.disk.scratch_folders import NO_PLACE
from cutwise.frozen import FrozenDict

DISK_FULL, ANSWER_TOO_LARGE, NO_MEMORY = 74, 75, 76
"""Exit codes of a child that could not hand its answer over."""
FROM_OUTSIDE = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")
ENDED = (
    "the process that read it was ended from outside, as a system does whose memory runs out; try again, and "
    "if it happens again, close other programs or {smaller}"
)
SAYS: Mapping[int, str] = FrozenDict(
    {
        DISK_FULL: NO_PLACE.format("the disk is full"),
        ANSWER_TOO_LARGE: "holds more than can be taken over; {smaller}",
        NO_MEMORY: "needs more memory to read than it is given; {smaller}",
        **{-getattr(signal, name, 0): ENDED for name in FROM_OUTSIDE},
        -getattr(signal, "SIGXCPU", 0): "needs more than {cpu_s} s of computing to read; {smaller}",
        -getattr(signal, "SIGBUS", 0): (
            "changed while it was read, or its disk cannot be read; copy the file anew and try again"
        ),
    }
)
OTHERWISE = "the reader stopped without an answer (exit code {code}); the file is damaged or hostile, {again}"


def why_it_ended(code: int, *, cpu_s: int, smaller: str, again: str) -> str:
    """What to say of a file whose reader ended with this exit code and without an answer.

    `smaller` is what to do where the file is too much, `again` where it is damaged.

    >>> why_it_ended(-9, cpu_s=30, smaller="give less", again="save it again").partition(",")[0]
    'the process that read it was ended from outside'
    """
    sentence = SAYS.get(code, OTHERWISE) if code else OTHERWISE
    return sentence.format(code=code, cpu_s=cpu_s, smaller=smaller, again=again)
