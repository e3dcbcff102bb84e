"""What every registered kind of evidence about accuracy keeps."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest

from cutwise.cli.listings import first_line
from cutwise.compression import ACCURACIES, Accuracy, TopK
from cutwise.errors import ScenarioError
from cutwise.planning.sharing.codec_choice import frontier
from cutwise.scenario.parts import Compression, Scenario
from cutwise.scenario.scenario_file import dump_scenario, parse_scenario, scenario_from_dict

every_kind = pytest.mark.parametrize("kind", list(ACCURACIES))


@every_kind
def test_it_is_a_described_frozen_dataclass_whose_kind_is_its_registered_name(kind: str) -> None:
    known = ACCURACIES[kind]()
    assert isinstance(known, Accuracy)
    assert known.kind == kind
    assert known.evidence
    assert first_line(ACCURACIES[kind]).endswith(".")
    assert all(field.metadata["description"] for field in fields(known))
    hash(known)


@every_kind
def test_no_error_costs_nothing_and_a_larger_one_never_less(kind: str) -> None:
    losses = [ACCURACIES[kind]().loss_ratio(error) for error in np.linspace(0, 2, 41).tolist()]
    assert losses[0] == 0
    assert all(later >= earlier for earlier, later in pairwise(losses))


@every_kind
def test_the_frontier_of_a_codec_trades_size_for_its_loss(kind: str) -> None:
    settings = frontier(Compression(codec=TopK(), accuracy=ACCURACIES[kind]()))
    assert len(settings) > 1
    for light, heavy in pairwise(settings):
        assert light.size_ratio < heavy.size_ratio
        assert light.loss_ratio > heavy.loss_ratio


@every_kind
def test_files_keep_it_and_a_mistake_in_its_table_is_named(kind: str) -> None:
    scenario = Scenario(compression=Compression(codec=TopK(), accuracy=ACCURACIES[kind]()))
    assert parse_scenario(dump_scenario(scenario).encode()) == scenario
    table = {"kind": kind, "colour": "red"}
    with pytest.raises(ScenarioError, match=r"compression\.accuracy\.colour: unknown key"):
        scenario_from_dict({"format": "cutwise-scenario/1", "compression": {"accuracy": table}})
