"""The constants of a machine from a few measured rows, with its class of hardware as what is known before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from cutwise.arrays import Floats
from cutwise.calibration.timed_rows import MachineRates, TimedRow, predicted_s, work_columns
from cutwise.errors import CutwiseError
from cutwise.frozen import read_only
from cutwise.hardware.time_classes import BACKWARD_SIGMA, TENTH

SPREADS = (0.5, 0.4, 0.8, BACKWARD_SIGMA)
"""Of machines of one class: standard deviations of the logarithms of FLOPs, bytes, launch, backward."""
NOISE = 0.2
"""Standard deviation of the logarithm of measured over predicted seconds."""
HUBER = 1.345
"""Residuals beyond so many deviations count with their size alone: 95 % as sharp as squares on pure noise."""
LEAST_LAUNCH_S = 1e-8
"""Stands in for a class without a launch time, whose logarithm is to be taken."""
MOST_STEPS, SETTLED, LONGEST_STEP = 200, 1e-12, 2.0
LEAST_DAMPING, MOST_DAMPING = 1e-9, 1e9
SIGNS = read_only(np.array([-1.0, -1.0, 1.0]))
"""Seconds fall with FLOPs and bytes a second, and grow with those of a launch."""
MOST_FOLDS = 20
OWN_QUANTILES_FROM = 10
BAND_ROWS = 3
"""A band of few rows counts the class's as so many rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatePrior:
    """What is known of a machine before anything is measured: the constants of its class, and their spread.

    `band_low_ratio` and `band_high_ratio` are P10 and P90 of measured over predicted with them. The spreads
    are standard deviations of logarithms: FLOPs, bytes, launches, backward.
    """

    hardware_class: str
    rates: MachineRates
    band_low_ratio: float
    band_high_ratio: float
    spreads: tuple[float, float, float, float] = SPREADS


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFit:
    """Fitted constants with what they are worth.

    `left_out_error_ratio` is the mean of |predicted / measured − 1| where each row in turn (or each of twenty
    parts) is predicted from the others; `band_low_ratio` and `band_high_ratio` are P10 and P90 of measured
    over predicted then, where there are few rows with what the class says of its band. `backward_rows` of
    the rows have a backward pass; without any the ratio of the backward pass is that of the class.
    """

    rates: MachineRates
    hardware_class: str
    rows: int
    left_out_error_ratio: float | None
    band_low_ratio: float
    band_high_ratio: float
    backward_rows: int = 0


def fit_rates(rows: Sequence[TimedRow], prior: RatePrior) -> RateFit:
    r"""The constants of a machine that best explain measured `rows`, drawn towards those of its class.

    Minimises $\sum_i \rho(\ln(\hat t_i / t_i) / 0.2) + \sum_j (\theta_j - \theta_{0j})^2 / 2 s_j^2$ over the
    logarithms of the four constants, with Huber's $\rho$. Raises `CutwiseError` where there is no row.

    >>> before = RatePrior(
    ...     hardware_class="cpu_x86", band_low_ratio=0.45, band_high_ratio=2.3,
    ...     rates=MachineRates(flops_per_s=2e11, moved_bytes_per_s=2e10, launch_s=2e-5, backward_ratio=1.6))
    >>> row = TimedRow(name="a", forward_flops=1e12, launches=1, measured_s=10.0)
    >>> round(fit_rates([row] * 20, before).rates.flops_per_s / 1e10)
    10
    """
    if not rows:
        raise CutwiseError("there is no measured row; give at least one")
    columns, measured = work_columns(rows), np.array([row.measured_s for row in rows])
    rates = _fitted(columns, measured, prior)
    ratios = _left_out_ratios(columns, measured, prior)
    low, high = _band(ratios, prior)
    return RateFit(
        rates=rates,
        hardware_class=prior.hardware_class,
        rows=len(rows),
        left_out_error_ratio=float(np.mean(np.abs(1 / ratios - 1))) if len(rows) > 1 else None,
        band_low_ratio=low,
        band_high_ratio=high,
        backward_rows=int(np.count_nonzero(columns[:, 1].any(axis=1))),
    )


def left_out_s(rows: Sequence[TimedRow], prior: RatePrior) -> Floats:
    """Seconds of every row as they are predicted from the others alone."""
    measured = np.array([row.measured_s for row in rows])
    return measured / _left_out_ratios(work_columns(rows), measured, prior)


