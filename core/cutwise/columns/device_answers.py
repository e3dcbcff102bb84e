"""What one device takes in every row: its best cut within its limits, else the nearest to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np

from cutwise.arrays import Floats, Ints, Mask, Number
from cutwise.columns.device_rows import (
    FREE,
    DeviceRows,
    cuts_for,
    given_limits,
    groups_of_rows,
    memory_limits,
    rules_of,
)
from cutwise.columns.picks.nearest_cuts import nearest_cuts
from cutwise.columns.picks.picking import RowPicks, parts, picked
from cutwise.columns.picks.row_limits import Limit, MemoryLimit, least_excess_in
from cutwise.columns.picks.row_prices import priced
from cutwise.columns.row_features import RowGroup
from cutwise.cuts.brute_force import all_splits
from cutwise.frozen import Frozen
from cutwise.planning.one_device.candidates import Candidates, listed, split_graph
from cutwise.planning.one_device.fitting_cuts import MOST_SPLITS, features_of_splits
from cutwise.planning.one_device.objective import Score, Spread, score_of
from cutwise.plans.stages import StageTimes
from cutwise.tolerances import LIMIT_ROUNDING


@runtime_checkable
class ScoreOfRows(Protocol):
    """A score with numbers of its own in every row."""

    def __call__(self, stages: StageTimes) -> Number:
        """The score of cuts."""
        ...

    def of(self, rows: Ints) -> Score:
        """The score in some rows."""
        ...


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DeviceAnswer(Frozen):
    """What a device takes in every row, its cut as a row of `masks` (cuts, ops), and the server's charge.

    `short` rows break a limit, `crowded` ones where a memory binds, so that what comes nearest depends on
    who else is there; `left` are those that have no answer here.
    """

    delay_s: Floats
    energy_j: Floats
    cuts: Ints
    masks: Mask
    short: Mask
    crowded: Mask
    left: Mask
    client_bytes: Floats


class FilledAnswer:
    """An answer that is filled in pool by pool."""

    def __init__(self, count: int, ops: int) -> None:
        self.delay_s, self.energy_j, self.client_bytes = np.zeros((3, count))
        self.cuts, self.masks = np.zeros(count, dtype=np.int64), [np.zeros((0, ops), dtype=bool)]
        self.short, self.crowded, self.left = np.zeros((3, count), dtype=bool)

    def fill(self, device: DeviceRows, cuts: Candidates, picks: RowPicks, rows: Ints | slice) -> None:
        """The picks of some rows, with what they take."""
        if not len(picks.cuts):
            return
        self.delay_s[rows], self.energy_j[rows] = priced(cuts.sums, device.conditions, picks.cuts)
        self.client_bytes[rows] = cuts.memory.client_bytes(device.first, device.active)[picks.cuts]
        self.cuts[rows], self.short[rows] = picks.cuts + sum(map(len, self.masks)), picks.short
        self.masks.append(cuts.masks)

    def done(self) -> DeviceAnswer:
        """The answer as a value."""
        return DeviceAnswer(
            delay_s=self.delay_s,
            energy_j=self.energy_j,
            cuts=self.cuts,
            masks=np.vstack(self.masks),
            short=self.short,
            crowded=self.crowded,
            left=self.left,
            client_bytes=self.client_bytes,
        )


def answered_device(device: DeviceRows, score: Score | None = None) -> DeviceAnswer:
    """The best cut of every row, and what it takes; by the scenario's objective unless a score is given.

    A cut that is best whatever memories there are, and fits them, is best. For other rows a pool is made that
    tells cuts apart by what they hold; where a model has too many splits for one, they are left.
    """
    if score is None:
        score = score_of(device.problem.scenario.objective, Spread(delay_s=1.0, energy_j=1.0))
    found = FilledAnswer(device.count, len(device.problem.cost))
    for group in groups_of_rows(device, score):
        own = device if group.rows is None else device.part(group.rows)
        rows: Ints | slice = slice(None) if group.rows is None else group.rows
        cuts = cuts_for(device, group, FREE)
        if cuts is None:
            found.left[rows] = True
            continue
        picks = _picked(own, cuts, _in_rows(score, group.rows), given_limits(own, cuts, group.rows))
        bound = _bound(device, cuts, picks, group.rows)
        if not bound.any():
            found.fill(own, cuts, picks, rows)
            continue
        free, crowded = (np.flatnonzero(one) for one in (~bound, bound))
        found.fill(own.to_price(free), cuts, picks.of(free), _among(rows, free))
        _within_memory(device, group, _among(rows, crowded), score, found)
    return found.done()


def _among(rows: Ints | slice, places: Ints) -> Ints:
    """The rows at some places of a group, a slice being that of all."""
    return places if isinstance(rows, slice) else rows[places]


def _in_rows(score: Score, rows: Ints | None) -> Score:
    """The score in some rows; only one with prices of its own in every row differs."""
    return score.of(rows) if rows is not None and isinstance(score, ScoreOfRows) else score


def _picked(device: DeviceRows, cuts: Candidates, score: Score, limits: tuple[Limit, ...]) -> RowPicks:
    return picked(device.scores(score, cuts), limits, cuts=len(cuts.masks), rows=device.count)


def _bound(device: DeviceRows, cuts: Candidates, picks: RowPicks, rows: Ints | None) -> Mask:
    """In which rows the cut does not fit a memory, or breaks a limit while others do not fit."""
    asked = np.zeros(len(picks.cuts), dtype=bool)
    limits = [one if rows is None else one.of(rows) for one in memory_limits(device, cuts) if not one.spared]
    for one in limits:
        asked |= ~one.fits(picks.cuts)
    for cut in range(len(cuts.masks) if limits and (picks.short & ~asked).any() else 0):
        open_rows = np.flatnonzero(picks.short & ~asked)
        for one in limits:
            asked[open_rows] |= ~one.of(open_rows).fits(np.full(len(open_rows), cut))
    return asked


def _within_memory(
    device: DeviceRows, group: RowGroup, rows: Ints, score: Score, found: FilledAnswer
) -> None:
    """The answers of rows in which a memory binds."""
    own = device.part(rows)
    device_limit, server_limit = memory_limits(device, listed(device.problem, _none(device)))
    cuts = cuts_for(device, group, rules_of((device_limit.of(rows), server_limit.of(rows))))
    if cuts is None:
        found.left[rows] = True
        return
    memory = tuple(one.of(rows) for one in memory_limits(device, cuts) if not one.spared)
    limits: tuple[Limit, ...] = (*memory, *given_limits(own, cuts, rows))
    picks = _picked(own, cuts, _in_rows(score, rows), limits)
    found.fill(own, cuts, picks, rows)
    found.crowded[rows] = picks.short
    if picks.short.any():
        nothing = np.flatnonzero(picks.short)
        nothing = nothing[_none_fits(tuple(one.of(nothing) for one in memory), len(nothing), len(cuts.masks))]
        if len(nothing):
            _nearest(device, group, rows[nothing], found)


def _none_fits(memory: tuple[MemoryLimit, ...], rows: int, cuts: int) -> Mask:
    """The rows in which no cut fits its memories by what it holds at least; none without a memory."""
    found = np.zeros(rows, dtype=bool)
    for part in parts(rows, cuts) if memory else ():
        found[part] = (least_excess_in(memory, part) > LIMIT_ROUNDING).all(axis=0)
    return found


def _nearest(device: DeviceRows, group: RowGroup, rows: Ints, found: FilledAnswer) -> None:
    """The answers of rows whose memories no split fits: of all splits the nearest; of two as near none."""
    problem = device.problem
    own = device.part(rows)

    def limits_of(cuts: Candidates) -> tuple[tuple[MemoryLimit, ...], tuple[Limit, ...]]:
        memory = tuple(one.of(rows) for one in memory_limits(device, cuts))
        return memory, given_limits(own, cuts, rows)

    splits = listed(problem, all_splits(split_graph(problem), max_splits=MOST_SPLITS))
    copied = split_graph(problem, group.features, copies=True)
    features = features_of_splits(problem.cost, copied, splits.masks)
    near = nearest_cuts(splits, features, partial(listed, problem), limits_of, rows=len(rows))
    found.fill(own, near.cuts, RowPicks(cuts=near.picks, short=np.ones(len(rows), dtype=bool)), rows)
    found.left[rows[near.tied]] = True


def _none(device: DeviceRows) -> Mask:
    return np.zeros((0, len(device.problem.cost)), dtype=bool)
