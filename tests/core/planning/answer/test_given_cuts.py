"""Cuts by name, cut positions along a model, and the labels that people read."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.cuts.split_graph import is_split
from cutwise.errors import UnknownNameError
from cutwise.graph.model_graph import ModelGraph
from cutwise.planning.answer.best_plan import cut_after, last_ops
from cutwise.planning.answer.cut_labels import cut_of
from cutwise.planning.one_device.candidates import split_graph
from cutwise.planning.one_device.cut_positions import (
    MOST_CELLS,
    MOST_POSITIONS,
    cut_positions,
    smallest_split,
)
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parts import Privacy, Scenario
from tests.conftest import Load
from tests.core.fleets import closed_sets, random_problem

RAW = Scenario(privacy=Privacy(keep_on_device="raw_allowed"))


def test_a_named_op_stays_with_all_it_depends_on(diamond: ModelGraph) -> None:
    problem = build_problem(diamond, RAW)
    assert cut_after(problem, "b").tolist() == [True, True, True, False, False]
    assert cut_after(problem, "b, c").tolist() == [True, True, True, True, False]
    assert cut_after(problem, "x").tolist() == [True, False, False, False, False]


def test_an_op_that_is_not_there_is_named(diamond: ModelGraph) -> None:
    problem = build_problem(diamond, RAW)
    for names in ("e", "a,e", "a,,b"):
        with pytest.raises(UnknownNameError, match="unknown op"):
            cut_after(problem, names)


def test_the_last_ops_of_any_cut_name_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        problem = random_problem(rng, tmp_path, devices=1)
        for mask in closed_sets(problem):
            if mask[problem.cost.is_input].all():
                assert np.array_equal(cut_after(problem, last_ops(problem, mask)), mask)


def test_labels_name_what_crosses(diamond: ModelGraph) -> None:
    problem = build_problem(diamond, RAW)
    labels = {
        names: cut_of(problem, cut_after(problem, names)).label for names in ("x", "a", "b", "b,c", "d")
    }
    assert labels == {
        "x": "all on server", "a": "after a", "b": "after a + b", "b,c": "after b + c", "d": "all on device",
    }  # fmt: skip


def test_a_cut_says_which_tensors_cross_and_how_many_bytes(diamond: ModelGraph) -> None:
    """a (c reads it at the server) and b: 64 + 40 bytes a sample."""
    problem = build_problem(diamond, RAW)
    cut = cut_of(problem, cut_after(problem, "b"))
    assert (cut.device_ops, cut.crossing, cut.crossing_bytes) == (("x", "a", "b"), ("a", "b"), 104.0)


def test_more_than_three_tensors_are_counted(load_ops: Load) -> None:
    ops = [{"id": "x", "kind": "input", "output_bytes": 1}]
    ops += [{"id": f"a{i}", "inputs": ["x"], "output_bytes": 1} for i in range(5)]
    ops += [{"id": "sum", "inputs": [f"a{i}" for i in range(5)]}]
    problem = build_problem(load_ops(ops), RAW)
    assert cut_of(problem, cut_after(problem, "a0,a1,a2,a3,a4")).label == "after a0 + a1 + a2 + 2 more"


def test_a_cut_between_unconnected_parts_sends_nothing(load_ops: Load) -> None:
    problem = build_problem(
        load_ops([{"id": "x", "kind": "input"}, {"id": "a", "inputs": ["x"]}, {"id": "alone"}]), RAW
    )
    assert cut_of(problem, cut_after(problem, "a")).label == "2 ops on device, nothing sent"


@pytest.mark.parametrize("sample", cutwise.samples())
def test_positions_are_nested_splits_from_the_smallest_to_everything(sample: str) -> None:
    problem = build_problem(cutwise.load_model(f"sample:{sample}"), Scenario())
    masks, graph = cut_positions(problem), split_graph(problem)
    assert all(is_split(graph, mask) for mask in masks)
    assert all((small <= large).all() and small.sum() < large.sum() for small, large in pairwise(masks))
    assert np.array_equal(masks[0], smallest_split(problem))
    assert masks[-1].all()


def test_behind_gates_one_tensor_crosses() -> None:
    problem = build_problem(cutwise.load_model("sample:resnet18"), Scenario())
    assert {len(cut_of(problem, mask).crossing) for mask in cut_positions(problem)[1:-1]} == {1}


def test_a_very_long_model_has_few_positions(load_ops: Load) -> None:
    count = 2**13
    ops = [{"id": "x", "kind": "input"}]
    ops += [{"id": f"a{i}", "inputs": [ops[-1]["id"] if i == 0 else f"a{i - 1}"]} for i in range(count)]
    masks = cut_positions(build_problem(load_ops(ops), RAW))
    assert MOST_POSITIONS <= len(masks) <= MOST_CELLS // count + 2
    assert masks[-1].all()


def test_what_must_stay_takes_tied_ops_along(diamond: ModelGraph) -> None:
    """b and d share a weight: where b must stay, d must, and with it c."""
    problem = replace(
        build_problem(diamond, Scenario(privacy=Privacy(keep_on_device=("b",)))), ties=((2, 4),)
    )
    assert smallest_split(problem).all()
