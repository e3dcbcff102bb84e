"""A tiny world: 60 random images, four devices of unequal size, and plain torch modules as an oracle."""

from __future__ import annotations

import numpy as np
import pytest

from cutwise.convergence.schedule import Learner


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).random((60, 8, 8))


@pytest.fixture
def labels() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 10, 60)


@pytest.fixture
def four_devices() -> tuple[np.ndarray, ...]:
    """Sizes 24, 18, 12 and 6."""
    return tuple(np.split(np.random.default_rng(2).permutation(60), [24, 42, 54]))


@pytest.fixture
def learner(four_devices: tuple[np.ndarray, ...]) -> Learner:
    return Learner(seed=5, shares=four_devices, groups=((2, 0, 1, 3),), learning_rate=0.3)
