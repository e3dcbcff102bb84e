"""Limits bind the process peak of the sweep: the cases that were called infeasible, and brute force."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.costs.cut_sums import looped_sums, nested_sums
from cutwise.costs.memory.bounds import lower_bytes, upper_bytes
from cutwise.costs.memory.held import allocated_bytes, held_at_peak
from cutwise.costs.memory.runtime import Runtime
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.plans.evaluate import stage_times
from cutwise.problem.edge_links import behind_edges
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parties import Device, Edge, Server
from cutwise.scenario.parts import Limits, Privacy, Scenario
from cutwise.scenario.scenario_file import parse_scenario
from tests.conftest import Load
from tests.core.fleets import closed_sets, held, random_problem, with_scenario

CASES = Path(__file__).parents[5] / "shared" / "cases" / "planning"
shared = pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")
PHONE = Scenario(
    workload=Workload(batch_size=1, local_iterations=1),
    privacy=Privacy(keep_on_device=("body",)),
    server=Server(flops_per_s=1e12),
    devices=(Device(name="phone", flops_per_s=1e12, memory_bytes=1e4),),
    edges=(Edge(flops_per_s=1e11),),
    channel=FixedRate(uplink_bps=1e4, downlink_bps=1e6),
)


def block(name: str, reads: str, output_bytes: float) -> dict[str, Any]:
    work = {"forward_flops": 1e9, "backward_flops": 2e9, "weight_bytes": 1e3, "trainable_bytes": 1e3}
    return {"id": name, "inputs": [reads], "output_bytes": output_bytes, **work}


def test_a_wide_tensor_beyond_the_phone_is_no_need_of_the_phone(load_ops: Load) -> None:
    """1 kB of weights, their gradients and one tensor of 1 kB, beside logits of 1 MB at the server."""
    source = {"id": "x", "kind": "input", "output_bytes": 1e3}
    graph = load_ops([source, block("body", "x", 1e3), block("logits", "body", 1e6)])
    plan = cutwise.plan(graph, PHONE, "split_llm")
    assert plan.status == "optimal"
    assert plan.stages[0].device_memory.total_bytes == 3e3
    ends = [block("wide", "body", 1e6), block("narrow", "wide", 1e3), block("loss", "narrow", 8)]
    returned = cutwise.plan(load_ops([source, block("body", "x", 1e3), *ends]), PHONE, "u_shape")
    assert returned.status == "optimal"
    assert returned.stages[0].device_memory.total_bytes <= 1e4


@shared
@pytest.mark.parametrize(("model", "scheme"), [("tiny_llm", "split_llm"), ("tiny_u", "u_shape")])
def test_tiny_cases_are_feasible(model: str, scheme: str) -> None:
    graph = cutwise.load_model(CASES / f"{model}.json")
    plan = cutwise.plan(graph, cutwise.load_scenario(CASES / "tiny_llm.toml"), scheme)
    assert plan.status == "optimal"


@shared
def test_cases_called_infeasible_have_a_plan(tmp_path: Path) -> None:
    """Each is at the least of all nested pairs that fit, whichever edge serves the users in turn."""
    found = sorted(CASES.glob("llm-infeasible-*.json"))
    assert found
    for path in found:
        case = json.loads(path.read_text())
        model = tmp_path / "graph.json"
        model.write_text(json.dumps(case["graph"]))
        graph, scenario = cutwise.load_model(model), parse_scenario(case["toml"].encode())
        plan = cutwise.plan(graph, scenario, "split_llm", **case["kw"])
        assert plan.status == "optimal"
        problem = build_problem(graph, scenario)
        least = [best_nested(problem, device) for device in range(problem.device_count)]
        assert plan.report.value == pytest.approx(sum(least), rel=1e-9)


def test_gpt2_with_adapters_is_split_on_a_phone_of_300_mb() -> None:
    """The user's part holds an embedding table and needs no more than 300 MB, by the sweep itself."""
    work = Workload(batch_size=8, tuning=Lora(rank=8), tied_weights="untied")
    scenario = replace(
        Scenario(), workload=work, devices=(Device(flops_per_s=1e11, memory_bytes=3e8),),
        edges=(Edge(flops_per_s=1e12),), server=Server(flops_per_s=1e13),
    )  # fmt: skip
    graph = cutwise.load_model("sample:gpt2")
    plan = cutwise.plan(graph, scenario, "split_llm")
    assert plan.status == "optimal"
    phone = plan.memory[0]
    assert phone.process_bytes == plan.stages[0].device_memory.total_bytes <= 3e8
    assert phone.verdict == "fits"


