"""What work on a device counts as in a pool: the per-op numbers whose sums decide which cuts are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.vertex_sums import side_sums
from cutwise.cuts.pool.exact_parts import parts_that_add_up
from cutwise.planning.one_device.objective import Score
from cutwise.planning.one_device.work.work_columns import PricedWork, priced_work, priced_works
from cutwise.plans.evaluate import stage_times
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import CLOSED_GAP, SAME_RATIO

EPSILON = float(np.finfo(np.float64).eps)
SAME_OPTIMUM = 0.25 * CLOSED_GAP
"""What the rounding of a feature may cost of an optimum that is told as proven."""
OVERLAP_FLOOR = 0.25 * SAME_OPTIMUM
"""The same where four stages overlap: a round lasts at least a quarter of their sum."""
DIGITS = 12
"""Net works that agree in so many digits are alike."""
MOST_OWN = 8
"""Devices unlike each other whose net work makes a pool each; of more it is spanned by few features."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeFeature:
    """One per-op number that device work counts as; equal when the bytes are equal."""

    content: bytes

    @property
    def values(self) -> Floats:
        """The numbers, shape (ops,)."""
        return np.frombuffer(self.content)


Features = tuple[ComputeFeature, ...]


def compute_features(
    problem: SplitProblem, conditions: Conditions, scores: tuple[Score, ...]
) -> list[Features]:
    """For every device, the distinct compute features that its objective and limits need.

    Work on the device is dear or cheap by its *net* price: device seconds less the server's. That is a sum
    of work columns (FLOPs, bytes, launches) with a price each: where all are dear, or all cheap, the columns
    with their sign make one pool for every such device; else the net work itself does. Measured
    seconds make a feature of their own. Where text is generated each side takes the larger of two bounds,
    so that what bounds it counts on both sides. Where micro-batches overlap, a pass on the device and one
    on the server count apart, so that every delay that rises with them has its cut in the pool.
    """
    cost, once = problem.cost, conditions.of_one_iteration()
    if cost.generation is not None:
        return [_generated(cost)] * problem.device_count
    if problem.micro_batches > 1:
        return _passes(problem, conditions)
    if cost.measured_s.any():
        return [
            _distinct(part for score in scores for part in _net_work(problem, once.of(device), score))
            for device in range(problem.device_count)
        ]
    works = priced_works(cost, conditions, scores, problem.device_count)
    by_score = [_of_work(work) for work in works]
    return [tuple(dict.fromkeys(f for own in row for f in own)) for row in zip(*by_score, strict=True)]


def apart_features(problem: SplitProblem, conditions: Conditions, score: Score) -> list[Features] | None:
    """Features of pools that are complete whatever share of the server a device has.

    What work costs a device, column by column, and what it costs the server, taken off. None where all work
    has one price, so that it is dear or cheap as a whole, and where a delay is no sum of these columns.
    """
    if not problem.adds_up or problem.cost.measured_s.any():
        return None
    work = priced_work(problem.cost, conditions, score, problem.device_count)
    if len(work.columns) < 2:
        return None
    least = SAME_OPTIMUM * np.minimum(*work.totals)
    spent = work.server_price @ work.columns
    dear = [column for column, price in zip(work.columns, work.device_price.T, strict=True) if price.any()]
    return [
        _distinct((*dear, *parts_that_add_up(-own, least=float(floor))))
        for own, floor in zip(spent, least, strict=True)
    ]


def _of_work(work: PricedWork) -> list[Features]:
    """The features of every device, from what a unit of each column costs it more than the server."""
    net, (device, server) = work.net_price, work.totals
    count = work.columns.shape[1]
    far: Mask = count * EPSILON * (server - device) > SAME_OPTIMUM * device
    dear = np.asarray((net >= 0).all(axis=1))
    cheap = np.asarray((net <= 0).all(axis=1))
    signed = {False: _distinct(work.columns), True: _distinct(-work.columns)}
    apart = _distinct(part for column in work.columns for part in parts_that_add_up(-column, least=0.0))
    found = [apart if f and not d else signed[not d] for d, f in zip(dear, far, strict=True)]
    mixed = np.flatnonzero(~dear & ~cheap)
    for at, features in zip(mixed.tolist(), _of_mixed(work, mixed), strict=True):
        found[at] = features
    return found


