"""Band with Shannon's law and server together: certified, and never worse than general methods."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.optimize import minimize

from cutwise.solvers.shares.minmax_share import minmax_share
from cutwise.solvers.shares.reciprocal_shares import minmax_reciprocal_shares
from cutwise.solvers.shares.tangent_shares import minmax_convex_shares
from tests.core.solvers.shares.cells import finish_of


@pytest.mark.parametrize("count", [2, 8, 40])
@pytest.mark.parametrize("seed", range(4))
def test_value_and_bound_meet(seed: int, count: int) -> None:
    finish, work = finish_of(seed, count), np.random.default_rng(seed).uniform(0, 0.4, count)
    found = minmax_convex_shares(finish, work)
    assert (found.shares.sum(axis=0) <= 1 + 1e-12).all()
    reached = finish(found.shares[:, 0]) + work / found.shares[:, 1]
    assert found.value == pytest.approx(float(reached.max()), rel=1e-12)
    assert found.bound <= found.value <= found.bound * (1 + 1e-8)


def test_a_reciprocal_law_is_solved_as_it_is() -> None:
    rng = np.random.default_rng(1)
    fixed, work = rng.uniform(0, 2, 6), rng.uniform(0, 3, (6, 2))
    found = minmax_convex_shares(lambda x: fixed + work[:, 0] / x, work[:, 1])
    assert found.value == pytest.approx(minmax_reciprocal_shares(fixed, work).value, rel=1e-8)


def test_without_server_work_it_is_the_split_of_the_band() -> None:
    finish = finish_of(2, 6)
    assert minmax_convex_shares(finish, np.zeros(6)).value == pytest.approx(
        minmax_share(finish, 6).value, rel=1e-7
    )


@pytest.mark.parametrize("seed", range(3))
def test_scipy_finds_nothing_better(seed: int) -> None:
    """P3 must-reproduce check 9."""
    finish, work = finish_of(seed, 5), np.random.default_rng(seed).uniform(0.1, 0.4, 5)
    found = minmax_convex_shares(finish, work)

    def late(point: np.ndarray) -> np.ndarray:
        return point[-1] - (finish(point[:5]) + work / point[5:10]) / found.value

    oracle = minimize(
        lambda point: point[-1],
        np.append(np.full(10, 0.2), 3.0),
        bounds=[(1e-4, 1)] * 10 + [(0, None)],
        constraints=[
            {"type": "ineq", "fun": late},
            {"type": "ineq", "fun": lambda p: 1 - np.array([p[:5].sum(), p[5:10].sum()])},
        ],
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    first, second = oracle.x[:5] / oracle.x[:5].sum(), oracle.x[5:10] / oracle.x[5:10].sum()
    reached = float((finish(first) + work / second).max())
    assert found.value <= reached * (1 + 1e-9)
    assert found.value == pytest.approx(reached, rel=1e-4)


def test_a_thousand_items_take_milliseconds() -> None:
    finish, work = finish_of(0, 1000), np.full(1000, 0.01)
    started = time.perf_counter()
    assert minmax_convex_shares(finish, work).value < np.inf
    assert time.perf_counter() - started < 1.0
