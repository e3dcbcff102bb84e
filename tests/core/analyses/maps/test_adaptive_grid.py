"""Grids that are finer along borders, against every point asked."""

from __future__ import annotations

import numpy as np
import pytest

from cutwise.analyses.maps.axes.quantity_axis import QuantityAxis
from cutwise.analyses.maps.lines.bisection import runs_by_parting
from cutwise.analyses.maps.rounds.adaptive_grid import AskedPoints, adaptive_grid


@pytest.mark.parametrize("slope", [0.3, 1.0, 2.5])
def test_every_point_is_what_asking_it_says_where_borders_cross_the_square(slope: float) -> None:
    def truth(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        return np.searchsorted([9.3, 20.7], rows * slope + columns * 0.4)

    def ask(rows: np.ndarray, columns: np.ndarray) -> AskedPoints:
        assert len({*zip(rows.tolist(), columns.tolist(), strict=True)}) == len(rows)
        return AskedPoints(best=truth(rows, columns), scores=np.exp([rows + 2.0 * columns]))

    found = adaptive_grid(ask, coarse=8, levels=2)
    rows, columns = np.indices((33, 33))
    assert (found.best == truth(rows, columns)).all()
    assert found.asked.sum() < 0.75 * found.asked.size
    np.testing.assert_allclose(found.scores[0], np.exp(rows + 2.0 * columns), rtol=1e-9)


def test_nothing_is_asked_twice_and_all_is_where_everything_differs() -> None:
    seen: list[tuple[int, int]] = []

    def ask(rows: np.ndarray, columns: np.ndarray) -> AskedPoints:
        seen.extend(zip(rows.tolist(), columns.tolist(), strict=True))
        return AskedPoints(best=(rows + columns) % 2 + rows % 3, scores=np.full((1, len(rows)), np.inf))

    found = adaptive_grid(ask, coarse=3, levels=1)
    assert len(seen) == len(set(seen)) == int(found.asked.sum())
    assert np.isinf(found.scores[0][found.asked]).all()


@pytest.mark.parametrize(("log", "whole"), [(True, False), (False, False), (True, True)])
def test_changes_are_parted_to_their_places_with_thirds_between(log: bool, whole: bool) -> None:
    """A third is best between two neighbours; of whole numbers each change is the first that has it."""
    axis = QuantityAxis(path="x", title="X", unit="", whole=whole, log=log, here=1.0, low=1.0, high=1000.0)
    edges = [8.0, 10.0, 300.0] if whole else [7.25, 7.5, 300.125]

    def labels_at(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.searchsorted(edges, values * (1 + rows), side="right")

    values = np.unique(axis.values(12))
    rows = np.repeat([0, 1], len(values))
    labels = labels_at(np.tile(values, 2), rows).reshape(2, -1)
    found = runs_by_parting(axis, values, labels, labels_at)
    for row in (0, 1):
        starts = found.start[:, row][np.isfinite(found.start[:, row])][1:]
        places = np.array(edges) / (1 + row)
        np.testing.assert_allclose(starts, np.ceil(places) if whole else places, rtol=1e-9)
        assert found.cut[: len(starts) + 1, row].tolist() == [0, 1, 2, 3]
