"""The baselines do what their names say, and break rules openly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.plan import Plan
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Limits, Objective, Privacy, Scenario
from cutwise.schemes import SCHEMES, baseline_names
from tests.conftest import Load

RAW = Privacy(keep_on_device="raw_allowed")
CELL = Scenario(
    workload=Workload(batch_size=2, local_iterations=3, label_bytes=5),
    devices=(Device(flops_per_s=10, samples=6),), server=Server(flops_per_s=100),
    channel=FixedRate(uplink_bps=80, downlink_bps=160, uplink_latency_s=0.25), privacy=RAW, rounds=4,
)  # fmt: skip
"""Three iterations of two samples; every rate round."""


def kept(plan: Plan) -> tuple[str, ...]:
    return plan.decisions[0].cut.device_ops


def test_device_only_keeps_everything(chain: ModelGraph) -> None:
    """3 x 2 x 1100 FLOP / 10 = 660 s, and 8 x 80 x (1/80 + 1/160) = 12 s for the model."""
    plan = cutwise.plan(chain, CELL, "device_only")
    assert kept(plan) == ("x", "a", "b")
    assert plan.delay_s == pytest.approx(672.0)


def test_server_only_sends_raw_data_in_every_iteration(chain: ModelGraph) -> None:
    """8 x 6 x (1000 + 5) / 80 + 3 x 0.25 = 603.75 s up, 6 x 1100 / 100 = 66 s at the server."""
    plan = cutwise.plan(chain, CELL, "server_only")
    assert kept(plan) == ("x",)
    assert plan.delay_s == pytest.approx(669.75)


def test_centralised_sends_raw_data_once_spread_over_the_rounds(chain: ModelGraph) -> None:
    """6 samples of 1005 B over 4 rounds: 8 x 1507.5 / 80 = 150.75 s, a quarter of 0.25 s, and 66 s."""
    plan = cutwise.plan(chain, CELL, "centralised")
    assert plan.delay_s == pytest.approx(150.75 + 0.0625 + 66)
    assert plan.stages[0].traffic_bytes == pytest.approx(1507.5)
    assert plan.stages[0].downlink_s == 0.0
    assert plan.report.value == pytest.approx(plan.delay_s)


def test_centralised_reports_the_objective_it_is_compared_by(chain: ModelGraph) -> None:
    for energy_of in (("device", "network", "server"), ("server",)):
        scenario = replace(CELL, objective=Objective(kind="energy", energy_of=energy_of))
        plan = cutwise.plan(chain, scenario, "centralised")
        counted = plan.energy_j if len(energy_of) == 3 else plan.energy_by_owner_j["server"]
        assert plan.report.value == pytest.approx(counted)


def test_first_layer_keeps_the_first_op_with_weights(chain: ModelGraph) -> None:
    assert kept(cutwise.plan(chain, CELL, "first_layer")) == ("x", "a")


def test_brute_force_is_the_best_of_all_splits(chain: ModelGraph) -> None:
    plans = [cutwise.plan(chain, CELL, "split_learning", cut=name) for name in ("x", "a", "b")]
    best = cutwise.plan(chain, CELL, "brute_force")
    assert best.delay_s == pytest.approx(min(plan.delay_s for plan in plans))
    assert (best.status, best.report.certificate.method) == ("optimal", "all 3 splits")


def test_brute_force_says_when_a_model_has_too_many_splits(load_ops: Load) -> None:
    wide = [{"id": "x", "kind": "input", "output_bytes": 1}]
    wide += [{"id": f"op{i}", "inputs": ["x"], "forward_flops": 1, "output_bytes": 1} for i in range(24)]
    with pytest.raises(cutwise.CutwiseError, match="too many to try one by one"):
        cutwise.plan(load_ops(wide), Scenario(privacy=RAW), "brute_force")


def test_best_static_takes_the_best_cut_of_the_mean_device(chain: ModelGraph) -> None:
    """Speeds 1 and 1999 have the mean 1000, where the device is faster than the server: all on device."""
    fleet = (Device(flops_per_s=1, samples=6), Device(flops_per_s=1999, samples=6))
    plan = cutwise.plan(chain, replace(CELL, devices=fleet), "best_static")
    assert {decision.cut.label for decision in plan.decisions} == {"all on device"}
    assert plan.delay_s == pytest.approx(6 * 1100 + 6 * 1100 / 1999 + 24)


def test_best_static_skips_cuts_that_do_not_fit_every_device(chain: ModelGraph) -> None:
    """All of it while a runs: weights of 30+70, 2 x 1000 of input, 2 x 50 made, 2 x 40 saved: 2280 B."""
    fleet = tuple(Device(flops_per_s=1000, samples=6, memory_bytes=memory) for memory in (2500.0, 2250.0))
    plan = cutwise.plan(chain, replace(CELL, devices=fleet), "best_static")
    assert plan.status == "feasible"
    assert {decision.cut.label for decision in plan.decisions} == {"after a"}


def test_random_cuts_depend_on_the_seed_alone() -> None:
    graph = cutwise.load_model("sample:googlenet")
    fleet = tuple(Device(name=f"d{i}") for i in range(6))
    drawn = [cutwise.plan(graph, Scenario(devices=fleet, seed=seed), "random_cut") for seed in (1, 1, 2)]
    cuts = [[decision.cut.label for decision in plan.decisions] for plan in drawn]
    assert cuts[0] == cuts[1]
    assert cuts[0] != cuts[2]
    assert len(set(cuts[0])) > 1


def test_random_cuts_keep_what_must_stay() -> None:
    graph = cutwise.load_model("sample:resnet18")
    for seed in range(20):
        plan = cutwise.plan(graph, Scenario(seed=seed, devices=(Device(memory_bytes=1e15),)), "random_cut")
        assert "privacy" not in [violation.rule for violation in plan.violations]


def test_regression_fits_the_exact_cut_of_a_smooth_chain(load_ops: Load) -> None:
    """Work is the same everywhere and what crosses halves from op to op: the fits are exact."""
    ops = [{"id": "x", "kind": "input", "output_bytes": 2.0**20}]
    for i in range(12):
        ops.append(
            {
                "id": f"op{i}", "inputs": [ops[-1]["id"]], "forward_flops": 1e6, "weight_bytes": 10,
                "output_bytes": 2.0 ** (19 - i),
            }
        )  # fmt: skip
    graph = load_ops(ops)
    for flops in (1e8, 1e9, 1e10):
        scenario = Scenario(
            devices=(Device(flops_per_s=flops),), server=Server(flops_per_s=1e12),
            channel=FixedRate(uplink_bps=1e7), workload=Workload(label_bytes=0),
        )  # fmt: skip
        fitted, best = cutwise.plan(graph, scenario, "regression"), cutwise.plan(graph, scenario)
        assert fitted.delay_s == pytest.approx(best.delay_s, rel=0.2)


@pytest.mark.parametrize("name", ["server_only", "centralised"])
def test_a_baseline_that_shows_raw_data_is_priced_and_infeasible(chain: ModelGraph, name: str) -> None:
    plan = cutwise.plan(chain, replace(CELL, privacy=Privacy()), name)
    assert plan.status == "infeasible"
    assert [violation.rule for violation in plan.violations] == ["privacy"]
    assert "'a' must stay on the device" in plan.violations[0].sentence
    assert np.isfinite(plan.delay_s)


def test_a_baseline_that_needs_too_much_memory_says_how_much(chain: ModelGraph) -> None:
    plan = cutwise.plan(
        chain, replace(CELL, devices=(Device(flops_per_s=10, memory_bytes=1e3),)), "device_only"
    )
    assert [(v.rule, v.needs, v.has) for v in plan.violations] == [("device memory", 2280.0, 1000.0)]


SCENARIOS = {
    "default": Scenario(),
    "weak phone": Scenario(devices=(Device(flops_per_s=2e10, memory_bytes=1e12),)),
    "strong device, slow link": Scenario(
        devices=(Device(flops_per_s=5e12, memory_bytes=1e12),),
        channel=FixedRate(uplink_bps=1e6, downlink_bps=1e6),
    ),
    "energy of the server": Scenario(
        devices=(Device(memory_bytes=1e12),), objective=Objective(kind="energy", energy_of=("server",))
    ),
    "weighted": Scenario(devices=(Device(memory_bytes=1e12),), objective=Objective(kind="weighted")),
    "little memory": Scenario(devices=(Device(profile="jetson_nano", memory_bytes=2e9),)),
    "raw data allowed": Scenario(devices=(Device(memory_bytes=1e12), Device(flops_per_s=1e9)), privacy=RAW),
    "inference": Scenario(workload=Workload(mode="inference"), limits=Limits(traffic_bytes=1e12)),
}


@pytest.mark.parametrize("sample", ["resnet18", "googlenet", "unet"])
def test_no_valid_baseline_beats_fast_split(sample: str) -> None:
    graph = cutwise.load_model(f"sample:{sample}")
    for name, scenario in SCENARIOS.items():
        best = cutwise.plan(graph, scenario)
        for baseline in baseline_names():
            if baseline == "brute_force":
                continue
            plan = cutwise.plan(graph, scenario, baseline)
            if plan.status != "infeasible" and baseline != "centralised":
                assert best.status == "optimal", name
                assert best.report.value <= plan.report.value * (1 + 1e-9), (name, baseline)


def test_a_linear_model_has_the_same_best_cut_by_enumeration() -> None:
    graph = cutwise.load_model("sample:vgg16")
    for scenario in SCENARIOS.values():
        best, brute = cutwise.plan(graph, scenario), cutwise.plan(graph, scenario, "brute_force")
        assert brute.status == best.status
        assert brute.report.value == pytest.approx(best.report.value, rel=1e-9)


def test_every_baseline_is_marked_as_one() -> None:
    expected = {
        "device_only",
        "server_only",
        "centralised",
        "first_layer",
        "best_static",
        "regression",
        "random_cut",
        "brute_force",
    }
    assert set(baseline_names()) == expected
    assert not SCHEMES["fast_split"].is_baseline
