from __future__ import annotations

import pytest

from cutwise.costs.options.tuning import FullTuning, Lora
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError
from cutwise.scenario.scenario_file import FORMAT, scenario_from_dict, scenario_to_dict


def in_file(**workload: object) -> Workload:
    return scenario_from_dict({"format": FORMAT, "workload": workload}).workload


def mistakes(**workload: object) -> str:
    with pytest.raises(ScenarioError) as caught:
        in_file(**workload)
    return str(caught.value)


def test_everything_is_trained_unless_said_otherwise():
    assert Workload().tuning == FullTuning()
    assert in_file(tuning={"kind": "full"}) == Workload()


def test_adapters_are_scaled_by_alpha_over_rank():
    """16 / 4 = 4."""
    assert Lora(rank=4, alpha=16).factor == 4


def test_scenario_file_names_rank_and_targets_and_is_written_as_it_was_read():
    tuning = {"kind": "lora", "rank": 4, "targets": ["attention", "mlp"]}
    workload = in_file(tuning=tuning)
    assert workload.tuning == Lora(rank=4, targets=("attention", "mlp"))
    scenario = scenario_from_dict({"format": FORMAT, "workload": {"tuning": tuning}})
    assert scenario_to_dict(scenario)["workload"] == {"tuning": tuning}
    assert scenario_from_dict(scenario_to_dict(scenario)) == scenario


def test_mistakes_in_a_tuning_are_reported_by_their_own_paths_beside_all_others():
    text = mistakes(tuning={"kind": "lora", "rank": 0, "rnk": 3}, local_epochs=0)
    assert "workload.tuning.rank: must be greater than or equal to 1, not 0" in text
    assert "workload.tuning.rnk: unknown key; did you mean 'rank'?" in text
    assert "workload.local_epochs: must be greater than or equal to 1, not 0" in text


@pytest.mark.parametrize(
    ("tuning", "sentence"),
    [
        ({"kind": "lor"}, "workload.tuning.kind: unknown tuning 'lor'; did you mean 'lora'?"),
        ({"rank": 4}, "workload.tuning: give its kind, one of full, lora"),
        ({"kind": "full", "rank": 4}, "workload.tuning.rank: unknown key"),
        ({"kind": "lora", "targets": []}, "workload.tuning.targets: name attention, mlp, all_linear, or an"),
        ({"kind": "lora", "targets": "mlp"}, "workload.tuning.targets: must be a list, not 'mlp'"),
        ("lora", "workload.tuning: must be a table, not 'lora'"),
    ],
)
def test_mistaken_tuning_is_told_what_it_should_be(tuning: object, sentence: str):
    assert sentence in mistakes(tuning=tuning)


def test_numbers_out_of_bounds_are_refused_outside_of_files_too():
    with pytest.raises(ScenarioError, match="rank: 0 is below the smallest value 1"):
        Lora(rank=0)
    with pytest.raises(ScenarioError, match="alpha: 0 must be greater than 0"):
        Lora(alpha=0)
