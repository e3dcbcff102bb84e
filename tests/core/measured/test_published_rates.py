"""Published rates of generating text, against what is planned for the same hardware."""

from __future__ import annotations

import csv
from statistics import median

import pytest

from cutwise.hardware.decoding import decoding_classes
from cutwise.measured import predicted_rates
from tests.shared_files import DATA, needs

ALL = DATA / "decoding_rates.csv"


def test_rates_are_as_near_as_the_classes_say_they_are() -> None:
    """The classes were fitted to 290 rates, "50 to 80 % of them within 25 %"; these are some of them."""
    ratios = [rate.predicted_rate_ratio for rate in predicted_rates()]

    assert len(ratios) == 49
    assert median(ratios) == pytest.approx(1.0, abs=0.1)
    assert sum(abs(ratio - 1) <= 0.25 for ratio in ratios) >= 0.5 * len(ratios)
    assert {rate.decoding for rate in predicted_rates()} <= set(decoding_classes())


@needs(ALL)
def test_the_shipped_rates_are_all_of_the_source_that_may_be_shipped() -> None:
    with ALL.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["source"].startswith("geerlingguy")]

    measured = sorted(float(row["measured_tokens_per_s"]) for row in rows if row["mode"] == "decode")
    assert sorted(rate.measured_tokens_per_s for rate in predicted_rates()) == measured
