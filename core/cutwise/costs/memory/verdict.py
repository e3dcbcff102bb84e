"""Whether a model fits a party's memory: it fits, it is tight, or it does not fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from cutwise.units import in_prefix

Verdict = Literal["fits", "tight", "does not fit"]
WORST_FIRST: tuple[Verdict, ...] = ("does not fit", "tight", "fits")
FITS_RATIO = 1.2
"""Processes were measured up to this much above their prediction, on no card size more."""
STATED_RATIO, DEFAULT_RATIO = 1.25, 1.6
"""Runs allocated down to 1/1.25 of what is predicted where options are stated, 1/1.6 under defaults."""


def verdict(*, allocated_bytes: float, process_bytes: float, memory_bytes: float, stated: bool) -> Verdict:
    r"""Whether a run fits: *fits* if $1.2 P \le M$, *does not fit* if $A > 1.25 M$ or $1.6 M$, else *tight*.

    The smaller factor where the options of the run are `stated`, the larger one under defaults. 40 GB that
    are to hold 55 GB allocated are too few if that is how it runs, and not surely so if that is a guess:

    >>> verdict(allocated_bytes=55e9, process_bytes=60e9, memory_bytes=40e9, stated=True)
    'does not fit'
    >>> verdict(allocated_bytes=55e9, process_bytes=60e9, memory_bytes=40e9, stated=False)
    'tight'
    """
    if FITS_RATIO * process_bytes <= memory_bytes:
        return "fits"
    sure = STATED_RATIO if stated else DEFAULT_RATIO
    return "does not fit" if allocated_bytes > sure * memory_bytes else "tight"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyMemory:
    """What one party holds at the fullest moment, beside its memory: infinite where there is no limit.

    `allocated_bytes` are the tensors, `process_bytes` what their process takes; plans are checked against
    the latter. Of a tight memory `decided_by` says what would decide it.
    """

    party: str
    allocated_bytes: float
    process_bytes: float
    limit_bytes: float
    verdict: Verdict
    decided_by: str = ""

    @property
    def says(self) -> str:
        """What the process takes, of what, and the verdict, in words.

        >>> PartyMemory.of(
        ...     party="phone", allocated_bytes=2e9, process_bytes=3e9, limit_bytes=8e9, stated=False
        ... ).says
        'phone: 3 GB of 8 GB, fits'
        """
        taken = f"{self.party}: {in_prefix(self.process_bytes, 'G'):.3g} GB"
        if not math.isfinite(self.limit_bytes):
            return f"{taken}, no limit given"
        return f"{taken} of {in_prefix(self.limit_bytes, 'G'):.3g} GB, {self.verdict}{self._why_tight}"

    @property
    def _why_tight(self) -> str:
        """What tight means here: a prediction errs by up to a fifth, and a plan is judged by it as it is."""
        if self.verdict != "tight":
            return ""
        over = self.process_bytes > self.limit_bytes
        return ": not as predicted, but it may" if over else ": it may not fit"

    @classmethod
    def of(
        cls, *, party: str, allocated_bytes: float, process_bytes: float, limit_bytes: float, stated: bool
    ) -> PartyMemory:
        """The party's memory with its verdict."""
        return cls(
            party=party,
            allocated_bytes=allocated_bytes,
            process_bytes=process_bytes,
            limit_bytes=limit_bytes,
            verdict=verdict(
                allocated_bytes=allocated_bytes,
                process_bytes=process_bytes,
                memory_bytes=limit_bytes,
                stated=stated,
            ),
        )
