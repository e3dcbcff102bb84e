"""How samples are distributed over devices, and devices over groups; everything follows from the seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cutwise.arrays import Ints
from cutwise.errors import SolverError

DRAWS = 10_000


def iid_shares(samples: int, devices: int, *, rng: np.random.Generator) -> tuple[Ints, ...]:
    """Sample numbers of every device: a random order in parts whose sizes differ by one at most.

    >>> [len(share) for share in iid_shares(10, 4, rng=np.random.default_rng(0))]
    [3, 3, 2, 2]
    """
    return tuple(np.array_split(rng.permutation(samples), devices))


def dirichlet_shares(
    labels: ArrayLike, devices: int, *, alpha: float, least: int, rng: np.random.Generator
) -> tuple[Ints, ...]:
    r"""Sample numbers of every device, each class divided by its own draw from $\mathrm{Dir}(\alpha)$.

    Small alpha: a device sees few classes, and sizes differ. Drawn anew until every device has `least`
    samples; raises `SolverError` where that is hopeless.
    """
    label_of: Ints = np.asarray(labels)
    for _ in range(DRAWS):
        owner = np.empty(label_of.size, dtype=np.int64)
        for label in np.unique(label_of):
            members = rng.permutation(np.flatnonzero(label_of == label))
            bounds = np.cumsum(rng.dirichlet(np.full(devices, alpha)))[:-1] * members.size
            owner[members] = np.searchsorted(bounds, np.arange(members.size) + 0.5)
        if np.bincount(owner, minlength=devices).min() >= least:
            return tuple(np.flatnonzero(owner == device) for device in range(devices))
    raise SolverError(
        f"Dirichlet partition: in {DRAWS} draws with alpha {alpha:g} one of {devices} devices had fewer "
        f"than {least} samples; raise alpha or lower the number of devices"
    )


def equal_groups(devices: int, groups: int, *, rng: np.random.Generator) -> tuple[tuple[int, ...], ...]:
    """Devices in random order in groups whose sizes differ by one at most.

    The same generator state gives the same order for every number of groups.

    >>> equal_groups(4, 2, rng=np.random.default_rng(0)), equal_groups(4, 1, rng=np.random.default_rng(0))
    (((2, 0), (1, 3)), ((2, 0, 1, 3),))
    """
    return tuple(tuple(map(int, part)) for part in np.array_split(rng.permutation(devices), groups))
