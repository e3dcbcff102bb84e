"""Work as columns over ops, each with a price on the device and on the server: FLOPs, bytes, launches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from cutwise.arrays import Floats
from cutwise.caches import kept
from cutwise.costs.cut_sums import CutSums, Side
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.vertex_sums import side_sums
from cutwise.frozen import Frozen
from cutwise.planning.one_device.objective import Score
from cutwise.plans.evaluate import stage_times
from cutwise.problem.conditions import Conditions

PRICED_TOGETHER: tuple[tuple[str, ...], ...] = (
    ("forward_flops",),
    ("backward_flops",),
    ("moved_bytes", "read_bytes"),
    ("backward_moved_bytes", "backward_read_bytes"),
    ("launches",),
    ("backward_launches",),
)
"""Fields of a side that every party pays one price for; of each pair the second is once a mini-batch."""
SAME_PRICE = 1e-12
"""Relative: prices that differ by their rounding are the same."""
COLUMN = (slice(None), None)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PricedWork(Frozen):
    """Columns of work (columns, ops), and what a unit of each costs device and server (devices, columns).

    Columns whose prices are proportional for every device are one.
    """

    columns: Floats
    device_price: Floats
    server_price: Floats

    @property
    def net_price(self) -> Floats:
        """What a unit costs more on the device than on the server, shape (devices, columns)."""
        return self.device_price - self.server_price

    @property
    def totals(self) -> tuple[Floats, Floats]:
        """What all work costs on the device, and on the server, shape (devices,)."""
        amounts = self.columns.sum(axis=1)
        return self.device_price @ amounts, self.server_price @ amounts


def priced_work(cost: GraphCost, conditions: Conditions, score: Score, count: int) -> PricedWork:
    """The work of a model as `count` devices pay for it by this score."""
    return priced_works(cost, conditions, (score,), count)[0]


def priced_works(
    cost: GraphCost, conditions: Conditions, scores: Sequence[Score], count: int
) -> tuple[PricedWork, ...]:
    """The work of a model as `count` devices pay for it by each score."""
    found = _columns(cost, float(np.max(conditions.compute.batch_size)))
    stages = stage_times(found.alone, conditions.of(COLUMN))
    amounts = found.vectors.sum(axis=1)
    shape = (count, 2 * len(amounts))
    priced = []
    for score in scores:
        paid = np.broadcast_to(np.asarray(score(stages), dtype=np.float64), shape)
        device, server = paid[:, : len(amounts)] / amounts, paid[:, len(amounts) :] / amounts
        priced.append(_joined(found.vectors, device, server))
    return tuple(priced)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Columns(Frozen):
    """Columns over the ops, and each alone: first on the device, then on the server, shape (2 columns,)."""

    vectors: Floats
    alone: CutSums


@kept
def _columns(cost: GraphCost, batch_size: float) -> _Columns:
    side = side_sums(cost, compute_only=True)[0].device
    named = [(names, _vector(side, names, batch_size)) for names in PRICED_TOGETHER]
    used = [(names, vector) for names, vector in named if vector.any()]
    own = [names for names, _ in used]
    nothing = np.zeros(2 * len(own))
    alone = CutSums(
        device=_alone(side, own, first=True),
        server=_alone(side, own, first=False),
        output_bytes=nothing,
        gradient_bytes=nothing,
        has_server=nothing,
    )
    vectors = np.stack([vector for _, vector in used]) if used else np.zeros((0, len(cost)))
    return _Columns(vectors=vectors, alone=alone)


def _vector(side: Side, names: tuple[str, ...], batch_size: float) -> Floats:
    """A column over the ops: FLOPs a sample, launches a mini-batch, bytes of a mini-batch."""
    columns = [np.asarray(getattr(side, name), dtype=np.float64) for name in names]
    return batch_size * columns[0] + columns[1] if len(columns) > 1 else columns[0]


def _alone(side: Side, own: Sequence[tuple[str, ...]], *, first: bool) -> Side:
    """In one half entry k holds all that the k-th column of the model adds up to; all else is nothing."""
    place = {name: at + (0 if first else len(own)) for at, names in enumerate(own) for name in names}
    entries = np.arange(2 * len(own))
    values: dict[str, Any] = {
        f.name: np.where(entries == place.get(f.name, -1), getattr(side, f.name).sum(), 0.0)
        for f in fields(side)
        if f.name != "generation"
    }
    return Side(**values)


def _joined(columns: Floats, device: Floats, server: Floats) -> PricedWork:
    """The columns with those of proportional prices added up; what costs nothing anywhere is left out."""
    prices = np.vstack([device, server])
    kept_at: list[int] = []
    made: list[Floats] = []
    for at in range(len(columns)):
        if not prices[:, at].any():
            continue
        same = next((n for n, k in enumerate(kept_at) if _proportional(prices[:, at], prices[:, k])), None)
        if same is None:
            kept_at.append(at)
            made.append(columns[at])
        else:
            ratio = float(prices[:, at].max() / prices[:, kept_at[same]].max())
            made[same] = made[same] + ratio * columns[at]
    vectors = np.stack(made) if made else np.zeros((0, columns.shape[1]))
    return PricedWork(columns=vectors, device_price=device[:, kept_at], server_price=server[:, kept_at])


def _proportional(one: Floats, other: Floats) -> bool:
    first, second = one * other.max(), other * one.max()
    return bool((np.abs(first - second) <= SAME_PRICE * np.abs(second)).all())
