"""Published cuts between a board and a GPU, each model predicted from the other five."""

from __future__ import annotations

import pytest

from cutwise.calibration.class_priors import profile_prior
from cutwise.calibration.rate_fit import fit_rates
from cutwise.hardware.profiles import hardware
from cutwise.measured import CHOICES
from cutwise.measured.splits.board_splits import BATCH_SIZE, board_splits, by_flops_alone, from_other_models
from tests.shared_files import needs
from tests.split_columns import SPLITS, measured_splits


def test_choices_calibrated_on_other_models_lose_little() -> None:
    """Mean at most 1.5 %, nine in ten at most 5 %, beside ten times as much by FLOPs alone."""
    now, before = (CHOICES[f"board_splits.{level}"].regrets() for level in ("left_out", "former"))
    assert (now.cases, before.cases) == (420, 420)
    assert now.mean_ratio <= 0.015
    assert now.p90_ratio <= 0.05
    assert now.worst_ratio <= 0.25
    assert before.mean_ratio > 8 * now.mean_ratio
    assert before.worst_ratio > 3


@pytest.mark.parametrize("model", ["AlexNet", "resnet50"])
def test_a_model_is_predicted_from_the_rows_of_the_others(model: str) -> None:
    prior = profile_prior(hardware()["raspberry_pi_4"], time_class="cpu_arm_runtime")
    others = [
        row.device for name, rows in board_splits().items() if name != model for row in rows if row.device
    ]
    rates = fit_rates(others, prior).rates
    for split, seconds in zip(board_splits()[model], from_other_models()[model][0], strict=True):
        assert seconds == pytest.approx(rates.seconds(split.device) if split.device else 0.0)
        assert split.device is None or split.device.batch_size == BATCH_SIZE


def test_flops_alone_by_hand() -> None:
    """Eight samples of 141 MFLOP at 0.4 of the board's 57.6 GFLOP/s."""
    device_s, _ = by_flops_alone()["AlexNet"]
    assert device_s[0] == pytest.approx(8 * 1.41167e8 / (0.4 * 5.76e10), rel=1e-4)


@needs(SPLITS)
def test_the_shipped_cuts_are_those_of_the_source() -> None:
    for model, rows in measured_splits().items():
        shipped = {split.point: split for split in board_splits()[model]}
        assert len(shipped) == len(rows)
        for row in rows:
            split = shipped[int(row["point"])]
            found = (split.device_s, split.server_s, split.network_s)
            assert found == pytest.approx((row["device_s"], row["server_s"], row["network_s"]), rel=1e-5)
