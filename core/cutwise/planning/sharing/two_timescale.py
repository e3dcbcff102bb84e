"""P3's method: compression and cuts by the augmented Lagrangian, then the band by quadratic programming."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.frozen import Frozen
from cutwise.planning.one_device.cut_table import repriced
from cutwise.planning.one_device.objective import delay
from cutwise.planning.sharing.band_split import (
    OpenCuts,
    SharedBand,
    at_shares,
    ends_by_share,
    open_cuts_of,
    per_bit,
)
from cutwise.planning.sharing.codec_choice import (
    CodecSetting,
    frontier,
    keeps,
    on_limit,
    setting_of,
    tightened,
    with_codec,
)
from cutwise.problem.conditions import Conditions
from cutwise.problem.numbers import coding_of
from cutwise.problem.split_problem import SplitProblem
from cutwise.solvers.descent.augmented_lagrangian import augmented_lagrangian
from cutwise.solvers.descent.constrained import ConstrainedProblem
from cutwise.solvers.descent.sqp import sequential_quadratic
from cutwise.solvers.shares.minmax_share import ShareSplit
from cutwise.solvers.shares.share_problem import share_problem, shares_reached

ALTERNATIONS = 4
SETTLED = 1e-6


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class TwoTimescale:
    """What P3's method decides: the problem with its compressor, the band and the cuts."""

    problem: SplitProblem
    band: SharedBand


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CutOrder(Frozen):
    """Every device's cuts by rising device work: columns of the table, and how many each has."""

    columns: Ints
    counts: Ints

    def between(self, values: Floats, place: Floats) -> tuple[Floats, Floats]:
        """Values (devices, ranks) at places between the ranks, and their slopes."""
        low = np.clip(np.floor(place), 0, np.maximum(self.counts - 2, 0)).astype(np.int64)
        high = np.minimum(low + 1, self.counts - 1)
        rows = np.arange(len(place))
        slope = values[rows, high] - values[rows, low]
        return values[rows, low] + (place - low) * slope, slope


def two_timescale(problem: SplitProblem, even: Conditions) -> TwoTimescale:
    r"""Compression, cuts and shares by the method that P3 names (arXiv 2501.09237; steps are the textbook's).

    Large timescale: the augmented Lagrangian minimises $z$ where $T_k(\rho, l_k) \le z$ and the loss is
    within its limit, with a size $\rho$ along the compressor's best settings and a real $l_k$ between a
    device's cuts by rising work; cuts are rounded to the faster neighbour and the setting to the limit.
    Small timescale: sequential quadratic programming splits the band. Both take turns until the round ends
    no sooner, as the shares of the last turn say which devices are late. Delays bend along a device's cuts,
    so the Lagrangian is as good as its start: it starts at the cuts that end first at the shares at hand, and
    last the setting is the lightest within the limit, and every device takes the cut that ends first at its
    share, while that ends the round sooner.
    """
    open_cuts = open_cuts_of(problem, even, False)
    order = cut_order_of(open_cuts)
    best, shares = None, np.asarray(even.link.network_share, dtype=np.float64)
    for _ in range(ALTERNATIONS):
        conditions = at_shares(problem, even, shares)
        used, places = _large(problem, conditions, open_cuts, order)
        picks = _rounded(used, conditions, open_cuts, order, places)
        found = _spread(used, even, open_cuts, picks)
        shares, value = found.band.split.shares, found.band.split.value
        if best is not None and value >= best.band.split.value * (1 - SETTLED):
            break
        best = found
    assert best is not None
    return _settled(even, open_cuts, best)


def _settled(even: Conditions, open_cuts: OpenCuts, found: TwoTimescale) -> TwoTimescale:
    """The last steps: the lightest setting, then at its share every device's first cut and the band anew."""
    lighter = _spread(on_limit(found.problem), even, open_cuts, found.band.picks)
    found = lighter if lighter.band.split.value < found.band.split.value else found
    for _ in range(ALTERNATIONS):
        table = found.band.table
        usable = open_cuts.allowed & (table.excess <= 0)
        ends = np.where(usable.any(axis=1, keepdims=True) & ~usable, np.inf, table.delays_s)
        better = _spread(found.problem, even, open_cuts, ends.argmin(axis=1))
        if better.band.split.value >= found.band.split.value * (1 - SETTLED):
            break
        found = better
    return found


def cut_order_of(open_cuts: OpenCuts) -> CutOrder:
    """The cuts that each device may take, by rising work on the device."""
    work = np.full(open_cuts.allowed.shape, np.inf)
    for number, group in enumerate(open_cuts.table.groups):
        members = open_cuts.table.group_of == number
        flops = group.sums.device.forward_flops + group.sums.device.backward_flops
        seconds = group.sums.device.forward_sample_s + group.sums.device.backward_sample_s
        rank = np.empty(len(group.masks))
        rank[np.lexsort([group.masks.sum(axis=1), seconds, flops])] = np.arange(len(group.masks))
        work[np.ix_(members, np.arange(len(group.masks)))] = rank
    allowed = open_cuts.allowed & np.isfinite(open_cuts.table.delays_s)
    ranked = np.where(allowed, work, np.inf)
    columns = np.argsort(ranked, axis=1, kind="stable")
    return CutOrder(columns=columns, counts=np.isfinite(ranked).sum(axis=1))


def spectrum(finish: Any, count: int) -> ShareSplit:
    """The split of the band by sequential quadratic programming; a split by numbers has no bound."""
    small, start = share_problem(finish, count)
    shares, value = shares_reached(finish, sequential_quadratic(small, start).point)
    return ShareSplit(shares=shares, value=value, bound=-np.inf)


