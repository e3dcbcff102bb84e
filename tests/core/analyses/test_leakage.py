"""What a cut may give away: read off the table at the cut's depth, and never told of models it is not for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import cutwise
from cutwise.analyses.cut_curve import cut_curve
from cutwise.analyses.leakage import Leakage, leakage_of
from cutwise.compression import DeadZone, TopK
from cutwise.costs.workload import Workload
from cutwise.errors import SolverError
from cutwise.leakage.leakage_table import UNCODED, leakage_table
from cutwise.leakage.relative_depth import depth_ratios
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parts import Compression, Privacy, Scenario


def leakage(scenario: Scenario, sample: str = "vgg16", **options: object) -> Leakage:
    found = cutwise.analyse(cutwise.load_model(f"sample:{sample}"), scenario, "leakage", **options)
    assert isinstance(found, Leakage)
    return found


def test_depths_count_the_layers_of_vgg16_and_measures_are_those_of_the_table() -> None:
    """Thirteen convolutions and three linear layers: behind the first a sixteenth, before the last 15."""
    found = leakage(Scenario())
    inner = found.depth_ratios[(found.depth_ratios > 0) & (found.depth_ratios < 1)]
    assert sorted(set(inner.tolist())) == [count / 16 for count in range(1, 16)]
    at = int(np.flatnonzero(found.depth_ratios == 0.5)[0])
    expected = leakage_table().at("cnn", UNCODED, [0.5])
    assert found.input_ratios[at] == expected["input_ratio"][0]
    assert found.label_ratios[at] == expected["label_ratio"][0]
    assert found.correlation_ratios[at] == expected["correlation_ratio"][0]


def test_raw_data_are_all_given_away_and_where_nothing_is_sent_nothing_is() -> None:
    found = leakage(Scenario(privacy=Privacy(keep_on_device="raw_allowed")))
    assert found.cuts[0] == "all on server"
    assert (found.input_ratios[0], found.label_ratios[0], found.correlation_ratios[0]) == (1.0, 0.0, 1.0)
    assert found.cuts[-1] == "all on device"
    assert (found.input_ratios[-1], found.label_ratios[-1], found.correlation_ratios[-1]) == (0.0, 0.0, 0.0)


def test_inference_returns_no_gradients_that_tell_labels() -> None:
    found = leakage(Scenario(workload=Workload(mode="inference")))
    assert not found.label_ratios.any()
    assert np.array_equal(found.input_ratios, leakage(Scenario()).input_ratios)


def test_gradients_are_compressed_only_where_the_scenario_says_both_ways() -> None:
    codec = DeadZone(step_ratio=1.9)
    up = leakage(Scenario(compression=Compression(codec=codec)))
    both = leakage(Scenario(compression=Compression(codec=codec, directions="both")))
    assert up.coding == both.coding == ("dead_zone", 2.0)
    assert np.array_equal(up.label_ratios, leakage(Scenario()).label_ratios)
    assert both.label_ratios.sum() < up.label_ratios.sum()
    assert np.array_equal(up.input_ratios, both.input_ratios)


def test_another_codec_reads_other_rows() -> None:
    plain, sparse = (
        leakage(Scenario(compression=Compression(codec=codec))) if codec else leakage(Scenario())
        for codec in (None, TopK(density_ratio=0.1))
    )
    assert sparse.coding == ("top_k", 0.1)
    assert not np.array_equal(plain.input_ratios, sparse.input_ratios)


def test_ops_that_come_back_to_the_device_do_not_deepen_a_cut() -> None:
    """VGG-16's last layer on the device too: where ops run between, cuts are as deep as without it."""
    problem = build_problem(cutwise.load_model("sample:vgg16"), Scenario())
    curve = cut_curve(problem, cutwise.plan(problem.cost.graph, Scenario()), 0, with_peaks=False)
    masks = curve.masks.copy()
    masks[:, -1] = True
    assert depth_ratios(problem.cost.graph, masks)[0] == 2 / 16
    found = leakage_of(problem, replace(curve, masks=masks))
    assert np.array_equal(found.depth_ratios[:-2], leakage_of(problem, curve).depth_ratios[:-2])


def test_a_model_of_no_family_that_was_studied_has_no_indication() -> None:
    with pytest.raises(SolverError, match="no indication"):
        leakage(Scenario(), "two_tower")


def test_it_is_told_as_an_indication_wherever_it_is_told() -> None:
    found = leakage(Scenario())
    told = (found.summary(), found.text(), str(found.plain()), type(found).__doc__ or "")
    for text in told:
        assert "indication" in text.lower()
        assert "guarantee" not in text.lower()
    moved = replace(found, chosen=3)
    assert "of the images' variance" in moved.summary()
