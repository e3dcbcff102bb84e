"""What every registered codec keeps to, and what is special to each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cutwise.compression import CODECS, PROFILES, Codec, DeadZone, TopK, profile_of
from cutwise.compression.rate_model import coded_bits, entropy_bits
from cutwise.errors import ScenarioError, SolverError
from tests.core.compression.published_sizes import papers_bits

VARIANTS: dict[str, Codec] = {
    **{name: codec() for name, codec in CODECS.items()},
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


@pytest.mark.parametrize("name", list(VARIANTS))
def test_a_mini_batch_decodes_bit_for_bit(name: str) -> None:
    codec, tensor = VARIANTS[name], normal(2, 30, 64)
    assert bits_of(codec.decode(codec.encode(tensor, seed=5))) == bits_of(codec.restored(tensor, seed=5))


@pytest.mark.parametrize("name", list(VARIANTS))
@pytest.mark.parametrize("tensor", [np.zeros((0, 3)), np.zeros(7), np.array(2.5), np.array([[-1e-40]])])
def test_empty_zero_scalar_and_tiny_tensors_survive(name: str, tensor: Any) -> None:
    codec = VARIANTS[name]
    back = codec.decode(codec.encode(tensor))
    assert back.shape == tensor.shape
    assert np.abs(back - tensor).max(initial=0.0) <= 0.3 * np.abs(tensor).max(initial=0.0) + 1e-38


@pytest.mark.parametrize("name", list(VARIANTS))
def test_the_same_seed_gives_the_same_bytes(name: str) -> None:
    codec, tensor = VARIANTS[name], normal(500)
    assert codec.encode(tensor, seed=1) == codec.encode(tensor, seed=1)


@pytest.mark.parametrize("name", list(VARIANTS))
def test_the_forecast_from_the_tensors_own_profile_is_what_happens(name: str) -> None:
    """P3 must-reproduce check 3: size within 1 %; the error within 3 % of the measured one."""
    codec, tensor = VARIANTS[name], normal(250_000)
    forecast = codec.forecast(element_count=tensor.size, profile=profile_of(tensor))
    assert len(codec.encode(tensor)) == pytest.approx(forecast.size_bytes, rel=0.01)
    error = ((codec.restored(tensor) - tensor) ** 2).mean() / (tensor**2).mean()
    assert float(error) == pytest.approx(forecast.error_ratio, rel=0.03)
    assert forecast.size_ratio == pytest.approx(forecast.size_bytes / (4 * tensor.size))


@pytest.mark.parametrize("name", list(VARIANTS))
def test_coding_takes_the_raw_bits_over_the_speed(name: str) -> None:
    """1000 elements are 32,000 bit: 32 ms at 1 Mbit/s, 16 ms at 2 Mbit/s."""
    forecast = replace(VARIANTS[name], encode_bps=1e6, decode_bps=2e6).forecast(element_count=1000)
    assert (forecast.encode_s, forecast.decode_s) == (0.032, 0.016)


@pytest.mark.parametrize("name", list(VARIANTS))
@pytest.mark.parametrize("profile", list(PROFILES))
def test_the_forecast_names_its_profile(name: str, profile: str) -> None:
    codec = VARIANTS[name]
    chosen = replace(codec, magnitudes=profile).forecast(element_count=1e6)
    assert chosen == codec.forecast(element_count=1e6, profile=PROFILES[profile]())


@pytest.mark.parametrize("kind", list(CODECS))
def test_a_codec_is_registered_under_its_kind(kind: str) -> None:
    assert isinstance(CODECS[kind](), Codec)
    assert CODECS[kind]().kind == kind


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


def test_a_damaged_payload_is_refused() -> None:
    for codec in VARIANTS.values():
        payload = codec.encode(normal(100))
        for damaged in (payload[:-1], payload + b"x", payload[:5]):
            with pytest.raises(SolverError, match="payload of"):
                codec.decode(damaged)


def test_fields_out_of_bounds_are_refused_together() -> None:
    with pytest.raises(ScenarioError) as refused:
        TopK(density_ratio=0.0, value_bits=40)
    assert refused.value.mistakes == (
        "density_ratio: 0.0 must be greater than 0",
        "value_bits: 40 is above the largest value 12",
    )
    with pytest.raises(ScenarioError, match="step_ratio"):
        DeadZone(step_ratio=0.0)
