"""P2: user, edge and cloud. Its must-reproduce list (1.7), brute force, and caps on every tier."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.analyses.tier_memory import reduction, tier_memory
from cutwise.channels import FixedRate
from cutwise.costs.cut_sums import nested_sums
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.planning.one_device.objective import counted_energy, score_of
from cutwise.planning.whole_round.round_value import spread_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.rounds import AT_ONCE
from cutwise.problem.edge_links import behind_edges
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parties import Device, Edge, Server
from cutwise.scenario.parts import Backhaul, Limits, Objective, Privacy, Scenario, Sharing
from cutwise.schemes.options import scheme_with
from tests.core.costs.no_loss import NO_LOSS
from tests.core.fleets import closed_sets, held, load, random_problem, with_scenario
from tests.core.importers.configurations import BERT, CONFIGS

GIGA = 1e9


def chain(count: int, *, width: float = 4e5, widths: list[float] | None = None) -> list[dict]:
    """Equal blocks with adapters: 4 MB frozen, 40 kB trained, 1 MB saved a sample; no transient beyond."""
    ops: list[dict] = [{"id": "x", "kind": "input", "output_bytes": 0}]
    block = {"forward_flops": 1e9, "backward_flops": 1e9, "weight_bytes": 4.04e6, "trainable_bytes": 4e4}
    for i in range(count):
        sent = {"output_bytes": widths[i] if widths else width, "saved_bytes": 1e6}
        ops.append({"id": f"b{i}", "inputs": [ops[-1]["id"]], **block, **sent})
    return ops


def campus(users: int = 6, edges: int = 2, **parts) -> Scenario:
    """Equal users, equal edges ten times as fast, a cloud a hundred times as fast."""
    users_of = [Device(name=f"u{i}", flops_per_s=1e11, samples=64, memory_bytes=1e12) for i in range(users)]
    given = {
        "devices": tuple(users_of),
        "edges": tuple(Edge(name=f"e{i}", flops_per_s=1e12, memory_bytes=1e12) for i in range(edges)),
        "server": Server(flops_per_s=1e13, memory_bytes=1e13),
        "channel": FixedRate(uplink_bps=1e8, downlink_bps=1e8),
        "backhaul": Backhaul(rate_bps=1e9),
        "workload": Workload(batch_size=8, labels_at="device"),
        "privacy": Privacy(keep_on_device=("b0",)),
    }
    return Scenario(**given | parts)


def labels_of(problem: SplitProblem) -> np.ndarray:
    """Every pair of nested closed sets, as the tier of each op."""
    sets = closed_sets(problem)
    pairs = [(a, b) for a, b in itertools.product(sets, sets) if not (a & ~b).any()]
    return np.array([np.where(a, 0, np.where(b, 1, 2)) for a, b in pairs])


@pytest.mark.parametrize("seed", range(10))
def test_nested_cuts_are_the_best_of_all_pairs(seed: int, tmp_path: Path) -> None:
    """Check 1.7.7 on graphs of any shape, labels and latencies included; proven where nothing binds."""
    rng = np.random.default_rng(seed)
    for case in range(4):
        problem = random_problem(rng, tmp_path, devices=1, most=5)
        edge = Edge(flops_per_s=float(10 ** rng.uniform(10, 13)), idle_power_w=float(rng.choice([0.0, 20.0])))
        rate_bps, latency_s = float(10 ** rng.uniform(5, 10)), float(rng.choice([0.0, 0.1]))
        backhaul = Backhaul(rate_bps=rate_bps, latency_s=latency_s)
        problem = with_scenario(
            problem,
            edges=(edge,),
            backhaul=backhaul,
            sharing=Sharing(bandwidth="dedicated", server="dedicated"),
            objective=Objective(kind=str(rng.choice(["delay", "energy"]))),
        )
        if case % 2:
            channel = replace(problem.scenario.channel, uplink_latency_s=0.0, downlink_latency_s=0.0)
            problem = with_scenario(problem, channel=channel, backhaul=replace(backhaul, latency_s=0.0))
        conditions = behind_edges(problem, problem.conditions(), [0])
        labels = labels_of(problem)
        stages = stage_times(nested_sums(problem.cost, labels == 0, labels <= 1), conditions.of(0))
        score = score_of(problem.scenario.objective, spread_of(problem, problem.conditions(), AT_ONCE))
        least = np.broadcast_to(score(stages), len(labels)).min()

        plan = scheme_with("split_llm", {"reading": "sweep"}).solve(problem)

        assert plan.report.bound <= least * (1 + 1e-9)
        if case % 2:
            assert plan.report.value == pytest.approx(least, rel=1e-9)
            assert plan.status == "optimal"


@pytest.mark.parametrize("seed", range(6))
def test_the_answer_is_the_best_pair_that_every_tier_holds(seed: int, tmp_path: Path) -> None:
    """Check 1.7.7, memories of user, edge and cloud binding: each counts what it holds, and that alone."""
    rng, bound = np.random.default_rng(seed), 0
    graph = load(tmp_path, chain(5, widths=[float(w) for w in rng.uniform(1e2, 1e4, 5)]))
    for _ in range(6):
        scenario = campus(users=1, edges=1)
        caps = 5 * 12.1e6 * rng.uniform(0.15, 0.9, 3)
        scenario = replace(
            scenario,
            devices=(replace(scenario.devices[0], memory_bytes=float(caps[0])),),
            edges=(replace(scenario.edges[0], memory_bytes=float(caps[1])),),
            server=replace(scenario.server, memory_bytes=float(caps[2])),
            channel=FixedRate(uplink_bps=float(10 ** rng.uniform(4, 7)), downlink_bps=1e6),
        )
        problem = build_problem(graph, scenario)
        conditions = behind_edges(problem, problem.conditions(), [0])
        labels = labels_of(problem)
        stages = stage_times(nested_sums(problem.cost, labels == 0, labels <= 1), conditions.of(0))
        fits = np.all([held(problem, labels == tier) <= caps[tier] for tier in range(3)], axis=0)
        least = float(np.where(fits, stages.delay_s, np.inf).min())

        plan = cutwise.plan(graph, scenario, "split_llm", reading="sweep")
        assert (plan.status == "infeasible") == (not fits.any())
        if fits.any():
            assert plan.delay_s == pytest.approx(least, rel=1e-9)
            assert plan.status == "optimal"
            bound += plan.delay_s > stages.delay_s.min() * (1 + 1e-9)
    assert bound > 0


def test_without_an_edges_help_it_is_split_federated_learning(tmp_path: Path) -> None:
    """Check 1.7.1: an edge that computes nothing and a backhaul that costs nothing, one user an edge."""
    graph = load(tmp_path, chain(6))
    idle = tuple(Edge(name=f"e{i}", flops_per_s=1.0) for i in range(3))
    scenario = campus(users=3, edges=3)
    scenario = replace(scenario, edges=idle, backhaul=Backhaul(rate_bps=1e15))
    plan = cutwise.plan(graph, scenario, "split_llm")
    alone = replace(scenario, sharing=Sharing(bandwidth="dedicated", server="equal"))
    two_tiers = cutwise.plan(graph, alone, "split_federated")
    assert plan.delay_s == pytest.approx(two_tiers.delay_s, rel=1e-6)
    assert plan.server_memory_bytes == pytest.approx(two_tiers.server_memory_bytes)


def test_with_one_idle_edge_or_none_it_is_split_learning(tmp_path: Path) -> None:
    """Check 1.7.1."""
    graph = load(tmp_path, chain(6))
    idle = replace(campus(users=3), edges=(Edge(flops_per_s=1.0),), backhaul=Backhaul(rate_bps=1e15))
    in_turn = cutwise.plan(graph, idle, "split_learning")
    for scenario in (idle, replace(idle, edges=())):
        plan = cutwise.plan(graph, scenario, "split_llm", reading="sweep")
        assert plan.delay_s == pytest.approx(in_turn.delay_s, rel=1e-6)
        assert plan.server_memory_bytes == pytest.approx(in_turn.server_memory_bytes)


def masks(count: int, user: int, edge: int) -> tuple[np.ndarray, np.ndarray]:
    """Device sides of a chain behind its input: so many blocks at the user, and at user or edge."""
    places = np.arange(count + 1)
    return places <= user, places <= user + edge


def test_the_parts_of_one_chain_add_up_to_central_training(tmp_path: Path) -> None:
    """Check 1.7.1: weights, gradients, optimiser and activations; the widest tensor is no sum."""
    problem = build_problem(load(tmp_path, chain(12)), campus())
    device_ops, edge_ops = masks(12, 2, 4)
    found = tier_memory(problem, device_ops=device_ops, edge_ops=edge_ops, users=10, edges=1)
    rows = {(row.scheme, row.tier): row for row in found}
    parts = [rows["SplitLLM", "user"], rows["SplitLLM", "edge"], rows["SplitLLM, shared", "cloud"]]
    whole = rows["central LoRA", "cloud"].held
    for kind in ("weights_bytes", "gradients_bytes", "optimizer_bytes", "activations_bytes"):
        assert sum(getattr(part.held, kind) for part in parts) == pytest.approx(getattr(whole, kind))


def test_server_peaks_stand_in_the_published_order(tmp_path: Path) -> None:
    """Checks 1.7.2 and 1.7.3: below SFL for fewer edges than users; beside SL by M l_c / (L - l_u)."""
    problem = build_problem(load(tmp_path, chain(12, width=100.0)), campus())
    device_ops, edge_ops = masks(12, 2, 4)

    def peak(scheme: str, tier: str, *, users: int = 10, edges: int = 2) -> float:
        rows = tier_memory(problem, device_ops=device_ops, edge_ops=edge_ops, users=users, edges=edges)
        return next(row.total_bytes for row in rows if (row.scheme, row.tier) == (scheme, tier))

    federated = peak("split federated, shared", "server")
    assert all(peak("SplitLLM, shared", "cloud", edges=edges) < federated for edges in range(1, 10))
    in_turn = peak("split learning", "server")
    assert peak("SplitLLM, replicated", "cloud", edges=1) < in_turn  # 1 x 6 / 10
    assert peak("SplitLLM, replicated", "cloud", edges=2) > in_turn  # 2 x 6 / 10
    user = peak("SplitLLM", "user")
    assert user == peak("split learning", "user") == peak("split federated", "user")
    assert user < peak("federated LoRA", "user")
    for kind in ("shared", "replicated"):
        servers = [peak(f"split federated, {kind}", "server", users=n) for n in (4, 8, 12)]
        assert len({peak(f"SplitLLM, {kind}", "cloud", users=n) for n in (4, 8, 12)}) == 1
        clouds = [peak(f"SplitLLM, {kind}", "cloud", edges=m) for m in (2, 4, 6)]
        assert np.diff(servers, 2) == pytest.approx(0, abs=1e-3)
        assert np.diff(clouds, 2) == pytest.approx(0, abs=1e-3)
        assert (servers[1] == pytest.approx(2 * servers[0])) == (kind == "replicated")
        slope = np.diff(clouds)[0] / 2 / (np.diff(servers)[0] / 4)
        assert slope == pytest.approx(6 / 10, rel=0.02)


@pytest.mark.parametrize("name", ["BERT", "GPT-2"])
def test_the_headline_is_concurrency_times_the_third_tier(name: str, tmp_path: Path) -> None:
    """Check 1.7.4, settings calibrated to the abstract: BERT-base with 128 tokens and a batch of 32 saves
    74 ± 4 %, GPT-2 with 512 tokens and a batch of 8 saves 71 ± 4 %; 2 + 4 + 6 blocks, N = 10, M = 4."""
    config, tokens, batch, saved = {"BERT": (BERT, 128, 32, 0.74), "GPT-2": (CONFIGS["GPT-2"], 512, 8, 0.71)}[
        name
    ]
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config))
    graph = cutwise.load_model(file, dims={"sequence": tokens})
    lora = Lora(rank=8, targets=("all_linear",))
    work = Workload(batch_size=batch, tuning=lora, optimizer="sgd_momentum", attention="eager", loss=NO_LOSS)
    problem = build_problem(graph, campus(workload=work, privacy=Privacy()))
    device_ops, edge_ops = (before(problem, blocks) for blocks in (2, 6))
    found = reduction(problem, device_ops=device_ops, edge_ops=edge_ops, users=10, edges=4)
    assert found.concurrency_ratio == 0.4
    assert found.reduction_ratio == pytest.approx(saved, abs=0.04)


def before(problem: SplitProblem, blocks: int) -> np.ndarray:
    """The embedding and so many transformer layers with their adapters."""
    layers = [re.search(r"(?:layers?|h|encoder)/(\d+)/", op.id + "/") for op in problem.cost.graph.ops]
    numbers = [int(found.group(1)) if found else None for found in layers]
    first = next(i for i, number in enumerate(numbers) if number is not None)
    return np.array([i < first if n is None else n < blocks for i, n in enumerate(numbers)])


def test_a_round_with_one_user_an_edge_does_not_depend_on_how_many_wait(tmp_path: Path) -> None:
    """Check 1.7.6: equal users, a cell for each edge; a pass takes ceil(N / M) such rounds."""
    graph = load(tmp_path, chain(8))
    one_round = cutwise.plan(graph, campus(users=2, edges=2), "split_llm").delay_s
    for users in (2, 3, 4, 7, 8):
        plan = cutwise.plan(graph, campus(users=users, edges=2), "split_llm")
        assert plan.delay_s == pytest.approx(-(-users // 2) * one_round)
        sweep = cutwise.plan(graph, campus(users=users, edges=2), "split_llm", reading="sweep")
        assert sweep.delay_s == pytest.approx(plan.delay_s)


def test_only_shrinking_tensors_make_the_second_cut_follow_the_backhaul(tmp_path: Path) -> None:
    """Check 1.7.6: equal widths leave it where it is; else a slower backhaul moves it to a smaller tensor."""
    equal = load(tmp_path, chain(8))
    falling = load(tmp_path, chain(8, widths=[4e5 / 2**i for i in range(8)]), "falling")

    def second(graph, rate_bps: float) -> tuple[int, float]:
        one = campus(users=1, edges=1)
        scenario = replace(
            one,
            devices=(replace(one.devices[0], memory_bytes=2.2e7),),
            edges=(replace(one.edges[0], flops_per_s=1e11),),
            channel=FixedRate(uplink_bps=1e9, downlink_bps=1e9),
            backhaul=Backhaul(rate_bps=rate_bps),
        )
        cut = cutwise.plan(graph, scenario, "split_llm").decisions[0].edge_cut
        return len(cut.device_ops), cut.crossing_bytes

    used = [second(equal, rate) for rate in np.geomspace(1e8, 1e12, 12)]
    assert len({ops for ops, crossing in used if crossing}) == 1
    sent = [second(falling, rate)[1] for rate in np.geomspace(1e10, 1e5, 24)]
    assert sent == sorted(sent, reverse=True)
    assert len(set(sent)) > 2


def test_adapters_are_nothing_beside_activations() -> None:
    """Check 1.7.8: less than 1 % of the traffic of a round (ViT-B/16, 98 iterations)."""
    work = Workload(batch_size=64, local_iterations=98, tuning=Lora(rank=16))
    scenario = campus(users=1, edges=1, privacy=Privacy(), workload=work)
    problem = build_problem(cutwise.load_model("sample:vit_b16"), scenario)
    places = np.arange(len(problem.cost.graph)) / len(problem.cost.graph)
    sums = nested_sums(problem.cost, places < 0.25, places < 0.5)
    adapters = 2 * float(problem.cost.exchanged_bytes[places < 0.5].sum())
    activations = 98 * 64 * float(np.ravel(sums.output_bytes + sums.gradient_bytes)[0])
    assert 0 < adapters < 0.01 * activations


def test_users_go_where_their_edge_ends_early(tmp_path: Path) -> None:
    """A fast and a slow edge, different users: CP-SAT ends before the longest turn first, and that before
    users dealt in turn."""
    speeds = np.geomspace(2e10, 1e12, 9)
    users = tuple(Device(flops_per_s=float(f), samples=64, memory_bytes=1e12) for f in speeds)
    edges = (Edge(name="fast", flops_per_s=4e12), Edge(name="slow", flops_per_s=1e11))
    scenario = replace(campus(), devices=users, edges=edges, backhaul=Backhaul(rate_bps=1e6))
    graph = load(tmp_path, chain(6))
    ways = ("exact", "lpt", "in_turn")
    plans = [cutwise.plan(graph, scenario, "split_llm", reading="sweep", association=way) for way in ways]
    exact, lpt, dealt = plans
    assert exact.status == "optimal"
    assert exact.delay_s <= lpt.delay_s * (1 + 1e-12)
    assert exact.delay_s < dealt.delay_s
    for plan in plans:
        assert cutwise.simulate(graph, scenario, plan).makespan_s == pytest.approx(plan.delay_s, rel=1e-12)
        assert {decision.edge for decision in plan.decisions} == {"fast", "slow"}


def test_a_cloud_too_small_for_all_edges_is_used_in_waves(tmp_path: Path) -> None:
    graph, wide = load(tmp_path, chain(8)), campus(users=4, edges=4)
    roomy = replace(
        wide,
        devices=tuple(replace(device, memory_bytes=2e7) for device in wide.devices),
        edges=tuple(replace(edge, memory_bytes=3e7) for edge in wide.edges),
    )
    needs = cutwise.plan(graph, roomy, "split_llm").server_memory_bytes
    small = replace(roomy, server=replace(roomy.server, memory_bytes=0.55 * needs))
    plan = cutwise.plan(graph, small, "split_llm")
    assert plan.status != "infeasible"
    assert plan.active == 2
    assert len(plan.phases) == 2
    assert "2 waves" in plan.report.method
    assert cutwise.plan(graph, small, "split_llm", waves=1).status == "infeasible"


def test_the_cloud_cannot_queue_and_says_what_to_do(tmp_path: Path) -> None:
    scenario = replace(campus(), sharing=Sharing(server="queue"))
    with pytest.raises(cutwise.errors.SolverError, match=r"set sharing.server to equal or dedicated"):
        cutwise.plan(load(tmp_path, chain(3)), scenario, "split_llm")


def least_energy(problem: SplitProblem) -> float:
    """Every user at its cheapest edge with the cheapest pair of closed sets."""
    labels, total_j = labels_of(problem), 0.0
    edges, energy = problem.scenario.edges, counted_energy(problem.scenario.objective)
    chains = min(len(edges), problem.device_count)
    share = 1.0 if problem.scenario.sharing.server == "dedicated" else 1.0 / chains
    conditions = problem.conditions(active=1, server_share=share)
    for device in range(problem.device_count):
        least_j = np.inf
        for edge in range(len(edges)):
            own = behind_edges(problem, conditions.of(np.array([device])), [edge]).of(0)
            stages = stage_times(nested_sums(problem.cost, labels == 0, labels <= 1), own)
            least_j = min(least_j, float(np.min(energy(stages))))
        total_j += least_j
    return total_j


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("association", ["exact", "lpt"])
def test_where_energy_counts_every_user_takes_its_cheapest_edge(
    association: str, seed: int, tmp_path: Path
) -> None:
    """Energies add up over users, so that no association of all, with any nested cuts, needs less."""
    rng = np.random.default_rng(seed)
    for _ in range(6):
        problem = random_problem(rng, tmp_path, devices=int(rng.integers(1, 4)), most=5)
        edges = tuple(
            Edge(
                name=f"e{i}",
                flops_per_s=float(10 ** rng.uniform(9, 13)),
                compute_power_w=float(rng.choice([10.0, 100.0])),
                idle_power_w=float(rng.choice([0.0, 20.0])),
            )
            for i in range(int(rng.integers(2, 4)))
        )
        channel = replace(problem.scenario.channel, uplink_latency_s=0.0, downlink_latency_s=0.0)
        problem = with_scenario(
            problem,
            edges=edges,
            channel=channel,
            backhaul=Backhaul(rate_bps=float(10 ** rng.uniform(5, 10))),
            sharing=Sharing(bandwidth="dedicated", server=str(rng.choice(["dedicated", "equal"]))),
            objective=replace(problem.scenario.objective, kind="energy"),
        )
        plan = scheme_with("split_llm", {"association": association}).solve(problem)
        assert plan.report.value == pytest.approx(least_energy(problem), rel=1e-9)
        assert plan.status == "optimal"


def test_users_go_to_the_thrifty_edge_unless_a_deadline_needs_both(tmp_path: Path) -> None:
    """Two users, alike fast edges of 10 and of 1,000 W: both users at the first in turn; one at each
    where three quarters of that time are allowed; with no time at all the plan is infeasible."""
    graph, cell = load(tmp_path, chain(6)), campus(users=2, edges=2)
    edges = tuple(
        Edge(name=name, flops_per_s=4e12, compute_power_w=power_w, idle_power_w=0.0)
        for name, power_w in (("thrifty", 10.0), ("hungry", 1000.0))
    )
    cell = replace(cell, edges=edges, objective=Objective(kind="energy", energy_of=("server",)))
    cell = replace(cell, server=replace(cell.server, compute_power_w=1e5))

    def served(deadline_s: float | None) -> cutwise.plans.plan.Plan:
        limits = Limits(deadline_s=deadline_s)
        return cutwise.plan(graph, replace(cell, limits=limits), "split_llm", reading="sweep")

    free = served(None)
    assert {decision.edge for decision in free.decisions} == {"thrifty"}
    assert free.status == "optimal"
    timely = served(0.75 * free.delay_s)
    assert timely.status == "feasible"
    assert {decision.edge for decision in timely.decisions} == {"thrifty", "hungry"}
    assert timely.report.bound == pytest.approx(free.report.value)
    assert served(1e-6).status == "infeasible"
