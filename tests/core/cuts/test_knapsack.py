"""One option a group within a budget, against trying all combinations and against CP-SAT."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from ortools.sat.python import cp_model

from cutwise.cuts.knapsack import choose_one_per_group
from cutwise.errors import SolverError


def tried(cost: np.ndarray, weight: np.ndarray, cap: float) -> float:
    groups, options = cost.shape
    return min(
        (
            sum(cost[g, k] for g, k in enumerate(chosen))
            for chosen in itertools.product(range(options), repeat=groups)
            if sum(weight[g, k] for g, k in enumerate(chosen)) <= cap
        ),
        default=np.inf,
    )


def by_cp_sat(cost: np.ndarray, weight: np.ndarray, cap: int) -> int:
    model = cp_model.CpModel()
    taken = [[model.new_bool_var("") for _ in row] for row in cost]
    for row in taken:
        model.add_exactly_one(row)
    model.add(
        sum(int(w) * x for ws, xs in zip(weight, taken, strict=True) for w, x in zip(ws, xs, strict=True))
        <= cap
    )
    model.minimize(
        sum(int(c) * x for cs, xs in zip(cost, taken, strict=True) for c, x in zip(cs, xs, strict=True))
    )
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model) == cp_model.OPTIMAL
    return int(solver.objective_value)


def test_small_cases_match_all_combinations() -> None:
    statuses = set()
    for seed in range(500):
        rng = np.random.default_rng(seed)
        shape = (int(rng.integers(1, 6)), int(rng.integers(1, 5)))
        whole = seed % 2
        cost, weight = (
            rng.integers(0, 9, shape).astype(float) if whole else rng.random(shape) for _ in range(2)
        )
        cost[rng.random(shape) < 0.1] = np.inf
        cap = float(rng.integers(0, 5 * shape[0])) if whole else 0.7 * shape[0] * rng.random()
        choice = choose_one_per_group(cost, weight, cap)
        statuses.add(choice.status)
        assert choice.cost == pytest.approx(tried(cost, weight, cap)), f"seed {seed}"
        assert choice.weight <= cap or choice.status == "infeasible"
    assert statuses == {"optimal", "infeasible"}


@pytest.mark.parametrize("seed", range(5))
def test_thirty_devices_with_a_dozen_cuts_match_cp_sat(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost, weight = rng.integers(1, 1000, (30, 12)), rng.integers(1, 1000, (30, 12))

    choice = choose_one_per_group(cost, weight, 9000.0)

    assert choice.status == "optimal"
    assert choice.cost == by_cp_sat(cost, weight, 9000)


def test_equal_devices_need_not_take_equal_options() -> None:
    """Three devices, options (5, 0) and (0, 2), budget 4: two of them may take the second."""
    choice = choose_one_per_group([[5.0, 0.0]] * 3, [[0.0, 2.0]] * 3, 4.0)

    assert (choice.cost, choice.weight) == (5.0, 4.0)
    assert sorted(choice.options.tolist()) == [0, 1, 1]


def test_options_that_do_not_exist_are_never_taken() -> None:
    assert choose_one_per_group([[np.inf, 3.0]], [[0.0, 1.0]], 2.0).options.tolist() == [1]
    assert choose_one_per_group([[1.0, 3.0]], [[np.inf, 1.0]], 2.0).options.tolist() == [1]
    assert choose_one_per_group([[np.inf, np.inf]], [[0.0, 0.0]], 2.0).status == "infeasible"


def test_a_hundred_correlated_groups_stay_close_to_the_bound() -> None:
    rng = np.random.default_rng(1)
    weight = rng.random((60, 15))

    choice = choose_one_per_group(2 - weight + 0.01 * rng.random((60, 15)), weight, 18.0)

    assert choice.weight <= 18.0
    assert choice.bound <= choice.cost <= choice.bound + 1e-2


def test_no_groups_cost_nothing() -> None:
    assert choose_one_per_group(np.zeros((0, 3)), np.zeros((0, 3)), 1.0).cost == 0.0


@pytest.mark.parametrize(
    ("cost", "weight", "sentence"),
    [
        ([[1.0]], [[1.0, 2.0]], "must both be"),
        ([[np.nan]], [[1.0]], "must be finite"),
        ([[1.0]], [[-np.inf]], "finite"),
    ],
)
def test_tables_that_make_no_sense_are_refused(
    cost: list[list[float]], weight: list[list[float]], sentence: str
) -> None:
    with pytest.raises(SolverError, match=sentence):
        choose_one_per_group(cost, weight, 1.0)
