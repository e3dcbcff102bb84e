"""Schemes whose cuts are given, swept in columns: against one plan a row, and never planned one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import cutwise
import cutwise.columns.row_answers
from cutwise.scenario.parts import Limits, Privacy, Scenario
from cutwise.schemes.base import SCHEMES, has_given_cut
from tests.core.columns.drawn_rows import (
    FIVE,
    RATES,
    SETTINGS,
    WEIGHTED,
    Setting,
    between,
    differences,
)

GIVEN = tuple(name for name in SCHEMES if has_given_cut(name))
CASES = {
    "either side faster": SETTINGS["either side faster"],
    "memories": SETTINGS["memories"],
    "limits": SETTINGS["limits"],
    "raw data may go up": Setting(
        scenario=Scenario(privacy=Privacy(keep_on_device="raw_allowed")), columns=RATES
    ),
    "fleet, a server too small": SETTINGS["fleet, a server too small"],
    "fleet, weighted, with a deadline": Setting(
        scenario=replace(FIVE, objective=WEIGHTED, limits=Limits(deadline_s=1e4)),
        columns={**RATES, "devices.2.flops_per_s": between(1e8, 1e13)},
    ),
    "best band": SETTINGS["best band"],
}


def test_baselines_with_one_cut_and_federated_learning_give_it() -> None:
    assert set(GIVEN) >= {"server_only", "device_only", "first_layer", "federated"}


@pytest.mark.parametrize("scheme", GIVEN)
def test_rows_with_given_cuts_equal_their_own_plans(scheme: str) -> None:
    graph = cutwise.load_model("sample:vgg16")
    for seed, (name, setting) in enumerate(CASES.items()):
        near = replace(setting, energy_near=1e-5) if name == "best band" else setting
        assert list(differences(graph, near, scheme, rows=4, seed=seed)) == []


@pytest.mark.parametrize("scheme", GIVEN)
def test_rows_with_given_cuts_are_not_planned_one_by_one(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("rows were planned one by one")

    monkeypatch.setattr(cutwise.columns.row_answers, "_one_by_one", refused)
    for setting in CASES.values():
        over = setting.over(np.random.default_rng(3), 20)
        found = cutwise.sweep(
            cutwise.load_model("sample:vgg16"), setting.scenario, over=over, scheme=scheme, zip=True
        )
        assert len(found) == 20