def _of_mixed(work: PricedWork, devices: Ints) -> list[Features]:
    """The net work itself; of many unlike devices, features whose sums with prices of at least 0 make it."""
    net = work.net_price[devices] @ work.columns
    least = SAME_OPTIMUM * (
        np.minimum(work.device_price, work.server_price)[devices] @ work.columns.sum(axis=1)
    )
    scale = np.abs(net).sum(axis=1)
    prices = work.net_price[devices] / scale[:, None]
    spent = np.rint(prices * work.columns.sum(axis=1) * 10.0**DIGITS)
    alike, first, own = np.unique(spent, axis=0, return_index=True, return_inverse=True)
    if len(alike) <= MOST_OWN:
        made = [_distinct(parts_that_add_up(net[at], least=float(least[at]))) for at in first]
        return [made[at] for at in own.reshape(-1)]
    lowest = prices.min(axis=0)
    base = parts_that_add_up(lowest @ work.columns, least=float((least / scale).min()))
    rising = work.columns[prices.max(axis=0) > lowest]
    return [_distinct((*base, *rising))] * len(devices)


def _distinct(vectors: Iterable[Floats]) -> Features:
    contents = dict.fromkeys(np.ascontiguousarray(v).tobytes() for v in vectors)
    return tuple(ComputeFeature(content=content) for content in contents)


def _passes(problem: SplitProblem, conditions: Conditions) -> list[Features]:
    """For every device its forward work, its backward work, and the server's."""
    cost, compute, count = problem.cost, conditions.compute, problem.device_count
    plain = compute.device_pace.is_flops_alone and compute.server_pace.is_flops_alone
    if plain and not cost.measured_s.any():
        flops = cost.forward_flops + cost.backward_input_flops + cost.backward_weight_flops
        backward = cost.backward_input_flops + cost.backward_weight_flops
        slower = compute.server_flops_per_s / compute.device_flops_per_s
        least = OVERLAP_FLOOR * float(flops.sum()) * min(1.0, float(np.min(slower)))
        server = parts_that_add_up(-flops, least=least)
        return [_distinct((cost.forward_flops, backward, *server))] * count
    once = conditions.of_one_iteration()
    rows = [tuple(float(np.broadcast_to(c, count)[at]) for c in once.compute.columns) for at in range(count)]
    made = {
        row: _distinct(_timed_passes(cost, once.of(at)))
        for row, at in {row: at for at, row in enumerate(rows)}.items()
    }
    return [made[row] for row in rows]


def _generated(cost: GraphCost) -> Features:
    """FLOPs, bytes and layers of every step, on the device and as they are taken off the server."""
    assert cost.generation is not None
    columns = [column for column in cost.generation.steps.matrix.T if column.any()]
    apart: list[Floats] = []
    for column in columns:
        if not any(_proportional(column, known) for known in apart):
            apart.append(column)
    return _distinct(signed for column in apart for signed in (column, -column))


def _proportional(one: Floats, other: Floats) -> bool:
    return bool(np.allclose(one * other.sum(), other * one.sum(), rtol=SAME_RATIO, atol=0.0))


def _timed_passes(cost: GraphCost, conditions: Conditions) -> list[Floats]:
    here, there = (stage_times(side, conditions) for side in side_sums(cost, compute_only=True))
    forward, backward, server = (
        np.asarray(seconds, dtype=np.float64)
        for seconds in (here.device_forward_s, here.device_backward_s, there.server_compute_s)
    )
    floor = OVERLAP_FLOOR * float(np.minimum(forward + backward, server).sum())
    return [forward, backward, *parts_that_add_up(-server, least=floor)]


def _net_work(problem: SplitProblem, conditions: Conditions, score: Score) -> list[Floats]:
    """How the score of one device changes, op by op, when only the op's computing moves to the device.

    As columns whose sums lose nothing beside what all ops cost at least, wherever they run.
    """
    device, server = (
        np.asarray(score(stage_times(side, conditions)), dtype=np.float64)
        for side in side_sums(problem.cost, compute_only=True)
    )
    return parts_that_add_up(device - server, least=SAME_OPTIMUM * float(np.minimum(device, server).sum()))
