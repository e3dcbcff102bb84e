"""What a plan in inference says: requests, tokens, energies, memories and words, worked out by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import cutwise
from cutwise.analyses.comparison import CompareAnalysis
from cutwise.channels.fixed_rate import FixedRate
from cutwise.cli.printing import plan_text
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError
from cutwise.graph.model_graph import ModelGraph
from cutwise.hardware.decoding import Decoding, decoding_classes
from cutwise.hardware.profiles import hardware
from cutwise.plans.plan import Plan
from cutwise.plans.serving import ServedDevice, TokenFigures
from cutwise.question import Question
from cutwise.scenario.parties import Device, Edge, Server
from cutwise.scenario.parts import Privacy, Scenario, Sharing
from cutwise.units import hints_of
from tests.core.costs.test_generation import BLOCK, decoder

CASES = Path(__file__).parents[3] / ".." / "shared" / "cases" / "planning"
WEIGHTS = 4.0 * (2 * BLOCK + 16 + 50 * 16)
"""Bytes that a token reads of the two layers, the norm and the output layer."""
A_TOKEN = 2 * 2 * 4 * 4 * 4.0
"""Bytes of keys and values of a token: two layers, 4 heads, 4 wide, 4 bytes."""
TRAINED = re.compile(r"\b([Rr]ounds?|[Ee]pochs?|[Cc]onvergence)\b")


def cell(*, prompt: int = 10, new: int = 4, **changes: Any) -> Scenario:
    """A device at 1 kB/s and a server at 100 kB/s of memory, so quick at FLOPs that bytes bind both."""
    given: dict[str, Any] = {
        "workload": Workload(mode="inference", batch_size=1, prompt_tokens=prompt, new_tokens=new),
        "devices": (party(Device, 1e3, name="phone", samples=3, compute_power_w=8.0, idle_power_w=2.0),),
        "server": party(Server, 1e5, compute_power_w=0.0, idle_power_w=0.0),
        "channel": FixedRate(uplink_bps=1e3, downlink_bps=1e3, uplink_latency_s=0.5, downlink_latency_s=0.25),
        "privacy": Privacy(keep_on_device="raw_allowed"),
    }
    return Scenario(**given | changes)


def party(kind: Any, bandwidth: float, **changes: Any) -> Any:
    given = {"flops_per_s": 1e12, "memory_bandwidth_bytes_per_s": bandwidth, "decoding": "jetson"}
    return kind(**given | changes)


def served(plan: Plan) -> ServedDevice:
    assert plan.inference is not None
    (one,) = plan.inference.devices
    return one


def tokens(plan: Plan) -> TokenFigures:
    found = served(plan).tokens
    assert found is not None
    return found


def test_a_device_alone_reads_its_weights_for_every_token() -> None:
    """At 0.72 of 1 kB/s: (W + c keys and values) / 720 for the prompt and for contexts of 10 to 13 tokens.

    Three requests one after another; 10 W while it works.
    """
    plan = cutwise.plan(decoder(), cell(), "device_only")
    prompt_s = (WEIGHTS + 10 * A_TOKEN) / 720
    steps = [(WEIGHTS + context * A_TOKEN) / 720 for context in (10, 11, 12, 13)]
    assert plan.delay_s == pytest.approx(3 * (prompt_s + sum(steps)))
    assert served(plan).request_delay_s == pytest.approx(prompt_s + sum(steps))
    found = tokens(plan)
    assert found.time_to_first_token_s == pytest.approx(prompt_s + steps[0])
    assert found.token_s == pytest.approx(sum(steps) / 4)
    assert found.tokens_per_s == pytest.approx(4 / sum(steps))
    assert found.device_energy_per_token_j == pytest.approx(10 * sum(steps) / 4)
    assert (found.device_cache_bytes, found.server_cache_bytes) == (14 * A_TOKEN, 0)
    assert found.traffic_per_token_bytes == 0


def test_a_server_that_runs_the_whole_model_streams_its_words() -> None:
    """10 words of 8 bytes go up in one message; 4 of 8 bytes come back, the first after a latency."""
    plan = cutwise.plan(decoder(), cell(), "server_only")
    (stage,) = plan.stages
    assert stage.uplink_s == pytest.approx(3 * (8 * 80 / 1e3 + 0.5))
    assert stage.downlink_s == pytest.approx(3 * (8 * 32 / 1e3 + 0.25))
    assert tokens(plan).traffic_per_token_bytes == 8
    assert tokens(plan).server_cache_bytes == 14 * A_TOKEN


def test_a_cut_sends_every_token_up_and_its_word_back() -> None:
    """After layer 0: 64 bytes for 10 tokens of the prompt, then for 4 new ones, each a message each way."""
    plan = cutwise.plan(decoder(), cell(), "split_learning", cut="layers/0/mlp/add")
    (stage,) = plan.stages
    assert stage.uplink_s == pytest.approx(3 * (8 * 64 * 14 / 1e3 + 0.5 * (1 + 4)))
    assert stage.downlink_s == pytest.approx(3 * (8 * 8 * 4 / 1e3 + 0.25 * 4))
    assert stage.traffic_bytes == 3 * (64 * 14 + 8 * 4)
    assert tokens(plan).traffic_per_token_bytes == 64 + 8
    assert tokens(plan).device_cache_bytes == tokens(plan).server_cache_bytes == 14 * A_TOKEN / 2


def test_a_batch_is_bound_by_flops_once_it_is_large() -> None:
    """At 1 FLOP a byte's time: weights are read once for all 100 requests, FLOPs are done for each."""
    slow = (party(Device, 1e9, flops_per_s=1e6, samples=100),)
    work = Workload(mode="inference", batch_size=100, prompt_tokens=0, new_tokens=1)
    plan = cutwise.plan(decoder(), cell(devices=slow, workload=work), "device_only")
    least = 100 * 2 * WEIGHTS / 4 / 1e6
    assert least < plan.delay_s < 1.2 * least


