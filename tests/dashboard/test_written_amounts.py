"""Amounts as people read them: never an exponent, changes in percent up to double and in times beyond."""

from __future__ import annotations

import re

import numpy as np
import pytest

from cutwise.stated.stated_question import BEST_BASELINE
from cutwise_dashboard.format import change_text, figures, quantity_text, seconds_text, share_text
from cutwise_dashboard.views.plan.headline import figures_html, reason_html
from cutwise_dashboard.views.plan.headline_figures import HeadlineFigure, Standing, baseline_text

EXPONENT = re.compile(r"\d[eE][+-]?\d")
SIZES = [float(f"{digit}e{power}") for power in range(-12, 31) for digit in (1, 1.23456, 9.9996)]


def test_no_amount_is_written_with_an_exponent() -> None:
    units = ("s", "J", "B", "bit/s", "FLOP/s", "W", "m")
    texts = [quantity_text(size, unit) for size in SIZES for unit in units]
    texts += [written(size) for size in SIZES for written in (seconds_text, figures, share_text)]
    texts += [share_text(size, ".4g") for size in SIZES] + [figures(size, 6) for size in SIZES]
    texts += [change_text(size, base) for size in SIZES for base in (1e-12, 1.0, 7e8, 1e30)]
    assert [text for text in texts if EXPONENT.search(text)] == []


@pytest.mark.parametrize(
    ("value", "base", "said"),
    [
        (50.0, 100.0, "50 % less"),
        (49.0, 100.0, "2.04 × faster"),
        (200.0, 100.0, "100 % more"),
        (1900.0, 100.0, "19 × slower"),
        (100.001, 100.0, "the same"),
        (1.0, 0.0, ""),
        (1.0, float("inf"), ""),
    ],
)
def test_a_change_is_percent_up_to_double_and_times_beyond(value: float, base: float, said: str) -> None:
    assert change_text(value, base, less="faster", more="slower") == said


def test_figures_read_back_to_three_digits() -> None:
    for size in np.geomspace(1e-5, 9e5, 200):
        assert float(figures(float(size)).replace(",", "")) == pytest.approx(size, rel=5.1e-3)


def test_what_comes_from_files_is_text_in_the_headline() -> None:
    mark = "<img src=x onerror=alert(1)>"
    shown = figures_html((HeadlineFigure(label=mark, value=mark, change=mark),))
    shown += reason_html((mark,), Standing(verdict=mark, kind="bad", by=mark), mark)
    assert "<img" not in shown
    assert shown.count("&lt;img") == 7


def test_the_baseline_is_named_or_said_to_be_missing() -> None:
    assert baseline_text("", None) == ""
    assert baseline_text(BEST_BASELINE, None) == "No baseline keeps every rule here."
    assert "brute force has no plan here" in baseline_text("brute_force", None)
