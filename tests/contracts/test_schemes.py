"""What every registered scheme keeps, whatever it decides."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise import schemes
from cutwise.channels import FixedRate, Shannon
from cutwise.cli.listings import first_line
from cutwise.compression import DeadZone, TopK
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError, UnknownNameError
from cutwise.options import choices_of, option_hints
from cutwise.pipeline import played_round
from cutwise.plain import plain
from cutwise.planning.answer.plan_conditions import conditions_of_plan, sums_of_plan
from cutwise.planning.whole_round.best_round import best_round
from cutwise.plans.evaluate import stage_times
from cutwise.plans.learning import Learning
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import IN_TURN
from cutwise.problem.private_ops import with_ancestors
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parties import Device, Edge, Server
from cutwise.scenario.parts import Backhaul, Compression, Limits, Objective, Privacy, Scenario, Sharing
from cutwise.schemes import SCHEMES
from cutwise.schemes.options import scheme_with
from tests.contracts.families import modules_of
from tests.core.fleets import random_limits, random_problem

SHARED = {"base", "effort", "options", "shared_options"}
"""Modules of the family that register nothing."""
OWN_TRANSFERS = {"centralised"}
"""Schemes whose transfers are not those of split learning: their stages do not follow from their cuts."""

every_scheme = pytest.mark.parametrize("name", list(SCHEMES))
every_split = pytest.mark.parametrize("name", [name for name in SCHEMES if name not in OWN_TRANSFERS])
every_drawless = pytest.mark.parametrize("name", [name for name in SCHEMES if name != "random_cut"])

FLEET = (
    Device(name="phone", flops_per_s=2e10, samples=400, distance_m=150.0, memory_bytes=6e9),
    Device(name="board", profile="jetson_tx2", samples=900, distance_m=60.0),
    Device(name="workstation", flops_per_s=5e12, samples=2000, distance_m=20.0, memory_bytes=6e10),
)
CELLS = {
    "in turn": Scenario(devices=FLEET),
    "one device": Scenario(devices=FLEET[:1]),
    "shannon": Scenario(devices=FLEET, channel=Shannon(), privacy=Privacy(keep_on_device="raw_allowed")),
    "energy": Scenario(
        devices=FLEET, objective=Objective(kind="energy"), channel=FixedRate(uplink_latency_s=0.1)
    ),
    "weighted": Scenario(devices=FLEET, objective=Objective(kind="weighted")),
    "best shares": Scenario(devices=FLEET, sharing=Sharing(bandwidth="optimised")),
    "inference": Scenario(devices=FLEET, workload=Workload(mode="inference")),
    "adapters": Scenario(
        devices=FLEET, workload=Workload(tuning=Lora(targets=("all_linear",)), checkpointing="blocks")
    ),
    "deadline": Scenario(devices=FLEET, objective=Objective(kind="energy"), limits=Limits(deadline_s=5000.0)),
    "little traffic": Scenario(devices=FLEET, limits=Limits(traffic_bytes=1e10)),
    "edges": Scenario(
        devices=FLEET, edges=(Edge(name="near", flops_per_s=4e11), Edge(name="far", profile="rtx_4090")),
        backhaul=Backhaul(rate_bps=5e8, latency_s=0.01),
    ),
    "small server": Scenario(devices=FLEET, server=Server(memory_bytes=2e9)),
    "compressed": Scenario(
        devices=FLEET, compression=Compression(codec=DeadZone(), directions="both"),
        limits=Limits(accuracy_loss_ratio=0.05),
    ),
    "too lossy": Scenario(
        devices=FLEET, compression=Compression(codec=TopK(density_ratio=0.1)),
        limits=Limits(accuracy_loss_ratio=1e-6),
    ),
    "nothing fits": Scenario(devices=FLEET, limits=Limits(device_energy_j=1e-6)),
}  # fmt: skip


@pytest.fixture(scope="module")
def vgg16() -> Any:
    return cutwise.load_model("sample:vgg16")


@pytest.fixture(scope="module")
def plans(vgg16: Any) -> dict[tuple[str, str], tuple[SplitProblem, Plan]]:
    """Every scheme's plan of every cell."""
    problems = {cell: build_problem(vgg16, scenario) for cell, scenario in CELLS.items()}
    return {
        (name, cell): (problem, scheme_with(name, {}).solve(problem))
        for name in SCHEMES
        for cell, problem in problems.items()
    }


def masks_of(problem: SplitProblem, plan: Plan) -> np.ndarray:
    names = np.array([op.id for op in problem.cost.graph.ops])
    return np.stack([np.isin(names, decision.cut.device_ops) for decision in plan.decisions])


