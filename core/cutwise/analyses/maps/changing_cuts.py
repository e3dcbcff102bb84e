"""At which values of a quantity the cut of a device changes: by lines where a law holds, else by parting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cutwise.analyses.cut_moves import stands_alone
from cutwise.analyses.maps.axes.laws import law_over
from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis
from cutwise.analyses.maps.lines.bisection import NEAR, runs_by_parting
from cutwise.analyses.maps.lines.row_lines import RowLines, near_and_far
from cutwise.analyses.maps.lines.score_lines import NONE_FITS, Runs
from cutwise.analyses.maps.places.as_planned import BATCH
from cutwise.analyses.maps.places.map_places import MappedDevice, MapPlaces, Range
from cutwise.analyses.maps.places.point_prices import PointPrices
from cutwise.analyses.maps.straight_map import three_values
from cutwise.arrays import Floats, Ints
from cutwise.planning.answer.cut_labels import labels_of
from cutwise.plans.plan import Plan
from cutwise.question import Question

SAMPLES = 201
"""Values of a quantity without a law that are priced one by one."""
NO_CUT = "no cut keeps the limits"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangingCuts:
    """The cuts of a device along one quantity: `cuts[i]` from `starts[i]` on, up to the next.

    `shares` are the parts of the work that they keep on the device. `today` is the place of the present value
    among them, -1 where it has none. `exact` says that a law holds along the quantity, so that nothing is
    missed; `complete` that no cut outside those compared can be
    better, `alone` that the other devices do not matter.
    """

    device: str
    axis: QuantityAxis
    law: str | None
    starts: tuple[float, ...]
    cuts: tuple[str, ...]
    shares: tuple[float, ...]
    today: int
    exact: bool
    complete: bool
    alone: bool

    @property
    def below(self) -> tuple[float, str] | None:
        """Under which value another cut is best, and which; None where none is in the range."""
        return (self.starts[self.today], self.cuts[self.today - 1]) if self.today > 0 else None

    @property
    def above(self) -> tuple[float, str] | None:
        """From which value on another cut is best, and which; None where none is in the range."""
        at = self.today + 1
        return (self.starts[at], self.cuts[at]) if 0 < at < len(self.cuts) else None


def changing_cuts(
    question: Question,
    plan: Plan,
    device: int,
    ranges: Mapping[str, Range],
    *,
    near: float = NEAR,
    samples: int = SAMPLES,
) -> tuple[ChangingCuts, ...]:
    """What changes a device's cut along each of these quantities, the others as they are today.

    All that have a law are priced together, three points each; along the others what is best only between two
    of the `samples` is missed. Raises `ScenarioError` for a path that is no
    quantity, `SolverError` where no cut of one device is best by itself.
    """
    alone, found = stands_alone(question, plan), {}
    for paths in _priced_together(tuple(ranges)):
        places = MapPlaces.of(question, plan, {path: ranges[path] for path in paths}, device=device)
        mapped, prices = MappedDevice.of(places, device, _three_columns(places))
        for at, axis in enumerate(places.axes):
            law, lines = _lines(mapped, axis, prices.at([3 * at, 3 * at + 1, 3 * at + 2]))
            runs = _sampled(mapped, axis, near, samples) if lines is None else lines.runs()
            found[axis.path] = _told(mapped, axis, law, runs, alone)
    return tuple(found[path] for path in ranges)


def _priced_together(paths: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Paths in groups: sizes of mini-batches change what a model holds, and are looked at by themselves."""
    others = tuple(path for path in paths if path != BATCH)
    return [group for group in (others, (BATCH,) if BATCH in paths else ()) if group]


def _three_columns(places: MapPlaces) -> dict[str, Floats]:
    """Three values of every quantity one after another, the others as they are, as columns."""
    count = len(places.axes)
    columns = {}
    for at, axis in enumerate(places.axes):
        here = axis.low if axis.here is None else axis.here
        columns[axis.path] = np.full(3 * count, here, dtype=np.float64)
        columns[axis.path][3 * at : 3 * at + 3] = three_values(axis)
    return columns


def _lines(
    mapped: MappedDevice, axis: QuantityAxis, three: PointPrices
) -> tuple[str | None, RowLines | None]:
    law = None
    if mapped.places.problem.adds_up:
        law = law_over(three_values(axis), np.concatenate([three.score, *three.slack]))
    if law is None:
        return None, None
    ends = near_and_far(law, axis.low, axis.high)
    at = [0, 2] if ends[0] == axis.low else [2, 0]
    return law, RowLines(law=law, ends=ends, near=three.at(at[:1]), far=three.at(at[1:]))


def _sampled(mapped: MappedDevice, axis: QuantityAxis, near: float, samples: int) -> Runs:
    values = axis.values(samples)

    def labels_at(tried: Floats, _: Ints) -> Ints:
        columns = {
            other.path: np.full(len(tried), other.low if other.here is None else other.here)
            for other in mapped.places.axes
        }
        scores = mapped.prices({**columns, axis.path: tried}).scores
        best = scores.argmin(axis=0)
        return np.where(np.isfinite(scores[best, np.arange(len(tried))]), best, NONE_FITS)

    rows = np.zeros(len(values), dtype=np.int64)
    return runs_by_parting(axis, values, labels_at(values, rows)[None], labels_at, near=near)


def _told(mapped: MappedDevice, axis: QuantityAxis, law: str | None, runs: Runs, alone: bool) -> ChangingCuts:
    known = np.isfinite(runs.start[:, 0])
    starts, cuts = runs.start[known, 0], runs.cut[known, 0]
    starts, cuts = _whole(starts, cuts) if axis.whole else (starts, cuts)
    names = labels_of(mapped.places.problem, mapped.cuts.masks[np.maximum(cuts, 0)])
    here = axis.here
    return ChangingCuts(
        device=mapped.places.plan.decisions[mapped.device].device,
        axis=axis,
        law=law,
        starts=tuple(starts.tolist()),
        cuts=tuple(NO_CUT if cut == NONE_FITS else name for cut, name in zip(cuts, names, strict=True)),
        shares=tuple(np.where(cuts == NONE_FITS, 0.0, mapped.work_kept(np.maximum(cuts, 0))).tolist()),
        today=-1 if here is None else int(np.searchsorted(starts, here, side="right")) - 1,
        exact=law is not None,
        complete=mapped.cuts.complete,
        alone=alone,
    )


def _whole(starts: Floats, cuts: Ints) -> tuple[Floats, Ints]:
    """Starts at the next whole number; what would hold for none is left out."""
    whole = np.ceil(starts)
    last = np.append(whole[1:] > whole[:-1], True)
    return whole[last], cuts[last]


def neighbours_told(found: ChangingCuts, written: Sequence[str]) -> str:
    """The present cut and both neighbours in one sentence; `written` are starts as people read them."""
    if found.today < 0:
        return f"{found.axis.title} has no value now"
    parts = [f"{found.cuts[found.today]} now"]
    if found.below:
        parts.append(f"{found.below[1]} below {written[found.today]}")
    if found.above:
        parts.append(f"{found.above[1]} from {written[found.today + 1]} on")
    return ", ".join(parts)
