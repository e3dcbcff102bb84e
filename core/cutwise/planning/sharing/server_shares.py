"""Shares of the server's speed that end a parallel round first, together with band and cuts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats
from cutwise.planning.one_device.cut_table import CutTable, listed_table, table_of
from cutwise.planning.one_device.objective import delay
from cutwise.planning.one_device.work.compute_features import apart_features
from cutwise.planning.sharing.band_split import per_bit
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.solvers.choices.convex_choice import minmax_convex_choice

LITTLE = 1e-6
"""A share at which nearly any device is faster than the server."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ServerShares:
    """The conditions in which the server's speed is divided by need, and what no division can beat.

    `bound` is None where a cut outside the pools might be better.
    """

    conditions: Conditions
    bound: float | None


def with_server_shares(problem: SplitProblem, even: Conditions) -> ServerShares:
    r"""The server's speed divided by need, and a bound: $\min \max_k [c_{kl} + f_{kl}(x_k) + S_{kl}/y_k]$.

    A device whose cut leaves nothing on the server needs no share of it; it keeps a millionth.
    """
    table, complete = _at_any_share(problem, even)
    whole, half = (per_bit(problem, even.at_server_share(y), table, delay) for y in (1.0, 0.5))
    work = half.still - whole.still
    kept = table.excess <= np.maximum(table.excess.min(axis=1, keepdims=True), 0.0)
    fixed = np.where(kept, whole.still - work, np.inf)
    column = replace(
        problem, distance_m=problem.distance_m[:, None], transmit_power_w=problem.transmit_power_w[:, None]
    )

    def laws(shares: Floats) -> Floats:
        uplink_bps, downlink_bps = column.rates_bps(shares)
        return np.asarray(whole.up / uplink_bps + whole.down / downlink_bps)

    best = minmax_convex_choice(laws, fixed, work)
    shares = np.maximum(best.split.shares[:, 1], LITTLE)
    conditions = even.at_server_share(shares / max(1.0, float(shares.sum())))
    return ServerShares(conditions=conditions, bound=best.bound if complete else None)


def _at_any_share(problem: SplitProblem, even: Conditions) -> tuple[CutTable, bool]:
    """The cuts that can be best whether the server is dear or cheap, and whether these are all."""
    apart = apart_features(problem, even.at_server_share(1.0), delay)
    tables = [
        table_of(problem, even.at_server_share(share), delay, clients=problem.device_count, features=apart)
        for share in ((1.0,) if apart else (1.0, LITTLE))
    ]
    masks = np.concatenate([group.masks for table in tables for group in table.groups])
    complete = all(table.complete for table in tables) and not problem.cost.measured_s.any()
    return listed_table(problem, even, delay, np.unique(masks, axis=0)), complete
