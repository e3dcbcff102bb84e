"""The axis that the ruler's lanes share: which units of it stand for which cut position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Ints, Mask
from cutwise.frozen import Frozen

HEAD_SHARE, TAIL_SHARE = 0.25, 0.08


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Axis(Frozen):
    """Units from left to right: `head` more for the first position, one a position, `tail` that come back.

    `born` (ops,) is the position at which each op joins the device; ops that come back to it after the
    server have the number behind the last. Position i ends, and its cut lies, at unit `head + i + 1`.
    """

    positions: int
    head: int
    tail: int
    born: Ints

    @classmethod
    def of(cls, masks: Mask, returned: Mask, block_of: Ints) -> Axis:
        """The axis of device sides (positions, ops) in order of growth, with ops (ops,) that come back.

        Where the smallest side spans several blocks they have room side by side.
        """
        count = len(masks)
        born = np.where(returned & (count > 1), count, masks.argmax(axis=0))
        first_blocks = len(np.unique(block_of[born == 0]))
        most = max(1, round(HEAD_SHARE * count))
        return cls(
            positions=count,
            head=min(max(first_blocks - 1, 0), most) if count > 1 else 0,
            tail=max(1, round(TAIL_SHARE * count)) if (born == count).any() else 0,
            born=born,
        )

    @property
    def units(self) -> int:
        """How many units there are."""
        return self.head + self.positions + self.tail

    def ends(self, position: int) -> int:
        """The unit at which a position ends; that of the ops that come back is the number behind the last."""
        return self.units if position == self.positions else self.head + position + 1

    def starts(self, position: int) -> int:
        """The unit at which a position starts."""
        return self.ends(position - 1) if position else 0
