"""The strip: every field of scenario and scheme has a control, whose own text can be typed back."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest

import cutwise
from cutwise.channels import CHANNELS
from cutwise.compression import CODECS
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers import samples
from cutwise.options import option_hints
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Scenario
from cutwise.schemes import SCHEMES
from cutwise.stated.shipped_scenarios import shipped_scenario, shipped_scenarios
from cutwise.stated.stated_question import ModelReference, StatedQuestion
from cutwise_dashboard.desk.commands import after
from cutwise_dashboard.desk.history import Desk
from cutwise_dashboard.strip.context import Context
from cutwise_dashboard.strip.groups import GROUPS, shown_groups
from cutwise_dashboard.strip.own_fields import OWN_OPTIONS
from cutwise_dashboard.strip.payload import strip_data


@pytest.fixture(scope="module")
def graph() -> ModelGraph:
    return cutwise.load_model("sample:resnet18")


def fields_of(stated: StatedQuestion, graph: ModelGraph | None = None) -> dict[str, dict[str, Any]]:
    groups = shown_groups(Context(stated=stated, graph=graph))
    return {field["path"]: field for group in groups for field in group["fields"]}


def test_every_part_of_a_scenario_is_edited_by_one_chip() -> None:
    parts = [part for group in GROUPS for part in group.parts]
    assert sorted(parts) == sorted(Scenario.__dataclass_fields__)


@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_every_option_of_every_scheme_has_a_control(scheme: str) -> None:
    shown = fields_of(StatedQuestion(scheme=scheme))
    wanted = {f"option.{name}" for name in option_hints(SCHEMES[scheme]) if name not in OWN_OPTIONS}
    assert wanted <= set(shown)


@pytest.mark.parametrize(("path", "kinds"), [("channel.kind", CHANNELS), ("compression.codec.kind", CODECS)])
def test_every_registered_kind_can_be_chosen_and_all_its_fields_are_there(path: str, kinds: Any) -> None:
    part = path.removesuffix(".kind")
    for kind, owner in kinds.items():
        scenario = changed(shipped_scenario(), {path: kind})
        shown = fields_of(StatedQuestion(scenario=scenario))
        assert [name for name, _ in shown[path]["choices"]] == list(kinds)
        value: Any = scenario
        for name in part.split("."):
            value = getattr(value, name)
        hidden = {"kind", "encode_flops_per_byte", "decode_flops_per_byte"}
        wanted = {
            f"{part}.{name}"
            for name in (one.name for one in fields(owner))
            if name not in hidden and not _is_table(getattr(value, name))
        }
        assert wanted <= set(shown)


def _is_table(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and not isinstance(value[0], str)


@pytest.mark.parametrize("preset", shipped_scenarios())
@pytest.mark.parametrize("name", samples())
def test_typing_what_an_entry_shows_changes_nothing_that_is_shown(name: str, preset: str) -> None:
    stated = StatedQuestion(
        model=ModelReference(sample=name), preset=preset, scenario=shipped_scenario(preset)
    )
    graph = cutwise.load_model(f"sample:{name}")
    for path, field in fields_of(stated, graph).items():
        if field["kind"] not in {"slider", "entry"} or not field["text"]:
            continue
        command = {"kind": field.get("command", "set"), "path": path, "value": field["text"]}
        again = fields_of(after(stated, command), graph)
        assert again[path]["text"] == field["text"], path


def test_every_choice_of_every_control_can_be_made(graph: ModelGraph) -> None:
    stated = StatedQuestion()
    for path, field in fields_of(stated, graph).items():
        for value, _ in field.get("choices", ()) if field["kind"] in {"choice", "select"} else ():
            sent = field.get("sent", {}).get(value)
            command = {"kind": field.get("command", "set"), "path": path, "value": value}
            if sent is not None:
                command = {"kind": "set", "path": field["sentPath"], "value": sent}
            desk = Desk(history=[stated])
            desk.do(command)
            reasons = [one.reason for one in desk.refused.values()]
            assert not reasons or any("give" in reason or "set" in reason for reason in reasons), (
                path,
                value,
            )
            if not reasons and path in (again := fields_of(desk.stated, graph)):
                assert again[path]["value"] == value, path


def test_a_field_of_all_devices_shows_its_range_and_no_mean(graph: ModelGraph) -> None:
    shown = fields_of(StatedQuestion(), graph)
    assert shown["memory_bytes"]["text"] == "4 – 12 GB"
    assert shown["samples"]["text"] == "600 – 3000"


def test_the_device_that_is_looked_at_can_be_edited_alone(graph: ModelGraph) -> None:
    shown = fields_of(StatedQuestion(device="phone"), graph)
    at = shipped_scenario().device_names.index("phone")
    assert shown[f"devices.{at}.samples"]["whose"] == "phone"
    assert shown[f"devices.{at}.samples"]["text"] == str(shipped_scenario().devices[at].samples)


def test_a_chip_has_a_dot_only_where_something_is_changed() -> None:
    stated = after(StatedQuestion(), {"kind": "set", "path": "limits.deadline_s", "value": "5 min"})
    groups = shown_groups(Context(stated=stated, graph=None))
    assert [group["id"] for group in groups if group["edited"]] == ["goal"]
    assert not any(group["edited"] for group in shown_groups(Context(stated=StatedQuestion(), graph=None)))


def test_what_changes_nothing_for_the_model_is_not_shown(graph: ModelGraph) -> None:
    shown = fields_of(StatedQuestion(), graph)
    assert not {"workload.attention", "workload.tied_weights", "sharing.bandwidth", "data.alpha"} & set(shown)
    gpt2 = fields_of(StatedQuestion(model=ModelReference(sample="gpt2")), cutwise.load_model("sample:gpt2"))
    assert {"workload.attention", "workload.tied_weights"} <= set(gpt2)
    assert "sharing.bandwidth" in fields_of(StatedQuestion(scheme="gsfl"), graph)


@pytest.mark.parametrize(
    ("party", "mode_names"),
    [
        ({"profile": "jetson_tx2"}, ["", "MAXQ", "optimised"]),
        ({"profile": "raspberry_pi_4"}, None),
        ({"profile": "jetson_tx2", "flops_per_s": 1e12}, None),
        ({"profile": "jetson_tx2", "compute_power_w": 9.0}, None),
    ],
)
def test_a_power_mode_is_offered_where_the_profile_has_one_and_says_speed_and_power(
    party: dict[str, Any], mode_names: list[str] | None
) -> None:
    scenario = Scenario(server=Server(**party), devices=(Device(**party),))
    shown = fields_of(StatedQuestion(scenario=scenario))
    for path in ("server.power_mode", "power_mode"):
        offered = [name for name, _ in shown[path]["choices"]] if path in shown else None
        assert offered == mode_names, path


def test_a_fleet_of_which_one_has_modes_is_offered_the_best_one_alone() -> None:
    devices = (Device(profile="raspberry_pi_4"), Device(profile="jetson_tx2"))
    shown = fields_of(StatedQuestion(scenario=Scenario(devices=devices)))
    assert [name for name, _ in shown["power_mode"]["choices"]] == ["", "optimised"]


def test_edges_bring_their_fields_and_those_of_the_backhaul(graph: ModelGraph) -> None:
    stated = after(StatedQuestion(), {"kind": "set", "path": "edge_count", "value": 2})
    assert len(stated.scenario.edges) == 2
    assert {"edges.flops_per_s", "backhaul.rate_bps"} <= set(fields_of(stated, graph))


def test_everything_of_the_strip_is_plain_json(graph: ModelGraph) -> None:
    for scheme in SCHEMES:
        desk = Desk(history=[replace(StatedQuestion(), scheme=scheme)])
        text = json.dumps(strip_data(desk, graph, page=""), allow_nan=False)
        assert len(text) < 60_000


def test_what_would_be_redone_and_undone_is_named_and_the_trail_says_where_it_stands(
    graph: ModelGraph,
) -> None:
    desk = Desk()
    for path, value in (("channel.uplink_bps", 1e6), ("limits.deadline_s", 300.0)):
        desk.do({"kind": "set", "path": path, "value": value})
    desk.do({"kind": "undo"})
    data = strip_data(desk, graph, page="")
    assert (data["undo"], data["redo"], data["step"]) == ("uplink", "deadline", "1/3")
    assert data["trail"]["at"] == 1
    assert data["trail"]["links"][1] == data["link"]


@pytest.mark.parametrize("preset", shipped_scenarios())
def test_nothing_endless_stands_in_a_field(preset: str) -> None:
    scenario = shipped_scenario(preset)
    bare = tuple(
        replace(device, profile=None, flops_per_s=1e11, efficiency_ratio=None, memory_bytes=None)
        for device in scenario.devices
    )
    stated = StatedQuestion(scenario=replace(scenario, devices=bare), device=scenario.device_names[0])
    json.dumps(shown_groups(Context(stated=stated, graph=None)), allow_nan=False)
