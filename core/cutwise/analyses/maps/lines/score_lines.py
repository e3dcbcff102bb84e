"""Scores of cuts as straight lines, and which of them is lowest from where to where: all rows at once.

A row is one value of the other quantity. A cut counts only where its limits are kept, from `low` to `high`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.frozen import Frozen

NONE_FITS = -1
SAME = 1e-13
"""Relative: scores that differ by less at a point meet there."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ScoreLines(Frozen):
    """Scores `start + t * slope` for t from 0 to `end`, arrays of shape (cuts, rows)."""

    start: Floats
    slope: Floats
    low: Floats
    high: Floats
    end: float

    @classmethod
    def unlimited(cls, *, start: Floats, slope: Floats, end: float) -> ScoreLines:
        """Lines of cuts that no limit stops."""
        return cls(
            start=start, slope=slope, low=np.full_like(start, -np.inf), high=np.full_like(start, np.inf),
            end=end,
        )  # fmt: skip

    @property
    def always_fit(self) -> bool:
        """True where no limit stops any of the cuts."""
        return bool(np.isneginf(self.low).all() and np.isposinf(self.high).all())

    def at(self, points: Floats) -> Floats:
        """Scores at points t, shape (cuts, rows, points); infinite where a limit is broken."""
        found = self.start[..., None] + points * self.slope[..., None]
        if self.always_fit:
            return found
        return np.where((points >= self.low[..., None]) & (points <= self.high[..., None]), found, np.inf)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Runs(Frozen):
    """From where each cut is best, arrays of shape (steps, rows), ascending; NaN and -1 behind the last.

    `cut` is -1 too where no cut keeps the limits.
    """

    start: Floats
    cut: Ints


def runs_of(lines: ScoreLines) -> Runs:
    """The cuts that are lowest one after another along every row.

    >>> flat, falling = (1.0, 0.0), (2.0, -0.5)
    >>> start, slope = np.array([flat, falling]).T[:, :, None]
    >>> found = runs_of(ScoreLines.unlimited(start=start, slope=slope, end=4.0))
    >>> found.start.tolist(), found.cut.tolist()
    ([[0.0], [2.0]], [[0], [1]])
    """
    rows = lines.start.shape[1]
    here, going = np.zeros(rows), np.ones(rows, dtype=bool)
    now = _best_from(lines, here)
    starts, cuts = [here], [now]
    for _ in range(4 * len(lines.start) + 4):
        here = _next_change(lines, here, now)
        going = going & (here < lines.end)
        if not going.any():
            break
        here = np.where(going, here, lines.end)
        now = np.where(going, _best_from(lines, here), now)
        starts.append(np.where(going, here, np.nan))
        cuts.append(np.where(going, now, NONE_FITS))
    return Runs(start=np.array(starts), cut=np.array(cuts, dtype=np.int64))


def _best_from(lines: ScoreLines, here: Floats) -> Ints:
    """The cut that is lowest from `here` on, the one that stays so where several meet."""
    fits = (lines.low <= here) & (lines.high > here)
    scores = np.where(fits, lines.start + here * lines.slope, np.inf)
    least = scores.min(axis=0)
    meets = scores <= least + SAME * np.abs(least)
    best = np.where(meets, lines.slope, np.inf).argmin(axis=0)
    return np.where(np.isfinite(least), best, NONE_FITS)


def _next_change(lines: ScoreLines, here: Floats, now: Ints) -> Floats:
    """Where the cut that is best now is undercut, or no longer fits."""
    rows = np.arange(len(here))
    fits = now != NONE_FITS
    own_start = np.where(fits, lines.start[now, rows], np.inf)
    own_slope = np.where(fits, lines.slope[now, rows], 0.0)
    apart, slower = lines.start - own_start, lines.slope - own_slope
    with np.errstate(divide="ignore", invalid="ignore"):
        meet = np.where(fits & (slower < 0), -apart / slower, -np.inf)
    begins = np.maximum(meet, lines.low)
    later = begins > here
    with np.errstate(invalid="ignore"):
        under = ~fits | (slower < 0) | (apart + begins * slower < 0)
    change = np.where(later & under & (begins < lines.high), begins, np.inf).min(axis=0)
    expiry = np.where(fits, lines.high[now, rows], np.inf)
    return np.minimum(change, np.where(expiry > here, expiry, np.inf))
