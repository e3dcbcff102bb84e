"""The lines of a map: read off nine points where a law holds along both quantities, else row by row."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from cutwise.analyses.maps.axes.laws import LAWS, law_over
from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis
from cutwise.analyses.maps.lines.row_lines import RowLines, near_and_far
from cutwise.analyses.maps.places.map_places import MappedDevice, MapPlaces
from cutwise.analyses.maps.places.point_prices import PointPrices
from cutwise.arrays import Floats
from cutwise.frozen import Frozen

INNER = 0.4142
"""Where between its ends the third point of an axis lies: no round share, which a step may share."""
NINE = list(range(9))
CORNERS = [0, 2, 6, 8]
"""Which of the nine points are the corners."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class NinePoints(Frozen):
    """The prices at three values of each quantity, a column a point, and the laws that they tell."""

    across: Floats
    up: Floats
    prices: PointPrices
    law_across: str | None
    law_up: str | None


def three_values(axis: QuantityAxis) -> Floats:
    """Both ends of an axis and a value between them."""
    if axis.log:
        inner = axis.low ** (1 - INNER) * axis.high**INNER
    else:
        inner = axis.low + INNER * (axis.high - axis.low)
    return np.array([axis.low, round(inner) if axis.whole else inner, axis.high])


def nine_columns(places: MapPlaces) -> dict[str, Floats]:
    """Three values of the first quantity times three of the second, the second fastest, as columns.

    Behind them stand the present values, where there are any.
    """
    here = [axis.here for axis in places.axes]
    now = [] if None in here else [[one for one in here if one is not None]]
    return places.columns([*product(*(three_values(axis).tolist() for axis in places.axes)), *now])


def nine_points(mapped: MappedDevice, told: PointPrices) -> NinePoints:
    """What the first nine points tell; where delays are no sums a line that three points lie on is chance."""
    prices = told.at(NINE)
    across, up = (three_values(axis) for axis in mapped.places.axes)
    table = np.concatenate([prices.score, prices.delay_s, *prices.slack]).reshape(-1, 3, 3)
    sums = mapped.places.problem.adds_up
    laws = (law_over(across, table.swapaxes(1, 2)), law_over(up, table)) if sums else (None, None)
    return NinePoints(across=across, up=up, prices=prices, law_across=laws[0], law_up=laws[1])


def both_straight(found: NinePoints, rows: Floats) -> RowLines | None:
    """Lines over the first quantity at values of the second, where both have a law; None elsewhere."""
    if found.law_across is None or found.law_up is None:
        return None
    ends = near_and_far(found.law_across, float(found.across[0]), float(found.across[-1]))
    column = {float(found.across[0]): 0, float(found.across[-1]): 2}
    near, far = (_between(found, LAWS[found.law_up](rows), column[end]) for end in ends)
    return RowLines(law=found.law_across, ends=ends, near=near, far=far)


def _between(found: NinePoints, rows: Floats, column: int) -> PointPrices:
    """The prices at one value of the first quantity, at rows of law values of the second."""
    assert found.law_up is not None
    law_values = LAWS[found.law_up](found.up)
    first, last = (0, 2) if law_values[0] < law_values[2] else (2, 0)
    share = (rows - law_values[first]) / (law_values[last] - law_values[first])
    ends = found.prices.at([3 * column + first, 3 * column + last])

    def told(values: Floats) -> Floats:
        return np.asarray(values[..., :1] + share * (values[..., 1:] - values[..., :1]))

    score = told(ends.score)
    delay_s = score if ends.delay_s is ends.score else told(ends.delay_s)
    return PointPrices(score=score, delay_s=delay_s, slack=told(ends.slack))


def row_by_row(mapped: MappedDevice, *, law: str, along: int, rows: Floats) -> RowLines:
    """Lines over the quantity that has a law, priced at both ends in every row of the other."""
    axes = mapped.places.axes
    ends = near_and_far(law, axes[along].low, axes[along].high)
    columns = {axes[along].path: np.repeat(np.array(ends), len(rows)), axes[1 - along].path: np.tile(rows, 2)}
    prices = mapped.prices(columns)
    at = np.arange(len(rows))
    return RowLines(law=law, ends=ends, near=prices.at(at), far=prices.at(at + len(rows)))