def _fitted(columns: Floats, measured: Floats, prior: RatePrior) -> MachineRates:
    """Damped Gauss–Newton steps on the logarithms, with Huber's weights anew at every step."""
    start, spread = _logarithms(prior.rates), np.array(prior.spreads)
    at, damping, gained = start, LEAST_DAMPING, np.inf
    loss = partial(_loss, columns, measured, start, spread)
    for _ in range(MOST_STEPS):
        parts, whole = _parts(columns, at)
        residual, weight = _residuals(whole, measured)
        slopes = parts / whole[:, None] / NOISE
        curvature = slopes.T @ (weight[:, None] * slopes) + np.diag(spread**-2.0)
        downhill = -(slopes.T @ (weight * residual) + (at - start) / spread**2)
        at, damping, gained = _shorter_until_better(at, damping, curvature, downhill, loss)
        if gained <= SETTLED:
            break
    return _rates(at)


def _shorter_until_better(
    at: Floats, damping: float, curvature: Floats, downhill: Floats, loss: Callable[[Floats], float]
) -> tuple[Floats, float, float]:
    """Where the first step leads that loses nothing, its damping eased, and what it gains; or no step."""
    before = loss(at)
    while damping < MOST_DAMPING:
        step = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature)), downhill)
        there = at + np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        if (after := loss(there)) <= before:
            return there, max(damping / 10, LEAST_DAMPING), before - after
        damping *= 10
    return at, damping, 0.0


def _residuals(predicted: Floats, measured: Floats) -> tuple[Floats, Floats]:
    """How many deviations the logarithms are apart, and Huber's weight of each."""
    residual = np.log(predicted / measured) / NOISE
    return residual, np.minimum(1.0, HUBER / np.maximum(np.abs(residual), HUBER))


def _parts(columns: Floats, at: Floats) -> tuple[Floats, Floats]:
    """What each logarithm adds to every row's seconds by the unit, shape (rows, 4), and the seconds."""
    shares = columns * np.exp(at[:3] * SIGNS) * np.array([[1.0], [np.exp(at[3])]])
    by_constant = shares.sum(axis=1)
    parts = np.column_stack([by_constant * SIGNS, shares[:, 1].sum(axis=1)])
    return parts, by_constant.sum(axis=1)


def _loss(columns: Floats, measured: Floats, start: Floats, spread: Floats, at: Floats) -> float:
    size = np.abs(_residuals(_parts(columns, at)[1], measured)[0])
    of_rows = np.where(size <= HUBER, size**2 / 2, HUBER * (size - HUBER / 2))
    return float(of_rows.sum() + np.sum(((at - start) / spread) ** 2) / 2)


def _left_out_ratios(columns: Floats, measured: Floats, prior: RatePrior) -> Floats:
    """Measured over predicted seconds of every row, predicted from the rows of other parts."""
    parts = np.arange(len(measured)) % min(len(measured), MOST_FOLDS)
    ratios = np.ones(len(measured))
    for part in range(parts.max() + 1):
        left = parts == part
        rates = _fitted(columns[~left], measured[~left], prior)
        ratios[left] = measured[left] / predicted_s(columns[left], rates)
    return ratios


def _band(ratios: Floats, prior: RatePrior) -> tuple[float, float]:
    """P10 and P90 of the ratios; of few rows by their deviation and the class's together."""
    if len(ratios) >= OWN_QUANTILES_FROM:
        low, high = np.quantile(ratios, [0.1, 0.9])
        return float(min(low, 1.0)), float(max(high, 1.0))
    logs = np.log(ratios) if len(ratios) > 1 else np.zeros(0)

    def deviation(of_class: float) -> float:
        squares = BAND_ROWS * (np.log(of_class) / TENTH) ** 2 + np.sum(logs**2)
        return float(np.sqrt(squares / (BAND_ROWS + len(logs))))

    low, high = deviation(prior.band_low_ratio), deviation(prior.band_high_ratio)
    return float(np.exp(-TENTH * low)), float(np.exp(TENTH * high))


def _logarithms(rates: MachineRates) -> Floats:
    launch_s = max(rates.launch_s, LEAST_LAUNCH_S)
    return np.log([rates.flops_per_s, rates.moved_bytes_per_s, launch_s, rates.backward_ratio])


def _rates(at: Floats) -> MachineRates:
    flops, moved, launch, backward = np.exp(at)
    return MachineRates(
        flops_per_s=float(flops),
        moved_bytes_per_s=float(moved),
        launch_s=float(launch),
        backward_ratio=float(backward),
    )
