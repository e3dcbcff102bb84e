"""Sums of both sides of a cut, by hand and op by op."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from cutwise.costs.cut_sums import Side, crossing_ops, cut_sums, move_sums, tensor_sums
from cutwise.graph.model_graph import ModelGraph
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parts import Scenario
from tests.core.fleets import closed_sets, random_problem

SUMMED = [f.name for f in fields(Side) if f.name != "transient_bytes"]


def test_both_sides_of_a_chain(chain: ModelGraph) -> None:
    """a stays: 100 + 200 FLOP and 30 + 20 bytes here, 300 + 500 and 70 + 60 there; 50 bytes cross."""
    cost = build_problem(chain, Scenario()).cost
    sums = cut_sums(cost, np.array([[True, True, False], [True, True, True]]))
    assert sums.device.forward_flops.tolist() == [100, 400]
    assert sums.server.backward_flops.tolist() == [500, 0]
    assert sums.device.exchanged_bytes.tolist() == [20, 80]
    assert sums.server.weight_bytes.tolist() == [70, 0]
    assert sums.device.transient_bytes.tolist() == [1000, 1000]
    assert sums.server.transient_bytes.tolist() == [8, 0]
    assert sums.output_bytes.tolist() == [50, 0]
    assert sums.gradient_bytes.tolist() == [50, 0]
    assert sums.has_server.tolist() == [True, False]


def test_a_tensor_crosses_once_however_many_read_it(diamond: ModelGraph) -> None:
    cost = build_problem(diamond, Scenario()).cost
    masks = np.array([[True, True, False, False, False], [True, True, True, False, False]])
    assert crossing_ops(cost, masks).tolist() == [
        [False, True, False, False, False],
        [False, True, True, False, False],
    ]
    assert cut_sums(cost, masks).output_bytes.tolist() == [64, 104]


def test_one_mask_makes_one_row(chain: ModelGraph) -> None:
    cost = build_problem(chain, Scenario()).cost
    assert cut_sums(cost, np.array([True, False, False])).output_bytes.tolist() == [1000]


def test_moving_ops_and_sending_tensors_add_up_to_any_cut(tmp_path: Path) -> None:
    """Everything at the server, plus what each op on the device moves, and what each crossing tensor adds."""
    rng = np.random.default_rng(4)
    for case in range(15):
        problem = random_problem(rng, tmp_path, devices=1, measured=case % 3 == 0)
        cost, masks = problem.cost, closed_sets(problem)
        whole = cut_sums(cost, np.zeros((1, len(cost.graph)), dtype=bool))
        moves, tensors, sums = move_sums(cost), tensor_sums(cost), cut_sums(cost, masks)
        for side in ("device", "server"):
            for name in SUMMED:
                start = getattr(getattr(whole, side), name)[0]
                moved = masks @ getattr(getattr(moves, side), name)
                assert getattr(getattr(sums, side), name) == pytest.approx(
                    start + moved, rel=1e-9, abs=1e-9 * (1 + abs(start))
                )
        crossing = crossing_ops(cost, masks)
        assert sums.output_bytes == pytest.approx(crossing @ tensors.output_bytes)
        assert sums.gradient_bytes == pytest.approx(crossing @ tensors.gradient_bytes)


def test_compute_only_moves_take_no_bytes_along(chain: ModelGraph) -> None:
    moves = move_sums(build_problem(chain, Scenario()).cost, compute_only=True)
    assert moves.device.forward_flops.tolist() == [0, 100, 300]
    assert moves.server.forward_flops.tolist() == [0, -100, -300]
    assert not moves.device.weight_bytes.any()
    assert not moves.device.exchanged_bytes.any()


def test_sums_change_shape_together(chain: ModelGraph) -> None:
    sums = cut_sums(build_problem(chain, Scenario()).cost, np.array([[True, True, False]] * 4))
    turned = sums.reshaped(lambda column: column.reshape(2, 2))
    assert turned.output_bytes.shape == turned.device.forward_flops.shape == turned.has_server.shape == (2, 2)
    assert replace(sums, output_bytes=0).output_bytes == 0
