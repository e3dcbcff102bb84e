"""Rounds to a target: looked up by how a plan's devices train, and refused where nothing was measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import cutwise
from cutwise.compression import DeadZone, TopK
from cutwise.convergence import rounds_to_target
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.pipeline import best_baseline
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Compression, Convergence, Data, Scenario

GRAPH = cutwise.load_model("sample:resnet18")
CELL = Scenario(
    devices=tuple(Device(flops_per_s=f, samples=64) for f in (1e11, 2e11, 3e11, 4e11)),
    convergence=Convergence(kind="table", target_accuracy=0.95),
)


@pytest.mark.parametrize(
    ("scheme", "options", "trained"),
    [
        ("fast_split", {}, ("split_learning", None)),
        ("device_only", {}, ("split_learning", None)),
        ("split_learning", {}, ("split_learning", None)),
        ("split_federated", {}, ("split_federated", None)),
        ("federated", {}, ("federated", None)),
        ("split_federated", {"version": "v2"}, ("split_federated_v2", None)),
        ("gsfl", {"groups": 2}, ("gsfl", 2)),
        ("gsfl", {"groups": 1}, ("split_learning", None)),
        ("gsfl", {"groups": 4}, ("split_federated", None)),
        ("cluster_parallel", {"clusters": 4}, ("split_learning", None)),
        ("cluster_parallel", {"clusters": 1}, ("split_federated", None)),
        ("centralised", {}, ("centralised", None)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("alpha", [None, 0.1, 0.5])
def test_a_plan_has_the_rounds_of_its_way_of_training(
    scheme: str, options: dict[str, Any], trained: tuple[str, int | None], alpha: float | None
) -> None:
    data = Data() if alpha is None else Data(partition="dirichlet", alpha=alpha)
    plan = cutwise.plan(GRAPH, replace(CELL, data=data), scheme, **options)
    name = "iid" if alpha is None else f"dirichlet_{alpha:g}"
    found = rounds_to_target(trained[0], name, 1, trained[1], "none", 0.95)
    assert found is not None
    assert plan.rounds_to_target == found.median
    assert (plan.rounds_to_target_least, plan.rounds_to_target_most) == (found.low, found.high)
    assert plan.time_to_target_s == pytest.approx(found.median * plan.delay_s)
    assert plan.evidence == found.evidence
    assert "small CNN" in plan.evidence


@pytest.mark.parametrize(
    ("change", "scheme", "says"),
    [
        ({"convergence": Convergence()}, "fast_split", "no convergence evidence"),
        (
            {"data": Data(partition="dirichlet", alpha=0.3)}, "fast_split",
            "the study has data dirichlet_0.1, dirichlet_0.5, iid, not dirichlet_0.3",
        ),
        (
            {"convergence": Convergence(kind="table", target_accuracy=0.99)}, "fast_split",
            "the study has targets up to 0.95, not 0.99",
        ),
        ({"workload": Workload(local_epochs=3)}, "fast_split", "the study has local epochs 1, 2, 5, not 3"),
        ({"workload": Workload(local_iterations=5)}, "fast_split", "counts local epochs"),
        ({"workload": Workload(frozen=("conv1",))}, "fast_split", "trains all parameters"),
        ({}, "cluster_parallel", "no clusters in turn"),
    ],
)  # fmt: skip
def test_outside_the_table_the_plan_says_why(change: dict[str, Any], scheme: str, says: str) -> None:
    options = {"clusters": 2} if scheme == "cluster_parallel" else {}
    plan = cutwise.plan(GRAPH, replace(CELL, **change), scheme, **options)
    assert plan.rounds_to_target is plan.time_to_target_s is plan.rounds_to_target_least is None
    assert plan.evidence.startswith("no convergence evidence")
    assert says in plan.evidence


def test_in_inference_nothing_is_said_of_convergence() -> None:
    plan = cutwise.plan(GRAPH, replace(CELL, workload=Workload(mode="inference")))
    assert plan.evidence == "nothing is trained"
    assert plan.rounds_to_target is plan.time_to_target_s is None


@pytest.mark.parametrize(("groups", "says"), [(5, "groups 2, 3, 6, not 5"), (12, "groups 2, 3, 6, not 12")])
def test_a_number_of_groups_that_was_not_trained_has_no_evidence(groups: int, says: str) -> None:
    """Twelve groups are a device each in the study, but not among thirteen devices."""
    many = replace(CELL, devices=tuple(Device(flops_per_s=2e11, samples=64) for _ in range(13)))
    plan = cutwise.plan(GRAPH, many, "gsfl", groups=groups)
    assert plan.rounds_to_target is None
    assert says in plan.evidence


def test_all_that_was_not_measured_is_named_at_once() -> None:
    odd = replace(
        CELL,
        workload=Workload(local_epochs=4),
        data=Data(partition="dirichlet", alpha=2.0),
        convergence=Convergence(kind="table", target_accuracy=0.97),
    )
    evidence = cutwise.plan(GRAPH, odd).evidence
    for part in ("not dirichlet_2", "not 4", "not 0.97"):
        assert part in evidence


@pytest.mark.parametrize("scheme", ["federated", "split_federated", "gsfl", "cluster_parallel"])
def test_a_device_alone_trains_as_in_split_learning_whatever_the_scheme(scheme: str) -> None:
    alone = replace(CELL, devices=CELL.devices[:1])
    options = {"version": "v2"} if scheme == "split_federated" else {}
    known = cutwise.plan(GRAPH, alone, "split_learning")
    assert known.rounds_to_target is not None
    assert cutwise.plan(GRAPH, alone, scheme, **options).evidence == known.evidence


def test_the_evidence_is_an_order_and_no_forecast() -> None:
    evidence = cutwise.plan(GRAPH, CELL).evidence
    for part in ("order", "rather than a forecast", "small CNN", "digits", "12 devices"):
        assert part in evidence


def test_the_best_baseline_has_its_evidence_too() -> None:
    found = best_baseline(GRAPH, CELL)
    assert found is not None
    assert found == cutwise.plan(GRAPH, CELL, found.scheme)


@pytest.mark.parametrize(
    ("codec", "directions", "scheme", "name"),
    [
        (TopK(density_ratio=1.0, value_bits=8), "both", "split_learning", "8_bit"),
        (TopK(density_ratio=1.0, value_bits=4), "both", "split_federated", "4_bit"),
        (TopK(density_ratio=0.1, value_bits=8), "both", "fast_split", "top_k_0.1_8_bit"),
        (TopK(density_ratio=0.5, value_bits=8), "both", "fast_split", None),
        (TopK(density_ratio=1.0, value_bits=8), "uplink", "fast_split", None),
        (DeadZone(), "both", "fast_split", None),
        (TopK(density_ratio=1.0, value_bits=8), "both", "sft", None),
    ],
)  # fmt: skip
def test_compressed_training_has_the_rounds_of_the_same_compression(
    codec: Any, directions: Any, scheme: str, name: str | None
) -> None:
    coded = replace(CELL, compression=Compression(codec=codec, directions=directions))
    plan = cutwise.plan(GRAPH, coded, scheme)
    if not any(decision.compression for decision in plan.decisions):
        pytest.skip("everything stays on the devices")
    if name is None:
        assert "the study did not compress so" in plan.evidence
        return
    trained = "split_federated" if scheme == "split_federated" else "split_learning"
    found = rounds_to_target(trained, "iid", 1, None, name, 0.95)
    assert found is not None
    assert plan.rounds_to_target == found.median


def test_adapters_have_no_evidence() -> None:
    tuned = replace(CELL, workload=Workload(tuning=Lora()))
    plan = cutwise.plan(cutwise.load_model("sample:vit_b16"), tuned)
    assert plan.evidence == "no convergence evidence: the study trains all parameters"


def test_a_comparison_states_rounds_and_their_interval() -> None:
    """With Dirichlet 0.1 the shipped study needed 13 rounds in turn and 37 at once (docs/convergence.md)."""
    skewed = replace(CELL, data=Data(partition="dirichlet", alpha=0.1))
    frame = cutwise.compare(GRAPH, skewed, ["split_learning", "split_federated", "cluster_parallel"])
    rows = frame.set_index("scheme")
    in_turn = rows.loc["split_learning"]
    assert in_turn.rounds_to_target == 13
    assert rows.loc["split_federated", "rounds_to_target"] == 37
    assert (in_turn.rounds_to_target_least, in_turn.rounds_to_target_most) == (11, 17)
    assert in_turn.time_to_target_s == pytest.approx(13 * in_turn.delay_s)
    assert in_turn.time_to_target_least_s == pytest.approx(11 * in_turn.delay_s)
    assert in_turn.time_to_target_most_s == pytest.approx(17 * in_turn.delay_s)


def test_evidence_changes_no_figure_of_the_round() -> None:
    asked = replace(CELL, convergence=Convergence())
    known, unknown = (cutwise.plan(GRAPH, cell, "gsfl") for cell in (CELL, asked))
    assert known.delay_s == unknown.delay_s
    assert known.energy_j == unknown.energy_j
    assert known.decisions == unknown.decisions
