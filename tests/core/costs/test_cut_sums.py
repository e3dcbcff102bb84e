"""Sums of both sides of a cut, by hand and op by op."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from cutwise.costs.cut_sums import Side, crossing_ops, cut_sums, looped_sums, nested_sums
from cutwise.costs.vertex_sums import no_sums, op_sums, side_sums, tensor_sums
from cutwise.graph.model_graph import ModelGraph
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parts import Scenario
from tests.conftest import Load
from tests.core.fleets import closed_sets, random_problem

SUMMED = [f.name for f in fields(Side) if f.name not in {"transient_bytes", "generation"}]


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


def test_ops_of_both_sides_and_sent_tensors_add_up_to_any_cut(tmp_path: Path) -> None:
    """What each op adds where it is, and what each crossing tensor adds."""
    rng = np.random.default_rng(4)
    for case in range(15):
        problem = random_problem(rng, tmp_path, devices=1, measured=case % 3 == 0)
        cost, masks = problem.cost, closed_sets(problem)
        (here, there), tensors, sums = side_sums(cost), tensor_sums(cost), cut_sums(cost, masks)
        for name in SUMMED:
            assert getattr(sums.device, name) == pytest.approx(masks @ getattr(here.device, name), rel=1e-9)
            assert getattr(sums.server, name) == pytest.approx(~masks @ getattr(there.server, name), rel=1e-9)
            assert not getattr(here.server, name).any()
            assert not getattr(there.device, name).any()
        crossing = crossing_ops(cost, masks)
        assert sums.output_bytes == pytest.approx(crossing @ tensors.output_bytes)
        assert sums.gradient_bytes == pytest.approx(crossing @ tensors.gradient_bytes)


def test_compute_only_sides_have_no_bytes(chain: ModelGraph) -> None:
    here, there = side_sums(build_problem(chain, Scenario()).cost, compute_only=True)
    assert here.device.forward_flops.tolist() == there.server.forward_flops.tolist() == [0, 100, 300]
    assert not here.device.weight_bytes.any()
    assert not there.server.exchanged_bytes.any()


def test_sums_change_shape_together(chain: ModelGraph) -> None:
    sums = cut_sums(build_problem(chain, Scenario()).cost, np.array([[True, True, False]] * 4))
    turned = sums.reshaped(lambda column: column.reshape(2, 2))
    assert turned.output_bytes.shape == turned.device.forward_flops.shape == turned.has_server.shape == (2, 2)
    assert replace(sums, output_bytes=0).output_bytes == 0


def four(load_ops: Load) -> ModelGraph:
    """x -> a -> b -> c; the gradient of the data is never sent."""
    sizes = {"x": 1000, "a": 50, "b": 10, "c": 8}
    ops = [{"id": "x", "kind": "input", "output_bytes": sizes["x"]}]
    for name, source, flops in (("a", "x", 100), ("b", "a", 300), ("c", "b", 400)):
        figures = {"forward_flops": flops, "backward_flops": 2 * flops, "trainable_bytes": 4}
        ops.append(
            {"id": name, "inputs": [source], "output_bytes": sizes[name], "weight_bytes": 4, **figures}
        )
    return load_ops(ops)


@pytest.mark.parametrize(
    ("bottom", "top", "up_bytes", "down_bytes", "more_up", "more_down", "has_server"),
    [
        ("x", "c", 1000 + 10, 10 + 0, 1, 0, 1),
        ("x", "", 1000, 0, 0, 0, 1),
        ("xa", "c", 50 + 10, 10 + 50, 1, 1, 1),
        ("xa", "", 50, 50, 0, 0, 1),
        ("", "c", 10, 10, 0, 0, 1),
        ("xab", "c", 0, 0, 0, 0, 0),
    ],
)
def test_a_cut_that_comes_back_sends_both_ways_twice(
    load_ops: Load,
    bottom: str,
    top: str,
    up_bytes: float,
    down_bytes: float,
    more_up: int,
    more_down: int,
    has_server: int,
) -> None:
    """Up go the bottom's output and the gradient of what the top reads; down come what the top reads and the
    gradient of the bottom's output, where there is one.
    """
    cost = build_problem(four(load_ops), Scenario()).cost
    bottoms, tops = (np.array([name in side for name in "xabc"]) for side in (bottom, top))
    sums = looped_sums(cost, bottoms, tops)
    assert (sums.output_bytes.item(), sums.gradient_bytes.item()) == (up_bytes, down_bytes)
    assert (np.sum(sums.more_uplink_messages), np.sum(sums.more_downlink_messages)) == (more_up, more_down)
    assert sums.has_server.item() == has_server
    flops = dict(zip("xabc", (0, 100, 300, 400), strict=True))
    here = sum(flops[name] for name in bottom + top)
    assert (sums.device.forward_flops.item(), sums.server.forward_flops.item()) == (here, 800 - here)


def test_the_edge_has_what_is_neither_near_nor_far(load_ops: Load) -> None:
    """a on the device, b at the edge, c beyond: 300 FLOP at the edge; 50 B on the air, 10 B behind it."""
    cost = build_problem(four(load_ops), Scenario()).cost
    device = np.array([True, True, False, False])
    sums = nested_sums(cost, device, device | np.array([False, False, True, False]))
    assert sums.edge is not None
    assert (sums.edge.forward_flops.item(), sums.edge.transient_bytes.item()) == (300, 10)
    assert (sums.output_bytes.item(), sums.gradient_bytes.item()) == (50, 50)
    assert (np.sum(sums.relayed_output_bytes), np.sum(sums.relayed_gradient_bytes)) == (10, 10)
    assert (sums.has_server.item(), np.sum(sums.has_relay)) == (1, 1)
    nothing_beyond = nested_sums(cost, device, np.ones(4, dtype=bool))
    assert (nothing_beyond.has_server.item(), np.sum(nothing_beyond.has_relay)) == (1, 0)


def test_a_cut_of_two_tiers_relays_nothing_and_sends_no_more_messages(chain: ModelGraph) -> None:
    sums = cut_sums(build_problem(chain, Scenario()).cost, np.array([True, True, False]))
    assert (sums.relayed_output_bytes, sums.relayed_gradient_bytes, sums.has_relay) == (0, 0, 0)
    assert (sums.more_uplink_messages, sums.more_downlink_messages) == (0, 0)


def test_each_op_adds_its_own_to_the_tier_it_runs_on(chain: ModelGraph) -> None:
    on_device, on_edge, on_server = op_sums(build_problem(chain, Scenario()).cost)
    for sums, tier in ((on_device, "device"), (on_edge, "edge"), (on_server, "server")):
        for other in ("device", "edge", "server"):
            flops = getattr(sums, other).forward_flops.tolist()
            assert flops == ([0, 100, 300] if other == tier else [0, 0, 0])
    empty = no_sums(2)
    for side in (empty.device, empty.edge, empty.server):
        assert side is not None
        assert [getattr(side, name).tolist() for name in (*SUMMED, "transient_bytes")] == [[0, 0]] * (
            len(SUMMED) + 1
        )


def test_measured_seconds_are_those_of_the_side(tmp_path: Path) -> None:
    """Columns of the measured table: device forward and backward, then server forward and backward."""
    cost = random_problem(np.random.default_rng(1), tmp_path, devices=1, measured=True).cost
    count = len(cost.graph)
    marked = replace(cost, measured_s=np.arange(8.0).reshape(1, 4, 2).repeat(count, axis=0))
    sums = cut_sums(marked, np.arange(count) < 1)
    names = ("forward_fixed_s", "forward_sample_s", "backward_fixed_s", "backward_sample_s")
    assert [getattr(sums.device, name).item() for name in names] == [0, 1, 2, 3]
    assert [getattr(sums.server, name).item() for name in names] == [n * (count - 1) for n in (4, 5, 6, 7)]


def test_backward_flops_are_those_of_inputs_and_of_weights(chain: ModelGraph) -> None:
    """1 + 10 of every op: 22 on the device, 11 on the server."""
    cost = build_problem(chain, Scenario()).cost
    marked = replace(cost, backward_input_flops=np.ones(3), backward_weight_flops=np.full(3, 10.0))
    sums = cut_sums(marked, np.array([True, True, False]))
    assert (sums.device.backward_flops.item(), sums.server.backward_flops.item()) == (22, 11)
