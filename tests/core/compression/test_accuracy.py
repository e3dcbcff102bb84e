"""What an error costs in accuracy: three kinds of evidence, and the error measured on a tensor."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwise.compression import AccuracyTable, DeadZone, ErrorProxy, Surrogate, TopK, profile_of
from cutwise.errors import ScenarioError

errors = st.floats(0, 2, allow_nan=False)
KINDS = (
    ErrorProxy(),
    Surrogate(),
    AccuracyTable(error_ratios=(0.1, 0.2, 0.3), loss_ratios=(0.05, 0.01, 0.3)),
)


@pytest.mark.parametrize("known", KINDS, ids=lambda known: known.kind)
@given(one=errors, two=errors)
def test_a_larger_error_never_costs_less(known: object, one: float, two: float) -> None:
    low, high = sorted((one, two))
    assert known.loss_ratio(low) <= known.loss_ratio(high)  # type: ignore[attr-defined]


def test_a_fit_finds_the_power_law_that_made_the_losses() -> None:
    made = Surrogate(scale_ratio=0.3, exponent=1.4)
    points = [0.01, 0.03, 0.1, 0.4]
    found = Surrogate.fitted(points, [made.loss_ratio(error) for error in points])
    assert (found.scale_ratio, found.exponent) == pytest.approx((0.3, 1.4))


@pytest.mark.parametrize(
    "numbers",
    [
        {"error_ratios": (0.1, 0.1), "loss_ratios": (0.0, 0.1)},
        {"error_ratios": (0.1,), "loss_ratios": (0.0, 0.1)},
        {"error_ratios": (-0.1, 0.1), "loss_ratios": (0.0, 0.1)},
        {"error_ratios": (), "loss_ratios": ()},
    ],
)
def test_a_table_with_mistakes_is_refused(numbers: dict[str, tuple[float, ...]]) -> None:
    with pytest.raises(ScenarioError, match="ratios"):
        AccuracyTable(**numbers)


@pytest.mark.parametrize("codec", [TopK(density_ratio=0.3, value_bits=6), DeadZone(step_ratio=0.6)])
def test_the_error_measured_live_is_the_one_forecast_from_the_tensors_profile(codec: TopK | DeadZone) -> None:
    tensor = np.random.default_rng(3).standard_normal(60_000).astype(np.float32)
    forecast = codec.forecast(element_count=tensor.size, profile=profile_of(tensor))
    assert measured_error_ratio(codec, tensor) == pytest.approx(forecast.error_ratio, rel=0.02)


def measured_error_ratio(codec: TopK | DeadZone, tensor: np.ndarray, *, seed: int = 0) -> float:
    """The relative mean square error that a codec makes on a real tensor."""
    exact = np.asarray(tensor, dtype=np.float64)
    missed = np.asarray(codec.restored(tensor, seed=seed), dtype=np.float64) - exact
    power = float((exact**2).sum())
    return float((missed**2).sum()) / power if power > 0 else 0.0
