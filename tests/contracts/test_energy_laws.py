"""What every registered law of the clock and every radio keeps."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from cutwise.cli.listings import first_line
from cutwise.energy import CLOCK_LAWS, RADIOS, ClockLaw, Radio
from cutwise.errors import ScenarioError
from cutwise.scenario.energy_part import Energy
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import dump_scenario, parse_scenario, scenario_from_dict

every_law = pytest.mark.parametrize("kind", list(CLOCK_LAWS))
every_radio = pytest.mark.parametrize("kind", list(RADIOS))
CLOCKS = np.linspace(0.05, 1.0, 20)


@pytest.mark.parametrize("known", [CLOCK_LAWS, RADIOS], ids=["clock", "radio"])
def test_each_is_a_described_frozen_dataclass_whose_kind_is_its_registered_name(known: object) -> None:
    table, protocol = (CLOCK_LAWS, ClockLaw) if known is CLOCK_LAWS else (RADIOS, Radio)
    for kind, made in table.items():
        one = made()
        assert isinstance(one, protocol)
        assert one.kind == kind
        assert one.validated
        assert first_line(made).endswith(".")
        assert all(field.metadata["description"] for field in fields(one))
        hash(one)


@every_law
def test_at_the_highest_clock_time_and_power_are_those_given(kind: str) -> None:
    law = CLOCK_LAWS[kind]()
    assert float(law.time_ratio(1.0)) == 1.0
    assert float(law.above_idle_w(1.0, power_w=160.0, idle_power_w=40.0)) == pytest.approx(160.0)
    assert float(law.least_ratio(1.0)) == 1.0


@every_law
def test_a_lower_clock_takes_longer_and_draws_no_more_and_never_less_than_idle(kind: str) -> None:
    law = CLOCK_LAWS[kind]()
    times, watts = law.time_ratio(CLOCKS), law.above_idle_w(CLOCKS, power_w=160.0, idle_power_w=40.0)
    assert np.all(np.diff(times) <= 0)
    assert np.all(np.diff(watts) >= 0)
    assert np.all(watts >= 0)


@every_law
def test_a_second_that_is_dear_enough_asks_for_the_highest_clock_and_no_less_does(kind: str) -> None:
    law = CLOCK_LAWS[kind]()
    given = {"power_w": 160.0, "idle_power_w": 40.0}
    dear_w, least = law.dearest_w(**given), np.array(law.least_ratio(0.05))
    clocks = [law.best_ratio(rest=dear_w * by, joule=1.0, least_ratio=least, **given) for by in (0.9, 1.1)]
    assert float(clocks[0]) < 1 == float(clocks[1])


@every_law
def test_files_keep_a_law_and_a_mistake_in_its_table_is_named(kind: str) -> None:
    scenario = Scenario(energy=Energy(clock=CLOCK_LAWS[kind]()))
    assert parse_scenario(dump_scenario(scenario).encode()) == scenario
    _refused({"clock": {"kind": kind, "colour": "red"}}, r"energy\.clock\.colour: unknown key")


@every_radio
def test_files_keep_a_radio_and_a_mistake_in_its_table_is_named(kind: str) -> None:
    scenario = Scenario(energy=Energy(radio=RADIOS[kind]()))
    assert parse_scenario(dump_scenario(scenario).encode()) == scenario
    _refused({"radio": {"kind": kind, "colour": "red"}}, r"energy\.radio\.colour: unknown key")


@every_radio
def test_more_bits_never_cost_less(kind: str) -> None:
    draw = RADIOS[kind]().draw(transmit_power_w=0.2)
    quiet, busy = (draw.power_w(uplink_bps=rate, downlink_bps=rate) for rate in (0.0, 1e8))
    assert 0 <= quiet < busy


def _refused(table: dict[str, object], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        scenario_from_dict({"format": "cutwise-scenario/1", "energy": table})