@every_scheme
def test_the_simulator_ends_the_round_when_the_plan_says(name: str, plans: Any) -> None:
    for cell in CELLS:
        problem, plan = plans[name, cell]
        assert played_round(problem, plan).makespan_s == pytest.approx(plan.delay_s, rel=1e-12)


def is_parallel(plan: Plan) -> bool:
    return plan.active > 1


@every_scheme
def test_it_is_a_described_frozen_dataclass(name: str) -> None:
    scheme = SCHEMES[name]
    assert first_line(scheme).endswith(".")
    assert {type(scheme.is_baseline), type(scheme.separable), type(scheme.exhaustive)} == {bool}
    assert isinstance(scheme().learning, Learning)
    assert scheme() == scheme()
    assert all(field.kw_only and field.metadata["description"] for field in fields(scheme))


@every_scheme
def test_every_device_gets_a_closed_cut_and_a_share(name: str, plans: Any) -> None:
    for cell in CELLS:
        problem, plan = plans[name, cell]
        assert plan.scheme == name
        assert [d.device for d in plan.decisions] == list(problem.scenario.device_names)
        assert len(plan.stages) == len(plan.decisions)
        for mask, decision in zip(masks_of(problem, plan), plan.decisions, strict=True):
            assert np.array_equal(with_ancestors(problem.cost.graph, mask), mask)
            assert mask[problem.cost.is_input].all()
            assert 0 < decision.bandwidth_share <= 1 + 1e-9
            assert 0 < decision.server_share <= 1
        for groups in plan.phases:
            widest = [max(plan.decisions[i].bandwidth_share for i in group) for group in groups]
            assert sum(widest) <= 1 + 1e-9 or any(d.edge for d in plan.decisions)


@every_split
def test_its_numbers_are_the_shared_evaluators(name: str, plans: Any) -> None:
    """Stages, delay and energy again from nothing but the decisions."""
    for cell in CELLS:
        check_stages(*plans[name, cell])


def check_stages(problem: SplitProblem, plan: Plan) -> None:
    stages = stage_times(sums_of_plan(problem, plan), conditions_of_plan(problem, plan))
    assert [stage.delay_s for stage in plan.stages] == pytest.approx(np.array(stages.delay_s), rel=1e-9)
    assert [stage.energy_j for stage in plan.stages] == pytest.approx(np.array(stages.energy_j), rel=1e-9)


@every_scheme
def test_a_round_adds_up(name: str, plans: Any) -> None:
    for cell in CELLS:
        problem, plan = plans[name, cell]
        delays = [stage.delay_s for stage in plan.stages]
        ends = [max(sum(delays[i] for i in group) for group in groups) for groups in plan.phases]
        assert plan.delay_s == pytest.approx(sum(ends))
        assert plan.energy_j == pytest.approx(sum(stage.energy_j for stage in plan.stages))
        assert plan.energy_j == pytest.approx(sum(plan.energy_by_owner_j.values()))
        samples = sum(problem.workload.batch_size * i for i in problem.iterations)
        assert plan.samples_per_round == samples
        asked_once = problem.workload.mode == "inference" and problem.workload.local_iterations is None
        passes = 1.0 if asked_once else problem.samples.sum() / samples  # every request is answered once
        assert plan.delay_per_data_pass_s == pytest.approx(plan.delay_s * passes)
        kind = problem.scenario.objective.kind
        if kind != "weighted":
            assert plan.report.value == pytest.approx(plan.delay_s if kind == "delay" else plan.energy_j)


@every_scheme
def test_limits_are_kept_or_named(name: str, plans: Any) -> None:
    for cell in CELLS:
        problem, plan = plans[name, cell]
        limits, slack = problem.scenario.limits, 1 + 1e-8
        memory = [stage.device_memory.total_bytes for stage in plan.stages]
        own = [stage.device_energy_j + stage.radio_energy_j for stage in plan.stages]
        traffic = [stage.traffic_bytes for stage in plan.stages]
        kept = {
            "privacy": not (problem.private & ~masks_of(problem, plan)).any(),
            "device memory": bool((np.array(memory) <= problem.device_memory_bytes * slack).all()),
            "server memory": plan.server_memory_bytes <= problem.server_memory_bytes * slack,
            "device energy": max(own) <= (limits.device_energy_j or np.inf) * slack,
            "traffic": max(traffic) <= (limits.traffic_bytes or np.inf) * slack,
            "accuracy loss": max(d.accuracy_loss_ratio for d in plan.decisions)
            <= (limits.accuracy_loss_ratio or np.inf) * slack,
            "deadline": plan.delay_s <= (limits.deadline_s or np.inf) * slack,
        }
        broken = {violation.rule for violation in plan.violations}
        assert broken == {rule for rule, holds in kept.items() if not holds}
        assert (plan.status == "infeasible") == bool(broken)
        assert all(violation.sentence for violation in plan.violations)


