"""Plans that generate text against every cut, each priced by an evaluator of its own."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.arrays import Mask
from cutwise.channels.fixed_rate import FixedRate
from cutwise.costs.cut_sums import looped_sums
from cutwise.costs.workload import Workload
from cutwise.cuts.brute_force import all_splits
from cutwise.graph.model_graph import ModelGraph, Op
from cutwise.importers.hugging_face.config_file import from_config
from cutwise.planning.one_device.candidates import split_graph
from cutwise.planning.one_device.exact_cut import exact_cuts
from cutwise.planning.one_device.objective import score_of
from cutwise.planning.whole_round.round_value import spread_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.rounds import IN_TURN
from cutwise.problem.pricing import priced
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device, Edge, Server
from cutwise.scenario.parts import Backhaul, Objective, Privacy, Scenario

RATIO = {"gpu": 0.92, "eager": 1.0, "jetson": 0.72, "cpu_board": 0.68}
LAYER_S = {"gpu": 110e-6, "eager": 900e-6, "jetson": 0.0, "cpu_board": 1800e-6}
READ_AT, HEADS, KV_HEADS, WIDTH, WORDS = 8, 4, 2, 4, 50
REL = 1e-9


def tiny(layers: int, window: int | None) -> ModelGraph:
    """A decoder of 16 features with 4 query heads and 2 for keys and values, 4 wide."""
    sizes: dict[str, Any] = {
        "model_type": "mistral" if window else "llama", "hidden_size": 16, "intermediate_size": 40,
        "num_hidden_layers": layers, "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS,
        "head_dim": WIDTH, "vocab_size": WORDS, "tie_word_embeddings": False,
        "max_position_embeddings": 4096,
    }  # fmt: skip
    given = {} if window is None else {"sliding_window": window}
    return from_config(sizes | given, {"sequence": READ_AT}, name="tiny")


def drawn(draw: np.random.Generator) -> tuple[ModelGraph, Scenario]:
    window = int(draw.integers(4, 40)) if draw.random() < 0.5 else None
    graph = tiny(int(draw.integers(1, 3)), window)
    latency_s = 10 ** draw.uniform(-5, -1) if draw.random() < 0.6 else 0.0
    scenario = Scenario(
        workload=Workload(
            mode="inference",
            batch_size=int(draw.integers(1, 65)),
            prompt_tokens=int(draw.integers(0, 60)),
            new_tokens=int(draw.integers(1, 40)),
        ),
        devices=(Device(samples=int(draw.integers(1, 100)), **party(draw)),),
        server=Server(**party(draw)),
        channel=FixedRate(
            uplink_bps=10 ** draw.uniform(3, 8),
            downlink_bps=10 ** draw.uniform(3, 8),
            uplink_latency_s=latency_s,
            downlink_latency_s=latency_s / 2,
        ),
        privacy=Privacy(keep_on_device=draw.choice(["raw_allowed", "first_layer"])),
    )
    return graph, scenario


def party(draw: np.random.Generator) -> dict[str, Any]:
    return {
        "flops_per_s": 10 ** draw.uniform(4, 8),
        "memory_bandwidth_bytes_per_s": 10 ** draw.uniform(4, 8),
        "decoding": str(draw.choice(list(RATIO))),
    }


def by_hand_s(graph: ModelGraph, scenario: Scenario, on_device: Mask, plain: dict[str, float]) -> float:
    """Seconds of all batches of one device with a cut, written from the notes; no code of the planner."""
    work, link = scenario.workload, scenario.channel
    prompt, new = work.prompt_tokens or 0, work.new_tokens or 0
    device, server = scenario.devices[0], scenario.server
    batches = -(-device.samples // work.batch_size)
    steps = [(0, True)] * (prompt > 0) + [(prompt + i, False) for i in range(new)]
    seconds = 0.0
    for owner, side in ((device, on_device), (server, ~on_device)):
        ops = [op for op, here in zip(graph.ops, side, strict=True) if here]
        for context, reading in steps:
            flops = sum(flops_of(op, context, prompt if reading else 1, reading, plain) for op in ops)
            read = sum(weights_of(op) for op in ops)
            cached = sum(cached_of(op, prompt if reading else context) for op in ops)
            layers = sum(op.kind == "attention" for op in ops)
            assert owner.flops_per_s
            assert owner.memory_bandwidth_bytes_per_s
            moved = read + work.batch_size * cached
            seconds += max(
                work.batch_size * flops / owner.flops_per_s,
                moved / (RATIO[str(owner.decoding)] * owner.memory_bandwidth_bytes_per_s),
            )
            seconds += layers * LAYER_S[str(owner.decoding)]
    if on_device.all():
        return batches * seconds
    index = {op.id: at for at, op in enumerate(graph.ops)}
    sent = {name for op, here in zip(graph.ops, on_device, strict=True) if not here for name in op.inputs}
    crossing = [graph.ops[index[name]] for name in sent if on_device[index[name]]]
    anew = any(op.kind != "input" for op in crossing)
    up = sum(
        token_bytes(op) * ((1 if op.id == "norm" else prompt) + new * (op.kind != "input")) for op in crossing
    )
    assert isinstance(link, FixedRate)
    seconds += 8 * work.batch_size * up / link.uplink_bps + 8 * 8 * work.batch_size * new / link.downlink_bps
    messages = new * anew
    seconds += link.uplink_latency_s * ((up > 0) + messages)
    seconds += link.downlink_latency_s * (1 + max(new - 1, 0) * anew)
    return batches * seconds


def token_bytes(op: Op) -> float:
    each = 8 if op.output.dtype == "int64" else 4
    return each * op.output.elements / READ_AT


def window_of(op: Op) -> float:
    return float(op.attrs.get("window", math.inf))


def weights_of(op: Op) -> float:
    return 0.0 if op.kind == "embedding" else 4.0 * sum(weight.elements for weight in op.weights)


def cached_of(op: Op, context: int) -> float:
    return 2 * KV_HEADS * WIDTH * 4.0 * min(context, window_of(op)) if op.kind == "attention" else 0.0


def flops_of(op: Op, context: int, tokens: int, reading: bool, plain: dict[str, float]) -> float:
    """Of one sample: `plain` a token but for attention, which takes 4 x heads x width for a pair of tokens.

    The output layer scores the last token of a prompt only.
    """
    if op.kind == "attention":
        seen = min(tokens, window_of(op))
        pairs = seen**2 / 2 + (tokens - seen) * seen if reading else min(context, window_of(op))
        return 4.0 * HEADS * WIDTH * pairs
    return plain[op.id] * (1 if op.id == "lm_head" else tokens)


def plain_flops(graph: ModelGraph) -> dict[str, float]:
    """FLOPs of a token, from the price of a plain forward pass."""
    cost = priced(graph, Workload(mode="inference"))
    return {op.id: cost.row(op.id).forward_flops / READ_AT for op in graph.ops}


def every_cut(graph: ModelGraph, scenario: Scenario) -> Mask:
    return all_splits(split_graph(build_problem(graph, scenario)), max_splits=10_000)


@pytest.mark.parametrize("seed", range(24))
def test_plans_are_the_best_of_all_cuts(seed: int) -> None:
    """The pool's plan is proven and costs what the notes say; sums that solvers add up are never above it."""
    graph, scenario = drawn(np.random.default_rng(seed))
    plain = plain_flops(graph)
    least = min(by_hand_s(graph, scenario, mask, plain) for mask in every_cut(graph, scenario))
    plan = cutwise.plan(graph, scenario)
    assert plan.status == "optimal"
    assert plan.delay_s == pytest.approx(least, rel=REL)
    problem = build_problem(graph, scenario)
    conditions = problem.conditions()
    score = score_of(scenario.objective, spread_of(problem, conditions, IN_TURN))
    (cut,) = exact_cuts(problem, conditions, score, devices=[0], solver="max_flow")
    assert cut.bound <= least * (1 + REL)
    assert cut.value >= least * (1 - REL)


