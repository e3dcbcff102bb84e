"""What the reader measured on the Network page, and a calibration that is opened."""

from __future__ import annotations

from dataclasses import replace

import pytest
import streamlit as st

from cutwise.calibration.calibration_file import dump_calibration
from cutwise.calibration.shipped_calibrations import shipped_calibrations
from cutwise.costs.workload import Workload
from cutwise.errors import CutwiseError
from cutwise.scenario.parties import Device, Edge
from cutwise.scenario.parts import Scenario
from cutwise.scenario.time_levels import level_of
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.session import DESK
from cutwise_dashboard.views import calibrated_parties
from cutwise_dashboard.views.open_and_save import says_question
from tests.dashboard.pages import opened, texts

TABLE = """Split point\tDevice (ms)\tServer (ms)\tNetwork (ms)
maxpool\t525\t18.8\t57
layer1\t892\t14.2\t29
layer2\t1152\t8.8\t15
layer3\t1415\t4.1\t7.5
"""
ON_A_PI = replace(
    StatedQuestion(),
    scenario=Scenario(
        workload=Workload(mode="inference", batch_size=8), devices=(Device(profile="raspberry_pi_4"),)
    ),
)
PI = shipped_calibrations()["raspberry_pi_4_ncnn"]


def test_a_pasted_table_stands_beside_its_fit_and_goes_into_the_question() -> None:
    app = opened(ON_A_PI, "network")
    app.text_area(key="view.measured.table").set_value(TABLE).run()
    said = "\n".join(texts(app))
    assert "the forward pass of 8 samples in fp32" in said
    assert "A backward pass then takes what its class of hardware says." in said
    assert "after layer1/1/relu2" in said
    assert "Device rows off by" in said
    assert level_of(app.session_state[DESK].stated.scenario.devices[0]) == "datasheet"
    app.button(key="measured.use").click().run()
    scenario = app.session_state[DESK].stated.scenario
    assert level_of(scenario.devices[0]) == level_of(scenario.server) == "forward_fitted"
    assert scenario.devices[0].profile == "raspberry_pi_4"
    assert 5e8 < scenario.channel.uplink_bps < 2e9
    assert "Undo takes them back" in "\n".join(texts(app))


def test_a_wrong_table_is_told_and_the_page_stands() -> None:
    app = opened(ON_A_PI, "network")
    app.text_area(key="view.measured.table").set_value("cut\tdevice\nlayer9\t1").run()
    assert any("the model has no such op or block; did you mean" in error.value for error in app.main.error)
    assert not app.main.button(key="measured.shipped.device").disabled


def test_a_machine_that_others_measured_is_chosen_by_name() -> None:
    app = opened(ON_A_PI, "network")
    app.selectbox(key="view.measured.shipped").select("raspberry_pi_4_ncnn").run()
    assert "BSD-3-Clause" in "\n".join(texts(app))
    app.button(key="measured.shipped.device").click().run()
    assert app.session_state[DESK].stated.scenario.devices[0].moved_bytes_per_s == PI.moved_bytes_per_s


def test_an_opened_calibration_is_kept_until_the_reader_says_whose_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", state)
    content = dump_calibration(PI).encode()
    assert calibrated_parties.take([("pi.toml", content)])
    assert state[calibrated_parties.KEPT] == PI
    assert not calibrated_parties.take([("question.toml", b'format = "cutwise-question/1"')])
    with pytest.raises(CutwiseError, match="open it without other files"):
        calibrated_parties.take([("pi.toml", content), ("model.onnx", b"")])
    with pytest.raises(CutwiseError, match="rows: is 0; give a whole number of at least 1"):
        calibrated_parties.take([("pi.toml", content.replace(b"rows = 15", b"rows = 0"))])


def test_whose_it_may_be_are_the_parties_of_the_scenario() -> None:
    two = Scenario(devices=(Device(name="a"), Device(name="b")), edges=(Edge(name="here"),))
    assert list(calibrated_parties.parties_of(two).values()) == [
        "For all 2 devices",
        "For the server",
        "For the edges",
    ]
    assert calibrated_parties.parties_of(Scenario())["device"] == "For the device"


def test_a_calibration_in_json_is_one_too() -> None:
    assert not says_question("mine.json", b'{"format": "cutwise-calibration/1"}')
    assert calibrated_parties.says_calibration(b'{"name": "x", "format": "cutwise-calibration/1"}')
