"""Copies of shared weights, by hand on a table of 100 × 8 numbers that both ends read (3,200 B)."""

from __future__ import annotations

import numpy as np
import pytest

from cutwise.costs.cut_sums import cut_sums, looped_sums, nested_sums
from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.memory.peak_memory import memory_sweep
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.evaluate import stage_times
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Privacy, Scenario
from tests.core.costs.formula_calls import graph, op
from tests.core.shared_models import (
    kept_equal,
    random_shared_graph,
    random_shared_scenario,
    weighed,
)

TABLE_BYTES = 3_200
ENDS = graph(
    op("ids", "input", shape=(1, 4), dtype="int64"),
    op("wte", "embedding", "ids", (1, 4, 8), weights={"table": (100, 8)}),
    op("mid", "linear", "wte", (1, 4, 8), weights={"w": (8, 8)}, in_features=8),
    op("head", "linear", "mid", (1, 4, 100), weights={"table": (100, 8)}, in_features=8),
)
TOWERS = graph(
    op("x", "input", shape=(1, 8)),
    op("left", "linear", "x", (1, 8), weights={"w": (8, 8)}, in_features=8),
    op("right", "linear", "x", (1, 8), weights={"w": (8, 8)}, in_features=8),
    op("sum", "add", "left right", (1, 8)),
)
FROZEN = Workload(mode="inference")
CUT = np.array([[True, True, True, False]])


def ties(model: ModelGraph, **workload: object) -> tuple[tuple[int, ...], ...]:
    return price(model, Workload(**workload)).shared.ties


def test_only_a_weight_that_is_trained_keeps_its_ops_together_by_default() -> None:
    assert ties(ENDS) == ((1, 3),)
    assert ties(ENDS, mode="inference") == ties(ENDS, frozen=("head",)) == ()


def test_what_is_asked_for_stands_above_the_default() -> None:
    assert ties(ENDS, mode="inference", tied_weights="one_side") == ((1, 3),)
    assert ties(ENDS, tied_weights="copied") == ties(ENDS, tied_weights="untied") == ()


def test_running_statistics_are_trained_and_other_buffers_are_not() -> None:
    """Two ops that share nothing but buffers: batch normalisation changes them, a mask stays as it is."""

    def both(kind: str) -> ModelGraph:
        shared = {"buffers": {"mean": (8,)}}
        first = op("a", kind, "x", (1, 8), **shared)
        return graph(op("x", "input", shape=(1, 8)), first, op("b", kind, "a", (1, 8), **shared))

    assert ties(both("batch_norm")) == ((1, 2),)
    assert ties(both("relu")) == ties(both("batch_norm"), mode="inference") == ()


@pytest.mark.parametrize(
    "workload", [FROZEN, Workload(frozen=("*",)), Workload(tied_weights="copied")], ids=str
)
def test_each_side_that_reads_a_weight_holds_it_once(workload: Workload) -> None:
    """Table 3,200 B, mid 64 × 4 = 256 B."""
    cost = price(ENDS, workload)
    masks = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]], dtype=bool)
    sums = cut_sums(cost, masks)
    assert sums.device.weight_bytes.tolist() == [0, 3_200, 3_456, 3_456]
    assert sums.server.weight_bytes.tolist() == [3_456, 3_456, 3_200, 0]


def test_a_second_reader_alone_on_the_device_brings_the_weight_along() -> None:
    """The left tower, which is charged, on the server and the right one on the device: 256 B on both."""
    sums = cut_sums(price(TOWERS, FROZEN), np.array([[True, False, True, False]]))
    assert (sums.device.weight_bytes[0], sums.server.weight_bytes[0]) == (256, 256)


def test_both_ends_of_a_u_shape_are_one_side() -> None:
    cost = price(ENDS, Workload(tied_weights="copied"))
    ends = looped_sums(cost, np.array([[1, 1, 0, 0]], dtype=bool), np.array([[0, 0, 0, 1]], dtype=bool))
    assert (ends.device.weight_bytes[0], ends.server.weight_bytes[0]) == (3_200, 256)
    assert ends.kept_equal_bytes.tolist() == [0]


def test_a_trained_copy_has_gradients_and_state_on_both_sides() -> None:
    """Adam: two moments of 4 B beside 4 B of gradient, on 800 numbers."""
    sums = cut_sums(price(ENDS, Workload(tied_weights="copied", optimizer="adam")), CUT)
    assert sums.server.weight_gradient_bytes.tolist() == [3_200]
    assert sums.server.optimizer_bytes.tolist() == [6_400]


