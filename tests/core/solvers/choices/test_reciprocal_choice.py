"""Options and shares together against enumeration of every choice."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cutwise.errors import SolverError
from cutwise.solvers.choices.reciprocal_choice import minmax_reciprocal_choice
from cutwise.solvers.shares.reciprocal_shares import minmax_reciprocal_shares


def enumerated(fixed: np.ndarray, work: np.ndarray) -> float:
    items = np.arange(len(fixed))
    choices = itertools.product(*[np.flatnonzero(np.isfinite(row)) for row in fixed])
    return min(
        minmax_reciprocal_shares(fixed[items, choice], work[items, choice]).value
        for choice in map(np.array, choices)
    )


def transformer(seed: int, count: int, layers: int) -> tuple[np.ndarray, np.ndarray]:
    """Blocks 1 to layers - 1 on the device, up to what its memory holds; every cut sends the same."""
    rng = np.random.default_rng(seed)
    blocks = np.arange(1, layers)
    speed, held = rng.choice([0.35, 0.7, 1.4, 2.8], (count, 1)), rng.integers(2, layers, (count, 1))
    fixed = np.where(blocks <= held, blocks / speed, np.inf)
    first = np.repeat(rng.uniform(0.2, 3, (count, 1)), layers - 1, axis=1)
    second = np.tile((layers - blocks) / rng.choice([6.0, 20.0, 60.0]), (count, 1))
    return fixed, np.stack((first, second), axis=2)


@pytest.mark.parametrize("seed", range(8))
def test_transformer_cuts_are_optimal_and_certified(seed: int) -> None:
    """P3's block allocation with optimised server shares: value, enumeration and bound agree."""
    fixed, work = transformer(seed, 3, 7)
    found = minmax_reciprocal_choice(fixed, work)
    assert found.split.value == pytest.approx(enumerated(fixed, work), rel=1e-9)
    assert found.bound == pytest.approx(found.split.value, rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_transformer_cuts_lie_at_the_ends(seed: int) -> None:
    """What an option asks for is concave in its blocks: the fewest or the most that the memory holds."""
    fixed, work = transformer(seed, 8, 24)
    found = minmax_reciprocal_choice(fixed, work)
    most = np.isfinite(fixed).sum(axis=1) - 1
    assert all(option in (0, last) for option, last in zip(found.options, most, strict=True))
    assert found.split.value <= found.bound * (1 + 1e-6)


def test_a_fast_server_takes_everything_and_a_slow_one_little() -> None:
    """P3 must-reproduce check 8: with a strong server every device keeps one block; with a weak one the fast
    devices keep what they can hold."""
    blocks = np.arange(1, 12)
    fixed = np.array([[1 / 0.5], [1 / 3.0]]) * blocks
    first = np.full((2, 11), 1.0)
    strong = np.stack((first, np.tile((12 - blocks) / 100.0, (2, 1))), axis=2)
    weak = np.stack((first, np.tile((12 - blocks) / 1.0, (2, 1))), axis=2)
    assert minmax_reciprocal_choice(fixed, strong).options.tolist() == [0, 0]
    assert minmax_reciprocal_choice(fixed, weak).options[1] == 10


@pytest.mark.parametrize("seed", range(12))
def test_any_options_are_near_enumeration_and_above_the_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    fixed, work = rng.uniform(0, 3, (3, 5)), rng.uniform(0, 3, (3, 5, 2)) ** 2
    found, best = minmax_reciprocal_choice(fixed, work), enumerated(fixed, work)
    assert found.bound <= best * (1 + 1e-9)
    assert best * (1 - 1e-9) <= found.split.value <= best * 1.02


def test_an_item_without_an_option_is_named() -> None:
    with pytest.raises(SolverError, match="item 1 has no option"):
        minmax_reciprocal_choice(np.array([[1.0], [np.inf]]), np.ones((2, 1, 2)))
