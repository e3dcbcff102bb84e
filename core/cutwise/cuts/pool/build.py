"""The pool: every split that can be optimal for any objective that does not fall in the features."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cutwise.arrays import Floats, Ints, Mask
from cutwise.cuts.pool.contraction import contract
from cutwise.cuts.pool.folding import fold
from cutwise.cuts.pool.pareto import front
from cutwise.cuts.pool.pieces import whole_piece
from cutwise.cuts.pool.tables import Caps, table_of
from cutwise.cuts.split_graph import SplitGraph, features_of
from cutwise.digests import EqualByDigest, freeze
from cutwise.errors import SolverError
from cutwise.frozen import Frozen

# Smaller products stay on one thread: on a busy machine starting others takes longer than the product.
PRODUCTS_AT_ONCE = 1 << 19
FEWEST_ROWS = 1024


@dataclass(frozen=True, eq=False, kw_only=True)
class CutPool(EqualByDigest):
    """The splits worth keeping, in lexicographic order of their features.

    `features` (K, p) and `masks` (K, n, true on the device) belong together; `all_device` is the
    entry with every op on the device, which is kept even when another one is nowhere larger. Splits
    with equal features are kept once. `build_s` stands outside the digest.
    """

    features: Floats
    masks: Mask
    feature_names: tuple[str, ...]
    build_s: float = 0.0
    all_device: int = field(init=False)
    digest: str = field(init=False, default="")

    def __post_init__(self) -> None:
        full = np.flatnonzero(self.masks.all(axis=1))
        if len(full) != 1:
            raise SolverError(f"a pool holds the all-device split once, this one {len(full)} times")
        digest = hashlib.sha256(repr((self.features.shape, self.feature_names)).encode())
        features, masks = np.array(self.features, order="C"), np.array(self.masks, order="C")
        freeze(self, "features", features)
        freeze(self, "masks", masks)
        digest.update(features.tobytes())
        digest.update(np.packbits(masks).tobytes())
        object.__setattr__(self, "all_device", int(full[0]))
        object.__setattr__(self, "digest", digest.hexdigest())

    def __len__(self) -> int:
        return len(self.features)

    def column(self, name: str) -> Floats:
        """The feature `name` of each entry (K,)."""
        return self.features[:, self.feature_names.index(name)]

    def best(
        self, theta: npt.ArrayLike, *, allowed: Mask | None = None, charges: Floats | None = None
    ) -> tuple[float, int]:
        """Smallest features @ theta and its entry; of equal ones the first in lexicographic order.

        `theta` (p,) must not be negative: only then is the pool complete. `allowed` (K,) leaves entries
        out (a hard limit on a feature), `charges` (K,) are added (what is paid when anything crosses).
        With no entry allowed the answer is (inf, -1).

        Raises `SolverError` for a weight that is negative or not finite.
        """
        weights = np.atleast_2d(np.asarray(theta, dtype=float))
        values, entries = self.best_many(weights, allowed=allowed, charges=charges)
        return float(values[0]), int(entries[0])

    def best_many(
        self, thetas: npt.ArrayLike, *, allowed: Mask | None = None, charges: Floats | None = None
    ) -> tuple[Floats, Ints]:
        """Smallest values (N,) and their entries (N,) for the weights `thetas` (N, p); see `best`."""
        weights = self._checked(thetas)
        chosen = np.arange(len(self)) if allowed is None else np.flatnonzero(allowed)
        if not len(chosen):
            return np.full(len(weights), np.inf), np.full(len(weights), -1)
        features = self.features[chosen]
        extra = None if charges is None else np.asarray(charges, dtype=float)[chosen]
        values, entries = np.empty(len(weights)), np.empty(len(weights), dtype=np.int64)
        step = max(FEWEST_ROWS, PRODUCTS_AT_ONCE // max(1, features.size))
        for first in range(0, len(weights), step):
            part = slice(first, first + step)
            prices: Floats = weights[part] @ features.T
            prices = prices if extra is None else prices + extra
            entries[part] = prices.argmin(axis=1)
            values[part] = prices[np.arange(len(prices)), entries[part]]
        return values, chosen[entries]

    def ranked(self, theta: npt.ArrayLike) -> Ints:
        """Entries (K,) from the best to the worst for the weights `theta` (p,)."""
        values: Floats = self.features @ self._checked(np.atleast_2d(np.asarray(theta, dtype=float)))[0]
        return np.argsort(values, kind="stable")

    def envelope(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Envelope:
        """The optimal entries for the weights a + t b over all t >= 0; `a` and `b` (p,) not negative."""
        weights = self._checked(np.stack([a, b]))
        start: Floats = self.features @ weights[0]
        slope: Floats = self.features @ weights[1]
        return _lower_envelope(start, slope)

    def _checked(self, thetas: npt.ArrayLike) -> Floats:
        weights = np.asarray(thetas, dtype=float)
        if weights.ndim != 2 or weights.shape[1] != self.features.shape[1]:
            raise SolverError(f"weights have shape {weights.shape}; the features are {self.feature_names}")
        usable: Mask = (weights >= 0) & (weights < np.inf)
        if not usable.all():
            row, column = np.argwhere(~usable)[0].tolist()
            raise SolverError(
                f"weight of {self.feature_names[column]!r} is {weights[row, column]}; the pool is complete "
                "only for finite weights >= 0: build one with the feature's sign turned"
            )
        return weights


@dataclass(frozen=True, eq=False, kw_only=True)
class Envelope(Frozen):
    """Entry `entries[i]` is optimal from t = `starts[i]` to `starts[i + 1]` (the last one for ever)."""

    starts: Floats
    entries: Ints

    def at(self, t: float) -> int:
        """The optimal entry at `t` >= 0."""
        return int(self.entries[np.searchsorted(self.starts, t, side="right") - 1])


def build_pool(graph: SplitGraph, *, max_size: int = 4096, max_ideals: int = 20_000) -> CutPool:
    """Every split of `graph` that can be optimal, priced anew from its mask.

    For every split there is an entry that is nowhere larger. Raises `PoolTooLarge` when more than
    `max_size` splits are worth keeping or a part without cut points has over `max_ideals` closed sets.
    """
    began = time.perf_counter()
    units = fold(
        graph,
        contract(graph),
        device=graph.device_features,
        peak=graph.peak_features,
        crossing=graph.crossing_features,
    )
    signed = bool((graph.crossing_features < 0).any())
    table = table_of(whole_piece(graph, units), Caps(splits=max_size, ideals=max_ideals, signed=signed))
    on_device = np.concatenate([np.ones((len(table.masks), 1), dtype=bool), table.masks], axis=1)
    return _pool_of(graph, units.op_masks(on_device), began)


def _pool_of(graph: SplitGraph, masks: Mask, began: float) -> CutPool:
    features = features_of(graph, masks)
    keep = front(features)
    assert keep is not None
    keep = keep[~masks[keep].all(axis=1)]
    everything = np.ones((1, graph.op_count), dtype=bool)
    masks = np.concatenate([masks[keep], everything])
    features = np.concatenate([features[keep], features_of(graph, everything)])
    order = np.lexsort(features.T[::-1]) if features.shape[1] else np.arange(len(features))
    return CutPool(
        features=features[order],
        masks=masks[order],
        feature_names=graph.feature_names,
        build_s=time.perf_counter() - began,
    )


def _lower_envelope(start: Floats, slope: Floats) -> Envelope:
    """Lines start + t slope that are lowest somewhere on t >= 0, from left to right."""
    line = int(np.lexsort([slope, start])[0])
    starts, lines = [0.0], [line]
    while True:
        flatter: Ints = np.flatnonzero(slope < slope[line])
        if not len(flatter):
            return Envelope(starts=np.array(starts), entries=np.array(lines))
        crossing: Floats = (start[flatter] - start[line]) / (slope[line] - slope[flatter])
        soonest = float(np.min(crossing))
        reached: Ints = flatter[crossing <= soonest]
        line = int(reached[np.argmin(slope[reached])])
        starts.append(max(soonest, starts[-1]))
        lines.append(line)
