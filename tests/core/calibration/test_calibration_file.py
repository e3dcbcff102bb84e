"""Calibration files: what is written reads back, what is wrong is told, and where a file goes."""

from dataclasses import replace
from pathlib import Path

import pytest

import cutwise
from cutwise.calibration.calibrated_party import with_calibration
from cutwise.calibration.calibration_file import (
    Calibration,
    dump_calibration,
    load_calibration,
    parse_calibration,
)
from cutwise.errors import CutwiseError
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device, Edge, Server
from cutwise.scenario.parts import Scenario
from cutwise.scenario.time_levels import level_of

BOARD = Calibration(
    name="board", machine="Board of mine", software="torch", hardware_class="cpu_arm_pytorch",
    number_format="fp32", date="2026-12-01", rows=12, flops_per_s=2e10, moved_bytes_per_s=8e8, launch_s=2e-5,
    backward_ratio=2.5, band_low_ratio=0.8, band_high_ratio=1.3, left_out_error_ratio=0.12,
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
