from __future__ import annotations

import numpy as np
import pytest

from cutwise.compression import TopK
from cutwise.convergence.lossy_channel import LossyChannel

torch = pytest.importorskip("torch")


def arrived(data: np.ndarray, channel: LossyChannel, *, real: int | None = None, seed: int = 0) -> np.ndarray:
    """What arrives of one tensor (samples, numbers), of which the first `real` samples are real."""
    present = torch.zeros((1, len(data)), dtype=torch.float64)
    present[:, :real] = 1
    generator = torch.Generator().manual_seed(seed)
    return channel.passed(torch.as_tensor(data)[None], present, generator=generator)[0].numpy()


@pytest.mark.parametrize(("density", "bits"), [(1.0, 8), (1.0, 4), (0.1, 8), (0.25, 3)])
def test_arrives_what_the_codec_restores_to_within_one_level(density: float, bits: int) -> None:
    data = np.random.default_rng(0).normal(size=(8, 50)).astype(np.float32).astype(np.float64)
    here = arrived(data, LossyChannel(density_ratio=density, value_bits=bits))
    codec = TopK(density_ratio=density, value_bits=bits).restored(data, seed=1)
    kept = np.abs(data[codec != 0])
    step = (kept.max() - kept.min()) / (2 ** (bits - 1) - 1)
    assert np.array_equal(here != 0, codec != 0)
    assert np.abs(here - codec).max() <= step * (1 + 1e-5)


def test_rounding_is_right_on_average() -> None:
    # Levels 1 and 4 (2 bits: two levels). 2 lies a third of the way: 4 in a third of the cases.
    data = np.array([[1.0, -4.0, 2.0, 0.0]])
    draws = np.stack([arrived(data, LossyChannel(value_bits=2), seed=seed)[0] for seed in range(3000)])
    assert set(draws[:, 2]) == {1.0, 4.0}
    # Standard error: 3 * sqrt(2/9) / sqrt(3000) = 0.026; four of them.
    assert draws.mean(0) == pytest.approx(data[0], abs=0.104)
    assert (draws[:, [0, 1, 3]] == data[0, [0, 1, 3]]).all()


def test_missing_samples_neither_arrive_nor_count() -> None:
    data = np.arange(1.0, 21.0).reshape(4, 5)
    here = arrived(data, LossyChannel(density_ratio=0.2, value_bits=8), real=2)
    # 20 % of the ten real numbers are two: 9 and 10, the ends of the range, exact.
    assert here.tolist() == [[0.0] * 5, [0.0, 0.0, 0.0, 9.0, 10.0], [0.0] * 5, [0.0] * 5]


def test_equal_values_keep_the_number_that_density_asks_for() -> None:
    here = arrived(np.ones((2, 10)), LossyChannel(density_ratio=0.25, value_bits=8))
    assert sorted(here.ravel().tolist()) == [0.0] * 15 + [1.0] * 5


def test_nothing_arrives_of_zeros() -> None:
    assert not arrived(np.zeros((2, 3)), LossyChannel(value_bits=4)).any()
