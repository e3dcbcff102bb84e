"""The desk: commands taken exactly once, undone, redone, refused with the reason; a drag is one step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cutwise.problem.numbers import device_columns
from cutwise.scenario.parties import Device
from cutwise.schemes import SCHEMES
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.desk.commands import MOST_KEPT
from cutwise_dashboard.desk.history import MOST_STEPS, Desk
from cutwise_dashboard.stores.link_store import address_of, address_or_none

UPLINK = "channel.uplink_bps"


def told(desk: Desk, *commands: dict[str, Any], client: str = "tab", start: int = 1) -> Desk:
    desk.take({"client": client, "commands": [{**c, "n": n} for n, c in enumerate(commands, start)]})
    return desk


def setting(path: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"kind": "set", "path": path, "value": value, **more}


def speeds(desk: Desk) -> list[float]:
    scenario = desk.stated.scenario
    return device_columns(scenario.devices, scenario.workload).flops_per_s.tolist()


def test_a_command_that_is_sent_again_is_taken_once() -> None:
    desk = told(Desk(), {"kind": "scale", "path": "flops_per_s", "value": "×2"})
    before = speeds(Desk())
    told(desk, {"kind": "scale", "path": "flops_per_s", "value": "×2"})
    assert speeds(desk) == [2 * speed for speed in before]


def test_two_browsers_number_their_commands_apart() -> None:
    desk = told(Desk(), setting(UPLINK, 1e6), client="one")
    told(desk, setting(UPLINK, 2e6), client="two")
    assert desk.stated.scenario.channel.uplink_bps == 2e6
    assert len(desk.history) == 3


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("limits.deadline_s", "5 min", 300.0),
        ("limits.deadline_s", "1 h 30 min", 5400.0),
        (UPLINK, "300 MB/s", 2.4e9),
        (UPLINK, "50 Mbps", 5e7),
        ("server.memory_bytes", "512 MiB", 512 * 2.0**20),
        ("workload.batch_size", "64", 64),
        ("limits.deadline_s", "", None),
    ],
)
def test_a_typed_quantity_is_what_it_says(path: str, text: str, value: float | None) -> None:
    desk = told(Desk(), setting("limits.deadline_s", 7.0), setting(path, text))
    part, _, name = path.partition(".")
    assert getattr(getattr(desk.stated.scenario, part), name) == value
    assert not desk.refused


@pytest.mark.parametrize("text", ["5 m", "abc", "1e400", "0", "-3 s", "12 GB", "nan", "1,500", "3 4"])
def test_what_is_no_deadline_is_refused_with_its_reason_and_the_old_one_stays(text: str) -> None:
    desk = told(Desk(), setting("limits.deadline_s", "5 min"), setting("limits.deadline_s", text))
    assert desk.stated.scenario.limits.deadline_s == 300.0
    assert desk.refused["limits.deadline_s"].text == text
    assert len(desk.refused["limits.deadline_s"].reason) > 10


def test_a_refusal_goes_when_the_field_is_right() -> None:
    desk = told(Desk(), setting(UPLINK, "0"), setting(UPLINK, "1 Mbit/s"))
    assert not desk.refused


@pytest.mark.parametrize(
    "command",
    [
        setting("devices.99.samples", 3),
        setting("nothing.here", 3),
        setting("channel.__class__", 3),
        {"kind": "scheme", "value": "best_ever"},
        {"kind": "model", "value": "../../etc/passwd"},
        {"kind": "preset", "value": "../x"},
        {"kind": "option", "path": "option.depth", "value": 3},
        {"kind": "scale", "path": "flops_per_s", "value": "×0"},
        {"kind": "baseline", "value": "fast_split"},
        {"kind": "dance"},
        {"kind": "go", "link": "damaged"},
    ],
)
def test_what_cannot_be_done_changes_nothing_and_is_said(command: dict[str, Any]) -> None:
    desk = told(Desk(), command)
    assert desk.stated == StatedQuestion()
    assert len(desk.refused) == 1


@pytest.mark.parametrize("outbox", [None, [], "x", {"commands": "x"}, {"commands": [3, None, {"n": "1"}]}])
def test_what_is_no_outbox_is_left(outbox: Any) -> None:
    desk = Desk()
    desk.take(outbox)
    assert desk.stated == StatedQuestion()


def test_two_gigabytes_for_all_are_two_gigabytes_at_each() -> None:
    desk = told(Desk(), {"kind": "all", "path": "memory_bytes", "value": "2 GB"})
    assert {device.memory_bytes for device in desk.stated.scenario.devices} == {2e9}


def test_a_factor_scales_each_devices_own_value() -> None:
    desk = told(Desk(), {"kind": "scale", "path": "samples", "value": "×0.5"})
    halved = [max(1, round(device.samples / 2)) for device in shipped_scenario().devices]
    assert [device.samples for device in desk.stated.scenario.devices] == halved


def test_a_speed_that_is_given_replaces_the_share_of_the_peak_and_the_other_way_round() -> None:
    desk = told(Desk(), setting("server.flops_per_s", "1 TFLOP/s"))
    assert desk.stated.scenario.server.efficiency_ratio is None
    told(desk, setting("server.efficiency_ratio", "0.3"), start=2)
    assert desk.stated.scenario.server.flops_per_s is None
    assert not desk.refused


def test_a_drag_of_sixty_moves_is_one_step_and_one_undo_takes_it_back() -> None:
    moves = [setting(UPLINK, 1e6 + place, live=True) for place in range(60)]
    desk = told(Desk(), *moves)
    assert not desk.settled
    told(desk, setting(UPLINK, 2e6), start=61)
    assert (desk.settled, len(desk.history)) == (True, 2)
    told(desk, {"kind": "undo"}, start=62)
    assert desk.stated == StatedQuestion()


def test_start_again_is_a_step_that_undo_takes_back() -> None:
    desk = told(Desk(), setting(UPLINK, 1e6), {"kind": "reset"})
    assert desk.stated == StatedQuestion()
    assert told(desk, {"kind": "undo"}, start=3).stated.scenario.channel.uplink_bps == 1e6


def test_an_edit_after_undo_ends_what_could_be_redone() -> None:
    desk = told(Desk(), setting(UPLINK, 1e6), {"kind": "undo"}, setting(UPLINK, 2e6), {"kind": "redo"})
    assert desk.stated.scenario.channel.uplink_bps == 2e6
    assert len(desk.history) == 2


def test_several_fields_at_once_are_one_step() -> None:
    both = {UPLINK: 1e6, "devices.1.flops_per_s": "40 GFLOP/s"}
    desk = told(Desk(), {"kind": "set_many", "path": "map", "value": both})
    assert desk.stated.scenario.channel.uplink_bps == 1e6
    assert desk.stated.scenario.devices[1].flops_per_s == 4e10
    assert len(desk.history) == 2


def test_looking_at_another_device_is_no_step() -> None:
    desk = told(Desk(), {"kind": "device", "path": "device", "value": "phone"})
    assert (desk.stated.device, len(desk.history)) == ("phone", 1)


def test_back_goes_to_the_step_of_that_address() -> None:
    desk = told(Desk(), setting(UPLINK, 1e6), setting(UPLINK, 2e6))
    told(desk, {"kind": "go", "link": address_of(desk.history[1])}, start=3)
    assert (desk.at, len(desk.history)) == (1, 3)


def test_only_after_back_or_forward_does_the_browsers_address_say_so_already() -> None:
    desk = told(Desk(), setting(UPLINK, 1e6))
    assert not desk.walked
    told(desk, {"kind": "go", "path": "", "link": address_of(StatedQuestion())}, start=2)
    assert desk.walked
    told(desk, {"kind": "redo", "path": ""}, start=3)
    assert not desk.walked


def test_a_link_of_another_question_is_a_step() -> None:
    other = told(Desk(), setting(UPLINK, 3e6)).stated
    desk = told(Desk(), {"kind": "open", "value": address_of(other)})
    assert desk.stated == other
    assert len(desk.history) == 2


def test_the_tab_gives_the_undo_steps_back_after_a_reload() -> None:
    before = told(Desk(), setting(UPLINK, 1e6), setting(UPLINK, 2e6))
    links = [address_of(stated) for stated in before.history]
    after = Desk(history=[before.stated])
    told(after, {"kind": "trail", "links": links, "names": before.names, "at": 2})
    assert after.history == before.history
    assert told(after, {"kind": "undo"}, start=2).stated == before.history[1]


def test_a_trail_of_another_question_is_left() -> None:
    desk = told(Desk(), {"kind": "trail", "links": ["x", "y"], "names": ["", ""], "at": 1})
    assert len(desk.history) == 1


def test_a_history_is_bounded() -> None:
    steps = [setting(UPLINK, 1e6 + place) for place in range(MOST_STEPS + 20)]
    desk = told(Desk(), *steps)
    assert len(desk.history) == len(desk.names) == MOST_STEPS
    assert desk.stated.scenario.channel.uplink_bps == 1e6 + MOST_STEPS + 19


def test_another_model_leaves_out_lengths_cut_and_options_of_the_one_before() -> None:
    desk = told(
        Desk(),
        {"kind": "scheme", "value": "gsfl"},
        {"kind": "option", "path": "option.groups", "value": "3"},
        {"kind": "pin", "path": "cut", "value": "maxpool"},
        {"kind": "model", "value": "gpt2"},
    )
    assert desk.history[-2].options == {"groups": 3}
    assert (desk.stated.model.sample, desk.stated.cut, dict(desk.stated.options)) == ("gpt2", "", {})


def test_an_option_at_its_default_is_none() -> None:
    desk = told(
        Desk(),
        {"kind": "scheme", "value": "gsfl"},
        {"kind": "option", "path": "option.groups", "value": 4},
        {"kind": "option", "path": "option.groups", "value": SCHEMES["gsfl"]().groups},
    )
    assert dict(desk.stated.options) == {}


@pytest.mark.parametrize(
    "command",
    [
        {"kind": "scale", "path": "nosuch", "value": "2"},
        {"kind": "set"},
        {"kind": "set", "path": "seed", "value": 10**400},
        {"kind": "set", "path": {"a": 1}, "value": [[]]},
        {"kind": "trail", "links": 5, "names": 7, "at": "x"},
        {"kind": "all", "path": "__class__", "value": 3},
        {"kind": "set_many", "path": "map", "value": 5},
        {"kind": ["set"], "path": None},
        {"kind": "option", "path": 3, "value": {}},
    ],
)
def test_what_no_control_sends_changes_nothing_and_ends_nothing(command: dict[str, Any]) -> None:
    desk = told(Desk(), command, setting(UPLINK, 1e6))
    assert desk.stated.scenario.channel.uplink_bps == 1e6
    assert len(desk.history) == 2


def test_a_reason_without_a_field_is_said_whole() -> None:
    desk = told(Desk(), {"kind": "open", "value": "k.0123456789abcdef"})
    assert desk.refused[""].reason.startswith("this short link is not known here")


def test_a_drag_is_ended_by_an_undo() -> None:
    desk = told(Desk(), setting(UPLINK, 1e6, live=True), {"kind": "undo"}, setting(UPLINK, 2e6, live=True))
    assert [stated.scenario.channel.uplink_bps for stated in desk.history] == [3e8, 2e6]


def test_undo_takes_what_was_refused_away() -> None:
    desk = told(Desk(), setting(UPLINK, 1e6), setting(UPLINK, "x"), {"kind": "undo"})
    assert not desk.refused


def test_back_goes_to_the_nearest_step_of_an_address_that_stands_twice() -> None:
    desk = told(
        Desk(), setting(UPLINK, 1e6), setting(UPLINK, 2e6), setting(UPLINK, 1e6), setting(UPLINK, 3e6)
    )
    told(desk, {"kind": "go", "link": address_of(desk.history[1])}, start=5)
    assert desk.at == 3


def test_of_too_many_kept_questions_the_oldest_goes() -> None:
    desk = Desk()
    for place in range(MOST_KEPT + 1):
        desk.do(setting(UPLINK, 1e6 + place))
        desk.do({"kind": "keep", "path": ""})
    last = address_of(replace(desk.stated, kept=()))
    assert len(desk.stated.kept) == MOST_KEPT
    assert desk.stated.kept[-1] == last


def test_a_pinned_cut_keeps_looking_at_the_device_it_was_pinned_for() -> None:
    desk = told(Desk(), {"kind": "pin", "path": "cut", "value": "maxpool", "device": "phone"})
    assert desk.stated.device == "phone"


def test_a_point_of_the_map_keeps_looking_at_its_device() -> None:
    both = {UPLINK: 1e6, "devices.1.flops_per_s": 4e10}
    desk = told(Desk(), {"kind": "set_many", "path": "map", "value": both, "device": "jetson-nano"})
    assert desk.stated.device == "jetson-nano"


def test_a_scaled_count_is_at_least_one() -> None:
    desk = told(Desk(), {"kind": "scale", "path": "samples", "value": "×0.00001"})
    assert {device.samples for device in desk.stated.scenario.devices} == {1}


def test_a_device_that_is_renamed_stays_looked_at() -> None:
    desk = told(Desk(), {"kind": "device", "value": "phone"}, setting("devices.3.name", "tablet"))
    assert desk.stated.device == "tablet"


@pytest.mark.parametrize(
    "command",
    [
        {"kind": "pin", "path": "cut", "value": "\ud800"},
        {"kind": "pin", "path": "cut", "value": "x" * 10**6},
        {"kind": "device", "value": "a\udfffb"},
        {"kind": "model", "value": {"digest": "0" * 64, "name": "m", "dims": [1]}},
        {"kind": "model", "value": {}},
        {"kind": "model", "value": {"digest": "x" * 10**6, "name": "m"}},
        {"kind": "model", "value": {"digest": "0" * 64, "dims": {str(n): 1 for n in range(10**5)}}},
        {"kind": "dims", "path": f"dims.{'h' * 10**6}", "value": "5"},
    ],
)
def test_a_question_that_could_not_be_written_again_is_refused(command: dict[str, Any]) -> None:
    desk = told(Desk(), command)
    assert desk.stated == StatedQuestion()
    assert len(desk.refused) == 1


def test_a_fleet_too_large_for_a_link_is_planned_without_one() -> None:
    name = "\u56fd" * 190
    devices = tuple(Device(name=f"{name}{place}") for place in range(8000))
    stated = replace(StatedQuestion(), scenario=replace(shipped_scenario(), devices=devices))
    desk = Desk(history=[stated])
    desk.do(setting(UPLINK, 1e6))
    desk.do({"kind": "undo"})
    assert desk.stated == stated
    assert address_or_none(stated) == ""
    desk.do({"kind": "keep", "path": ""})
    assert "too large" in desk.refused[""].reason


COMMANDS = some.one_of(
    some.sampled_from([1e7, 2e8, "80 Mbit/s", "x"]).map(lambda value: setting(UPLINK, value)),
    some.sampled_from(["×2", "×0.5"]).map(lambda by: {"kind": "scale", "path": "flops_per_s", "value": by}),
    some.sampled_from(["undo", "redo", "reset", "keep"]).map(lambda kind: {"kind": kind, "path": ""}),
    some.sampled_from(["fast_split", "gsfl", "card"]).map(lambda name: {"kind": "scheme", "value": name}),
    some.sampled_from(["", "maxpool"]).map(lambda cut: {"kind": "pin", "path": "cut", "value": cut}),
    some.just({"kind": "all", "path": "memory_bytes", "value": "3 GB"}),
)


@given(some.lists(COMMANDS, max_size=30), some.lists(some.integers(1, 7), max_size=30))
def test_however_often_and_in_whatever_pieces_commands_arrive_the_desk_is_the_same(
    commands: list[dict[str, Any]], pieces: list[int]
) -> None:
    whole = told(Desk(), *commands)
    numbered = [{**command, "n": n} for n, command in enumerate(commands, 1)]
    desk, done = Desk(), 0
    for size in [*pieces, len(commands)]:
        # The browser sends everything that it was not told of: here it never hears of what was taken.
        desk.take({"client": "tab", "commands": numbered[: min(len(numbered), done + size)]})
        done += size
    assert desk.history == whole.history
    assert (desk.at, desk.names) == (whole.at, whole.names)