def _spread(problem: SplitProblem, even: Conditions, open_cuts: OpenCuts, picks: Ints) -> TwoTimescale:
    """The small timescale: shares for given cuts."""
    even = replace(even, link=coding_of(problem.scenario.compression, problem.workload.smashed).on(even.link))
    taken = np.arange(open_cuts.allowed.shape[1]) == picks[:, None]
    ends = per_bit(problem, even, open_cuts.table, delay)
    split = spectrum(ends_by_share(problem, ends, ends, taken, None), problem.device_count)
    conditions = at_shares(problem, even, split.shares)
    table = repriced(open_cuts.table, problem, conditions, delay)
    band = SharedBand(split=split, conditions=conditions, table=table, picks=picks, complete=False)
    return TwoTimescale(problem=problem, band=band)


def _large(
    problem: SplitProblem, conditions: Conditions, open_cuts: OpenCuts, order: CutOrder
) -> tuple[SplitProblem, Floats]:
    """The large timescale at the shares at hand: the problem with its setting, places between the cuts."""
    limit = problem.scenario.limits.accuracy_loss_ratio
    compression = problem.scenario.compression
    settings = (setting_of(compression),) if limit is None else frontier(compression)
    still, sent = _by_size(problem, conditions, open_cuts, order)
    sizes = np.log([one.size_ratio for one in settings])
    losses = np.array([one.loss_ratio for one in settings])
    reference = float(np.max((still + sent * np.exp(sizes[-1]))[:, 0]))
    count = problem.device_count

    def limits(point: Floats) -> Floats:
        size = np.exp(point[0])
        ends, _ = order.between(still + size * sent, point[1:-1])
        over = [np.interp(point[0], sizes, losses) / limit - 1.0] if limit is not None else []
        return np.concatenate((ends / reference - point[-1], over))

    def slopes(point: Floats) -> Floats:
        size = np.exp(point[0])
        rows = np.zeros((count + (limit is not None), count + 2))
        rows[:count, 0] = size * order.between(sent, point[1:-1])[0] / reference
        steps = order.between(still + size * sent, point[1:-1])[1] / reference
        rows[np.arange(count), 1 + np.arange(count)] = steps
        rows[:count, -1] = -1.0
        if limit is not None:
            at = int(np.clip(np.searchsorted(sizes, point[0]) - 1, 0, max(len(sizes) - 2, 0)))
            rise = (losses[at + 1] - losses[at]) / (sizes[at + 1] - sizes[at]) if len(sizes) > 1 else 0.0
            rows[count, 0] = rise / limit
        return rows

    size = setting_of(compression).size_ratio
    known = np.arange(still.shape[1]) < order.counts[:, None]
    fastest = np.where(known, still + size * sent, np.inf).argmin(axis=1)
    start = np.concatenate(([np.log(size)], fastest, [1.0]))
    found = augmented_lagrangian(
        ConstrainedProblem(
            objective=lambda point: float(point[-1]),
            objective_gradient=lambda point: np.append(np.zeros(count + 1), 1.0),
            lower=np.concatenate(([sizes[0]], np.zeros(count + 1))),
            upper=np.concatenate(([sizes[-1]], order.counts - 1.0, [np.inf])),
            inequalities=limits,
            inequality_jacobian=slopes,
        ),
        start,
    ).point
    if limit is None:
        return problem, found[1:-1]
    chosen = _from_size(settings, float(np.exp(found[0])), limit)
    return with_codec(problem, tightened(compression, chosen, limit).codec), found[1:-1]


def _by_size(
    problem: SplitProblem, conditions: Conditions, open_cuts: OpenCuts, order: CutOrder
) -> tuple[Floats, Floats]:
    """Delays without what compression sends and per size of it, shape (devices, ranks)."""
    both = problem.scenario.compression.directions == "both"
    unit = conditions.link.uplink_compression_ratio / setting_of(problem.scenario.compression).size_ratio
    none, full = (
        replace(
            conditions,
            link=replace(
                conditions.link,
                uplink_compression_ratio=size * unit,
                downlink_compression_ratio=size * unit if both else 1.0,
            ),
        )
        for size in (0.0, 1.0)
    )
    still, sent = (
        np.take_along_axis(repriced(open_cuts.table, problem, one, delay).delays_s, order.columns, axis=1)
        for one in (none, full)
    )
    usable = np.isfinite(still)
    return np.where(usable, still, 0.0), np.where(usable, sent - np.where(usable, still, 0.0), 0.0)


def _rounded(
    problem: SplitProblem, conditions: Conditions, open_cuts: OpenCuts, order: CutOrder, places: Floats
) -> Ints:
    """The neighbour of each place between two cuts that ends first at the shares at hand."""
    coding = coding_of(problem.scenario.compression, problem.workload.smashed)
    used = replace(conditions, link=coding.on(conditions.link))
    delays = np.take_along_axis(
        repriced(open_cuts.table, problem, used, delay).delays_s, order.columns, axis=1
    )
    rows = np.arange(len(places))
    low = np.floor(places).astype(np.int64)
    high = np.minimum(low + 1, order.counts - 1)
    rank = np.where(delays[rows, high] < delays[rows, low], high, low)
    return order.columns[rows, rank]


def _from_size(settings: tuple[CodecSetting, ...], size_ratio: float, limit: float) -> CodecSetting:
    """The lightest setting from the size found on that keeps the limit; the most exact where none does."""
    fitting = [one for one in settings if keeps(one, limit)]
    if not fitting:
        return min(settings, key=lambda one: one.loss_ratio)
    return next((one for one in fitting if one.size_ratio >= size_ratio), fitting[-1])
