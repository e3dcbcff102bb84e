"""The lines of a map: read off nine points where a law holds along both quantities, else row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from cutwise.analyses.maps.laws import LAWS, STRAIGHT, law_over
from cutwise.analyses.maps.map_places import MapPlaces, Place
from cutwise.analyses.maps.point_prices import PointPrices
from cutwise.analyses.maps.quantity_axis import QuantityAxis
from cutwise.analyses.maps.row_lines import RowLines, near_and_far
from cutwise.arrays import Floats
from cutwise.frozen import Frozen

INNER = 0.4142
"""Where between its ends the third point of an axis lies: no round share, which a step may share."""
Pricing = Callable[[Sequence[Place]], PointPrices]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class NinePoints(Frozen):
    """The prices at three values of each quantity, a column a point, and the laws that they tell."""

    across: Floats
    up: Floats
    prices: PointPrices
    law_across: str | None
    law_up: str | None

    @property
    def corners(self) -> list[int]:
        """The columns of the four corners."""
        return [0, 2, 6, 8]


def three_values(axis: QuantityAxis) -> Floats:
    """Both ends of an axis and a value between them."""
    if axis.log:
        inner = axis.low ** (1 - INNER) * axis.high**INNER
    else:
        inner = axis.low + INNER * (axis.high - axis.low)
    return np.array([axis.low, round(inner) if axis.whole else inner, axis.high])


def nine_places(places: MapPlaces) -> list[Place]:
    """Three values of one quantity times three of the other, the second fastest."""
    return list(product(three_values(places.across).tolist(), three_values(places.up).tolist()))


def nine_points(places: MapPlaces, prices: PointPrices, *, adds_up: bool) -> NinePoints:
    """What nine points tell; where delays are no sums a line that three points lie on is chance."""
    across, up = three_values(places.across), three_values(places.up)
    table = np.concatenate([prices.score, prices.delay_s, *prices.slack]).reshape(-1, 3, 3)
    laws = (law_over(across, table.swapaxes(1, 2)), law_over(up, table)) if adds_up else (None, None)
    return NinePoints(across=across, up=up, prices=prices, law_across=laws[0], law_up=laws[1])


def both_straight(found: NinePoints, rows: Floats) -> RowLines | None:
    """Lines over the first quantity at values of the second, where both have a law; None elsewhere."""
    if found.law_across is None or found.law_up is None:
        return None
    near_far = near_and_far(found.law_across, found.across[0], found.across[-1])
    columns = {float(found.across[0]): 0, float(found.across[-1]): 2}
    near, far = (
        _between(found, LAWS[found.law_up](rows), columns[float(end)]) for end in near_far
    )
    return RowLines(law=found.law_across, ends=near_far, near=near, far=far)


def _between(found: NinePoints, rows: Floats, column: int) -> PointPrices:
    """The prices at one value of the first quantity, at rows of law values of the second."""
    assert found.law_up is not None
    law_values = LAWS[found.law_up](found.up)
    first, last = (0, 2) if law_values[0] < law_values[2] else (2, 0)
    far = law_values[last] - law_values[first]
    share = (rows - law_values[first]) / far

    def told(values: Floats) -> Floats:
        at = values[..., [3 * column + first, 3 * column + last]]
        return np.asarray(at[..., :1] + share * (at[..., 1:] - at[..., :1]))

    prices = found.prices
    return PointPrices(
        score=told(prices.score), delay_s=told(prices.delay_s), slack=told(prices.slack)
    )


def is_told(lines: RowLines, row: int, value: float, priced: PointPrices) -> bool:
    """True where the lines of a row say what the evaluator does at one more point."""
    t = lines.over(np.array([value]))
    slopes = lines.slopes
    told = lines.near.score[:, row] + t * slopes.score[:, row]
    size = np.maximum(np.abs(lines.near.score[:, row]), np.abs(lines.far.score[:, row]))
    return bool((np.abs(told - priced.score[:, 0]) <= 10 * STRAIGHT * size).all())


def row_by_row(
    price: Pricing, *, law: str, axis: QuantityAxis, rows: Floats, along_across: bool
) -> RowLines:
    """Lines over the quantity that has a law, priced at both ends in every row of the other."""
    ends = near_and_far(law, axis.low, axis.high)
    made = [[(end, row) if along_across else (row, end) for row in rows.tolist()] for end in ends]
    near, far = (price(places) for places in made)
    return RowLines(law=law, ends=ends, near=near, far=far)