def test_the_sweep_of_a_side_starts_from_its_copies() -> None:
    """The server runs the head alone: its table is there at every step, beside the tensors."""
    cost = price(ENDS, FROZEN)
    alone = graph(
        *ENDS.ops[:3], op("head", "linear", "mid", (1, 4, 100), weights={"own": (100, 8)}, in_features=8)
    )
    own = price(alone, FROZEN)
    server = ~CUT[0]
    assert memory_sweep(cost, server).tolist() == memory_sweep(own, server).tolist()
    assert min(memory_sweep(cost, server)) == TABLE_BYTES


def turn(workload: Workload, *, samples: int = 32) -> tuple[GraphCost, object]:
    scenario = Scenario(
        workload=workload, devices=(Device(samples=samples),), privacy=Privacy(keep_on_device="raw_allowed")
    )
    problem = build_problem(ENDS, scenario)
    return problem.cost, stage_times(cut_sums(problem.cost, CUT), problem.conditions())


def test_copies_kept_equal_cost_their_gradient_up_and_down_in_every_iteration() -> None:
    """Four iterations: (3,200 + 256 B of the model once + 4 × 3,200 B) each way; frozen: nothing."""
    given = {"batch_size": 8, "local_epochs": 1, "label_bytes": 0.0}
    _, copied = turn(Workload(tied_weights="copied", **given))
    _, untied = turn(Workload(tied_weights="untied", **given))
    more = copied.traffic_bytes - untied.traffic_bytes
    assert more.tolist() == [2 * 4 * 3_200]
    channel = Scenario().channel
    seconds = 8 * 4 * 3_200 * (1 / channel.uplink_bps + 1 / channel.downlink_bps)
    assert float(copied.delay_s[0] - untied.delay_s[0]) == pytest.approx(seconds)
    _, frozen = turn(Workload(frozen=("wte", "head"), **given))
    assert frozen.model_sync_s[0] == pytest.approx(seconds * 256 / (4 * 3_200))


def test_of_three_tiers_the_nearest_copy_is_exchanged_and_gradients_are_relayed() -> None:
    """wte on the device, mid on the edge, head in the cloud: the edge relays what it does not read."""
    cost = price(ENDS, Workload(tied_weights="copied"))
    device, edge = np.array([[1, 1, 0, 0]], dtype=bool), np.array([[1, 1, 1, 0]], dtype=bool)
    sums = nested_sums(cost, device, edge)
    assert sums.edge is not None
    held = [side.weight_bytes[0] for side in (sums.device, sums.edge, sums.server)]
    assert held == [3_200, 256, 3_200]
    assert (sums.device.exchanged_bytes[0], sums.edge.exchanged_bytes[0]) == (3_200, 256)
    assert [sums.kept_equal_bytes, sums.relayed_kept_equal_bytes] == [3_200, 3_200]
    near = nested_sums(cost, device, np.ones((1, 4), dtype=bool))
    assert near.edge is not None
    assert near.edge.exchanged_bytes.tolist() == [256]
    assert [near.kept_equal_bytes, near.relayed_kept_equal_bytes] == [3_200, 0]


@pytest.mark.parametrize("seed", range(40))
def test_sides_hold_what_is_counted_weight_by_weight(seed: int) -> None:
    """Random sharing, freezing and options; three tiers of random labels that keep ties."""
    rng = np.random.default_rng(seed)
    model = random_shared_graph(rng)
    problem = build_problem(model, random_shared_scenario(rng, model, devices=1))
    labels = rng.integers(0, 3, (16, len(model)))
    for first, *others in problem.ties:
        labels[:, others] = labels[:, [first]]
    sums = nested_sums(problem.cost, labels == 0, labels <= 1)
    assert sums.edge is not None
    for row, placed in enumerate(labels):
        tiers = [placed == tier for tier in range(3)]
        for side, mask in zip((sums.device, sums.edge, sums.server), tiers, strict=True):
            counted = weighed(model, problem.workload, mask)
            assert side.weight_bytes[row] == pytest.approx(counted.weights)
            assert side.trainable_bytes[row] == pytest.approx(counted.trained)
        nearer = weighed(model, problem.workload, placed <= 1).trained
        assert sums.device.exchanged_bytes[row] + sums.edge.exchanged_bytes[row] == pytest.approx(nearer)
        equal = np.broadcast_to(sums.kept_equal_bytes, len(labels))[row]
        assert equal == kept_equal(problem, placed == 0, placed > 0)
