"""What rows and choices say together, by hand, and what is told where a bound is not kept."""

from __future__ import annotations

import json

import pytest

from cutwise.__main__ import main
from cutwise.measured import CHOICES, COMPARISONS
from cutwise.measured.agreement.comparisons import AgreementBounds, HeldComparison
from cutwise.measured.agreement.held_choices import ChoiceBounds, HeldChoice, regrets_of
from cutwise.measured.agreement.held_rows import HeldRow, agreement_of
from cutwise.measured.agreement.truth_table import COVERED_RATIOS, class_standings, standings, worst_rows

QUICK = "capped_training.static"


def held(measured: float, predicted: float, *, is_learnt: bool = False) -> HeldRow:
    return HeldRow(
        name="row", hardware="part", hardware_class="class", family="family", measured=measured,
        predicted=predicted, low_ratio=0.5, high_ratio=1.25, is_learnt=is_learnt,
    )  # fmt: skip


def test_rows_together_by_hand() -> None:
    """Errors 0, 25, 50 and 100 %; measured over predicted 1, 4/3, 2/3 and 1/2."""
    found = agreement_of([held(4, 4), held(4, 3), held(4, 6), held(4, 8)])
    assert found.mean_error_ratio == pytest.approx(0.4375)
    assert (found.near_ratio, found.wide_ratio, found.covered_ratio) == (0.5, 0.75, 0.75)
    assert found.p50_ratio == pytest.approx((1 + 2 / 3) / 2)


def test_the_worst_row_is_off_by_the_largest_factor_either_way() -> None:
    low, high = held(10, 2), held(1, 4)
    assert worst_rows([held(1, 1), high, low], 2) == (low, high)


def comparison(rows: tuple[HeldRow, ...], bounds: AgreementBounds) -> HeldComparison:
    return HeldComparison(
        title="rows", quantity="time", unit="s", source="here", licence="own", level="level",
        rows=lambda: rows, bounds=bounds,
    )  # fmt: skip


def test_rows_that_constants_were_fitted_on_count_only_where_there_are_no_others() -> None:
    learnt, fresh = held(1, 1, is_learnt=True), held(1, 1.4)
    assert comparison((learnt, fresh), AgreementBounds()).judged().rows == 1
    assert comparison((learnt,), AgreementBounds()).judged().rows == 1
    kept = AgreementBounds(most_mean_error_ratio=0.3)
    assert comparison((learnt, fresh), kept).broken() == ("mean error: 40.0 %, at most 30 % is asked for",)
    assert comparison((learnt,), kept).broken() == ()


def test_too_few_and_too_many_rows_in_a_band_are_told() -> None:
    rows = (held(1, 1), held(1, 4))
    assert (
        len(comparison(rows, AgreementBounds(least_covered_ratio=0.75, least_wide_ratio=0.9)).broken()) == 2
    )
    assert len(comparison(rows[:1], AgreementBounds(most_covered_ratio=0.9)).broken()) == 1


def test_regrets_that_are_too_dear_are_told() -> None:
    chosen = HeldChoice(
        title="cuts", source="here", licence="own", level="level", regrets=lambda: regrets_of([0, 0, 0.3]),
        bounds=ChoiceBounds(least_right_ratio=0.9, most_mean_ratio=0.015, most_worst_ratio=0.5),
    )  # fmt: skip
    assert chosen.broken() == (
        "right choices: 66.7 %, at least 90 % is asked for",
        "mean regret: 10.0 %, at most 1.5 % is asked for",
    )


def test_every_comparison_keeps_its_bounds() -> None:
    """Those of memory and of generating text have tests of their own, which take seconds."""
    quick = [
        name
        for name, one in COMPARISONS.items()
        if one.quantity in ("time", "slowdown", "power", "split step")
    ]
    assert [one.broken for one in standings(quick) if one.broken] == []
    assert [name for name, one in CHOICES.items() if one.broken()] == []


def test_bands_hold_three_quarters_to_nine_tenths_of_every_class() -> None:
    found = class_standings()
    assert {one.name for one in found} >= {"server_gpu", "desktop_gpu", "jetson_gpu", "cpu_x86", "phone_npu"}
    least, most = COVERED_RATIOS
    assert {one.name: one.judged.covered_ratio for one in found if one.broken} == {}
    assert all(least <= (one.judged.covered_ratio or 0) <= most for one in found)


def test_the_command_prints_a_table_and_fails_where_a_bound_is_not_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["truth", QUICK]) == 0
    assert QUICK in capsys.readouterr().out
    assert main(["truth", QUICK, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["comparisons"][0]["name"] == QUICK

    strict = comparison((held(1, 2),), AgreementBounds(most_mean_error_ratio=0.2))
    monkeypatch.setitem(COMPARISONS._entries, QUICK, strict)
    assert main(["truth", QUICK]) == 3
    assert f"{QUICK}: mean error: 100.0 %, at most 20 % is asked for" in capsys.readouterr().err
