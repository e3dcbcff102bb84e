"""Comparisons of compute time: whole models by data sheet, and as they were predicted before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from cutwise.caches import kept
from cutwise.costs.workload import Dtype
from cutwise.frozen import FrozenDict
from cutwise.hardware.profiles import DATASHEET_EFFICIENCY_RATIO, hardware
from cutwise.measured.agreement.comparisons import COMPARISONS, AgreementBounds, HeldComparison
from cutwise.measured.agreement.held_rows import HeldRow
from cutwise.measured.agreement.stated_agreements import stated_agreements
from cutwise.measured.times.predicted_times import iterations_s
from cutwise.measured.times.timed_models import NCNN_CLASSES, RUNS, TimedModel, timed_models
from cutwise.scenario.parties import Device
from cutwise.scenario.time_levels import band_of, class_of, speed_of

LEVELS = FrozenDict({"datasheet": "data sheet by class", "former": "0.4 of the peak, as before"})
SERVER_GPU = AgreementBounds(most_mean_error_ratio=0.2, least_wide_ratio=0.9)
BOUNDS: Mapping[str, AgreementBounds] = FrozenDict(
    {
        "timm_training_3090": SERVER_GPU,
        "timm_inference_3090": SERVER_GPU,
        "timm_inference_4090": SERVER_GPU,
        "vidur_h100": SERVER_GPU,
        "lambda_training": AgreementBounds(most_mean_error_ratio=0.25, least_wide_ratio=0.9),
    }
)


def device_of(row: TimedModel, level: str) -> Device:
    """The row's part as a scenario has it, at this level."""
    if level == "former":
        return Device(profile=row.profile, efficiency_ratio=DATASHEET_EFFICIENCY_RATIO)
    usual = hardware()[row.profile].hardware_class
    with_software: Any = NCNN_CLASSES.get(usual) if row.run == "ncnn" else RUNS[row.run].time_class
    return Device(profile=row.profile, time_class=with_software or None)


def held_times(rows: Sequence[TimedModel], level: str) -> tuple[HeldRow, ...]:
    """Rows of parts that the catalogue has, with the seconds that a plan would say at this level."""
    devices = [device_of(row, level) for row in rows]
    profiles = [hardware()[row.profile] for row in rows]
    speeds = [
        speed_of(device, profile, dtype_of(row))
        for row, device, profile in zip(rows, devices, profiles, strict=True)
    ]
    predicted = iterations_s([row.totals for row in rows], speeds, [row.batch_size for row in rows])
    found = []
    for row, device, profile, seconds in zip(rows, devices, profiles, predicted.tolist(), strict=True):
        band = band_of(device, profile, dtype_of(row))
        found.append(
            HeldRow(
                name=f"{row.totals.model}, {row.totals.size} px" if row.totals.size > 1 else row.totals.model,
                hardware=row.hardware,
                hardware_class=class_of(device, profile).name,
                family=row.totals.family,
                measured=row.measured_s,
                predicted=seconds,
                low_ratio=band.low_ratio,
                high_ratio=band.high_ratio,
                is_learnt=level == "datasheet" and row.is_learnt,
            )
        )
    return tuple(found)


def dtype_of(row: TimedModel) -> Dtype:
    """The number format in which a row was computed."""
    return "fp32" if row.totals.workload.endswith("fp32") else "fp16"


@kept
def _rows(run: str, level: str) -> tuple[HeldRow, ...]:
    return held_times([row for row in timed_models() if row.run == run and row.profile], level)


for _run, _about in RUNS.items():
    for _level, _title in LEVELS.items():
        _stated = stated_agreements().get(f"{_run}.{_level}")
        COMPARISONS.add(
            f"{_run}.{_level}",
            HeldComparison(
                title=_about.what,
                quantity="time",
                unit="s",
                source=_about.source,
                licence=_about.licence,
                level=_title,
                rows=partial(_rows, _run, _level),
                stated=_stated.agreement if _stated else None,
                date=_stated.date if _stated else "",
                bounds=BOUNDS.get(_run, AgreementBounds()) if _level == "datasheet" else AgreementBounds(),
            ),
        )
