"""Power modes: what a party is held to draw at most, and what is left of its peaks and its bandwidth."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerMode:
    """One mode of a party: `power_w` at most, `peak_ratio` of all peaks, `bandwidth_ratio` of the memory's.

    `recalled` says that nobody has looked it up.
    """

    name: str
    power_w: float
    peak_ratio: float
    source: str
    bandwidth_ratio: float = 1.0
    recalled: bool = False
