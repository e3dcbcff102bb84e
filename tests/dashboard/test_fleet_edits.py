"""Edits of a fleet as commands of the desk: exactly what was given, once, and everything else as it was."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from cutwise.budgets import most
from cutwise.fields.field_values import read_field
from cutwise.scenario.fleet_csv import COLUMNS
from cutwise.scenario.parties import Device
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.components.fleet_table.fleet_data import cell_text, fleet_data
from cutwise_dashboard.desk.fleet_edits import with_devices
from cutwise_dashboard.desk.history import Desk

NUMBERS = ("flops_per_s", "memory_bytes", "samples", "distance_m", "transmit_power_w")


def desk(*devices: Device, device: str = "") -> Desk:
    scenario = replace(StatedQuestion().scenario, devices=devices)
    return Desk(history=[replace(StatedQuestion(), scenario=scenario, device=device)])


def named(*names: str) -> tuple[Device, ...]:
    return tuple(Device(name=name) for name in names)


def names(of: Desk) -> tuple[str, ...]:
    return of.stated.scenario.device_names


def test_a_cell_takes_a_typed_quantity_and_fields_that_are_not_shown_stay() -> None:
    at = desk(Device(name="a", idle_power_w=3.0), Device(name="b"))

    at.do({"kind": "set", "path": "devices.0.memory_bytes", "value": "1,5 GB"})
    at.do({"kind": "set", "path": "devices.0.flops_per_s", "value": "300 GFLOP/s"})

    assert at.stated.scenario.devices[0] == Device(
        name="a", idle_power_w=3.0, memory_bytes=1.5e9, flops_per_s=3e11,
        moved_bytes_per_s=0.51 * 5.97e10, launch_s=4.8e-5, backward_ratio=1.45,
    )  # fmt: skip
    assert at.stated.scenario.devices[1] == Device(name="b")
    assert len(at.history) == 3


def test_an_emptied_profile_is_none_and_an_emptied_memory_comes_from_the_profile_again() -> None:
    at = desk(Device(profile="jetson_nano", memory_bytes=1e9))

    at.do({"kind": "set", "path": "devices.0.profile", "value": " "})
    at.do({"kind": "set", "path": "devices.0.memory_bytes", "value": ""})

    assert at.stated.scenario.devices == (Device(),)
    assert not at.refused


def test_a_block_is_one_step_and_only_what_cannot_be_is_refused() -> None:
    at = desk(*named("a", "b"))

    at.do(
        {
            "kind": "cells",
            "path": "",
            "value": {
                "devices.0.memory_bytes": "2 GB",
                "devices.1.memory_bytes": "two",
                "devices.1.samples": "40",
                "devices.2.name": "c",
                "devices.9.samples": "5",
            },
        }
    )

    first, second, third = at.stated.scenario.devices
    assert (first.memory_bytes, second.memory_bytes, second.samples, third.name) == (2e9, None, 40, "c")
    assert set(at.refused) == {"devices.1.memory_bytes", "devices.9.samples"}
    assert at.refused["devices.1.memory_bytes"].text == "two"
    assert "“two” is not a number" in at.refused["devices.1.memory_bytes"].reason
    at.do({"kind": "undo"})
    assert at.stated.scenario.devices == named("a", "b")


def test_names_may_swap_in_a_block_and_a_taken_name_is_refused_alone() -> None:
    at = desk(*named("a", "b", "c"))

    at.do({"kind": "cells", "value": {"devices.0.name": "b", "devices.1.name": "a"}})
    assert names(at) == ("b", "a", "c")
    at.do({"kind": "cells", "value": {"devices.0.name": "c", "devices.1.name": "d"}})

    assert names(at) == ("b", "d", "c")
    assert at.refused["devices.0.name"].reason == "another device is called 'c'; names must differ"
    at.do({"kind": "set", "path": "devices.0.name", "value": "d"})
    assert at.refused["devices.0.name"].reason == "devices: the name 'd' is used twice; names must differ"


def test_who_is_looked_at_keeps_being_looked_at_under_another_name() -> None:
    at = desk(*named("a", "b"), device="b")

    at.do({"kind": "set", "path": "devices.1.name", "value": "bee"})
    assert at.stated.device == "bee"
    at.do({"kind": "set", "path": "devices.0.samples", "value": "7"})

    assert at.stated.device == "bee"


def test_an_edit_reaches_its_device_although_rows_have_moved() -> None:
    """The second edit was made before the page had drawn the first: its row is that of the old table."""
    at = desk(*named("a", "b", "c"))

    at.do({"kind": "remove_device", "path": "devices.0", "device": "a"})
    at.do({"kind": "set", "path": "devices.2.samples", "value": "9", "device": "c"})

    assert [(device.name, device.samples) for device in at.stated.scenario.devices] == [("b", 1000), ("c", 9)]


def test_a_removed_row_takes_its_refusals_along_and_those_below_move_up() -> None:
    at = desk(*named("a", "b", "c"))
    for row in (1, 2):
        at.do({"kind": "set", "path": f"devices.{row}.samples", "value": f"x{row}"})

    at.do({"kind": "remove_device", "path": "devices.1"})

    assert {path: one.text for path, one in at.refused.items()} == {"devices.1.samples": "x2"}
    at.do({"kind": "remove_device", "path": "devices.1"})
    at.do({"kind": "remove_device", "path": "devices.0"})
    assert names(at) == ("a",)
    assert at.refused["devices.0"].reason == "devices: a scenario needs at least one device"


def test_devices_that_are_only_numbered_keep_their_names_when_one_before_them_goes() -> None:
    at = desk(*named("", "", "last"))

    at.do({"kind": "remove_device", "path": "devices.0"})
    assert names(at) == ("device-2", "last")
    at.do({"kind": "add_device"})

    assert names(at) == ("device-2", "last", "device-3")


def test_a_pasted_fleet_replaces_or_adds_and_a_wrong_one_changes_nothing() -> None:
    at = desk(*named("a"))
    at.do({"kind": "fleet", "path": "fleet", "value": "name,memory_bytes\nx,2 GB\ny,512 MiB", "add": True})
    assert [device.memory_bytes for device in at.stated.scenario.devices] == [None, 2e9, 512 * 2.0**20]
    at.do({"kind": "fleet", "path": "fleet", "value": "name;samples\nz;12"})
    assert names(at) == ("z",)

    at.do({"kind": "fleet", "path": "fleet", "value": "name,samples\np,ten\nq,-3"})

    assert names(at) == ("z",)
    first, second = at.refused["fleet"].reason.split("\n")
    assert first.startswith("fleet, row 1: samples: “ten” is not a number")
    assert second.startswith("fleet, row 2: samples: “-3” is too little")
    at.do({"kind": "undo"})
    assert names(at) == ("a", "x", "y")


def test_more_devices_than_are_planned_at_once_are_refused() -> None:
    with pytest.raises(ValueError, match=f"at most {most('fleet_devices'):,}"):
        with_devices(StatedQuestion(), named("a") * (most("fleet_devices") + 1))


def test_every_cell_that_the_table_shows_reads_back_as_exactly_what_stands_there() -> None:
    draws = random.Random(5)
    for _ in range(200):
        device = Device(
            flops_per_s=10 ** draws.uniform(6, 15), memory_bytes=10 ** draws.uniform(3, 14),
            samples=draws.randrange(1, 10**6), distance_m=10 ** draws.uniform(-1, 4),
            transmit_power_w=10 ** draws.uniform(-6, 1),
        )  # fmt: skip
        for name in NUMBERS:
            assert read_field(Device, name, cell_text(name, getattr(device, name))) == getattr(device, name)


def test_the_table_says_what_holds_where_a_cell_is_empty() -> None:
    at = desk(Device(name="pi", profile="jetson_nano"), Device(memory_bytes=2e9))
    at.do({"kind": "set", "path": "devices.0.samples", "value": "many"})

    data = fleet_data(at.stated.scenario, at.refused)

    columns = {column["name"]: column for column in data["columns"]}
    assert tuple(columns) == COLUMNS
    assert columns["memory_bytes"]["texts"] == ["", "2 GB"]
    assert columns["memory_bytes"]["known"] == ["4 GB", ""]
    assert columns["name"]["known"] == ["pi", "device-2"]
    assert columns["samples"]["texts"] == ["1000"]
    (wrong,) = data["refused"].values()
    assert (wrong["where"], wrong["text"]) == ("Row 1 (pi), Samples", "many")


def test_thirty_edits_that_are_sent_twice_over_count_once() -> None:
    at = desk(*(Device(name=f"d{i}") for i in range(10)))
    sent = [
        {
            "n": n + 1,
            "kind": "set",
            "path": f"devices.{n % 10}.{name}",
            "value": str(n + 1),
            "device": f"d{n % 10}",
        }
        for n, name in enumerate(["samples"] * 10 + ["distance_m"] * 10 + ["memory_bytes"] * 10)
    ]

    for upto in (7, 19, 30, 30):
        at.take({"client": "b", "commands": sent[:upto]})

    assert [device.samples for device in at.stated.scenario.devices] == list(range(1, 11))
    assert [device.distance_m for device in at.stated.scenario.devices] == list(range(11, 21))
    assert [device.memory_bytes for device in at.stated.scenario.devices] == list(range(21, 31))
    assert len(at.history) == 31
