"""Unsure inputs: intervals against fresh draws, regrets against every split of small models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.analyses.what_if.inputs.input_ranges import ranges_of
from cutwise.analyses.what_if.uncertainty import UncertaintyAnalysis, drawn
from cutwise.errors import ScenarioError
from cutwise.question import Question
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario
from tests.core.analyses.what_if.small_cells import costs_of, random_cell, splits_of

CASES = 20
PATHS = {
    "channel.uplink_bps": "channel.uplink_bps",
    "devices.*.speed": "devices.*.flops_per_s",
    "server.speed": "server.flops_per_s",
}


def world(values: dict[str, float], factors: list[float]) -> dict[str, float]:
    return {path: value * factor for (path, value), factor in zip(values.items(), factors, strict=True)}


def worst_regrets(question: Question, masks: np.ndarray, worlds: list[dict[str, float]]) -> np.ndarray:
    """By hand: of every split how much it costs more than the best one, at worst over these worlds."""
    costs = np.stack([costs_of(question, masks, one)["delay"] for one in worlds])
    return (costs - costs.min(axis=1, keepdims=True)).max(axis=0)


@pytest.mark.parametrize("seed", range(CASES))
def test_the_robust_cut_is_that_of_every_split_with_the_least_worst_regret(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng([18, seed])
    question = random_cell(rng, tmp_path)
    widths = rng.uniform(0.1, 0.9, len(PATHS))
    texts = tuple(f"{path}={100 * width}%" for path, width in zip(PATHS, widths, strict=True))
    found = UncertaintyAnalysis(ranges=texts, draws=50).run(question)
    values = {PATHS[one.quantity.name]: one.quantity.value for one in ranges_of(question.scenario, texts)}
    corners = [
        world(values, [1 + (width if bit else -width) for bit, width in zip(bits, widths, strict=True)])
        for bits in np.ndindex(2, 2, 2)
    ]
    masks = splits_of(question)
    worst = worst_regrets(question, masks, corners)
    (robust,) = [one for one in found.cuts if one.robust]
    if not found.exact:
        assert "never best" in found.why_not
        assert robust.worst_regret >= worst.min() * (1 - 1e-9)
        return
    assert robust.worst_regret == pytest.approx(worst.min(), rel=1e-9, abs=1e-12)
    inside = [world(values, (1 + widths * rng.uniform(-1, 1, 3)).tolist()) for _ in range(40)]
    within = worst_regrets(question, masks, inside)
    assert (within <= worst * (1 + 1e-9) + 1e-12).all()


@pytest.mark.parametrize("model", ["resnet18", "googlenet"])
def test_nine_in_ten_fresh_worlds_lie_within_the_interval(model: str) -> None:
    texts = ("channel.uplink_bps=/2", "channel.downlink_bps=/1.5", "devices.*.speed=30%", "server.speed=50%")
    asked = Question(
        graph=cutwise.load_model(f"sample:{model}"), scenario=Scenario(devices=(Device(flops_per_s=2e11),))
    )
    bands = {one.figure: one for one in UncertaintyAnalysis(ranges=texts, draws=4000).run(asked).bands}
    fresh = UncertaintyAnalysis(ranges=texts, draws=4000, seed=99)
    ranges = ranges_of(asked.scenario, texts)
    for figure, column in (("delay planned anew", "delay_s"), ("energy planned anew", "energy_j")):
        low, *_, high = bands[figure].levels
        values = sampled(asked, ranges, fresh.seed)[column]
        assert 0.88 <= np.mean((low <= values) & (values <= high)) <= 0.92


def sampled(asked: Question, ranges: tuple, seed: int) -> dict[str, np.ndarray]:
    """Delay and energy of fresh worlds, from the public sweep; speeds as numbers change nothing else."""
    factors = drawn(ranges, 4000, seed)
    over, fixed = {}, {}
    for one, row in zip(ranges, factors, strict=True):
        over |= {path: column.tolist() for path, column in one.quantity.columns(row).items()}
        fixed |= one.quantity.fixed
    table = cutwise.sweep(asked.graph, changed(asked.scenario, fixed), over=over, zip=True)
    return {name: table[name].to_numpy(dtype=float) for name in ("delay_s", "energy_j")}


def test_a_cut_that_is_always_best_is_best_with_probability_one_and_never_regretted() -> None:
    scenario = Scenario(devices=(Device(flops_per_s=1e13),))
    asked = Question(
        graph=cutwise.load_model("sample:vgg16"), scenario=changed(scenario, {"channel.uplink_bps": 1e5})
    )
    found = UncertaintyAnalysis(draws=100).run(asked)
    (only,) = found.cuts
    assert (only.best_ratio, only.near_ratio, only.mean_regret, only.worst_regret) == (1.0, 1.0, 0.0, 0.0)
    assert only.planned
    assert only.robust


def test_laws_that_bend_are_said_to_make_corners_no_bound() -> None:
    asked = Question(graph=cutwise.load_model("sample:resnet18"))
    found = UncertaintyAnalysis(ranges=("devices.*.samples=90%",), draws=50).run(asked)
    assert not found.exact
    assert "between corners" in found.why_not


def test_a_scheme_whose_worlds_take_a_plan_each_draws_few_and_says_so() -> None:
    asked = Question(graph=cutwise.load_model("sample:vgg16"), scheme="card")
    found = UncertaintyAnalysis().run(replace(asked, scheme="card"))
    assert found.draws == 100
    assert "took a plan of its own" in found.why_not
    assert not found.cuts


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("channel.uplink_bps", "is no range"),
        ("channel.uplink_bps=fast", "is no range"),
        ("channel.uplink_bps=4e7..1e7", "is empty"),
        ("channel.uplink_bps=3 kg..4 kg", "channel.uplink_bps"),
        ("channel.speed=20%", "channel.speed"),
        ("server.speed=/0", "is empty"),
        ("server.speed=200%", "is empty"),
    ],
)
def test_a_text_that_is_no_range_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        ranges_of(Scenario(), [text])


def test_a_share_of_many_devices_numbers_is_of_each_ones_own() -> None:
    graph = cutwise.load_model("sample:resnet18")
    unlike = Scenario(devices=(Device(name="a", flops_per_s=2e10), Device(name="b", flops_per_s=1e9)))
    by_path, by_name = (
        cutwise.analyse(graph, unlike, "uncertainty", ranges=(f"devices.*.{name}=50%",), draws=500)
        for name in ("flops_per_s", "speed")
    )
    anew = [next(b for b in one.bands if b.figure == "delay planned anew") for one in (by_path, by_name)]
    assert anew[0].levels == anew[1].levels
    with pytest.raises(ScenarioError, match="differs from one to another"):
        cutwise.analyse(graph, unlike, "uncertainty", ranges=("devices.*.flops_per_s=1e9..2e9",))
