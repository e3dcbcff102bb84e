"""Several divisible resources at once: closed forms, scipy, and proofs on both sides."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from cutwise.solvers.descent.augmented_lagrangian import augmented_lagrangian
from cutwise.solvers.descent.constrained import ConstrainedProblem
from cutwise.solvers.descent.sqp import sequential_quadratic
from cutwise.solvers.shares.minmax_share import minmax_share
from cutwise.solvers.shares.reciprocal_shares import minmax_reciprocal_shares


def drawn(seed: int, count: int, resources: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 3, count), rng.uniform(0, 2, (count, resources)) * 10 ** rng.uniform(
        -2, 1, (count, 1)
    )


def as_problem(fixed: np.ndarray, work: np.ndarray) -> tuple[ConstrainedProblem, np.ndarray]:
    """Minimise z, scaled by the value of equal shares, over shares of shape (items, resources)."""
    scale = float((fixed + work.sum(axis=1) * fixed.size).max())

    def limits(point: np.ndarray) -> np.ndarray:
        shares = point[:-1].reshape(work.shape)
        late = (fixed + (work / shares).sum(axis=1)) / scale - point[-1]
        return np.append(late, shares.sum(axis=0) - 1)

    problem = ConstrainedProblem(
        objective=lambda point: float(point[-1]),
        lower=np.append(np.full(work.size, 1e-4), 0.0),
        upper=np.append(np.ones(work.size), np.inf),
        inequalities=limits,
    )
    return problem, np.append(np.full(work.size, 1 / fixed.size), 1.0)


def reached(fixed: np.ndarray, work: np.ndarray, point: np.ndarray) -> float:
    shares = point[:-1].reshape(work.shape)
    return float((fixed + (work / (shares / shares.sum(axis=0))).sum(axis=1)).max())


def test_one_item_has_everything() -> None:
    found = minmax_reciprocal_shares(np.array([2.0]), np.array([[3.0, 4.0]]))
    assert found.value == pytest.approx(9.0)
    assert found.shares == pytest.approx(np.ones((1, 2)))


def test_items_on_resources_of_their_own_do_not_share() -> None:
    """1 + 4 and 2 + 1: the first ends at 5 whatever the other does."""
    found = minmax_reciprocal_shares(np.array([1.0, 2.0]), np.array([[4.0, 0.0], [0.0, 1.0]]))
    assert found.value == pytest.approx(5.0)
    assert found.bound == pytest.approx(5.0)


def test_two_opposite_items_by_hand() -> None:
    """Works (1, 4) and (4, 1): by symmetry shares x = (a, 1 - a) mirrored; 1/a + 4/(1 - a) is least at
    a = 1/3: 3 + 6 = 9. The matrix is [[5, 4], [4, 5]]/T with largest eigenvalue 9/T."""
    found = minmax_reciprocal_shares(np.zeros(2), np.array([[1.0, 4.0], [4.0, 1.0]]))
    assert found.value == pytest.approx(9.0)
    assert found.shares == pytest.approx(np.array([[1 / 3, 2 / 3], [2 / 3, 1 / 3]]))
    assert found.pressure == pytest.approx([0.5, 0.5])


def test_an_idle_item_that_is_late_by_itself_bounds_the_end() -> None:
    found = minmax_reciprocal_shares(np.array([100.0, 1.0]), np.array([[0.0, 0.0], [1.0, 2.0]]))
    assert (found.value, found.bound) == (100.0, 100.0)
    assert found.pressure.tolist() == [1.0, 0.0]


def test_nothing_to_do_ends_with_the_fixed_parts() -> None:
    found = minmax_reciprocal_shares(np.array([1.0, 3.0]), np.zeros((2, 2)))
    assert (found.value, found.bound) == (3.0, 3.0)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 50), st.floats(0, 20), st.floats(0, 20), st.floats(0, 20)),
        min_size=1,
        max_size=6,
    )
)
def test_shares_fit_and_value_and_bound_meet(items: list[tuple[float, float, float, float]]) -> None:
    fixed, work = np.array(items)[:, 0], np.array(items)[:, 1:].round(6)
    found = minmax_reciprocal_shares(fixed, work)
    assert (found.shares >= 0).all()
    assert (found.shares.sum(axis=0) <= 1 + 1e-12).all()
    spent = np.divide(work, found.shares, out=np.zeros_like(work), where=work > 0)
    assert found.value == pytest.approx(float((fixed + spent.sum(axis=1)).max()), rel=1e-12)
    assert found.bound <= found.value <= found.bound * (1 + 1e-6) + 1e-9
    assert found.pressure.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(6))
def test_one_resource_is_the_split_of_one_resource(seed: int) -> None:
    fixed, work = drawn(seed, 7, 1)
    found = minmax_reciprocal_shares(fixed, work)
    oracle = minmax_share(lambda x: fixed + work[:, 0] / x, 7)
    assert found.value == pytest.approx(oracle.value, rel=1e-8)
    assert found.shares[:, 0] == pytest.approx(oracle.shares, rel=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_scipy_finds_nothing_better(seed: int) -> None:
    fixed, work = drawn(seed, 4)
    problem, start = as_problem(fixed, work)
    oracle = minimize(
        problem.objective,
        start,
        bounds=list(zip(problem.lower, problem.upper, strict=True)),
        constraints=[{"type": "ineq", "fun": lambda x: -problem.inequalities(x)}],
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    found = minmax_reciprocal_shares(fixed, work)
    assert found.value <= reached(fixed, work, oracle.x) * (1 + 1e-9)
    assert found.value == pytest.approx(reached(fixed, work, oracle.x), rel=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_neither_the_augmented_lagrangian_nor_quadratic_programming_is_better(seed: int) -> None:
    """P3 must-reproduce check 9 for shares of band and server together."""
    fixed, work = drawn(seed, 4)
    problem, start = as_problem(fixed, work)
    exact = minmax_reciprocal_shares(fixed, work)
    for method in (augmented_lagrangian, sequential_quadratic):
        assert exact.bound <= reached(fixed, work, method(problem, start).point) <= exact.value * 1.001


def test_a_second_less_saves_what_the_pressure_says() -> None:
    fixed, work = drawn(3, 5)
    found = minmax_reciprocal_shares(fixed, work)
    for item in range(5):
        relieved = fixed - 1e-5 * (np.arange(5) == item)
        saved = found.value - minmax_reciprocal_shares(relieved, work).value
        assert saved / 1e-5 == pytest.approx(found.pressure[item], abs=1e-3)


def test_a_thousand_items_take_milliseconds() -> None:
    fixed, work = drawn(0, 1000)
    started = time.perf_counter()
    found = minmax_reciprocal_shares(fixed, work)
    assert time.perf_counter() - started < 0.2
    assert found.value <= found.bound * (1 + 1e-9)
