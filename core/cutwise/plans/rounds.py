"""What one round of a scheme is: who works at once, who in turn, and how a round's figures add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from cutwise.arrays import Ints

Groups: TypeAlias = tuple[tuple[int, ...], ...]
Phases: TypeAlias = tuple[Groups, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Phases one after another; in a phase its groups at once; in a group its devices in turn.

    Without `phases` the devices are one group (`parallel` False) or a group each (`parallel` True).
    `rule` says in one sentence what a round is. With `one_model` the server keeps one model for all, and
    works for one active device after another.
    """

    parallel: bool
    rule: str
    phases: Phases | None = None
    one_model: bool = False

    def of(self, count: int) -> Phases:
        """The phases of a round with `count` devices, as positions.

        >>> IN_TURN.of(3), AT_ONCE.of(3)
        ((((0, 1, 2),),), (((0,), (1,), (2,)),))
        """
        if self.phases is not None:
            return self.phases
        return (tuple((i,) for i in range(count)),) if self.parallel else ((tuple(range(count)),),)

    @property
    def grouped(self) -> bool:
        """True where devices are neither all in turn nor all at once."""
        return self.phases is not None

    def total(self, per_device: ArrayLike) -> Any:
        """Figures of shape (devices, …) as a round's: summed in a group, the largest of a phase, summed.

        >>> IN_TURN.total(np.array([1.0, 2.0, 3.0])), AT_ONCE.total(np.array([1.0, 2.0, 3.0]))
        (np.float64(6.0), np.float64(3.0))
        >>> float(grouped_round(((0, 1), (2,)), rule="").total(np.array([1.0, 2.0, 4.0])))
        4.0
        """
        values = np.asarray(per_device)
        if self.phases is None:
            return values.max(axis=0) if self.parallel else values.sum(axis=0)
        return sum(
            np.stack([values[list(group)].sum(axis=0) for group in groups]).max(axis=0)
            for groups in self.phases
        )

    def active(self, count: int) -> int:
        """The most devices that are active at once."""
        return max(len(groups) for groups in self.of(count))

    def places(self, count: int) -> tuple[Ints, Ints]:
        """The phase of every device, and its group's number in that phase."""
        places = np.zeros((2, count), dtype=np.int64)
        for phase, groups in enumerate(self.of(count)):
            for number, group in enumerate(groups):
                places[:, list(group)] = [[phase], [number]]
        return places[0], places[1]


IN_TURN = Round(parallel=False, rule="One round serves every device once, one after another.")
AT_ONCE = Round(parallel=True, rule="One round serves every device once, all at the same time.")

QUEUED = Round(
    parallel=True,
    one_model=True,
    rule="One round serves every device once, all at the same time, the server one mini-batch after another.",
)


def grouped_round(groups: Sequence[Sequence[int]], *, rule: str) -> Round:
    """The round in which groups are active at once, and the devices of a group in turn."""
    kept = tuple(tuple(group) for group in groups if len(group))
    return Round(parallel=len(kept) > 1, rule=rule, phases=(kept,))


def clustered_round(clusters: Sequence[Sequence[int]], *, rule: str) -> Round:
    """The round in which clusters take turns, and the devices of a cluster are active at once."""
    kept = tuple(tuple((device,) for device in cluster) for cluster in clusters if len(cluster))
    return Round(parallel=any(len(cluster) > 1 for cluster in kept), rule=rule, phases=kept)
