"""Times of whole models that others measured, against the level of the data sheet."""

from __future__ import annotations

import csv
from dataclasses import astuple

import pytest

import cutwise
from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.hardware.profiles import hardware
from cutwise.measured import CHOICES, COMPARISONS
from cutwise.measured.agreement.held_choices import regrets_of
from cutwise.measured.agreement.held_rows import agreement_of
from cutwise.measured.times.model_totals import SUMS, model_totals, total_name, totals_of
from cutwise.measured.times.predicted_times import iterations_s
from cutwise.measured.times.time_comparisons import held_times
from cutwise.measured.times.timed_models import RUNS, TimedModel, in_learning_half, timed_models
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario
from cutwise.scenario.time_levels import ComputeSpeed
from tests.measured_models import kept_rows, rows_table
from tests.measured_models.summaries_table import KEPT, REGRETS
from tests.shared_files import DATA, needs

MEASURED = DATA / "measured"
SHIPPABLE = {"Apache-2.0", "MIT", "BSD-3-Clause", "own"}
GPU_RUNS = ("timm_training_3090", "timm_inference_3090", "timm_inference_4090", "vidur_h100")


@pytest.mark.parametrize("run", GPU_RUNS)
def test_gpus_are_predicted_from_their_data_sheets(run: str) -> None:
    """Mean error at most 20 %, 90 % of rows within 50 %, on rows that nothing was fitted on; and on all."""
    comparison = COMPARISONS[f"{run}.datasheet"]
    assert comparison.broken() == ()
    for found in (comparison.judged(), agreement_of(comparison.rows())):
        assert found.mean_error_ratio <= 0.20
        assert found.wide_ratio >= 0.90
    former = agreement_of(COMPARISONS[f"{run}.former"].rows())
    assert former.mean_error_ratio > 2 * comparison.judged().mean_error_ratio


LAMBDA = DATA / "measured" / "lambda_training"


@needs(LAMBDA)
def test_training_cards_are_predicted_from_their_data_sheets() -> None:
    """ResNet-50 and two BERT on four cards: at most 25 %, 90 % within 50 %; and the summary says the same."""
    found = agreement_of(kept_rows.lambda_rows("datasheet"))
    assert found.rows == 12
    assert found.mean_error_ratio <= 0.25
    assert found.wide_ratio >= 0.90
    assert agreement_of(kept_rows.lambda_rows("former")).mean_error_ratio > 2 * found.mean_error_ratio


@needs(MEASURED)
@pytest.mark.parametrize("name", KEPT)
def test_summaries_say_what_the_rows_say(name: str) -> None:
    stated, found = COMPARISONS[name].stated, agreement_of(KEPT[name]())
    assert stated is not None
    said, anew = ([ratio for ratio in astuple(one) if ratio is not None] for one in (stated, found))
    assert said == pytest.approx(anew, rel=2e-3)
    assert COMPARISONS[name].licence not in SHIPPABLE


@needs(MEASURED)
@pytest.mark.parametrize("name", REGRETS)
def test_stated_regrets_are_those_of_the_rows(name: str) -> None:
    stated = CHOICES[name].regrets()
    for one, other in zip(astuple(stated), astuple(regrets_of(REGRETS[name]())), strict=True):
        assert one == pytest.approx(other, rel=2e-3, abs=1e-6)


def test_there_are_graphs_of_at_least_two_hundred_models() -> None:
    models = {row.totals.model for row in timed_models() if row.run == "timm_inference_4090"}
    assert len(models) >= 200


def test_a_row_takes_what_the_formula_says() -> None:
    """By hand, of ResNet-50 at a batch of 256 on a card with 50 TFLOP/s, 700 GB/s, 5 µs, backward × 1.5."""
    model = model_totals()[total_name("resnet50", 224, "training_amp")]
    speed = ComputeSpeed(flops_per_s=5e13, bytes_per_s=7e11, launch_s=5e-6, backward_ratio=1.5)
    forward = model.launches * 5e-6 + model.read_bytes / 7e11
    forward += 256 * (model.forward_flops / 5e13 + model.moved_bytes / 7e11)
    backward = model.backward_launches * 5e-6 + model.backward_read_bytes / 7e11
    backward += 256 * (model.backward_flops / 5e13 + model.backward_moved_bytes / 7e11)
    assert iterations_s([model], [speed], [256])[0] == pytest.approx(forward + 1.5 * backward, rel=1e-9)


def test_a_plan_says_the_same_seconds_as_the_table() -> None:
    """The shipped ResNet-18 on an RTX 4090 that has all of it, against the row of the same architecture."""
    workload = Workload(mode="inference", batch_size=256)
    scenario = Scenario(workload=workload, devices=(Device(profile="rtx_4090", samples=256),))
    planned = cutwise.plan(cutwise.load_model("sample:resnet18"), scenario, scheme="device_only")
    totals = model_totals()[total_name("torchvision.resnet18", 224, "inference_fp32")]
    row = TimedModel(
        run="timm_inference_4090", hardware="RTX 4090", profile="rtx_4090", setting="", totals=totals,
        batch_size=256, measured_s=1.0,
    )  # fmt: skip
    assert planned.delay_s == pytest.approx(held_times([row], "datasheet")[0].predicted, rel=1e-3)


def test_the_table_has_the_totals_of_the_shipped_model() -> None:
    cost = price(cutwise.load_model("sample:resnet18"), Workload(mode="inference"))
    shipped = model_totals()[total_name("torchvision.resnet18", 224, "inference_fp32")]
    found = totals_of(cost, model=shipped.model, size=224, workload=shipped.workload)
    for name in (*SUMS, "macs", "parameters", "winograd_flops"):
        assert getattr(found, name) == pytest.approx(getattr(shipped, name), rel=1e-2), name
    assert found.family == shipped.family == "plain"


@pytest.mark.parametrize(
    ("model", "size", "gmacs", "family"),
    [
        ("resnet50", 224, 4.11, "plain"),
        ("mobilenetv2_100", 224, 0.30, "depthwise"),
        ("vit_base_patch16_224", 224, 17.58, "attention"),
    ],
)
def test_totals_have_published_multiply_adds(model: str, size: int, gmacs: float, family: str) -> None:
    """As timm's own tables have them; of attention they count the products, as we do."""
    found = model_totals().get(total_name(model, size, "training_amp"))
    if found is None:
        pytest.skip(f"{model} at {size} is not in the table")
    assert found.macs == pytest.approx(gmacs * 1e9, rel=0.02)
    assert found.family == family


def test_rows_know_their_part_and_their_half() -> None:
    rows = timed_models()
    assert {row.run for row in rows} == {name for name, run in RUNS.items() if run.licence != "none stated"}
    assert {row.profile for row in rows} - {""} <= set(hardware())
    learnt = {row.totals.model for row in rows if row.run == "timm_training_3090" and row.is_learnt}
    assert learnt == {
        row.totals.model
        for row in rows
        if row.run == "timm_training_3090" and in_learning_half(row.totals.model)
    }
    assert not any(row.is_learnt for row in rows if row.run in ("timm_inference_4090", "vidur_h100"))


@needs(MEASURED)
def test_the_shipped_rows_are_those_of_the_sources(tmp_path_factory: pytest.TempPathFactory) -> None:
    anew = tmp_path_factory.mktemp("rows") / "rows.csv"
    count = rows_table.write_rows(anew)
    with anew.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    assert count == len(timed_models())
    assert [float(row["measured_s"]) for row in rows] == [row.measured_s for row in timed_models()]