@pytest.mark.parametrize("scheme", ["fast_split", "split_federated"])
def test_throughput_of_any_model_is_that_of_its_slowest_part(scheme: str) -> None:
    """Both from the plan's own stages: one batch after another, and the largest of what works apart."""
    devices = (Device(samples=64, flops_per_s=3e11), Device(samples=96, flops_per_s=2e11))
    scenario = Scenario(workload=Workload(mode="inference"), devices=devices, sharing=Sharing())
    plan = cutwise.plan(cutwise.load_model("sample:resnet18"), scenario, scheme)
    assert plan.inference is not None
    for one, stage, samples in zip(plan.inference.devices, plan.stages, (64, 96), strict=True):
        slowest = max(stage.device_forward_s, stage.uplink_s, stage.server_compute_s, stage.downlink_s)
        assert one.sequential_requests_per_s == pytest.approx(samples / stage.delay_s)
        assert one.pipelined_requests_per_s == pytest.approx(samples / slowest)
        assert one.tokens is None
    assert plan.inference.sequential_requests_per_s == pytest.approx(160 / plan.delay_s)
    assert plan.inference.pipelined_requests_per_s >= plan.inference.sequential_requests_per_s


def test_training_has_no_figures_of_inference() -> None:
    assert cutwise.plan(cutwise.load_model("sample:resnet18"), Scenario()).inference is None


def test_each_class_takes_its_own_seconds_a_layer() -> None:
    """Two layers of 900 and of 110 microseconds, at 1.00 and 0.92 of the bandwidth."""

    def delay_s(name: Decoding) -> float:
        return cutwise.plan(
            decoder(),
            cell(prompt=0, new=1, devices=(party(Device, 1e3, decoding=name, samples=1),)),
            "device_only",
        ).delay_s

    assert delay_s("eager") == pytest.approx(WEIGHTS / 1e3 + 2 * 900e-6)
    assert delay_s("gpu") == pytest.approx(WEIGHTS / 920 + 2 * 110e-6)


def test_every_profile_has_a_bandwidth_and_a_class_that_exists() -> None:
    for profile in hardware().values():
        assert profile.memory_bandwidth_bytes_per_s
        assert profile.decoding in decoding_classes()
    names = {name for part in hints_of(Device)["decoding"].__args__ for name in getattr(part, "__args__", ())}
    assert names == set(decoding_classes())


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"devices": (Device(flops_per_s=1e12),)}, "devices[0]"),
        ({"server": Server(flops_per_s=1e12)}, "server"),
        ({"edges": (Edge(), Edge(flops_per_s=1e12))}, "edges[1]"),
    ],
)
def test_without_a_bandwidth_nothing_is_planned(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(ScenarioError) as error:
        cutwise.plan(decoder(), cell(**changes))
    (mistake,) = error.value.mistakes
    assert mistake.startswith(f"{path}.memory_bandwidth_bytes_per_s: ")


def test_an_unknown_class_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ScenarioError, match="jetson"):
        Device(decoding="jetsen")  # type: ignore[arg-type]


def test_raw_data_of_requests_go_up_with_them() -> None:
    """Whatever the scenario's number of rounds: as `server_only`, for no requests come again."""
    graph = cutwise.load_model("sample:resnet18")
    scenario = Scenario(workload=Workload(mode="inference"), rounds=100)
    pooled = cutwise.plan(graph, scenario, "centralised")
    assert pooled.delay_s == cutwise.plan(graph, scenario, "server_only").delay_s
    assert pooled.delay_s == cutwise.plan(graph, replace(scenario, rounds=1), "centralised").delay_s


def test_requests_are_served_once_whatever_epochs_a_training_would_take() -> None:
    assert Workload(mode="inference", local_epochs=5, batch_size=32).iterations(100) == 4


@pytest.mark.parametrize("scheme", ["fast_split", "gsfl", "split_llm", "centralised", "cluster_parallel"])
def test_a_plan_in_inference_speaks_of_requests(scheme: str) -> None:
    plan = cutwise.plan(decoder(), cell(edges=(party(Edge, 1e4),)), scheme)
    said = " ".join((plan_text(plan), plan.round_rule, plan.evidence))
    assert not TRAINED.search(said)
    assert "requests" in said
    assert "first token" in said


