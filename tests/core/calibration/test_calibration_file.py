"""Calibration files: what is written reads back, what is wrong is told, and where a file goes."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.analyses import analysis_with
from cutwise.analyses.bands.band_basis import basis_of
from cutwise.calibration.calibrated_party import with_calibration
from cutwise.calibration.calibration_file import (
    Calibration,
    dump_calibration,
    load_calibration,
    parse_calibration,
)
from cutwise.calibration.shipped_calibrations import shipped_calibrations
from cutwise.channels import FixedRate
from cutwise.costs.workload import Workload
from cutwise.errors import CutwiseError
from cutwise.hardware.time_classes import time_classes
from cutwise.problem.split_problem import build_problem
from cutwise.question import Question
from cutwise.scenario.parties import Device, Edge, Server
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import dump_scenario, parse_scenario
from cutwise.scenario.time_levels import level_of

BOARD = Calibration(
    name="board", machine="Board of mine", software="torch", hardware_class="cpu_arm_pytorch",
    number_format="fp32", date="2026-12-01", rows=12, flops_per_s=2e10, moved_bytes_per_s=8e8, launch_s=2e-5,
    backward_ratio=2.5, backward_rows=6, band_low_ratio=0.8, band_high_ratio=1.3, left_out_error_ratio=0.12,
)  # fmt: skip
WRITTEN = dump_calibration(BOARD)


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "board.toml"
    path.write_text(WRITTEN, encoding="utf-8")
    assert load_calibration(path) == BOARD


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("cutwise-calibration/1", "cutwise-calibration/9", "the format read here is 'cutwise-calibration/1'"),
        ("rows = 12", "", "the key rows is missing"),
        ("rows = 12", "rows = 1.5", "rows: is 1.5; give a whole number of at least 1"),
        ("rows = 12", "rows = true", "rows: is True; give a whole number"),
        ("flops_per_s = 20000000000.0", "flops_per_s = -1", "flops_per_s: is -1; give a number from 1e-06"),
        ("flops_per_s = 20000000000.0", "flops_per_s = nan", "flops_per_s: is nan; give a number"),
        ("flops_per_s = 20000000000.0", 'flops_per_s = "2e10"', "flops_per_s: is '2e10'; give a number"),
        ("launch_s", "lauch_s", "lauch_s: unknown key; did you mean launch_s?"),
        ('"cpu_arm_pytorch"', '"cpu_arm_pytorh"', "did you mean 'cpu_arm_pytorch'?"),
        ('"2026-12-01"', '"yesterday"', "date: is 'yesterday'; give a date such as 2026-12-01"),
        ('"2026-12-01"', "2026-12-01", "date: is a bare date; write it in quotation marks"),
        ("band_low_ratio = 0.8", "band_low_ratio = 1.8", "band_low_ratio: is 1.8; give a number from"),
        ('"Board of mine"', f'"{"x" * 500}"', "machine: has 500 characters, at most 300 are kept"),
        ('"Board of mine"', "[", "is not valid TOML or JSON"),
        ('"fp32"', '"tf32"', "number_format: is 'tf32'; give what was computed in: fp32, bf16, fp16,"),
        ("backward_rows = 6", "backward_rows = -1", "backward_rows: is -1; give a whole number of at least"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_where_it_is(old: str, new: str, sentence: str) -> None:
    assert old in WRITTEN
    with pytest.raises(CutwiseError) as told:
        parse_calibration(WRITTEN.replace(old, new).encode(), name="mine.toml")
    assert sentence in str(told.value)
    assert str(told.value).startswith("mine.toml: ")


def test_a_long_file_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(CutwiseError, match="of a calibration are read; it holds one machine"):
        parse_calibration(b"#" * 30_000)


def test_a_machine_may_be_the_device_the_server_or_the_edge() -> None:
    scenario = Scenario(
        devices=(
            Device(name="a", profile="jetson_nano", power_mode="5W"), Device(name="b", efficiency_ratio=0.2)
        ),
        edges=(Edge(name="here"),), server=Server(time_class="server_gpu"),
    )  # fmt: skip
    devices = with_calibration(scenario, BOARD, party="device").devices
    assert [level_of(one) for one in devices] == ["fitted", "fitted"]
    assert [(one.name, one.profile, one.moved_bytes_per_s) for one in devices] == [
        ("a", "jetson_nano", 8e8),
        ("b", "jetson_tx2", 8e8),
    ]
    assert with_calibration(scenario, BOARD, party="server").server.launch_s == 2e-5
    assert with_calibration(scenario, BOARD, party="edge").edges[0].time_high_ratio == 1.3
    named = with_calibration(scenario, replace(BOARD, profile="raspberry_pi_4"), party="device")
    assert {one.profile for one in named.devices} == {"raspberry_pi_4"}
    own = with_calibration(Scenario(devices=(Device(flops_per_s=1e9),)), BOARD, party="device")
    assert own.devices[0].profile is None
    with pytest.raises(CutwiseError, match="has no edge"):
        with_calibration(Scenario(), BOARD, party="edge")
    with pytest.raises(CutwiseError, match="did you mean 'device'"):
        with_calibration(scenario, BOARD, party="devise")


def test_a_plan_with_a_calibrated_device_takes_the_fitted_seconds() -> None:
    """The whole model on the device: FLOPs, bytes and launches of one iteration, by the formula."""
    graph = cutwise.load_model("sample:two_tower")
    scenario = with_calibration(Scenario(devices=(Device(samples=32),)), BOARD, party="device")
    found = cutwise.plan(graph, scenario, "device_only")
    cost, batch = build_problem(graph, scenario).cost, 32
    forward = batch * (cost.forward_flops.sum() / 2e10 + cost.moved_bytes.sum() / 8e8)
    forward += cost.launches.sum() * 2e-5 + cost.read_bytes.sum() / 8e8
    backward_flops = cost.backward_input_flops.sum() + cost.backward_weight_flops.sum()
    backward = batch * (backward_flops / 2e10 + cost.backward_moved_bytes.sum() / 8e8)
    backward += cost.backward_launches.sum() * 2e-5 + cost.backward_read_bytes.sum() / 8e8
    (stages,) = found.stages
    computing_s = stages.device_forward_s + stages.device_backward_s
    assert computing_s == pytest.approx(forward + 2.5 * backward, rel=1e-9)


FORWARD = replace(BOARD, backward_rows=0, backward_ratio=2.5)


def test_a_file_says_whether_backward_passes_were_measured() -> None:
    """The ratio of the class, 2.5 for eager PyTorch on ARM, is one that nobody measured."""
    assert BOARD.has_backward
    assert not FORWARD.has_backward
    silent = replace(BOARD, backward_rows=None)
    assert not silent.has_backward
    assert replace(silent, backward_ratio=2.4).has_backward


@pytest.mark.parametrize("name", list(shipped_calibrations()))
def test_shipped_machines_ran_inference_alone(name: str) -> None:
    found = shipped_calibrations()[name]
    assert "inference" in found.software
    assert found.backward_rows == 0
    scenario = with_calibration(Scenario(), found, party="device")
    (device,) = scenario.devices
    assert level_of(device) == "forward_fitted"
    told = dict(basis_of(build_problem(cutwise.load_model("sample:two_tower"), scenario), 0))
    (basis,) = (text for text in told.values() if text.startswith("forward fitted"))
    assert basis.startswith("forward fitted to measured rows, backward by class of hardware (")
    title = time_classes()[found.hardware_class].title
    assert f", by {title}" in basis


def test_forward_alone_is_priced_by_the_class_and_reads_back() -> None:
    """2.5 times its own columns, as the class says; and a scenario's file keeps which class that is."""
    graph = cutwise.load_model("sample:two_tower")
    both, alone = (
        with_calibration(Scenario(devices=(Device(samples=32),)), one, party="device")
        for one in (BOARD, FORWARD)
    )
    took = [cutwise.plan(graph, one, "device_only").stages[0] for one in (both, alone)]
    assert took[0].device_backward_s == pytest.approx(took[1].device_backward_s, rel=1e-12)
    assert parse_scenario(dump_scenario(alone).encode()) == alone