@pytest.mark.parametrize("name", ["gpt2", "resnet18", "mobilenet_v2", "googlenet", "vit_b16", "unet"])
@pytest.mark.parametrize("over", [{}, {"mode": "inference"}, {"checkpointing": "blocks"}])
def test_the_sweep_lies_between_its_bounds(name: str, over: dict[str, Any]) -> None:
    graph = cutwise.load_model(f"sample:{name}")
    problem = build_problem(graph, Scenario(workload=Workload(**over)))
    places = cut_positions(problem)[:: max(1, len(cut_positions(problem)) // 8)]
    for sides in (places, ~places):
        swept = allocated_bytes(problem.cost, sides)
        assert (lower_bytes(problem.cost, sides) <= swept * (1 + 1e-12) + 1e-6).all()
        assert (swept <= upper_bytes(problem.cost, sides) * (1 + 1e-12) + 1e-6).all()


@pytest.mark.parametrize("seed", range(8))
def test_random_sides_lie_between_their_bounds(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(6):
        problem = random_problem(rng, tmp_path, devices=1, most=8)
        masks = closed_sets(problem)
        for sides in (masks, ~masks):
            swept = allocated_bytes(problem.cost, sides)
            assert swept == pytest.approx(held(problem, sides), rel=1e-12)
            assert (lower_bytes(problem.cost, sides) <= swept * (1 + 1e-12)).all()
            assert (swept <= upper_bytes(problem.cost, sides) * (1 + 1e-12)).all()


def test_what_is_shown_adds_up_to_the_process(chain: ModelGraph) -> None:
    """2280 B while a runs (2 samples), 5 % and half of 2 x 1000 B more, and a reserve of 500 B."""
    runtime = Runtime(backend="cuda", reserve_bytes=500.0)
    device = Device(flops_per_s=10, memory_bytes=4e3, runtime=runtime)
    scenario = Scenario(workload=Workload(batch_size=2, local_iterations=3), devices=(device,))
    plan = cutwise.plan(chain, scenario, "device_only")
    memory = plan.stages[0].device_memory
    assert memory.allocated_bytes == 2280
    assert memory.total_bytes == pytest.approx(2280 * 1.05 + 1000 + 500)
    assert (plan.memory[0].process_bytes, plan.memory[0].verdict) == (memory.total_bytes, "tight")
    assert not plan.violations
    strict = replace(scenario, limits=Limits(memory="fits"))
    (broken,) = cutwise.plan(chain, strict, "device_only").violations
    assert broken.needs == pytest.approx(1.2 * memory.total_bytes)
    assert broken.sentence.endswith("with the part kept free as limits.memory asks")


def test_infeasible_quotes_the_least_need_that_exists(load_ops: Load) -> None:
    """Two blocks of 1 kB pinned: 2 kB with their gradients and a tensor of 1 kB, not the whole model's."""
    source = {"id": "x", "kind": "input", "output_bytes": 1e3}
    graph = load_ops([source, block("body", "x", 1e3), block("more", "body", 1e3), block("end", "more", 1e3)])
    tight = replace(PHONE, devices=(replace(PHONE.devices[0], memory_bytes=1e3),), edges=())
    for scheme in ("fast_split", "split_llm"):
        plan = cutwise.plan(graph, tight, scheme)
        assert plan.status == "infeasible"
        assert plan.violations[0].needs == 3e3


def test_a_profile_says_what_runs_there() -> None:
    assert Device(profile="jetson_nano").runtime_figures.reserve_bytes == 0.6e9
    assert Device(profile="raspberry_pi_5").runtime_figures.reserve_bytes == 0
    assert Device(flops_per_s=1e9).runtime_figures.reserve_bytes == 0
    given = Server(profile="rtx_a6000", runtime=Runtime(backend="none"))
    assert given.runtime_figures.overhead_ratio == 0
    with pytest.raises(cutwise.errors.ScenarioError, match="backend: must be one of none, cuda, cpu, mps"):
        Runtime(backend="rocm")


def best_nested(problem: SplitProblem, device: int) -> float:
    """The least delay or energy of a device over all nested pairs that every tier holds, at its best edge."""
    sets = closed_sets(problem)
    pairs = [(a, b) for a, b in itertools.product(sets, sets) if not (a & ~b).any()]
    labels = np.array([np.where(a, 0, np.where(b, 1, 2)) for a, b in pairs])
    best = np.inf
    for edge, party in enumerate(problem.scenario.edges):
        conditions = behind_edges(problem, problem.conditions().of(np.array([device])), [edge]).of(0)
        stages = stage_times(nested_sums(problem.cost, labels == 0, labels <= 1), conditions)
        caps = (
            problem.device_memory_bytes[device],
            party.memory_bytes or np.inf,
            problem.server_memory_bytes,
        )
        fits = [held(problem, labels == tier) <= cap * (1 + 1e-9) for tier, cap in enumerate(caps)]
        owners = {"device": stages.device_energy_j + stages.radio_energy_j, "server": stages.server_energy_j}
        owners["network"] = stages.network_energy_j
        objective = problem.scenario.objective
        value = sum(owners[name] for name in objective.energy_of)
        value = stages.delay_s if objective.is_delay else value
        best = min(best, float(np.where(np.all(fits, axis=0), value, np.inf).min()))
    return best


@pytest.mark.parametrize("scheme", ["split_llm", "u_shape"])
@pytest.mark.parametrize("seed", range(3))
def test_answers_under_memory_are_those_of_all_cuts(scheme: str, seed: int, tmp_path: Path) -> None:
    """Nothing is infeasible that is not, nothing optimal that is not, where limits are what cuts need."""
    rng, bound, short = np.random.default_rng(100 + seed), 0, 0
    for _ in range(10):
        problem = random_problem(rng, tmp_path, devices=1, most=5)
        sets = closed_sets(problem)
        needs = held(problem, sets), held(problem, ~sets)
        caps = [float(rng.choice(one) * rng.choice([1.0, 1.0, 0.9, 1.2])) + 1e-3 for one in needs]
        given = problem.scenario
        parts: dict[str, Any] = {
            "devices": (replace(given.devices[0], memory_bytes=caps[0]),),
            "server": replace(given.server, memory_bytes=caps[1]),
        }
        if scheme == "split_llm":
            parts["edges"] = (Edge(flops_per_s=1e11, memory_bytes=caps[int(rng.integers(2))]),)
        problem = with_scenario(problem, **parts)
        if problem.scenario.objective.is_weighted:
            continue
        best = best_nested(problem, 0) if scheme == "split_llm" else best_u_shape(problem)
        plan = cutwise.plan(problem.cost.graph, problem.scenario, scheme)
        assert (plan.status == "infeasible") == (not np.isfinite(best)), plan.violations
        if plan.status == "optimal":
            assert plan.report.value == pytest.approx(best, rel=1e-9)
        bound += plan.status != "infeasible"
        short += plan.status == "infeasible"
    assert bound
    assert short


def best_u_shape(problem: SplitProblem) -> float:
    """The least over all cuts device–server–device that both sides hold."""
    count, edges = len(problem.cost.graph), problem.cost.graph.edges
    read = {a for a, _ in edges}
    outputs = [i for i in range(count) if i not in read and not problem.cost.is_input[i]]
    labels = [np.zeros(count, dtype=int)]
    for row in itertools.product((0, 1, 2), repeat=count):
        part = np.array(row)
        ordered = not any(part[a] > part[b] for a, b in edges)
        kept = all(part[i] == 2 or problem.pinned[i] for i in outputs)
        if ordered and kept and (part[problem.pinned] == 0).all():
            labels.append(part)
    table = np.array(labels)
    conditions = problem.conditions().without_labels().of(0)
    stages = stage_times(looped_sums(problem.cost, table == 0, table == 2), conditions)
    objective = problem.scenario.objective
    owners = {"device": stages.device_energy_j + stages.radio_energy_j, "server": stages.server_energy_j}
    owners["network"] = stages.network_energy_j
    value = stages.delay_s if objective.is_delay else sum(owners[name] for name in objective.energy_of)
    fits = held(problem, table != 1) <= problem.device_memory_bytes[0] * (1 + 1e-9)
    fits &= held(problem, table == 1) <= problem.server_memory_bytes * (1 + 1e-9)
    return float(np.where(fits, value, np.inf).min())


def test_an_empty_side_holds_nothing(chain: ModelGraph) -> None:
    cost = build_problem(chain, Scenario()).cost
    assert held_at_peak(cost, np.zeros(len(cost), dtype=bool)).allocated_bytes == 0