def test_comparison_and_explanation_speak_of_requests() -> None:
    asked = Question(graph=decoder(), scenario=cell())
    compared = CompareAnalysis(schemes=("fast_split", "server_only", "device_only")).run(asked)
    explained = cutwise.analyse(decoder(), cell(), "explain")
    for text in (compared.text(), compared.summary(), explained.summary()):
        assert not TRAINED.search(text), text
    assert {"request_delay_s", "token_s", "pipelined_requests_per_s"} <= set(compared.to_frame())


def test_a_sweep_of_tokens_is_the_plans_one_by_one() -> None:
    over = {"workload.new_tokens": [1, 4, 16], "channel.uplink_bps": [1e2, 1e6]}
    frame = cutwise.sweep(decoder(), cell(), over=over)
    for row in frame.to_dict("records"):
        work = replace(cell().workload, new_tokens=int(row["workload.new_tokens"]))
        link = replace(cell().channel, uplink_bps=row["channel.uplink_bps"])
        plan = cutwise.plan(decoder(), cell(workload=work, channel=link))
        assert row["delay_s"] == pytest.approx(plan.delay_s, rel=1e-12)
        assert row["status"] == plan.status == "optimal"


def case(model: str, scenario: str) -> tuple[ModelGraph, Scenario]:
    if not CASES.exists():
        pytest.skip("the cases are not here")
    graph = cutwise.load_model(str(CASES / f"{model}.config.json"))
    return graph, cutwise.load_scenario(str(CASES / f"{scenario}.toml"))


def on_server(scenario: Scenario, name: Decoding) -> Scenario:
    return replace(scenario, server=replace(scenario.server, decoding=name))


def test_an_a100_in_eager_pytorch_makes_the_tokens_that_were_measured() -> None:
    """31 a second were measured; 2,039 GB/s over 13.2 GB of weights bound it at 154."""
    graph, scenario = case("llama2_7b", "a100_decode")
    eager = tokens(cutwise.plan(graph, on_server(scenario, "eager")))
    assert eager.tokens_per_s == pytest.approx(31, rel=0.1)
    quick = tokens(cutwise.plan(graph, scenario)).tokens_per_s
    assert quick is not None
    assert 31 < quick < 2039e9 / (2 * 6_607_077_376)


def test_a_raspberry_pi_5_makes_the_tokens_that_were_measured() -> None:
    """2.17 a second at 5.35 J each, of Q4_K_M."""
    graph, scenario = case("llama3_8b", "pi_decode")
    work = replace(scenario.workload, weights_dtype="q4_k_m")
    found = tokens(cutwise.plan(graph, replace(scenario, workload=work), "device_only"))
    assert found.tokens_per_s == pytest.approx(2.17, rel=0.05)
    assert found.device_energy_per_token_j == pytest.approx(5.35, rel=0.1)
    given = tokens(cutwise.plan(graph, scenario, "device_only"))
    assert given.tokens_per_s == pytest.approx(2.17, rel=0.2)
    assert given.device_energy_per_token_j == pytest.approx(5.35, rel=0.2)


def test_a_cut_over_two_small_machines_has_room_for_keys_and_values() -> None:
    """0.537 GB at 4,096 tokens: 32 layers x 2 x 8 heads x 128 x 2 bytes; bandwidths nobody gave are named."""
    graph, scenario = case("mistral_7b", "two_gpu_7b")
    plan = cutwise.plan(graph, scenario)
    assert plan.status == "optimal"
    found = tokens(plan)
    assert found.device_cache_bytes + found.server_cache_bytes == 32 * 2 * 8 * 128 * 2 * 4096
    assert plan.stages[0].device_memory.total_bytes <= 4e9
    assert plan.server_memory_bytes <= 6e9
    says = plan.inference.says if plan.inference else ()
    assert any("devices[0].memory_bandwidth_bytes_per_s" in sentence for sentence in says)


def test_a_prompt_and_its_answer_are_refused_there_until_the_bandwidths_are_given() -> None:
    graph, scenario = case("mistral_7b", "two_gpu_7b")
    work = replace(scenario.workload, sequence_length=None, prompt_tokens=4000, new_tokens=96)
    with pytest.raises(ScenarioError, match="memory_bandwidth_bytes_per_s"):
        cutwise.plan(graph, replace(scenario, workload=work))
    given: Sequence[Device] = [replace(scenario.devices[0], memory_bandwidth_bytes_per_s=2e11)]
    server = replace(scenario.server, memory_bandwidth_bytes_per_s=3e11)
    plan = cutwise.plan(graph, replace(scenario, workload=work, devices=tuple(given), server=server))
    assert plan.status == "optimal"
    assert plan.stages[0].device_memory.total_bytes <= 4e9
    assert plan.server_memory_bytes <= 6e9
