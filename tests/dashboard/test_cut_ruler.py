"""What the cut ruler is sent, beside the rows of the curve and sums over the graph's own edges."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.analyses.cut_curve import cut_curve
from cutwise.compression.codec import CODECS
from cutwise.importers import samples
from cutwise.scenario.parties import Edge
from cutwise.scenario.parts import Backhaul, LayerDepth, Limits, Privacy
from cutwise_dashboard.components.ruler import payload as payload_module
from cutwise_dashboard.components.ruler.payload import NO_CUT, ruler_payload
from tests.dashboard.ruled import HALL, RAW, numbers, ruled

EDGES = replace(
    RAW, edges=(Edge(flops_per_s=2e12),), backhaul=Backhaul(rate_bps=2e7), devices=RAW.devices[:1]
)


@pytest.fixture(scope="module")
def resnet() -> Any:
    return cutwise.load_model("sample:resnet18")


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def assert_finite(payload: Any) -> None:
    json.dumps(dict(payload), allow_nan=False)
    assert all(math.isfinite(leaf) for leaf in leaves(dict(payload)) if isinstance(leaf, float))
    packed = [*(part["seconds"] for part in payload["parts"]), payload["totalS"], payload["bytes"]]
    for text in (*packed, payload["roundS"]):
        assert np.isfinite(numbers(text)).all()


@pytest.mark.parametrize("name", samples())
def test_a_sample_is_drawn_as_its_curve_says(name: str) -> None:
    question = ruled(cutwise.load_model(f"sample:{name}"))
    payload = ruler_payload(question, 1, theme="light")
    curve = cut_curve(question.problem, question.plan, 1)
    rows = curve.to_frame()
    assert numbers(payload["totalS"]) == pytest.approx(rows["delay_s"].to_numpy(), rel=1e-6)
    assert numbers(payload["roundS"]) == pytest.approx(rows["delay_of_all_s"].to_numpy(), rel=1e-6)
    added = sum(numbers(part["seconds"]) for part in payload["parts"])
    assert added == pytest.approx(rows["delay_s"].to_numpy(), rel=1e-5)
    assert payload["cuts"] == list(rows["behind"])
    assert [name or cut for name, cut in zip(payload["names"], payload["cuts"], strict=True)] == list(
        rows["cut"]
    )
    assert payload["chosen"] == curve.chosen
    assert_finite(payload)
    units = sum(payload["axis"].values())
    cards = payload["cards"]
    assert cards["from"][0] == 0
    assert cards["to"][-1] == units
    assert cards["from"][1:] == pytest.approx(cards["to"][:-1], abs=2e-4)
    assert sum(cards["ops"]) == len(question.problem.cost.graph)


def sent_by_hand(question: Any, device_ops: set[str]) -> float:
    """Bytes of a mini-batch over the cut, tensor by tensor, with a label a sample."""
    graph, cost = question.problem.cost.graph, question.problem.cost
    crossing = {
        name for op in graph.ops if op.id not in device_ops for name in op.inputs if name in device_ops
    }
    raw = sum(float(cost.output_bytes[graph.index[name]]) for name in crossing)
    label = question.problem.label_bytes if len(device_ops) < len(graph) else 0.0
    return float(question.problem.workload.batch_size * (raw + label))


def test_bytes_are_those_of_the_tensors_that_cross_and_of_the_labels(resnet: Any) -> None:
    question = ruled(resnet)
    payload = ruler_payload(question, 0, theme="light")
    curve = cut_curve(question.problem, question.plan, 0)
    ids = np.array([op.id for op in resnet.ops])
    by_hand = [sent_by_hand(question, set(ids[mask].tolist())) for mask in curve.masks]
    assert numbers(payload["bytes"]) == pytest.approx(by_hand, rel=1e-6)
    assert payload["tiers"][0]["bytes"] == pytest.approx(by_hand[curve.chosen], rel=1e-6)


def test_a_codec_sends_what_is_left_of_each_tensor(resnet: Any) -> None:
    codec = CODECS[next(name for name in CODECS if name != "none")]()
    scenario = replace(HALL, compression=replace(HALL.compression, codec=codec))
    question = ruled(resnet, scenario)
    payload = ruler_payload(question, 0, theme="light")
    first = set(question.plan.decisions[0].cut.device_ops)
    ratio = question.plan.decisions[0].uplink_compression_ratio
    labels = question.problem.workload.batch_size * question.problem.label_bytes
    raw = sent_by_hand(question, first) - labels
    assert payload["tiers"][0]["bytes"] == pytest.approx(raw * ratio + labels, rel=1e-6)
    assert codec.label in payload["captions"]["bytes"]


def test_three_tiers_have_two_lines_and_the_bytes_of_each(resnet: Any) -> None:
    question = ruled(resnet, EDGES, "split_llm")
    payload = ruler_payload(question, 0, theme="light")
    decision = question.plan.decisions[0]
    device, edge, cloud = payload["tiers"]
    assert [device["color"], edge["color"], cloud["color"]] == ["device", "server", "cloud"]
    assert device["bytes"] == pytest.approx(sent_by_hand(question, set(decision.cut.device_ops)))
    assert edge["bytes"] == pytest.approx(sent_by_hand(question, set(decision.edge_cut.device_ops)))
    assert device["to"] < edge["to"] < cloud["to"] == sum(payload["axis"].values())
    names = [part["name"] for part in payload["parts"]]
    assert {"Edge computing", "Backhaul", "Cloud computing"} <= set(names)
    seconds = dict(zip(names, (numbers(part["seconds"]) for part in payload["parts"]), strict=True))
    stages = question.plan.stages[0]
    chosen = payload["chosen"]
    assert seconds["Edge computing"][chosen] == pytest.approx(stages.edge_compute_s, rel=1e-6)
    assert seconds["Backhaul"][chosen] == pytest.approx(stages.backhaul_s, rel=1e-6)
    assert seconds["Cloud computing"][chosen] == pytest.approx(stages.server_compute_s, rel=1e-6)


def test_a_u_shape_comes_back_to_the_device(resnet: Any) -> None:
    question = ruled(resnet, replace(RAW, devices=RAW.devices[:1]), "u_shape")
    payload = ruler_payload(question, 0, theme="light")
    decision, graph = question.plan.decisions[0], question.problem.cost.graph
    assert [tier["color"] for tier in payload["tiers"]] == ["device", "server", "device"]
    returned = set(decision.returned_ops)
    assert payload["axis"]["tail"] > 0
    assert payload["cards"]["ops"][-1] == len(returned)
    last = payload["tiers"][1]
    assert payload["cards"]["from"][-1] == last["to"]
    falling = {
        name for op in graph.ops if op.id in returned for name in op.inputs if name not in returned
    } - set(decision.cut.device_ops)
    size = sum(float(question.problem.cost.output_bytes[graph.index[name]]) for name in falling)
    assert last["bytes"] == pytest.approx(question.problem.workload.batch_size * size)
    assert_finite(payload | {"roundS": ""})


@pytest.mark.parametrize(
    ("keeps", "ops"),
    [("raw_allowed", 0), ("first_layer", 2), (LayerDepth(layers=5), None), (("layer2.0.relu",), None)],
)
def test_all_that_must_stay_is_marked_private(resnet: Any, keeps: Any, ops: int | None) -> None:
    if isinstance(keeps, tuple):
        keeps = (resnet.ops[20].id,)
    question = ruled(resnet, replace(HALL, privacy=Privacy(keep_on_device=keeps)))
    payload = ruler_payload(question, 0, theme="light")
    if keeps == "raw_allowed":
        assert payload["privateTo"] == 0
        return
    curve = cut_curve(question.problem, question.plan, 0)
    assert payload["privateTo"] == payload["axis"]["head"] + 1
    assert (curve.masks[0] == question.problem.private).all()
    if ops:
        assert f"{ops} of {len(resnet)} ops" in payload["captions"]["private"]


def test_cuts_that_break_a_limit_are_told_apart(resnet: Any) -> None:
    question = ruled(resnet, replace(HALL, limits=Limits(traffic_bytes=1.2e9)))
    payload = ruler_payload(question, 0, theme="light")
    curve = cut_curve(question.problem, question.plan, 0)
    assert not curve.fits.all()
    assert numbers(payload["state"], np.uint8).tolist() == (~curve.fits).astype(int).tolist()
    traffic = np.asarray(curve.stages.traffic_bytes) > 1.2e9
    named = [
        payload["limits"][number - 1] if number else "" for number in numbers(payload["broken"], np.uint8)
    ]
    assert named == ["traffic" if over else "" for over in traffic]


def test_a_device_that_is_too_small_breaks_the_limit_of_its_memory(resnet: Any) -> None:
    free = ruled(resnet)
    needs = cut_curve(free.problem, free.plan, 0).to_frame()["device_memory_bytes"].to_numpy()
    has = float(needs[11] + needs[12]) / 2
    small = (replace(HALL.devices[0], memory_bytes=has), *HALL.devices[1:])
    limits = Limits(memory="peak")
    payload = ruler_payload(ruled(resnet, replace(HALL, devices=small, limits=limits)), 0, theme="light")
    over = needs > has
    named = [
        payload["limits"][number - 1] if number else "" for number in numbers(payload["broken"], np.uint8)
    ]
    assert named == ["device memory" if one else "" for one in over]


def test_a_pinned_cut_is_shown_and_the_plans_own_is_known(resnet: Any) -> None:
    free = ruled(resnet)
    cuts = cut_curve(free.problem, free.plan, 0).cuts
    pinned = ruled(resnet, cut=cuts[7])
    payload = ruler_payload(pinned, 0, theme="dark")
    assert payload["pinned"]
    assert payload["chosen"] == 7
    own = set(free.best.decisions[0].cut.device_ops)
    planned = cut_curve(pinned.problem, pinned.plan, 0).masks[payload["planned"]]
    assert {op.id for op, inside in zip(resnet.ops, planned, strict=True) if inside} == own


def test_centralised_training_says_that_samples_are_sent(resnet: Any) -> None:
    payload = ruler_payload(ruled(resnet, scheme="centralised"), 0, theme="light")
    assert payload["message"] == NO_CUT
    assert "totalS" not in payload


def test_a_model_in_one_piece_says_which_weight_holds_it_together() -> None:
    payload = ruler_payload(ruled(cutwise.load_model("sample:gpt2")), 0, theme="light")
    assert payload["axis"]["positions"] == 1
    assert "train one weight" in payload["note"]


def test_inference_speaks_of_requests(resnet: Any) -> None:
    scenario = replace(HALL, workload=replace(HALL.workload, mode="inference"))
    payload = ruler_payload(ruled(resnet, scenario), 0, theme="light")
    assert "mini-batch" not in payload["captions"]["bytes"]
    assert "round" not in payload["captions"]["delay"].lower()


@pytest.mark.parametrize("endless", [[2], list(range(23))])
def test_nothing_endless_is_drawn_as_a_number(
    resnet: Any, endless: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No scenario has a rate of 0; a curve that never ends at some cuts is made from a real one."""
    question = ruled(resnet, replace(HALL, name=f"endless {len(endless)}"))
    found = cut_curve(question.problem, question.plan, 0)
    uplink_s = np.array(found.stages.uplink_s)
    uplink_s[endless], uplink_s[5] = math.inf, 1e200
    stages = replace(found.stages, uplink_s=uplink_s)
    made = replace(found, stages=stages, round_delays_s=np.asarray(stages.delay_s))
    monkeypatch.setattr(payload_module, "curve_of", lambda *_: made)
    payload = ruler_payload(question, 0, theme="light")
    if len(endless) == len(found.names):
        assert payload["message"] == payload_module.NEVER_ENDS
        return
    assert_finite(payload)
    assert numbers(payload["state"], np.uint8).nonzero()[0].tolist() == [2, 5]


def test_the_largest_payload_is_small() -> None:
    payload = ruler_payload(ruled(cutwise.load_model("sample:two_tower")), 0, theme="light")
    assert len(json.dumps(dict(payload))) < 60_000
