"""Items into clusters that take turns, each as long as its longest item: alike items together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cutwise.arrays import Floats
from cutwise.solvers.groups.grouping import checked_loads


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustering:
    """Clusters of item numbers, the sum of each one's largest load, and a bound no clustering can beat."""

    clusters: tuple[tuple[int, ...], ...]
    total: float
    bound: float


def sizes_of(items: int, clusters: int) -> tuple[int, ...]:
    """Sizes that differ by one at most, the larger first.

    >>> sizes_of(8, 3)
    (3, 3, 2)
    """
    return tuple(len(range(cluster, items, clusters)) for cluster in range(clusters))


def alike_clusters(large_loads: ArrayLike, small_loads: ArrayLike, clusters: int) -> Clustering:
    r"""Clusters whose sizes differ by one at most, with the least sum of their largest loads.

    An item's load depends on the size of its cluster: `large_loads` in one of the larger size, never less
    than `small_loads` in one of the smaller. Where both rank the items alike the answer is exact: the
    largest item's cluster may as well hold the next largest ones, and so on with the rest, so that only
    the order of the sizes is open (dynamic programming over how many larger ones come first). Elsewhere a
    larger cluster is charged, in the bound, the least large load of all items up to its first.

    >>> found = alike_clusters([1.0, 5.0, 4.0, 2.0], [1.0, 5.0, 4.0, 2.0], 2)
    >>> found.clusters, found.total, found.bound
    (((1, 2), (0, 3)), 7.0, 7.0)
    """
    large, small = checked_loads(large_loads, clusters), checked_loads(small_loads, clusters)
    order = np.lexsort((-large, -small))
    reached: Floats = np.minimum.accumulate(large[order])
    sizes = _sizes_in_order(reached, small[order], clusters)
    ends = np.cumsum(sizes)
    parts = [np.sort(order[end - size : end]) for size, end in zip(sizes, ends, strict=True)]
    most = max(sizes)
    total = sum(float((large if len(part) == most else small)[part].max()) for part in parts)
    starts = ends - sizes
    ranked = np.where(np.array(sizes) == most, reached[starts], small[order][starts])
    return Clustering(
        clusters=tuple(tuple(part.tolist()) for part in parts),
        total=total,
        bound=min(float(np.sum(ranked)), total),
    )


def _sizes_in_order(large: Floats, small: Floats, clusters: int) -> list[int]:
    """The sizes of the clusters along the ranked items that add up to least."""
    sizes = sizes_of(len(large), clusters)
    wide, narrow = sizes[0], sizes[-1]
    many = sizes.count(wide)
    if wide == narrow:
        return list(sizes)
    few = clusters - many
    least = np.full((many + 1, few + 1), np.inf)
    least[many, few] = 0.0
    takes_wide = np.zeros(least.shape, dtype=bool)
    for i in range(many, -1, -1):
        for j in range(few, -1, -1):
            start = i * wide + j * narrow
            widen: float = large[start] + least[i + 1, j] if i < many else np.inf
            narrowed: float = small[start] + least[i, j + 1] if j < few else np.inf
            if i < many or j < few:
                least[i, j], takes_wide[i, j] = min(widen, narrowed), widen <= narrowed
    chosen, i, j = [], 0, 0
    while i < many or j < few:
        wider = bool(takes_wide[i, j])
        chosen.append(wide if wider else narrow)
        i, j = i + wider, j + (not wider)
    return chosen
