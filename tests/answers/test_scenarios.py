from __future__ import annotations

from cutwise.scenario.scenario_file import load_scenario
from tests.answers.record import scenario_files


def test_26_unlike_scenarios_can_be_answered() -> None:
    read = [load_scenario(str(file)) for file in scenario_files()]

    assert len(read) == 26
    assert len(set(read)) == 26
