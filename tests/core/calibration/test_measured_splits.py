"""Held against six networks that others cut between a Raspberry Pi and a GPU."""

import csv
from functools import cache

import numpy as np
import pytest

import cutwise
from cutwise.calibration.class_priors import class_prior, profile_prior
from cutwise.calibration.rate_fit import fit_rates
from cutwise.calibration.splits.split_fit import fit_splits
from cutwise.calibration.splits.split_table import read_splits
from cutwise.calibration.timed_rows import TimedRow, predicted_s, work_columns
from cutwise.costs.workload import Workload
from cutwise.hardware.profiles import hardware
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Scenario
from tests.shared_files import needs
from tests.split_columns import BATCH_SIZE, COLUMNS, SPLITS, TABLE, measured_splits, share_at

pytestmark = needs(SPLITS)
SPEEDS = np.logspace(-1, 0.5, 7)
"""Seconds of the device over those of the Raspberry Pi."""
RATES_BPS = np.logspace(6.5, 9, 10)
MEASURED_RATE_BPS = 9e8
"""Of the gigabit link of the table, as its seconds and the blocks' bytes say."""
TODAY = 0.4
"""Share of the peak in FLOPs alone, the level before there were columns."""
GPU_FLOPS_PER_S = 1.5e13


@cache
def columns() -> dict[str, list[dict[str, float]]]:
    with TABLE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    found: dict[str, list[dict[str, float]]] = {}
    for row in rows:
        found.setdefault(row.pop("model"), []).append({name: float(value) for name, value in row.items()})
    return found


def rows_of(model: str, side: str) -> list[TimedRow]:
    """The rows in which anything runs on that side."""
    return [
        TimedRow(
            name=f"{model} {row['point']:.0f}", measured_s=row[f"{side}_s"], batch_size=BATCH_SIZE,
            **{name: did[f"{side}_{name}"] for name in COLUMNS},
        )
        for row, did in zip(measured_splits()[model], columns()[model], strict=True)
        if did[f"{side}_launches"]
    ]  # fmt: skip


def seconds(model: str, side: str, rates: object) -> np.ndarray:
    """Predicted seconds of every split, 0 where nothing runs on that side."""
    timed = dict(zip((row.name for row in rows_of(model, side)), rows_of(model, side), strict=True))
    return np.array(
        [
            predicted_s(work_columns([timed[name]]), rates)[0]
            if (name := f"{model} {row['point']:.0f}") in timed
            else 0.0
            for row in measured_splits()[model]
        ]
    )


@cache
def from_the_other_five() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Device and server seconds of each model's splits, from constants fitted to the other five models."""
    board = profile_prior(hardware()["raspberry_pi_4"], time_class="cpu_arm_runtime")
    gpu, found = class_prior("server_gpu"), {}
    for model in columns():
        others = [other for other in columns() if other != model]
        device = fit_rates([row for other in others for row in rows_of(other, "device")], board)
        server = fit_rates([row for other in others for row in rows_of(other, "server")], gpu)
        found[model] = seconds(model, "device", device.rates), seconds(model, "server", server.rates)
    return found


def flops_alone() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What FLOPs at 40 % of the peak say of both sides."""
    peaks = {"device": hardware()["raspberry_pi_4"].fp32_flops_per_s, "server": GPU_FLOPS_PER_S}
    return {
        model: tuple(
            np.array([BATCH_SIZE * row[f"{side}_forward_flops"] / (TODAY * peaks[side]) for row in rows])
            for side in ("device", "server")
        )
        for model, rows in columns().items()
    }


def regrets(predicted: dict[str, tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """What the cut that is best as predicted takes over the measured best one, in every cell: 6 x 70."""
    found = []
    for model, rows in measured_splits().items():
        device_s, server_s, network_s = (
            np.array([row[name] for row in rows]) for name in ("device_s", "server_s", "network_s")
        )
        bits = network_s * MEASURED_RATE_BPS
        for speed in SPEEDS:
            for rate_bps in RATES_BPS:
                measured = speed * device_s + server_s + bits / rate_bps
                chosen = np.argmin(speed * predicted[model][0] + predicted[model][1] + bits / rate_bps)
                found.append(measured[chosen] / measured.min() - 1)
    return np.array(found)


def test_the_grid_has_420_cells_and_measured_seconds_have_no_regret() -> None:
    both = {
        model: (np.array([row["device_s"] for row in rows]), np.array([row["server_s"] for row in rows]))
        for model, rows in measured_splits().items()
    }
    assert len(regrets(both)) == 420
    assert regrets(both).max() == 0


def test_seconds_of_a_model_that_was_not_seen_are_within_a_sixth() -> None:
    errors = np.concatenate(
        [
            from_the_other_five()[model][0] / [row["device_s"] for row in rows] - 1
            for model, rows in measured_splits().items()
        ]
    )
    assert np.mean(np.abs(errors)) <= 0.17
    assert np.mean(np.abs(errors) <= 0.3) >= 0.9


def test_cuts_calibrated_on_the_other_models_lose_little() -> None:
    found = regrets(from_the_other_five())
    assert found.mean() <= 0.015
    assert np.quantile(found, 0.9) <= 0.05
    assert found.max() <= 0.25, "the largest is told in the changelog"


def test_flops_alone_lose_ten_times_as_much() -> None:
    """The level before: a mean of 10 % and a largest of 362 %, beside 0.9 and 18 %."""
    before, now = regrets(flops_alone()), regrets(from_the_other_five())
    assert before.mean() > 8 * now.mean()
    assert before.max() > 3


@pytest.mark.parametrize(
    ("model", "sample"), [("VGG16", "vgg16"), ("MobileNetV2", "mobilenet_v2"), ("ResNet18", "resnet18")]
)
def test_a_pasted_table_is_fitted_to_the_sample_of_the_same_model(model: str, sample: str) -> None:
    """As people have it: seconds in a sheet, the place by the share of FLOPs."""
    lines = [
        f"{row['point']:.0f}\t{share_at(model, row['point']):.6f}\t{1e3 * row['device_s']}\t{row['server_s']}"
        for row in measured_splits()[model]
    ]
    table = "\n".join(
        ["Split point\tFLOP share\tPartition 1 exec time (ms)\tPartition 2 exec time (s)", *lines]
    )
    scenario = Scenario(
        workload=Workload(mode="inference", batch_size=BATCH_SIZE),
        devices=(Device(profile="raspberry_pi_4"),),
        server=Server(profile="v100"),
    )
    problem = build_problem(cutwise.load_model(f"sample:{sample}"), scenario)
    found = fit_splits(problem, read_splits(table))
    assert found.device is not None
    assert found.error_ratio("device") <= 0.18
    assert 1e10 < found.device.rates.flops_per_s < 5.76e10
    assert found.rate_bps is None
