"""Every plan says which rule kept ops where they are, in a sentence, and what would release them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.cli.printing import plan_text
from cutwise.compression import TopK
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.plain import plain
from cutwise.plans.plan import Plan
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Compression, LayerDepth, Limits, Privacy, Scenario
from tests.core.costs.formula_calls import graph, op
from tests.core.costs.test_shared_weights import ENDS

CASES = Path(__file__).parents[4] / ".." / "shared" / "cases" / "planning"
WEAK: dict[str, Any] = {"devices": (Device(flops_per_s=1e3, samples=8),), "server": Server(flops_per_s=1e15)}


def layers(count: int, *, skip: str = "") -> ModelGraph:
    """A row of layers behind x; with a `skip` a sum at the end that reads that op too."""
    ops = [op("x", "input", shape=(1, 8))]
    for number in range(count):
        weights = {f"w{number}": (8, 8)}
        ops.append(op(f"fc{number}", "linear", ops[-1].id, (1, 8), weights=weights, in_features=8))
    if skip:
        ops.append(op("out", "sub", f"{skip} {ops[-1].id}", (1, 8)))
    return graph(*ops)


def planned(model: ModelGraph, scheme: str = "fast_split", **parts: Any) -> Plan:
    return cutwise.plan(model, Scenario(**WEAK | parts), scheme)


def test_a_skip_from_the_raw_input_pins_a_whole_denoiser_and_says_so() -> None:
    plan = planned(layers(4, skip="x"))
    assert plan.decisions[0].cut.label == "all on device"
    (pin,) = plan.pins
    assert (pin.rule, pin.ops, pin.devices) == (
        "privacy",
        ("x", "fc0", "fc1", "fc2", "fc3", "out"),
        ("device-1",),
    )
    assert pin.sentence == (
        "'out' reads the raw input 'x', so privacy keeps it on the device, with all that it depends on: "
        "6 of 6 ops; so every op of the model stays on the device"
    )
    assert 'privacy.keep_on_device = "raw_allowed"' in pin.release
    assert f"pinned: {pin.sentence} ({pin.release})" in plan_text(plan)
    assert plain(plan)["pins"][0]["sentence"] == pin.sentence


def test_what_the_sentence_names_as_release_releases() -> None:
    free = planned(layers(4, skip="x"), privacy=Privacy(keep_on_device="raw_allowed"))
    assert free.decisions[0].cut.label == "all on server"
    assert free.pins == ()


def test_a_skip_from_within_the_private_layers_is_told_from_one_from_the_raw_input() -> None:
    plan = planned(layers(5, skip="fc0"), privacy=Privacy(keep_on_device=LayerDepth(layers=2)))
    assert plan.pins[0].sentence.startswith("'out' reads 'fc0', which is near the raw input")
    assert (
        planned(layers(5, skip="fc0")).pins[0].sentence
        == "privacy keeps the first layer on the device, 2 of 7 ops"
    )


def test_constants_that_a_private_layer_reads_are_no_skip() -> None:
    """As positions are added to the tokens of a language model, or a mask in its first attention."""
    model = graph(
        op("x", "input", shape=(1, 8)),
        op("mask", "constant", shape=(1, 8)),
        op("masked", "add", "x mask", (1, 8)),
        op("fc0", "linear", "masked", (1, 8), weights={"w0": (8, 8)}, in_features=8),
        op("fc1", "linear", "fc0", (1, 8), weights={"w1": (8, 8)}, in_features=8),
    )
    (pin,) = planned(model).pins
    assert pin.sentence == "privacy keeps the first layer on the device, 4 of 5 ops"


def test_a_pin_that_changes_nothing_names_no_device_and_is_not_printed() -> None:
    strong = {"devices": (Device(flops_per_s=1e15),), "server": Server(flops_per_s=1e3)}
    plan = planned(layers(3), **strong)
    assert plan.decisions[0].cut.label == "all on device"
    assert [pin.devices for pin in plan.pins] == [()]
    assert "pinned" not in plan_text(plan)


def test_where_few_devices_stand_at_a_pin_their_number_is_said() -> None:
    devices = (*WEAK["devices"], Device(name="strong", flops_per_s=1e18, samples=8))
    plan = planned(layers(3), devices=devices, server=Server(flops_per_s=1e15))
    assert [decision.cut.label for decision in plan.decisions] == ["after fc0", "all on device"]
    assert plan.pins[0].devices == ("device-1",)
    (told,) = plan.pinned_by
    assert told.startswith("privacy keeps the first layer on the device, 2 of 4 ops, at 1 of 2 devices (")


def test_what_a_list_keeps_is_said_as_a_list() -> None:
    (pin,) = planned(layers(4), privacy=Privacy(keep_on_device=("fc1",))).pins
    assert pin.sentence == (
        "privacy keeps what privacy.keep_on_device lists, with all that it depends on, on the device, "
        "3 of 5 ops"
    )


def test_where_compression_costs_too_much_every_op_stays_and_the_limit_is_named() -> None:
    compression = Compression(codec=TopK(density_ratio=0.01))
    plan = planned(layers(3), compression=compression, limits=Limits(accuracy_loss_ratio=1e-9))
    assert plan.decisions[0].cut.label == "all on device"
    pin = plan.pins[0]
    assert (pin.rule, len(pin.ops), pin.devices) == ("accuracy loss", 4, ("device-1",))
    assert "limits.accuracy_loss_ratio allows 1e-07" in pin.sentence
    assert plan.pins[-1].sentence.endswith("so every op of the model stays on the device")


def test_a_trained_weight_names_its_ops_the_default_and_both_ways_out() -> None:
    plan = planned(ENDS, privacy=Privacy(keep_on_device=("wte",)))
    tied = plan.pins[-1]
    assert (tied.rule, tied.ops, tied.devices) == ("tied weights", ("wte", "mid", "head"), ("device-1",))
    assert tied.sentence == (
        "'wte' and 'head' train one weight, so by default they stay on one side, with 1 ops between them; "
        "so every op of the model stays on the device"
    )
    assert tied.release == (
        'workload.tied_weights = "copied" lets each side train a copy, 0.0032 MB up and down in every '
        'iteration, "untied" each op one of its own'
    )
    assert plan.shared_weights == ""


@pytest.mark.parametrize(
    ("workload", "said"),
    [
        ({"mode": "inference"}, "read one weight of 0.0032 MB that nothing trains: each side holds a copy"),
        ({"tied_weights": "untied"}, "shared a weight, and each trains one of its own (untied)"),
        (
            {"tied_weights": "copied"},
            "train one weight of 0.0032 MB: each side trains a copy, kept equal by 0.0032 MB up and down in "
            "every iteration while both read it",
        ),
    ],
)
def test_what_becomes_of_a_shared_weight_is_said(workload: dict[str, Any], said: str) -> None:
    plan = planned(ENDS, workload=Workload(**workload))
    assert plan.shared_weights == f"'wte' and 'head' {said}"
    assert [pin for pin in plan.pins if pin.rule == "tied weights"] == []
    assert plan.shared_weights in plan_text(plan)


def test_a_frozen_weight_that_is_kept_on_one_side_says_that_it_need_not_be() -> None:
    plan = planned(ENDS, workload=Workload(mode="inference", tied_weights="one_side"))
    assert "'wte' and 'head' read one weight, so they stay on one side" in plan.pins[-1].sentence
    assert (
        plan.pins[-1].release == "without workload.tied_weights each side holds a copy, as nothing trains it"
    )


def test_a_model_without_shared_weights_says_nothing_of_them() -> None:
    assert planned(layers(3)).shared_weights == ""


def test_gpt2_with_adapters_is_split_by_default_and_says_why() -> None:
    """A Jetson Nano's 0.0944 TFLOP/s at 300 and 600 Mbit/s, batches of 8, a server of 15.48 TFLOP/s: 30 s, as
    with untied tables, where all on the device takes 694 s."""
    gpt2 = cutwise.load_model("sample:gpt2")

    def plan_of(tied_weights: Any) -> Plan:
        workload = Workload(batch_size=8, tuning=Lora(rank=8), tied_weights=tied_weights)
        channel = FixedRate(uplink_bps=3e8, downlink_bps=6e8)
        device, server = Device(profile="jetson_nano", flops_per_s=9.44e10), Server(flops_per_s=1.548e13)
        scenario = Scenario(workload=workload, devices=(device,), server=server, channel=channel)
        return cutwise.plan(gpt2, scenario)

    split = plan_of(None)
    assert split.status == "optimal"
    assert split.delay_s == plan_of("untied").delay_s == plan_of("copied").delay_s
    assert split.delay_s == pytest.approx(30.2, abs=0.5)
    assert plan_of("one_side").delay_s == pytest.approx(694, abs=1)
    assert "each side holds a copy" in split.shared_weights


@pytest.mark.parametrize("name", ["campus_cell", "lecture_hall", "phone_on_lte"])
def test_gpt2_with_adapters_is_split_on_every_shipped_scenario(name: str) -> None:
    gpt2 = cutwise.load_model("sample:gpt2")
    shipped = cutwise.load_scenario(str(Path(__file__).parents[4] / "assets" / "scenarios" / f"{name}.toml"))

    def plan_of(tied_weights: Any) -> Plan:
        workload = replace(shipped.workload, tuning=Lora(rank=8), tied_weights=tied_weights)
        return cutwise.plan(gpt2, replace(shipped, workload=workload))

    split, together = plan_of(None), plan_of("one_side")
    assert split.status == "optimal"
    assert "all on device" not in {decision.cut.label for decision in split.decisions}
    assert {decision.cut.label for decision in together.decisions} == {"all on device"}
    assert split.delay_s < together.delay_s


@pytest.mark.skipif(not CASES.exists(), reason="the shared cases are not here")
@pytest.mark.parametrize(
    ("name", "device_flops_per_s", "server_flops_per_s", "least_s", "more_ratio"),
    [("tied_phone_laptop", 5.6e11, 1.72e12, 2.2546, 1e-3), ("tied_lora", 4e12, 6.6e13, 16.45, 1.5e-2)],
)
def test_a_3b_model_with_tied_tables_splits_as_with_untied_ones(
    name: str, device_flops_per_s: float, server_flops_per_s: float, least_s: float, more_ratio: float
) -> None:
    """At speeds that are stated, as those of the catalogue may be mended.

    By hand, of matrix products and messages alone, for the first attention on the device: of 3072 numbers a
    token, 25.17 M weights in an attention, 75.50 M in an MLP, 28 of both, and a table of 394.0 M, that is
    25.17 M here and 3187.4 M there; 3.221 GFLOP of scores a layer and 512 tokens; 3.146 MB a message.
    Inference of one text: (25.77 + 3.22) G / 0.56 T + 3 ms + 8 x 3.146 MB / 100 Mbit/s
    + (3263.9 + 27 x 3.22) G / 1.72 T = 0.0518 + 0.2547 + 1.9482 s.
    LoRA on 100 texts: the device's (2577 + 322) G forward and (966 + 644) G back through its output matrix
    and scores, / 4 T; 2 x 2.5166 s of messages; 2 x (2 x 3187.4 M x 51,200) + 3 x 27 x 322 G / 66 T
    = 0.725 + 0.403 + 5.033 + 10.286 s; adapters, norms and labels are the rest.
    """
    model = cutwise.load_model(str(CASES / "llama32_3b.config.json"))
    shared = cutwise.load_scenario(str(CASES / f"{name}.toml"))
    device = replace(shared.devices[0], flops_per_s=device_flops_per_s, efficiency_ratio=None)
    server = replace(shared.server, flops_per_s=server_flops_per_s)
    scenario = replace(shared, devices=(device,), server=server)
    plan = cutwise.plan(model, scenario)
    assert plan.status == "optimal"
    assert least_s <= plan.delay_s <= (1 + more_ratio) * least_s
    assert plan.decisions[0].cut.label == "after layers/0/attention/add"
    untied = replace(scenario, workload=replace(scenario.workload, tied_weights="untied"))
    assert cutwise.plan(model, untied).delay_s == plan.delay_s
