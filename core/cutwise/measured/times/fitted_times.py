"""Comparisons of constants that are fitted to rows of the machine itself: the other models, or five."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from cutwise.caches import kept
from cutwise.calibration.class_priors import class_prior, profile_prior
from cutwise.calibration.rate_fit import RatePrior, fit_rates, left_out_s
from cutwise.calibration.timed_rows import TimedRow
from cutwise.hardware.profiles import hardware
from cutwise.measured.agreement.comparisons import COMPARISONS, AgreementBounds, HeldComparison
from cutwise.measured.agreement.held_rows import HeldRow
from cutwise.measured.times.time_comparisons import device_of, dtype_of
from cutwise.measured.times.timed_models import RUNS, TimedModel, timed_models
from cutwise.scenario.time_levels import FITTED_BAND

LEAST_MODELS = 10
WINOGRAD_RATIO = 2.25
"""Fewer products of a plain 3×3 convolution in runtimes that do it Winograd's way."""
LEFT_OUT, FEW = "fitted to the machine's other models", "fitted to five rows of the machine"
FEW_ROWS, DRAWS, SEED = 5, 12, 0


def _is_processor(row: TimedModel) -> bool:
    return row.run == "ncnn" and "gpu_device=-1" in row.setting


def _is_vulkan(row: TimedModel) -> bool:
    return row.run == "ncnn" and "gpu_device=-1" not in row.setting


def _is_npu(row: TimedModel) -> bool:
    return row.run == "qualcomm_npu"


def timed_row(row: TimedModel, *, winograd: bool) -> TimedRow:
    """The row as fits take it."""
    totals = row.totals
    saved_flops = totals.winograd_flops * (1 - 1 / WINOGRAD_RATIO) if winograd else 0.0
    return TimedRow(
        name=totals.model,
        measured_s=row.measured_s,
        batch_size=row.batch_size,
        forward_flops=totals.forward_flops - saved_flops,
        moved_bytes=totals.moved_bytes,
        read_bytes=totals.read_bytes,
        launches=totals.launches,
        backward_flops=totals.backward_flops,
        backward_moved_bytes=totals.backward_moved_bytes,
        backward_read_bytes=totals.backward_read_bytes,
        backward_launches=totals.backward_launches,
    )


def prior_of(row: TimedModel) -> RatePrior:
    """What is known of the row's machine before: its data sheet, or a class that is like it."""
    if row.profile:
        time_class = device_of(row, "datasheet").time_class or ""
        return profile_prior(hardware()[row.profile], time_class=time_class, dtype=dtype_of(row))
    usual = "cpu_arm_runtime" if _is_processor(row) else RUNS[row.run].time_class or "integrated_gpu"
    return class_prior(usual, dtype=dtype_of(row))


@kept
def left_out_rows(name: str) -> tuple[HeldRow, ...]:
    """Every model of every machine that has enough of them, predicted from that machine's other models."""
    chosen, winograd = LEFT_OUT_SETS[name]
    machines: dict[tuple[str, str], dict[str, TimedModel]] = {}
    for row in filter(chosen, timed_models()):
        machines.setdefault((row.hardware, row.setting), {}).setdefault(row.totals.model, row)
    return tuple(
        found
        for models in machines.values()
        if len(models) >= LEAST_MODELS
        for found in _left_out(list(models.values()), winograd=winograd)
    )


def _left_out(rows: Sequence[TimedModel], *, winograd: bool) -> Iterator[HeldRow]:
    prior = prior_of(rows[0])
    predicted = left_out_s([timed_row(row, winograd=winograd) for row in rows], prior)
    for row, seconds in zip(rows, predicted.tolist(), strict=True):
        yield _held(row, prior, seconds)


def _held(row: TimedModel, prior: RatePrior, predicted_s: float) -> HeldRow:
    return HeldRow(
        name=row.totals.model, hardware=f"{row.hardware}, {row.setting}".rstrip(", "),
        hardware_class=prior.hardware_class, family=row.totals.family, measured=row.measured_s,
        predicted=predicted_s, low_ratio=FITTED_BAND[0], high_ratio=FITTED_BAND[1],
    )  # fmt: skip


@kept
def few_rows(run: str) -> tuple[HeldRow, ...]:
    """Rows of one machine, predicted from five others of it, a dozen times drawn."""
    rows = [row for row in timed_models() if row.run == run]
    prior, generator, found = prior_of(rows[0]), np.random.default_rng(SEED), []
    for _ in range(DRAWS):
        order = generator.permutation(len(rows))
        known = [timed_row(rows[at], winograd=False) for at in order[:FEW_ROWS]]
        rates = fit_rates(known, prior).rates
        others = [rows[at] for at in order[FEW_ROWS:]]
        found += [_held(row, prior, rates.seconds(timed_row(row, winograd=False))) for row in others]
    return tuple(found)


LEFT_OUT_SETS: dict[str, tuple[Callable[[TimedModel], bool], bool]] = {
    "ncnn_processors": (_is_processor, True),
    "ncnn_vulkan": (_is_vulkan, False),
    "qualcomm_npus": (_is_npu, False),
}
LEFT_OUT_TITLES = {
    "ncnn_processors": (
        "Inference, ncnn on processors",
        "ncnn",
        AgreementBounds(most_mean_error_ratio=0.25),
    ),
    "ncnn_vulkan": ("Inference, ncnn on GPUs", "ncnn", AgreementBounds()),
    "qualcomm_npus": ("Inference, phone NPU", "qualcomm_npu", AgreementBounds()),
}
FEW_RUNS = ("timm_training_3090", "timm_inference_3090", "timm_inference_4090")


def _add(
    name: str,
    title: str,
    run: str,
    level: str,
    rows: Callable[[], tuple[HeldRow, ...]],
    bounds: AgreementBounds,
) -> None:
    about = RUNS[run]
    COMPARISONS.add(
        name,
        HeldComparison(
            title=title, quantity="time", unit="s", source=about.source, licence=about.licence, level=level,
            rows=rows, bounds=bounds,
        ),
    )  # fmt: skip


for _name, (_title, _run, _bounds) in LEFT_OUT_TITLES.items():
    _add(f"{_name}.left_out", _title, _run, LEFT_OUT, partial(left_out_rows, _name), _bounds)
for _run in FEW_RUNS:
    _few = AgreementBounds(most_mean_error_ratio=0.2)
    _add(f"{_run}.five_rows", RUNS[_run].what, _run, FEW, partial(few_rows, _run), _few)
