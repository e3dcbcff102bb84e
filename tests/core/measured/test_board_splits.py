"""Published cuts between a board and a GPU, each model predicted from the other five."""

from __future__ import annotations

import numpy as np
import pytest

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


def test_a_model_is_predicted_without_its_own_rows() -> None:
    """Were AlexNet's own rows used, it would be nearer than with those of the others."""
    rows = [row.device for row in board_splits()["AlexNet"] if row.device]
    predicted = from_other_models()["AlexNet"][0]
    assert len(predicted) == len(board_splits()["AlexNet"])
    assert np.all(predicted >= 0)
    assert rows[0].batch_size == BATCH_SIZE


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
