"""Sweeps in columns against one plan a row, and columns that are refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import cutwise
import cutwise.columns.device_rows
import cutwise.columns.row_answers
from cutwise.columns.rounds.band_levels import levels_of
from cutwise.cuts.pool.closure import PoolTooLarge
from cutwise.errors import ScenarioError
from cutwise.scenario.parts import Scenario, Sharing
from tests.core.columns.drawn_rows import (
    SETTINGS,
    Setting,
    between,
    differences,
    fleet,
    rows_of_sample,
    schemes_of,
)

ROWS = 14
"""Rows of each setting; `python -m tests.fuzz.swept_rows 1000` draws more."""
CHEAP = ("resnet18", "vgg16", "vit_b16", "gpt2", "unet", "mobilenet_v2")


@pytest.mark.parametrize("name", SETTINGS)
def test_rows_of_a_sweep_equal_their_own_plans(name: str) -> None:
    setting, seed = SETTINGS[name], list(SETTINGS).index(name)
    known = [sample for sample in setting.samples if sample in CHEAP]
    sample = known[seed % len(known)]
    schemes = schemes_of(setting)
    graph, scheme = cutwise.load_model(f"sample:{sample}"), schemes[seed % len(schemes)]
    assert list(differences(graph, setting, scheme, rows=ROWS, seed=seed)) == []


@pytest.mark.parametrize("sample", cutwise.samples())
def test_every_sample_is_swept_as_it_is_planned(sample: str) -> None:
    graph = cutwise.load_model(f"sample:{sample}")
    wrong = differences(graph, SETTINGS["either side faster"], "fast_split", rows=3, seed=1)
    assert list(wrong) == []


def test_rows_of_a_setting_are_spread_over_its_samples() -> None:
    setting = SETTINGS["best band"]
    found = [rows_of_sample(setting, number, 1000)[0] for number in range(len(setting.samples))]
    assert sum(found) == 1000
    assert max(found) - min(found) <= 1


@pytest.mark.parametrize(
    "name", ["weighted", "best band", "best band over shannon", "best band, latencies and limits"]
)
def test_best_bands_and_weighted_rows_are_not_planned_one_by_one(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("rows were planned one by one")

    monkeypatch.setattr(cutwise.columns.row_answers, "_one_by_one", refused)
    setting = SETTINGS[name]
    graph = cutwise.load_model("sample:vgg16")
    over = {
        path: column
        for path, column in setting.over(np.random.default_rng(3), 50).items()
        if path != "devices.*.memory_bytes"
    }
    assert len(cutwise.sweep(graph, setting.scenario, over=over, scheme=setting.scheme, zip=True)) == 50


def test_a_single_row_with_the_best_band_equals_its_plan() -> None:
    scenario = Scenario(devices=fleet(3), sharing=Sharing(bandwidth="optimised"))
    setting = Setting(
        scenario=scenario, scheme="split_federated", columns={"channel.uplink_bps": between(1e6, 1e9)}
    )
    graph = cutwise.load_model("sample:vgg16")
    assert list(differences(graph, setting, "split_federated", rows=1, seed=0)) == []


def test_a_device_that_needs_no_band_leaves_its_share_to_others() -> None:
    setting = SETTINGS["best band, inference"]
    own = {
        "channel.uplink_bps": 7607089546.0824795,
        "channel.downlink_bps": 14206313.315026233,
        "server.flops_per_s": 4598642703033.354,
    }
    drawn = {path: (lambda _, rows, value=value: np.full(rows, value)) for path, value in own.items()}
    graph = cutwise.load_model("sample:vgg16")
    one = replace(setting, columns=drawn)
    assert list(differences(graph, one, "split_federated", rows=2, seed=0)) == []


def test_levels_equal_bisection() -> None:
    rng = np.random.default_rng(2)
    still, slope = rng.uniform(0, 5, (6, 40)), 10 ** rng.uniform(-6, 2, (6, 40))
    slope[0] = 0.0
    times = rng.integers(1, 4, (6, 1)).astype(float)
    for found, s, a in zip(levels_of(still, slope, times), still.T, slope.T, strict=True):
        low, high = float(s.max()), float((s + a * times.sum()).max())
        for _ in range(200):
            middle = 0.5 * (low + high)
            with np.errstate(divide="ignore", invalid="ignore"):
                needs = np.where(a > 0, times[:, 0] * a / (middle - s), 0.0)
            low, high = (low, middle) if needs.sum() <= 1 and middle > s[a > 0].max() else (middle, high)
        assert found == pytest.approx(high, rel=1e-12)


@pytest.mark.parametrize(
    ("path", "values", "sentence"),
    [
        ("channel.uplink_bps", [1e6, math.inf, 1e7], r"channel\.uplink_bps: .*\(row 1\)"),
        ("channel.uplink_bps", [1e6, 1e7, math.nan], r"channel\.uplink_bps: .*\(row 2\)"),
        ("channel.uplink_bps", [-1.0, 1e7, -2.0], r"channel\.uplink_bps: .*-1.*\(row 0; 2 such rows\)"),
        (
            "devices.*.samples",
            [10.0, 10.5],
            r"devices\.\*\.samples|devices\[0\]\.samples|samples: .*\(row 1\)",
        ),
        ("rounds", [1, 0], r"rounds: .*\(row 1\)"),
        ("server.memory_bytes", [1e9, -5.0], r"server\.memory_bytes: .*\(row 1\)"),
    ],
)
def test_a_column_with_a_wrong_number_names_its_row(path: str, values: list[float], sentence: str) -> None:
    with pytest.raises(ScenarioError, match=sentence):
        cutwise.sweep(cutwise.load_model("sample:vgg16"), over={path: np.array(values)}, zip=True)


@pytest.mark.parametrize(("path", "values"), [("channel.uplink_bps", [True, False]), ("rounds", [True])])
def test_yes_and_no_are_no_numbers(path: str, values: list[bool]) -> None:
    for given in (values, np.array(values)):
        with pytest.raises(ScenarioError, match=path):
            cutwise.sweep(cutwise.load_model("sample:vgg16"), over={path: given}, zip=True)


def test_whole_numbers_stand_for_real_ones() -> None:
    graph = cutwise.load_model("sample:vgg16")
    rates = np.array([10**6, 10**9])
    whole, real = (
        cutwise.sweep(graph, over={"channel.uplink_bps": given}, zip=True) for given in (rates, rates * 1.0)
    )
    assert whole["delay_s"].tolist() == real["delay_s"].tolist()


@pytest.mark.parametrize("name", ["either side faster", "fleet at equal shares", "best band"])
def test_rows_of_a_model_with_too_many_cuts_equal_their_own_plans(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_many(*_: object) -> None:
        raise PoolTooLarge("as if")

    monkeypatch.setattr(cutwise.columns.device_rows, "candidates_within", too_many)
    setting, graph = SETTINGS[name], cutwise.load_model("sample:vgg16")
    assert list(differences(graph, setting, setting.scheme, rows=2, seed=4)) == []
