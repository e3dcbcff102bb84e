"""Quantisers: which elements of a tensor are kept, and which level stands for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cutwise.arrays import Floats, Ints, Mask, Number, Singles
from cutwise.errors import SolverError
from cutwise.frozen import Frozen

Rounding = Literal["unbiased", "authors"]
AUTHORS_LEAST, AUTHORS_MOST = 0.25, 0.75
"""Range of what the authors' code adds before it rounds down."""
DEAD_ZONE = 2 / 3
"""Below this many steps a value becomes zero; a plain rounding has 1/2."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class QuantisedTensor(Frozen):
    """A tensor after quantisation: everything a decoder must give back, bit for bit.

    `kept` marks the elements that are not zero, in row-major order; `levels` and `negative` have one entry
    for each of them; `scale` is the pair of 32-bit numbers the levels are measured with: the ends of the
    range (top-k) or the step and the place inside a step (dead zone).
    """

    shape: tuple[int, ...]
    kept: Mask
    levels: Ints
    negative: Mask
    scale: tuple[float, float]


def as_reals(tensor: ArrayLike) -> Singles:
    """The tensor as 32-bit numbers; a `SolverError` where one is not finite."""
    with np.errstate(over="ignore"):
        reals = np.asarray(tensor, dtype=np.float32)
    if bad := reals.size - np.count_nonzero(np.isfinite(reals)):
        raise SolverError(
            f"tensor of shape {reals.shape}: {bad} elements are not finite in 32 bits; clip them"
        )
    return reals


def largest(tensor: Singles, *, density_ratio: float) -> Mask:
    """Marks the round(density * n) elements of largest magnitude, at least one; zeros are never kept.

    >>> largest(np.array([1, -4, 0, 2], dtype=np.float32), density_ratio=0.5)
    array([False,  True, False,  True])
    """
    magnitudes: Singles = np.abs(tensor).ravel()
    kept: Mask = magnitudes > 0
    count = max(1, round(density_ratio * magnitudes.size))
    if count < np.count_nonzero(kept):
        kept[np.argpartition(magnitudes, magnitudes.size - count)[: magnitudes.size - count]] = False
    return kept


def kept_range(magnitudes: Singles, *, clip_ratio: float) -> tuple[float, float]:
    """Smallest kept magnitude, and the largest or, with clipping, the one `clip_ratio` are above.

    >>> kept_range(np.arange(1, 102, dtype=np.float32), clip_ratio=0.05)
    (1.0, 96.0)
    """
    if not magnitudes.size:
        return 0.0, 0.0
    rank = int((1.0 - clip_ratio) * (magnitudes.size - 1))
    return float(np.min(magnitudes)), float(np.partition(magnitudes, rank)[rank])


def positions(magnitudes: ArrayLike, *, scale: tuple[float, float], level_count: int) -> Floats:
    r"""Where magnitudes lie between the levels: $z = (v - v_{min}) / \Delta$, cut off at the last level.

    $\Delta = (v_{max} - v_{min}) / (Q - 1)$.

    >>> positions(np.array([1.0, 1.5, 9.0]), scale=(1.0, 3.0), level_count=5)
    array([0., 1., 4.])
    """
    low, high = scale
    if high <= low:
        return np.zeros(np.shape(magnitudes))
    steps_each = (level_count - 1) / (high - low)
    return np.clip((np.asarray(magnitudes, dtype=np.float64) - low) * steps_each, 0.0, level_count - 1.0)


def round_up_probability(fraction: Number, *, rounding: Rounding) -> Number:
    r"""Probability that a value `fraction` of a step above a level goes up to the next one.

    Unbiased: $f$, so that $E[Q(v)] = v$ and $\mathrm{Var} \le \Delta^2/4$. The authors' code adds a number
    drawn from [1/4, 3/4] before it rounds down, which is $\min(1, \max(0, 2f - 1/2))$ and not unbiased.

    >>> float(round_up_probability(0.3, rounding="authors").round(12))
    0.1
    """
    spread = AUTHORS_MOST - AUTHORS_LEAST
    return fraction if rounding == "unbiased" else np.clip((fraction - AUTHORS_LEAST) / spread, 0.0, 1.0)


def stochastic_levels(
    magnitudes: Singles, *, scale: tuple[float, float], level_count: int, rounding: Rounding, seed: int
) -> Ints:
    """A level for each magnitude, rounded up or down at random, the same for the same seed."""
    exact = positions(magnitudes, scale=scale, level_count=level_count)
    lower = np.floor(exact)
    draws = np.random.default_rng(seed).random(exact.size)
    up: Mask = draws < round_up_probability(exact - lower, rounding=rounding)
    return lower.astype(np.int64) + up


def levels_back(tensor: QuantisedTensor, *, level_count: int) -> Singles:
    """The tensor that top-k levels stand for: each level's magnitude with its sign, zero elsewhere."""
    low, high = tensor.scale
    step = (high - low) / (level_count - 1)
    return _placed(tensor, low + step * tensor.levels)


def dead_zone_levels(magnitudes: Singles | Floats, *, step: float) -> Ints:
    r"""Levels of magnitudes, 0 below two thirds of a step: $\lfloor |x| / \Delta + 1/3 \rfloor$.

    >>> dead_zone_levels(np.array([0.6, 0.7, 1.6, 1.7]), step=1.0)
    array([0, 1, 1, 2])
    """
    return np.floor(magnitudes / np.float64(step) + (1 - DEAD_ZONE)).astype(np.int64)


def dead_zone_back(tensor: QuantisedTensor) -> Singles:
    """The tensor that dead-zone levels stand for: level plus the mean place inside a step, times the step."""
    step, place = tensor.scale
    return _placed(tensor, step * (tensor.levels + place))


def _placed(tensor: QuantisedTensor, magnitudes: NDArray[np.floating]) -> Singles:
    values = np.zeros(tensor.kept.size, dtype=np.float32)
    values[tensor.kept] = np.where(tensor.negative, -magnitudes, magnitudes)
    return values.reshape(tensor.shape)
