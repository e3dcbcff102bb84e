"""What quantisation does to a profile of magnitudes: entropy and error, expected over the rounding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask, Number
from cutwise.compression.coders.quantiser import Rounding, dead_zone_levels, positions, round_up_probability
from cutwise.compression.magnitudes import MagnitudeProfile
from cutwise.compression.rate_model import entropy_bits
from cutwise.frozen import Frozen


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Expectation(Frozen):
    """Share of elements that is kept, share of the elements at each level, relative mean square error."""

    kept_ratio: float
    level_ratio: Floats
    error_ratio: float

    @property
    def level_bits(self) -> float:
        """Entropy of the level of one element among those that have a level."""
        return entropy_bits(self.level_ratio)


def top_k_expectation(
    profile: MagnitudeProfile,
    *,
    density_ratio: float,
    level_count: int,
    clip_ratio: float = 0.0,
    rounding: Rounding = "unbiased",
) -> Expectation:
    r"""Top-k with random rounding: each magnitude counts for its two levels with their probabilities.

    The error of a magnitude at place $f$ between two levels is $\Delta^2 [(1 - p) f^2 + p (1 - f)^2]$,
    which is $\Delta^2 f (1 - f)$ for unbiased rounding; a dropped magnitude errs by its square.

    >>> one, two = np.array([2.0, 1.0]) / 2.5**0.5, np.array([0.5, 0.5])
    >>> profile = MagnitudeProfile(magnitude_ratio=one, element_ratio=two, negative_ratio=0.5)
    >>> found = top_k_expectation(profile, density_ratio=0.5, level_count=4)  # 2 kept, 1 dropped: 1/(4 + 1)
    >>> found.kept_ratio, round(found.error_ratio, 12)
    (0.5, 0.2)
    """
    magnitudes = profile.magnitude_ratio
    shares = _kept_shares(profile, density_ratio)
    dropped = float(magnitudes**2 @ (profile.element_ratio - shares))
    kept = np.flatnonzero(shares)
    if not kept.size:
        return Expectation(kept_ratio=0.0, level_ratio=np.zeros(level_count), error_ratio=dropped)
    values, weights = magnitudes[kept], shares[kept]
    scale = (float(values[-1]), float(values[_clipped_rank(weights, clip_ratio)]))
    exact = positions(values, scale=scale, level_count=level_count)
    lower: Ints = np.minimum(np.floor(exact), level_count - 2).astype(np.int64)
    up: Number = round_up_probability(exact - lower, rounding=rounding)
    step = (scale[1] - scale[0]) / (level_count - 1)
    below = scale[0] + step * lower
    squares = (1 - up) * (values - below) ** 2 + up * (values - below - step) ** 2
    level_ratio = np.zeros(level_count)
    np.add.at(level_ratio, lower, weights * (1 - up))
    np.add.at(level_ratio, lower + 1, weights * up)
    return Expectation(
        kept_ratio=float(np.sum(weights)),
        level_ratio=level_ratio,
        error_ratio=dropped + float(weights @ squares),
    )


def dead_zone_expectation(profile: MagnitudeProfile, *, step_ratio: float) -> Expectation:
    """Dead-zone quantiser: every element has a level, those at level 0 become zero.

    `step_ratio` is the step relative to the root mean square.

    >>> profile = MagnitudeProfile(magnitude_ratio=np.array([1.4, 0.2]), element_ratio=np.array([0.5, 0.5]),
    ...                            negative_ratio=0.5)  # 1.4 comes back as 1.4, 0.2 as 0: 0.5 * 0.04
    >>> round(dead_zone_expectation(profile, step_ratio=1.0).error_ratio, 12)
    0.02
    """
    values, weights = profile.magnitude_ratio, profile.element_ratio
    levels = dead_zone_levels(values, step=step_ratio)
    kept: Mask = levels > 0
    kept_ratio = float(np.sum(weights[kept]))
    place = mean_place(values / step_ratio, levels, weights)
    restored: Floats = np.where(kept, step_ratio * (levels + place), 0.0)
    return Expectation(
        kept_ratio=kept_ratio,
        level_ratio=np.bincount(levels, weights).astype(np.float64),
        error_ratio=float(weights @ (values - restored) ** 2),
    )


def mean_place(steps: Floats, levels: Ints, weights: Floats) -> float:
    """Mean distance of magnitudes, in steps, above the levels they have, over levels from 1.

    >>> mean_place(np.array([0.2, 1.25, 2.0]), np.array([0, 1, 2]), np.ones(3))
    0.125
    """
    kept: Mask = levels > 0
    total = float(np.sum(weights[kept]))
    return float(weights[kept] @ (steps[kept] - levels[kept])) / total if total > 0 else 0.0


def _kept_shares(profile: MagnitudeProfile, density_ratio: float) -> Floats:
    """The part of each magnitude's elements that is among the largest; zeros are never kept."""
    before = np.cumsum(profile.element_ratio) - profile.element_ratio
    shares = np.clip(density_ratio - before, 0.0, profile.element_ratio)
    return np.where(profile.magnitude_ratio > 0, shares, 0.0)


def _clipped_rank(weights: Floats, clip_ratio: float) -> int:
    """The first magnitude that has no more than `clip_ratio` of the kept ones above it."""
    return int(np.searchsorted(np.cumsum(weights), clip_ratio * np.sum(weights), side="right"))
