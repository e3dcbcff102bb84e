"""Profiles of tensors that exist and of tensors that do not yet."""

from __future__ import annotations

import numpy as np
import pytest

from cutwise.compression.magnitudes import PROFILES, profile_of
from cutwise.errors import SolverError, UnknownNameError


@pytest.mark.parametrize("name", list(PROFILES))
def test_reference_profiles_are_ordered_complete_and_scaled(name: str) -> None:
    profile = PROFILES[name]()
    assert (np.diff(profile.magnitude_ratio) <= 0).all()
    assert profile.element_ratio.sum() == pytest.approx(1.0)
    assert profile.element_ratio @ profile.magnitude_ratio**2 == pytest.approx(1.0)


def test_the_gaussian_profile_has_the_moments_of_the_normal_distribution() -> None:
    """Mean magnitude sqrt(2/pi), kurtosis 3, largest of 1.2 million about 5 standard deviations."""
    profile = PROFILES["gaussian"]()
    assert profile.element_ratio @ profile.magnitude_ratio == pytest.approx((2 / np.pi) ** 0.5, rel=1e-4)
    assert profile.kurtosis == pytest.approx(3.0, rel=0.01)
    assert 4.8 < profile.magnitude_ratio[0] < 5.3


def test_the_student_profile_is_the_quantile_of_students_distribution() -> None:
    """With 4 degrees of freedom |t| exceeds 2.776 in 5 % of cases and 0.741 in half of them."""
    profile = PROFILES["student_t4"]()
    places = np.cumsum(profile.element_ratio) - profile.element_ratio / 2
    ratio = np.interp([0.05, 0.5], places, profile.magnitude_ratio)
    assert ratio[0] / ratio[1] == pytest.approx(2.776 / 0.7407, rel=2e-3)


def test_a_small_tensor_is_its_own_profile() -> None:
    """1, 2, 2, -4: mean square 25/4; one of four is negative."""
    profile = profile_of([1.0, 2.0, 2.0, -4.0])
    assert profile.magnitude_ratio.tolist() == [1.6, 0.8, 0.8, 0.4]
    assert profile.element_ratio.tolist() == [0.25] * 4
    assert profile.negative_ratio == 0.25


def test_a_sample_of_the_normal_distribution_has_the_gaussian_profile() -> None:
    sample = profile_of(np.random.default_rng(0).normal(size=300_000))
    gaussian = PROFILES["gaussian"]()
    at = np.linspace(0.02, 0.98, 30)
    curves = [
        np.interp(at, np.cumsum(p.element_ratio) - p.element_ratio / 2, p.magnitude_ratio)
        for p in (sample, gaussian)
    ]
    assert curves[0] == pytest.approx(curves[1], abs=0.02)


def test_zeros_stay_zeros_and_nothing_is_no_profile() -> None:
    assert profile_of(np.zeros(5)).magnitude_ratio.tolist() == [0.0] * 5
    with pytest.raises(SolverError, match="empty tensor"):
        profile_of([])
    with pytest.raises(UnknownNameError, match="did you mean 'gaussian'"):
        PROFILES["gausian"]
