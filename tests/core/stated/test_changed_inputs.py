"""What differs among questions, each case by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cutwise.channels import FixedRate, Shannon
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device, Edge
from cutwise.scenario.parts import Scenario
from cutwise.stated.changed_inputs import ABSENT, changed_inputs
from cutwise.stated.stated_question import ModelReference, StatedQuestion

PLAIN = StatedQuestion(scenario=Scenario())


def differing(*questions: StatedQuestion) -> dict[str, tuple[Any, ...]]:
    return {one.path: one.values for one in changed_inputs(questions)}


def with_devices(*devices: Device) -> StatedQuestion:
    return replace(PLAIN, scenario=Scenario(devices=devices))


def test_only_what_differs_between_any_two_is_told_and_nothing_else() -> None:
    slow = replace(PLAIN, scenario=changed(PLAIN.scenario, {"channel.uplink_bps": 5e6}))
    late = replace(PLAIN, scenario=changed(PLAIN.scenario, {"limits.deadline_s": 60.0}))
    usual = PLAIN.scenario.channel.uplink_bps
    assert differing(PLAIN, slow, late) == {
        "channel.uplink_bps": (usual, 5e6, usual),
        "limits.deadline_s": (None, None, 60.0),
    }
    assert differing() == differing(PLAIN) == differing(PLAIN, PLAIN) == {}


def test_names_and_what_is_looked_at_or_compared_with_are_no_inputs() -> None:
    renamed = replace(PLAIN.scenario, name="other", devices=(Device(name="phone"),))
    other = replace(
        PLAIN, scenario=renamed, device="phone", baseline="server_only", kept=("x",), figure="p1/least",
        preset="campus_cell",
    )  # fmt: skip
    assert differing(PLAIN, other) == {}


def test_an_option_is_its_default_where_it_is_not_given_and_absent_where_there_is_none() -> None:
    grouped = replace(PLAIN, scheme="gsfl", options={"groups": 6})
    assert differing(PLAIN, grouped) == {"scheme": ("fast_split", "gsfl"), "option.groups": (ABSENT, 6)}
    assert differing(replace(grouped, options={}), grouped) == {"option.groups": (0, 6)}


def test_two_files_of_one_name_are_two_models_and_two_names_of_one_file_are_one() -> None:
    one, two = (ModelReference(digest=digest, name="net.onnx") for digest in ("aa", "bb"))
    copied = replace(one, name="copy.onnx")
    assert differing(replace(PLAIN, model=one), replace(PLAIN, model=two)) == {"model": (one, two)}
    assert differing(replace(PLAIN, model=one), replace(PLAIN, model=copied)) == {}


def test_a_size_that_only_one_question_gives_is_told() -> None:
    sized = replace(PLAIN, model=replace(PLAIN.model, dims={"height": 320}))
    assert differing(PLAIN, sized) == {"model.height": (ABSENT, 320)}


def test_another_kind_is_told_by_its_kind_and_by_what_is_not_its_default() -> None:
    fixed = replace(PLAIN, scenario=Scenario(channel=FixedRate(uplink_bps=3e6)))
    air = replace(PLAIN, scenario=Scenario(channel=Shannon(uplink_bandwidth_hz=7e6)))
    assert differing(fixed, air) == {
        "channel.kind": ("fixed_rate", "shannon"),
        "channel.uplink_bps": (3e6, ABSENT),
        "channel.uplink_bandwidth_hz": (ABSENT, 7e6),
    }


def test_fleets_of_one_size_differ_field_by_field() -> None:
    here = with_devices(Device(samples=10, memory_bytes=1e9), Device(samples=20, memory_bytes=1e9))
    there = with_devices(Device(samples=10, memory_bytes=1e9), Device(samples=30, memory_bytes=1e9))
    assert differing(here, there) == {"devices.*.samples": ((10, 20), (10, 30))}


def test_swapped_devices_of_one_fleet_size_differ() -> None:
    here, there = (
        with_devices(Device(samples=1), Device(samples=2)),
        with_devices(Device(samples=2), Device(samples=1)),
    )
    assert differing(here, there) == {"devices.*.samples": ((1, 2), (2, 1))}


def test_a_larger_fleet_of_the_same_devices_differs_in_its_number_only() -> None:
    few, many = with_devices(Device(samples=40)), with_devices(*[Device(samples=40)] * 3)
    assert differing(few, many) == {"devices": (1, 3)}
    unlike = with_devices(Device(samples=40), Device(samples=50))
    assert differing(few, unlike) == {"devices": (1, 2), "devices.*.samples": ((40,), (40, 50))}


def test_a_new_edge_is_told_by_number_and_by_what_is_not_a_default() -> None:
    tiers = replace(PLAIN, scenario=Scenario(edges=(Edge(memory_bytes=4e9),)))
    assert differing(PLAIN, tiers) == {"edges": (0, 1), "edges.*.memory_bytes": ((), (4e9,))}