@pytest.mark.parametrize("seed", range(12))
def test_memory_limits_count_the_cache(seed: int) -> None:
    """As brute force says, with the keys and values of all tokens held by whoever runs the attention."""
    draw = np.random.default_rng(100 + seed)
    graph, scenario = drawn(draw)
    whole = float(build_problem(graph, scenario).cost.buffer_bytes.sum() + 4 * graph.parameters)
    tight = replace(scenario.devices[0], memory_bytes=whole * draw.uniform(0.3, 1.1))
    scenario = replace(
        scenario,
        devices=(tight,),
        server=replace(scenario.server, memory_bytes=whole * draw.uniform(0.3, 1.1)),
        objective=Objective(kind=draw.choice(["delay", "energy"])),
    )
    plan, proof = cutwise.plan(graph, scenario), cutwise.plan(graph, scenario, "brute_force")
    assert (plan.status == "infeasible") == (proof.status == "infeasible")
    if proof.status != "infeasible":
        assert plan.status == "optimal"
        assert plan.report.value == pytest.approx(proof.report.value, rel=REL)


@pytest.mark.parametrize("scheme", ["u_shape", "split_llm", "fast_split", "block_wise_split", "gsfl", "card"])
def test_no_scheme_claims_a_bound_above_what_it_reaches(scheme: str) -> None:
    """Ten scenarios, two devices each, at two edges: every bound is at or below the value."""
    for seed in range(10):
        draw = np.random.default_rng(1000 + seed)
        graph, scenario = drawn(draw)
        another = Device(samples=int(draw.integers(1, 100)), **party(draw))
        scenario = replace(
            scenario,
            devices=(*scenario.devices, another),
            edges=(Edge(**party(draw)), Edge(**party(draw))),
            backhaul=Backhaul(rate_bps=1e6, latency_s=1e-3),
        )
        plan = cutwise.plan(graph, scenario, scheme)
        assert plan.status != "infeasible"
        assert plan.inference is not None
        if plan.report.bound is not None:
            assert plan.report.bound <= plan.report.value * (1 + REL)


@pytest.mark.parametrize("seed", range(8))
def test_the_u_shape_is_proven_only_where_no_two_cuts_are_better(seed: int) -> None:
    """Words are made on the device, so that every one goes up again; all pairs of nested cuts are tried."""
    graph, scenario = drawn(np.random.default_rng(2000 + seed))
    problem = build_problem(graph, scenario)
    cuts = every_cut(graph, scenario)
    tops = ~cuts[(cuts[:, -1] == 0)]
    pairs = [(cut, top) for cut in cuts for top in tops if not (cut & top).any()]
    bottoms, tops = (np.array(side) for side in zip(*pairs, strict=True))
    conditions = problem.conditions().without_labels().of(0)
    times = np.asarray(stage_times(looped_sums(problem.cost, bottoms, tops), conditions).delay_s)
    plan = cutwise.plan(graph, scenario, "u_shape")
    assert plan.delay_s >= times.min() * (1 - REL)
    if plan.status == "optimal":
        assert plan.delay_s == pytest.approx(times.min(), rel=REL)
