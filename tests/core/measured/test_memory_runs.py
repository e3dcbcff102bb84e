"""The memory that our own runs of PyTorch kept and took, against what is predicted for them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from statistics import median

import pytest

from cutwise.measured.memory_runs import predicted_memory
from tests.shared_files import DATA, needs

OWN = DATA / "finetuning_own_measurements.csv"


def share_within(ratios: Sequence[float], band: float) -> float:
    return sum(abs(ratio - 1) <= band for ratio in ratios) / len(ratios)


def test_own_runs_keep_and_take_what_was_measured_on_a_processor() -> None:
    """Bytes saved for the backward pass and the peak are within 3 % in at least 90 % of 101 runs, none off by
    more than 6 %."""
    runs = predicted_memory()
    assert len(runs) == 101
    for found in ([run.predicted_saved_ratio for run in runs], [run.predicted_peak_ratio for run in runs]):
        assert median(found) == pytest.approx(1.0, abs=0.005)
        assert share_within(found, 0.03) >= 0.9
        assert share_within(found, 0.06) == 1.0


@needs(OWN)
def test_the_shipped_table_holds_every_run_as_it_was_measured() -> None:
    with OWN.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    shipped = [
        (run.model, run.options, run.measured_saved_bytes, run.measured_peak_bytes)
        for run in predicted_memory()
    ]
    assert shipped == [
        (row["model"], row["options"], float(row["saved_meas"]), float(row["peak_meas"])) for row in rows
    ]
