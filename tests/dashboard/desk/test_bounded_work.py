"""What one browser may have done: in bounded time and memory, and not longer than it is there."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from cutwise.scenario.parties import Device
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.desk import history
from cutwise_dashboard.desk.history import UNDO_ENDS, Desk
from cutwise_dashboard.desk.step_bytes import HISTORY_BYTES, bytes_added

FLEET = "name\tsamples\n" + "\n".join(f"d{i}\t{100 + i}" for i in range(10_000))
PASTED = {"kind": "fleet", "value": FLEET}


def told(desk: Desk, *commands: dict[str, Any], **polls: Any) -> float:
    """Takes the commands; answers the seconds of computing."""
    began = time.thread_time()
    first = desk.taken.get("tab", 0) + 1
    numbered = [{**command, "n": n} for n, command in enumerate(commands, first)]
    desk.take({"client": "tab", "commands": numbered}, **polls)
    return time.thread_time() - began


def samples(desk: Desk) -> list[int]:
    return [device.samples for device in desk.stated.scenario.devices]


@pytest.fixture(scope="module")
def large() -> StatedQuestion:
    desk = Desk()
    told(desk, PASTED)
    return desk.stated


@pytest.mark.parametrize(
    "command",
    [
        {"kind": "scale", "path": "samples", "value": "×2"},
        {"kind": "all", "path": "samples", "value": "300"},
        {"kind": "cells", "value": {f"devices.{i}.samples": str(7 * i + 1) for i in range(10_000)}},
        {"kind": "cells", "value": {f"devices.{i}.name": f"e{i}" for i in range(10_000)}},
        {"kind": "cells", "value": {f"devices.{i}.name": "same" for i in range(10_000)}},
        {"kind": "cells", "value": {f"devices.{i}.nosuch": "1" for i in range(10_000)}},
        # Each old name that is given back is the next one's new name.
        {"kind": "cells", "value": {f"devices.{i}.name": f"d{i - 1 if i else 9999}" for i in range(9_999)}},
    ],
)
def test_an_edit_of_ten_thousand_devices_takes_seconds_at_most(
    command: dict[str, Any], large: StatedQuestion
) -> None:
    desk = Desk(history=[large])
    assert told(desk, command) < 4
    assert len(desk.refused) <= 51


def test_a_fleet_is_scaled_device_by_device(large: StatedQuestion) -> None:
    desk = Desk(history=[large])
    told(desk, {"kind": "scale", "path": "samples", "value": "×2"})
    assert samples(desk) == [2 * (100 + i) for i in range(10_000)]


def names_by_force(before: list[str], given: dict[int, str]) -> list[str]:
    """New names, of which those that somebody has are taken back, all at once, until none is left."""
    names, open_ = [given.get(at, name) for at, name in enumerate(before)], set(given)
    while twins := {at for at in open_ if Counter(names)[names[at]] > 1}:
        for at in twins:
            names[at] = before[at]
        open_ -= twins
    return names


@pytest.mark.parametrize("seed", range(30))
def test_names_that_are_taken_are_given_back(seed: int) -> None:
    drawn = random.Random(seed)
    before = [f"d{i}" for i in range(8)]
    given = {at: f"d{drawn.randrange(11)}" for at in drawn.sample(range(8), 6)}
    fleet = tuple(Device(name=name) for name in before)
    scenario = replace(StatedQuestion().scenario, devices=fleet)
    desk = Desk(history=[replace(StatedQuestion(), scenario=scenario)])
    told(desk, {"kind": "cells", "value": {f"devices.{at}.name": name for at, name in given.items()}})
    assert list(desk.stated.scenario.device_names) == names_by_force(before, given)


def test_commands_end_between_two_of_them(large: StatedQuestion) -> None:
    desk, ends = Desk(history=[large]), iter([None, None, KeyboardInterrupt()])

    def between() -> None:
        if end := next(ends):
            raise end

    many = [{"kind": "all", "path": "samples", "value": str(100 + i)} for i in range(200)]
    with pytest.raises(KeyboardInterrupt):
        told(desk, *many, between=between)
    assert desk.taken == {"tab": 3}
    assert samples(desk)[0] == 102


def test_what_was_ended_amid_is_taken_when_it_is_sent_again(large: StatedQuestion) -> None:
    desk = Desk(history=[large])
    cells = {"kind": "cells", "value": {"devices.0.samples": "5"}}

    def gone() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        told(desk, cells, amid=gone)
    assert samples(desk)[0] == 100
    told(desk, cells)
    assert samples(desk)[0] == 5


def test_a_message_is_worked_on_for_so_long_and_the_rest_is_left(
    large: StatedQuestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "LONGEST_TAKE_S", 0.5)
    desk = Desk(history=[large])
    many = [{"kind": "all", "path": "samples", "value": str(100 + i)} for i in range(200)]
    assert told(desk, *many) < 2.5
    assert 1 < desk.taken["tab"] < 200


def test_the_history_of_large_fleets_keeps_what_is_bounded_and_says_where_it_ends() -> None:
    desk = Desk()
    for step in range(7):
        rows = "\n".join(f"d{i}\t{100 + i + step}\t{2 + i * 1e-4 + step} GFLOP/s" for i in range(10_000))
        told(desk, {"kind": "fleet", "value": f"name\tsamples\tflops_per_s\n{rows}"})
    kept = {id(device) for stated in desk.history for device in stated.scenario.devices}
    assert 30_000 <= len(kept) <= HISTORY_BYTES / 400
    assert len(desk.history) == len(desk.names) == len(desk.sizes) > 3
    for _ in desk.history:
        told(desk, {"kind": "undo"})
    assert (desk.at, desk.said) == (0, UNDO_ENDS)
    told(desk, {"kind": "redo"})
    assert desk.said == ""


def test_many_small_edits_of_a_large_fleet_keep_their_steps(large: StatedQuestion) -> None:
    desk = Desk(history=[large])
    for step in range(20):
        told(desk, {"kind": "set", "path": f"devices.{step}.samples", "value": "5"})
    assert len(desk.history) == 21


def test_an_address_outlives_no_step(large: StatedQuestion) -> None:
    desk = Desk()
    for step in range(30):
        told(desk, {"kind": "set", "path": "channel.uplink_bps", "value": 1e6 + step, "live": True})
        desk.address(desk.stated)
    assert len(desk.addresses) <= 2


def test_bytes_are_those_of_what_is_new(large: StatedQuestion) -> None:
    devices = large.scenario.devices
    one_more = replace(large, scenario=replace(large.scenario, devices=(*devices[:9], Device(name="x"))))
    assert bytes_added(large, one_more) == 400 + 8 * 10
    assert bytes_added(None, large) > 400 * 10_000
    assert bytes_added(large, replace(large, cut="x" * 1000)) == 4 * 1002
