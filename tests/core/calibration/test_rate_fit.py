"""Constants of a machine from few rows: the least of what is minimised, and what the rows themselves say."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from cutwise.calibration.rate_fit import RatePrior, fit_rates
from cutwise.calibration.timed_rows import MachineRates, TimedRow, predicted_s, work_columns
from cutwise.errors import CutwiseError

CLASS = RatePrior(
    hardware_class="cpu_x86",
    rates=MachineRates(flops_per_s=2e11, moved_bytes_per_s=2e10, launch_s=2e-5, backward_ratio=1.6),
    band_low_ratio=0.45,
    band_high_ratio=2.3,
)
TRUE = MachineRates(flops_per_s=6e11, moved_bytes_per_s=9e9, launch_s=5e-6, backward_ratio=2.1)


def rows_of(rates: MachineRates, count: int, *, noise: float, seed: int) -> list[TimedRow]:
    draws = np.random.default_rng(seed)
    sizes = {"flops": (6, 11), "moved_bytes": (5, 8), "read_bytes": (4, 8), "launches": (0, 2.5)}
    rows = []
    for number in range(count):
        done = {
            (f"{which}{name}" if which or name != "flops" else "forward_flops"): float(
                10 ** draws.uniform(*size)
            )
            for which in ("", "backward_")[: 1 + number % 2]
            for name, size in sizes.items()
        }
        row = TimedRow(name=f"row {number}", batch_size=int(draws.integers(1, 65)), measured_s=1.0, **done)
        rows.append(replace(row, measured_s=rates.seconds(row) * float(np.exp(noise * draws.normal()))))
    return rows


def written_out_loss(logs: np.ndarray, rows: list[TimedRow]) -> float:
    """The formula of the docstring, row by row, in plain arithmetic."""
    flops_per_s, moved_bytes_per_s, launch_s, backward_ratio = np.exp(logs)
    known = CLASS.rates
    before = np.log([known.flops_per_s, known.moved_bytes_per_s, known.launch_s, known.backward_ratio])
    total = float(np.sum(((logs - before) / CLASS.spreads) ** 2) / 2)
    for row in rows:
        seconds = 0.0
        a_sample = row.forward_flops / flops_per_s + row.moved_bytes / moved_bytes_per_s
        seconds += row.launches * launch_s + row.read_bytes / moved_bytes_per_s + row.batch_size * a_sample
        a_sample = row.backward_flops / flops_per_s + row.backward_moved_bytes / moved_bytes_per_s
        once = row.backward_launches * launch_s + row.backward_read_bytes / moved_bytes_per_s
        seconds += backward_ratio * (once + row.batch_size * a_sample)
        size = abs(np.log(seconds / row.measured_s)) / 0.2
        total += size**2 / 2 if size <= 1.345 else 1.345 * (size - 1.345 / 2)
    return total


@pytest.mark.parametrize(("count", "noise"), [(1, 0.0), (3, 0.2), (5, 0.6), (10, 0.2), (40, 1.0)])
def test_the_fit_is_where_scipy_finds_the_least(count: int, noise: float) -> None:
    rows = rows_of(TRUE, count, noise=noise, seed=count)
    known = CLASS.rates
    start = np.log([known.flops_per_s, known.moved_bytes_per_s, known.launch_s, known.backward_ratio])
    least = minimize(
        written_out_loss, start, args=(rows,), method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 8000, "maxfev": 8000, "adaptive": True},
    )  # fmt: skip
    found = fit_rates(rows, CLASS).rates
    logs = np.log([found.flops_per_s, found.moved_bytes_per_s, found.launch_s, found.backward_ratio])
    assert written_out_loss(logs, rows) <= least.fun + 1e-8
    assert logs == pytest.approx(least.x, abs=2e-3)


def test_many_exact_rows_give_back_the_machine() -> None:
    found = fit_rates(rows_of(TRUE, 200, noise=0.0, seed=1), CLASS).rates
    assert found.flops_per_s == pytest.approx(TRUE.flops_per_s, rel=0.02)
    assert found.moved_bytes_per_s == pytest.approx(TRUE.moved_bytes_per_s, rel=0.02)
    assert found.launch_s == pytest.approx(TRUE.launch_s, rel=0.2)
    assert found.backward_ratio == pytest.approx(TRUE.backward_ratio, rel=0.02)


def test_one_wild_row_of_twenty_hardly_moves_the_fit() -> None:
    rows = rows_of(TRUE, 20, noise=0.05, seed=3)
    wild = [*rows[:-1], replace(rows[-1], measured_s=1e3 * rows[-1].measured_s)]
    calm, shaken = fit_rates(rows, CLASS).rates, fit_rates(wild, CLASS).rates
    assert shaken.flops_per_s == pytest.approx(calm.flops_per_s, rel=0.15)
    assert shaken.moved_bytes_per_s == pytest.approx(calm.moved_bytes_per_s, rel=0.15)


def test_rows_that_say_nothing_of_a_constant_leave_it_as_the_class_has_it() -> None:
    rows = [TimedRow(name="dense", forward_flops=1e12, measured_s=3.0)] * 4
    found = fit_rates(rows, CLASS).rates
    assert found.moved_bytes_per_s == pytest.approx(CLASS.rates.moved_bytes_per_s)
    assert found.launch_s == pytest.approx(CLASS.rates.launch_s)
    assert found.backward_ratio == pytest.approx(CLASS.rates.backward_ratio)


def test_what_is_left_out_is_predicted_from_the_others_alone() -> None:
    rows = rows_of(TRUE, 6, noise=0.3, seed=9)
    errors = []
    for position, row in enumerate(rows):
        others = [other for number, other in enumerate(rows) if number != position]
        predicted = predicted_s(work_columns([row]), fit_rates(others, CLASS).rates)[0]
        errors.append(abs(predicted / row.measured_s - 1))
    assert fit_rates(rows, CLASS).left_out_error_ratio == pytest.approx(np.mean(errors))


def test_four_of_five_new_rows_lie_in_the_band_of_sixty() -> None:
    rows = rows_of(TRUE, 60, noise=0.3, seed=5)
    found = fit_rates(rows, CLASS)
    new = rows_of(TRUE, 400, noise=0.3, seed=6)
    ratios = np.array([row.measured_s / found.rates.seconds(row) for row in new])
    inside = np.mean((ratios >= found.band_low_ratio) & (ratios <= found.band_high_ratio))
    assert inside == pytest.approx(0.8, abs=0.08)


def test_a_single_row_keeps_the_band_of_its_class() -> None:
    found = fit_rates(rows_of(TRUE, 1, noise=0.0, seed=2), CLASS)
    assert (found.band_low_ratio, found.band_high_ratio) == pytest.approx((0.45, 2.3))
    assert found.left_out_error_ratio is None


def test_no_rows_and_rows_without_work_are_refused() -> None:
    with pytest.raises(CutwiseError, match="give at least one"):
        fit_rates([], CLASS)
    with pytest.raises(CutwiseError, match="idle: needs seconds above 0"):
        TimedRow(name="idle", measured_s=1.0)
    with pytest.raises(CutwiseError, match="fast: needs seconds above 0"):
        TimedRow(name="fast", forward_flops=1.0, measured_s=0.0)