@every_scheme
def test_optimal_means_proven(name: str, plans: Any) -> None:
    for cell in CELLS:
        _, plan = plans[name, cell]
        if plan.status == "optimal":
            assert plan.report.certificate is not None
            assert plan.report.certificate.value == pytest.approx(plan.report.value, rel=1e-9)
            assert plan.report.certificate.bound == pytest.approx(plan.report.value, rel=1e-9)
            assert plan.report.gap is not None
            assert plan.report.gap <= 1e-9


@every_split
def test_served_in_turn_it_is_never_better_than_the_exact_reference(name: str, plans: Any) -> None:
    """The best cuts under what the plan decided of clocks and compression, proven, if they go one way."""
    for cell in CELLS:
        problem, plan = plans[name, cell]
        one_way = not any(decision.returned_ops for decision in plan.decisions)
        if plan.status != "infeasible" and not is_parallel(plan) and one_way:
            best = best_round(problem, conditions_of_plan(problem, plan), IN_TURN)
            assert best.status == "optimal"
            assert plan.report.value >= best.value * (1 - 1e-9)


@every_drawless
def test_the_order_of_devices_changes_nothing(name: str, vgg16: Any) -> None:
    for cell in ("in turn", "weighted", "best shares", "deadline"):
        scenario = CELLS[cell]
        turned = replace(scenario, devices=scenario.devices[::-1])
        plan, again = (cutwise.plan(vgg16, one, name) for one in (scenario, turned))
        assert again.delay_s == pytest.approx(plan.delay_s, rel=1e-8)
        assert again.report.value == pytest.approx(plan.report.value, rel=1e-8)
        if cell != "best shares":
            cuts = {d.device: d.cut.label for d in plan.decisions}
            assert {d.device: d.cut.label for d in again.decisions} == cuts


@every_scheme
def test_the_same_seed_gives_the_same_plan_and_plain_json(name: str, vgg16: Any) -> None:
    one, two = (cutwise.plan(vgg16, CELLS["in turn"], name) for _ in range(2))
    assert one == two
    assert plain(one) == plain(two)


@every_scheme
def test_inference_has_no_backward_pass_and_no_exchange(name: str, plans: Any) -> None:
    _, plan = plans[name, "inference"]
    for stage in plan.stages:
        assert (stage.device_backward_s, stage.model_sync_s) == (0.0, 0.0)
        assert not stage.downlink_s or any(decision.returned_ops for decision in plan.decisions)
        assert stage.device_memory.gradients_bytes == 0


OTHER_VALUES = {bool: [True, False], str: ["", "features/5/pool"], int: [1, 2, 3], float: [0.5]}


@every_scheme
def test_every_value_of_every_option_is_taken(name: str, vgg16: Any) -> None:
    problem = build_problem(vgg16, CELLS["in turn"])
    for option, hint in option_hints(SCHEMES[name]).items():
        for value in choices_of(hint) or OTHER_VALUES[hint]:
            plan = scheme_with(name, {option: value}).solve(problem)
            assert plan.scheme == name
            assert played_round(problem, plan).makespan_s == pytest.approx(plan.delay_s, rel=1e-12)
            if name not in OWN_TRANSFERS:
                check_stages(problem, plan)
            as_text = str(value).lower() if isinstance(value, bool) else str(value)
            assert scheme_with(name, {option: as_text}) == scheme_with(name, {option: value})


@every_scheme
def test_a_wrong_option_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown option of {name} 'colour'"):
        scheme_with(name, {"colour": "red"})
    for option, hint in option_hints(SCHEMES[name]).items():
        with pytest.raises(ScenarioError, match=option):
            scheme_with(name, {option: 3.5 if hint is not float else "much"})


@every_scheme
def test_random_problems_break_nothing(name: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(12)
    for case in range(6):
        problem = random_problem(rng, tmp_path, devices=1 + case % 3, measured=case == 0)
        for one in (problem, random_limits(rng, problem, IN_TURN, problem.conditions())):
            plan = scheme_with(name, {}).solve(one)
            assert plan.status in ("optimal", "feasible", "infeasible")
            assert np.isfinite(plan.delay_s)
            assert plan.delay_s >= 0
            assert plan.energy_j >= 0


def test_every_module_of_the_family_registers_a_scheme() -> None:
    registered = {scheme.__module__ for scheme in SCHEMES.values()}
    assert modules_of(schemes, shared=SHARED) == registered
