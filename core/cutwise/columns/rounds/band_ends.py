"""When a device ends as its share of a band changes, in many rows: the straight lines that touch it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.columns.least_sums import Sums, least_of
from cutwise.columns.rounds.band_cuts import STILL, BandCuts, BandDevice
from cutwise.fields.checked_columns import with_checked
from cutwise.frozen import Frozen
from cutwise.problem.split_problem import SplitProblem

NUDGE = 1e-6
"""By how much a share is changed to see how rates follow it; what is found in the end is exact."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Lines(Frozen):
    """When a device ends, how much later as one over its share grows by 1, and the cut it takes, (rows,).

    Cuts are counted over all parts of the device.
    """

    end_s: Floats
    rise_s: Floats
    cuts: Ints


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PartEnds(Frozen):
    """Some cuts in the rows `places` of a stretch: what their terms are multiplied with, (terms, places).

    `barred` cuts (cuts, places) are not taken.
    """

    part: BandCuts
    places: Ints
    coefficients: Floats
    given: Ints | None
    barred: Mask | None
    first_cut: int
    stretch_rows: int

    def among(self, rows: Ints) -> tuple[Ints | slice, Ints]:
        """Which of these rows of the stretch are its own, and where they stand in it."""
        if len(self.places) == self.stretch_rows:
            return slice(None), rows
        here = np.flatnonzero(np.isin(rows, self.places, assume_unique=True))
        return here, np.searchsorted(self.places, rows[here])

    def lines(self, some: Ints, ways: Floats, later: Floats) -> Lines:
        """The lines of `some` of its rows, by a bit's seconds in them, (directions, rows), now and nudged."""
        terms, coefficients = self.part.terms, self.coefficients[:, some]
        now = coefficients * ways[[term.way for term in terms]]
        slopes = np.array([term.slopes for term in terms]).reshape(len(terms), len(self.part.base))
        sums = Sums(base=self.part.base, slopes=slopes)
        cuts, gain = self._picked(sums, now, some), later - ways
        end_s, rise_s = sums.base[cuts], np.zeros(len(some))
        for term, own, amount in zip(terms, coefficients, now, strict=True):
            slope = term.slopes[cuts]
            end_s += amount * slope
            if term.way != STILL:
                rise_s += own * gain[term.way] * slope
        return Lines(end_s=end_s, rise_s=rise_s, cuts=cuts + self.first_cut)

    def _picked(self, sums: Sums, coefficients: Floats, some: Ints) -> Ints:
        if self.given is not None:
            return self.given[some]
        apart = Sums(base=sums.base - sums.base[0], slopes=sums.slopes - sums.slopes[:, :1])
        if self.barred is None:
            return least_of(apart, coefficients)
        values = apart.base[:, None] + np.einsum("jk,jr->kr", apart.slopes, coefficients)
        return np.asarray(np.where(self.barred[:, some], np.inf, values).argmin(axis=0))


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DeviceEnds(Frozen):
    """A device in a stretch of rows."""

    problem: SplitProblem
    parts: tuple[PartEnds, ...]

    @classmethod
    def of(cls, device: BandDevice, stretch: slice) -> DeviceEnds:
        """The device in these rows."""
        parts, first_cut = [], 0
        for part in device.parts:
            own = part.within(stretch)
            rows = np.arange(own.start, own.stop) if part.rows is None else part.rows[own]
            if len(rows):
                parts.append(
                    PartEnds(
                        part=part,
                        places=rows - stretch.start,
                        coefficients=part.coefficients(own),
                        given=None if part.given is None else part.given[own],
                        barred=part.barred(own),
                        first_cut=first_cut,
                        stretch_rows=stretch.stop - stretch.start,
                    )
                )
            first_cut += len(part.base)
        return cls(problem=_in_rows(device.rows.problem, stretch), parts=tuple(parts))

    def lines(self, inverse: Floats, rows: Ints) -> Lines:
        """The lines at one over these shares (rows,) of some rows of the stretch."""
        problem = _in_rows(self.problem, rows)
        ways, later = (_s_per_bit(problem, one) for one in (inverse, inverse * (1 + NUDGE)))
        (end_s, rise_s), cuts = np.zeros((2, len(rows))), np.zeros(len(rows), dtype=np.int64)
        for part in self.parts:
            here, some = part.among(rows)
            if not len(some):
                continue
            own = part.lines(some, ways[:, here], later[:, here])
            end_s[here], rise_s[here], cuts[here] = own.end_s, own.rise_s, own.cuts
        return Lines(end_s=end_s, rise_s=rise_s / (NUDGE * inverse), cuts=cuts)


def _s_per_bit(problem: SplitProblem, inverse: Floats) -> Floats:
    """What terms are multiplied with at one over these shares, shape (STILL, UP, DOWN; rows)."""
    uplink_bps, downlink_bps = problem.rates_bps(1.0 / inverse)
    return np.stack([np.ones(len(inverse)), 1.0 / np.asarray(uplink_bps), 1.0 / np.asarray(downlink_bps)])


def _in_rows(problem: SplitProblem, rows: Ints | slice) -> SplitProblem:
    """The problem with the link's numbers of some rows; the rest of it as it was."""
    channel: Any = problem.scenario.channel
    taken = {
        f.name: value[rows]
        for f in fields(channel)
        if isinstance(value := getattr(channel, f.name), np.ndarray)
    }
    return replace(
        problem,
        scenario=with_checked(problem.scenario, {"channel": with_checked(channel, taken)}),
        distance_m=_some(problem.distance_m, rows),
        transmit_power_w=_some(problem.transmit_power_w, rows),
    )


def _some(values: Floats, rows: Ints | slice) -> Floats:
    return values[rows] if len(values) > 1 else values
