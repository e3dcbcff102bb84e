"""What is special to each codec; what all keep is in tests/contracts/test_codecs.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cutwise.compression import CODECS, Codec, DeadZone, TopK, compressor_names
from cutwise.compression.rate_model import coded_bits, entropy_bits
from cutwise.errors import ScenarioError
from tests.core.compression.published_sizes import papers_bits

VARIANTS: dict[str, Codec] = {
    **{kind: CODECS[kind]() for kind in compressor_names()},
    "top_k bitmap": TopK(density_ratio=0.3, value_bits=4, mask_coding="bitmap"),
    "top_k golomb": TopK(density_ratio=0.2, mask_coding="golomb", value_coding="plain"),
    "top_k as the authors": TopK(mask_coding="bitmap", rounding="authors", clip_ratio=0.05),
    "top_k all": TopK(density_ratio=1.0, value_bits=12),
    "dead_zone fine": DeadZone(step_ratio=0.01),
}
TENSORS = arrays(
    np.float32, array_shapes(max_dims=4, max_side=5), elements=st.floats(-(2.0**100), 2.0**100, width=32)
)


def bits_of(tensor: np.ndarray[Any, Any]) -> list[int]:
    return tensor.view(np.int32).ravel().tolist()


def normal(*shape: int, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("name", list(VARIANTS))
@settings(max_examples=25)
@given(tensor=TENSORS, seed=st.integers(0, 3))
def test_bytes_decode_to_the_quantised_tensor_bit_for_bit(name: str, tensor: Any, seed: int) -> None:
    codec = VARIANTS[name]
    back = codec.decode(codec.encode(tensor, seed=seed))
    assert back.shape == tensor.shape
    assert bits_of(back) == bits_of(codec.restored(tensor, seed=seed))


@pytest.mark.parametrize("density", [0.05, 0.1, 0.25, 0.5])
@pytest.mark.parametrize("bits", [4, 8])
def test_real_bytes_are_within_four_percent_of_the_entropy_formula(density: float, bits: int) -> None:
    """k H(q) + n H2(rho) + 64 with the entropy of the levels drawn and one bit a sign."""
    codec, tensor = TopK(density_ratio=density, value_bits=bits), normal(100_000)
    held = codec.quantised(tensor)
    level_bits = 1 + entropy_bits(np.bincount(held.levels))
    formula = coded_bits(element_count=tensor.size, density_ratio=density, level_bits=level_bits)
    assert 8 * len(codec.encode(tensor)) == pytest.approx(float(formula), rel=0.04)


def test_the_papers_formula_is_conservative() -> None:
    """The notes: 1.15 to 2.5 times the real size for activations."""
    for density, bits in ((0.1, 4), (0.25, 8), (0.5, 8)):
        codec, tensor = TopK(density_ratio=density, value_bits=bits), normal(100_000)
        counted = papers_bits(element_count=tensor.size, density_ratio=density, value_bits=bits)
        assert 1.1 < float(counted) / (8 * len(codec.encode(tensor))) < 3


def test_the_restored_tensor_is_unbiased_where_it_is_kept() -> None:
    """A value between two levels varies by half a step at most: 5 standard errors of a mean of 300."""
    tensor = normal(400)
    codec = TopK(density_ratio=0.5, value_bits=3)
    low, high = codec.quantised(tensor).scale
    draws = np.array([codec.restored(tensor, seed=seed) for seed in range(300)], dtype=np.float64)
    kept = codec.quantised(tensor).kept
    errors = np.abs(draws.mean(axis=0) - tensor)[kept]
    assert errors.max() <= 5 * (high - low) / 3 / 2 / 300**0.5
    assert (draws[:, ~kept] == 0).all()


def test_the_authors_rounding_is_not_unbiased() -> None:
    """One level at 0.1 of a step never goes up: 1, 1.1, 2 on two levels gives back 1 for 1.1."""
    codec = TopK(density_ratio=1.0, value_bits=2, rounding="authors")
    draws = [codec.restored(np.array([1.0, 1.1, 2.0]), seed=seed)[1] for seed in range(50)]
    assert set(draws) == {np.float32(1.0)}


def test_rate_falls_with_sparsity_and_rises_with_bits_for_the_golomb_mask() -> None:
    """P3 must-reproduce check 4."""
    codec = TopK(mask_coding="golomb", magnitudes="gaussian")
    by_density = [
        replace(codec, density_ratio=density).forecast(element_count=1e6).size_ratio
        for density in (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
    ]
    by_bits = [
        replace(codec, value_bits=bits).forecast(element_count=1e6).size_ratio for bits in range(2, 13)
    ]
    assert (np.diff(by_density) > 0).all()
    assert (np.diff(by_bits) > 0).all()


def test_positive_tensors_pay_no_signs() -> None:
    """Half of the elements of a rectified tensor are zero and none is negative: no bit for signs."""
    tensor = np.maximum(normal(100_000), 0)
    codec = TopK(density_ratio=1.0)
    held = codec.quantised(tensor)
    level_bits = held.levels.size * entropy_bits(np.bincount(held.levels))
    assert 8 * len(codec.encode(tensor)) == pytest.approx(level_bits + tensor.size, rel=0.01)


def test_clipping_a_tensor_with_outliers_is_warned_of() -> None:
    """P3 must-reproduce check 4; the outlier tensor's kurtosis is in the hundreds."""
    clipped = TopK(clip_ratio=0.05)
    assert "most of the tensor's energy is lost" in clipped.forecast(element_count=1e6).warnings[0]
    assert not TopK().forecast(element_count=1e6).warnings
    assert not replace(clipped, magnitudes="gaussian").forecast(element_count=1e6).warnings


def test_levels_beyond_the_escape_come_back() -> None:
    """One value thousands of steps away among many small ones."""
    tensor = np.append(normal(4000), np.float32(1e4))
    codec = DeadZone(step_ratio=0.01)
    assert codec.quantised(tensor).levels.max() > 5000
    assert bits_of(codec.decode(codec.encode(tensor))) == bits_of(codec.restored(tensor))


def test_fields_out_of_bounds_are_refused_together() -> None:
    with pytest.raises(ScenarioError) as refused:
        TopK(density_ratio=0.0, value_bits=40)
    assert refused.value.mistakes == (
        "density_ratio: 0.0 is below the smallest value 1e-06",
        "value_bits: 40 is above the largest value 12",
    )
    with pytest.raises(ScenarioError, match="step_ratio"):
        DeadZone(step_ratio=0.0)
