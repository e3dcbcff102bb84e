"""What a compressor must know of a tensor before it exists: how its magnitudes are distributed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from cutwise.arrays import Floats
from cutwise.caches import kept
from cutwise.compression.coders.quantiser import as_reals
from cutwise.errors import SolverError
from cutwise.frozen import Frozen, FrozenDict
from cutwise.registry import Registry

REFERENCE_COUNT = 8 * 197 * 768
"""Elements of the reference tensors: a mini-batch of 8 at a cut of ViT-B/16."""
TAIL_PARTS, BULK_PARTS, TAIL_SHARE = 1024, 4096, 0.01
CHANNEL_SCALES = FrozenDict({1.0: 764 / 768, 20.0: 1 / 768, 30.0: 1 / 768, 40.0: 1 / 768, 60.0: 1 / 768})
TOKEN_SCALES = FrozenDict({1.0: 196 / 197, 3.0: 1 / 197})
"""Share of the elements at each scale in the tensor with outlier channels."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class MagnitudeProfile(Frozen):
    """Magnitudes relative to the root mean square, largest first, and the share of elements at each.

    `negative_ratio` is the share of negative values among those that are not zero.
    """

    magnitude_ratio: Floats
    element_ratio: Floats
    negative_ratio: float

    @property
    def kurtosis(self) -> float:
        """Mean fourth power over the squared mean square: 3 for normal values, more for heavy tails."""
        return float(self.element_ratio @ self.magnitude_ratio**4)


PROFILES: Registry[Callable[[], MagnitudeProfile]] = Registry("magnitude profile")
"""Reference tensors by name; each entry gives its profile."""


def profile_of(tensor: ArrayLike) -> MagnitudeProfile:
    """The profile of a real tensor: its largest magnitudes one by one, the others in groups of equal rank.

    >>> profile = profile_of(np.array([3.0, -4.0, 0.0, 0.0]))  # root mean square 2.5
    >>> profile.magnitude_ratio, profile.negative_ratio
    (array([1.6, 1.2, 0. , 0. ]), 0.5)
    """
    values = as_reals(tensor).ravel().astype(np.float64)
    if not values.size:
        raise SolverError("an empty tensor has no magnitudes; give one element or more")
    ordered = np.sort(np.abs(values))[::-1]
    bounds = np.unique(np.rint(_edges(values.size) * values.size).astype(np.int64))
    sizes = np.diff(bounds)
    means = np.add.reduceat(ordered, bounds[:-1]) / sizes
    negative = int(np.count_nonzero(values < 0)) / max(1, int(np.count_nonzero(values)))
    return _profile(means, sizes / values.size, negative_ratio=float(negative))


@PROFILES.named("gaussian")
@kept
def gaussian() -> MagnitudeProfile:
    """Normally distributed values: weights, and activations before any outlier appears."""
    return _profile(*_half_normal(REFERENCE_COUNT), negative_ratio=0.5)


@PROFILES.named("student_t4")
@kept
def student_t4() -> MagnitudeProfile:
    r"""Values of Student's distribution with 4 degrees of freedom: heavy tails without structure.

    Its quantile is closed: $2\sqrt{\cos(\arccos(\sqrt\alpha)/3)/\sqrt\alpha - 1}$ with $\alpha = 4p(1-p)$.
    """
    upper = 1 - _middles(REFERENCE_COUNT) / 2
    root = np.sqrt(4 * upper * (1 - upper))
    magnitudes = 2 * np.sqrt(np.cos(np.arccos(root) / 3) / root - 1)
    return _profile(magnitudes, np.diff(_edges(REFERENCE_COUNT)), negative_ratio=0.5)


@PROFILES.named("outlier_channels")
@kept
def outlier_channels() -> MagnitudeProfile:
    """Normal values with 4 of 768 channels 20 to 60 times and the first token 3 times as large.

    The pattern of a transformer's residual stream, with scales chosen by hand: it reproduces the rate the
    authors of P3 logged (0.063 to 0.069 at sparsity 0.5 and 8 bits), which is not proof that their
    activations looked like this.
    """
    parts = []
    for (channel, share), (token, token_share) in product(CHANNEL_SCALES.items(), TOKEN_SCALES.items()):
        magnitudes, shares = _half_normal(round(REFERENCE_COUNT * share * token_share))
        parts.append((magnitudes * channel * token, shares * share * token_share))
    magnitudes, shares = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(-magnitudes, kind="stable")
    ranks = np.cumsum(shares[order]) - shares[order] / 2
    mixed = np.interp(_middles(REFERENCE_COUNT), ranks, magnitudes[order])
    return _profile(mixed, np.diff(_edges(REFERENCE_COUNT)), negative_ratio=0.5)


def _profile(magnitudes: Floats, shares: Floats, *, negative_ratio: float) -> MagnitudeProfile:
    root_mean_square = np.sqrt(shares @ magnitudes**2)
    relative = magnitudes / root_mean_square if root_mean_square > 0 else np.zeros_like(magnitudes)
    return MagnitudeProfile(magnitude_ratio=relative, element_ratio=shares, negative_ratio=negative_ratio)


def _edges(count: int) -> Floats:
    """Shares of the elements from the largest on: one element, geometric steps to 1 %, even steps."""
    tail = np.geomspace(min(1 / count, TAIL_SHARE), TAIL_SHARE, TAIL_PARTS)
    return np.unique(np.concatenate(([0.0], tail, np.linspace(TAIL_SHARE, 1.0, BULK_PARTS + 1))))


def _middles(count: int) -> Floats:
    edges = _edges(count)
    return 0.5 * (edges[1:] + edges[:-1])


def _half_normal(count: int) -> tuple[Floats, Floats]:
    """Magnitudes of `count` standard normal values, largest first, and the share at each."""
    quantile = NormalDist().inv_cdf
    magnitudes = [-quantile(share / 2) if share < 1 else 0.0 for share in _middles(count).tolist()]
    return np.array(magnitudes), np.diff(_edges(count))