@pytest.mark.parametrize("mode", ["training", "inference"])
def test_backward_passes_by_class_are_less_certain(mode: str) -> None:
    """On one device: factors with P10 0.8 and P90 1.3, and 0.3 in logarithms beside it for the backward."""
    graph = cutwise.load_model("sample:two_tower")
    scenario = replace(Scenario(devices=(Device(samples=32),)), workload=Workload(mode=mode))  # type: ignore[arg-type]
    scenario = with_calibration(scenario, FORWARD, party="device")
    scenario = replace(scenario, channel=FixedRate(uplink_bps=1e13, downlink_bps=1e13))
    stages = cutwise.plan(graph, scenario, "device_only").stages[0]
    asked = Question(graph=graph, scenario=scenario, scheme="device_only")
    found: Any = analysis_with("certainty", {"draws": 20_000}).run(asked)
    random = np.random.default_rng(7)
    middle, spread = math.log(0.8 * 1.3) / 2, math.log(1.3 / 0.8) / (2 * 1.2815515655446004)
    common = np.exp(middle + spread * random.standard_normal(200_000))
    beside = np.exp(0.3 * random.standard_normal(200_000))
    worlds = common * (stages.device_forward_s + stages.device_backward_s * beside)
    assert (found.bands[0].low, found.bands[0].high) == pytest.approx(
        tuple(np.quantile(worlds, (0.1, 0.9))), rel=0.05
    )


def test_another_number_format_is_scaled_by_the_peaks_and_said() -> None:
    """A Jetson TX2: 666 GFLOP/s in fp32 and twice that in fp16, its data sheet's 1.33 TFLOP/s."""
    graph = cutwise.load_model("sample:two_tower")
    board = replace(BOARD, profile="jetson_tx2")
    speeds, told = {}, {}
    for dtype in ("fp32", "fp16"):
        scenario = Scenario(workload=Workload(compute_dtype=dtype))  # type: ignore[arg-type]
        problem = build_problem(graph, with_calibration(scenario, board, party="device"))
        speeds[dtype] = float(problem.device_flops_per_s[0])
        told[dtype] = next(iter(basis_of(problem, 0)))[1]
    assert speeds == {"fp32": 2e10, "fp16": pytest.approx(4e10, rel=2e-3)}
    assert "measured in" not in told["fp32"]
    assert "measured in fp32; for fp16 its speed is taken × 2, as its peaks are" in told["fp16"]
    assert "measured seconds 0.8 to 1.3 of predicted" in told["fp32"]
    jetson = time_classes()["jetson_gpu"]
    wide = f"measured seconds {jetson.band_low_ratio:.2g} to {jetson.band_high_ratio:.2g} of predicted"
    assert wide in told["fp16"]


def test_another_number_format_without_peaks_is_taken_as_it_is_and_said() -> None:
    scenario = Scenario(devices=(Device(flops_per_s=1e9),), workload=Workload(compute_dtype="fp16"))
    problem = build_problem(
        cutwise.load_model("sample:two_tower"), with_calibration(scenario, BOARD, party="device")
    )
    assert problem.device_flops_per_s[0] == 2e10
    told = next(iter(basis_of(problem, 0)))[1]
    assert "measured in fp32 and taken as it is for fp16, as no peaks are known" in told
