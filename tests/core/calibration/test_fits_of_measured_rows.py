"""Held against rows that others measured: a model left out on processors, and five rows of a GPU."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from cutwise.calibration.class_priors import class_prior, profile_prior
from cutwise.calibration.rate_fit import RatePrior, fit_rates
from cutwise.calibration.shipped_calibrations import shipped_calibrations
from cutwise.calibration.timed_rows import TimedRow, predicted_s, work_columns
from cutwise.hardware.profiles import hardware

times = pytest.importorskip("cutwise.measured.times.timed_models")
WINOGRAD = 2.25
"""By so much fewer products the runtime of these rows does plain 3×3 convolutions."""
FEWEST_MODELS, DRAWS = 10, 20


def timed(row: Any, *, winograd: bool = False) -> TimedRow:
    did = row.totals
    saved = did.winograd_flops * (1 - 1 / WINOGRAD) * winograd
    return TimedRow(
        name=did.model, measured_s=row.measured_s, batch_size=row.batch_size,
        forward_flops=did.forward_flops - saved, moved_bytes=did.moved_bytes, read_bytes=did.read_bytes,
        launches=did.launches, backward_flops=did.backward_flops,
        backward_moved_bytes=did.backward_moved_bytes, backward_read_bytes=did.backward_read_bytes,
        backward_launches=did.backward_launches,
    )  # fmt: skip


def test_ncnn_on_processors_a_model_left_out() -> None:
    """Of every machine and setting with ten models and more; the prior is the class's, whatever the part."""
    settings: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in times.timed_models():
        if row.run == "ncnn" and "gpu_device=-1" in row.setting:
            settings[row.hardware, row.setting].append(row)
    intel = ("Intel", "AMD", "Xeon", "AWS c5", "D64s", "D64as")
    errors, rows = [], 0
    for (part, _), several in settings.items():
        if len({row.totals.model for row in several}) >= FEWEST_MODELS:
            prior = class_prior("cpu_x86" if any(word in part for word in intel) else "cpu_arm_runtime")
            fit = fit_rates([timed(row, winograd=True) for row in several], prior)
            errors.append(len(several) * (fit.left_out_error_ratio or 0.0))
            rows += len(several)
    assert rows > 2000
    assert sum(errors) / rows <= 0.25


@pytest.mark.parametrize(
    ("run", "profile", "dtype"),
    [
        ("timm_training_3090", "rtx_3090", "fp16"),
        ("timm_inference_3090", "rtx_3090", "fp16"),
        ("timm_inference_4090", "rtx_4090", "fp16"),
        ("vidur_h100", "h100_sxm", "fp16"),
        ("timm_inference_i7", "laptop_i7_12700h", "fp32"),
    ],
)
def test_five_rows_of_a_machine_are_enough(run: str, profile: str, dtype: str) -> None:
    rows = [timed(row) for row in times.timed_models() if row.run == run]
    assert errors_of(rows, 5, profile_prior(hardware()[profile], dtype=dtype)) <= 0.20


def test_more_rows_of_a_processor_are_better() -> None:
    rows = [timed(row) for row in times.timed_models() if row.run == "timm_inference_i7"]
    prior = profile_prior(hardware()["laptop_i7_12700h"])
    found = [errors_of(rows, count, prior) for count in (1, 3, 10)]
    assert found == sorted(found, reverse=True)
    sheet = np.abs(predicted_s(work_columns(rows), prior.rates) / [row.measured_s for row in rows] - 1)
    assert found[0] < float(sheet.mean())


def errors_of(rows: list[TimedRow], count: int, prior: RatePrior) -> float:
    """Mean error of all other rows after `count` drawn ones were fitted, over some draws."""
    draws, errors = np.random.default_rng(7), []
    for _ in range(DRAWS):
        order = draws.permutation(len(rows))
        rates = fit_rates([rows[at] for at in order[:count]], prior).rates
        others = [rows[at] for at in order[count:]]
        predicted = predicted_s(work_columns(others), rates)
        errors.append(np.mean(np.abs(predicted / [row.measured_s for row in others] - 1)))
    return float(np.mean(errors))


def test_shipped_calibrations_are_fits_of_their_rows() -> None:
    from tests.calibrations_made import CHOSEN, fitted

    assert shipped_calibrations().keys() == CHOSEN.keys()
    for name in ("raspberry_pi_4_ncnn", "galaxy_s24_npu"):
        found, shipped = fitted(name), shipped_calibrations()[name]
        assert shipped.flops_per_s == pytest.approx(found.flops_per_s, rel=1e-3)
        assert shipped.moved_bytes_per_s == pytest.approx(found.moved_bytes_per_s, rel=1e-3)
        assert (shipped.rows, shipped.source, shipped.licence) == (found.rows, found.source, found.licence)
