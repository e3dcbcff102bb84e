"""Scenario files: the normative example, every mistake at once, and back out again."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.channels import CHANNELS, FixedRate, Shannon
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError
from cutwise.hardware.profiles import hardware
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import LayerDepth, Limits, Objective, Privacy, Scenario, Sharing
from cutwise.scenario.scenario_file import (
    FORMAT,
    dump_scenario,
    load_scenario,
    parse_scenario,
    scenario_from_dict,
    scenario_to_dict,
)

NORMATIVE = """
format = "cutwise-scenario/1"
name = "lecture hall"
seed = 7
rounds = 100                    # multiplies totals shown beside a plan; delay_s and energy_j are one round

[workload]
mode = "training"               # training | inference
batch_size = 32
local_epochs = 1
optimizer = "sgd"               # sgd | sgd_momentum | adam
weights_dtype = "fp32"
labels_at = "server"            # server | device
label_bytes = 8                 # per sample; default from the target's shape
tuning = { kind = "full" }

[privacy]
keep_on_device = "first_layer"

[server]
profile = "rtx_a6000"
efficiency_ratio = 0.4

[[devices]]
name = "jetson-1"
profile = "jetson_tx2"
memory_bytes = 4.0e9
distance_m = 80.0
samples = 5000

[channel]
kind = "fixed_rate"
uplink_bps = 2.0e7              # the cell's capacity
downlink_bps = 4.0e7
uplink_latency_s = 0.0
downlink_latency_s = 0.0

[sharing]
bandwidth = "equal"
server = "equal"

[data]
partition = "iid"
[convergence]
kind = "none"

[objective]
kind = "delay"
energy_of = ["device", "network", "server"]

[limits]
"""


def mistakes_of(document: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(ScenarioError) as caught:
        scenario_from_dict({"format": FORMAT, **document})
    return caught.value.mistakes


def test_the_normative_example_loads() -> None:
    scenario = parse_scenario(NORMATIVE.encode())
    assert scenario.name == "lecture hall"
    assert scenario.devices == (
        Device(name="jetson-1", profile="jetson_tx2", memory_bytes=4e9, distance_m=80.0, samples=5000),
    )
    assert scenario.server == Server(profile="rtx_a6000", efficiency_ratio=0.4)
    assert scenario.channel == FixedRate(uplink_bps=2e7, downlink_bps=4e7)
    assert scenario.workload == Workload(local_epochs=1, label_bytes=8)


@pytest.mark.parametrize("text", ['format = "cutwise-scenario/1"', '{"format": "cutwise-scenario/1"}'])
def test_the_format_alone_is_a_file(text: str) -> None:
    assert parse_scenario(text.encode()) == Scenario()


def test_two_lines_are_a_file() -> None:
    assert parse_scenario(b'format = "cutwise-scenario/1"\nseed = 3').seed == 3


def test_json_says_the_same_as_toml(tmp_path: Path) -> None:
    import tomllib

    file = tmp_path / "cell.json"
    file.write_text(json.dumps(tomllib.loads(NORMATIVE)))
    assert load_scenario(file) == parse_scenario(NORMATIVE.encode())


def test_whole_numbers_do_for_quantities_and_lists_for_tuples() -> None:
    scenario = scenario_from_dict(
        {
            "format": FORMAT,
            "channel": {"kind": "shannon", "uplink_bandwidth_hz": 10},
            "workload": {"frozen": ["a*"]},
        }
    )
    assert scenario.channel == Shannon(uplink_bandwidth_hz=10.0)
    assert scenario.workload.frozen == ("a*",)


def test_a_rate_may_be_as_high_as_any_link_but_not_endless() -> None:
    text = 'format = "cutwise-scenario/1"\nchannel = { kind = "fixed_rate", uplink_bps = %s }'
    assert parse_scenario((text % "1e15").encode()).channel.uplink_bps == 1e15
    for absurd in ("inf", "1e300", "1e-300", "nan"):
        with pytest.raises(ScenarioError, match=r"channel\.uplink_bps"):
            parse_scenario((text % absurd).encode())


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("raw_allowed", "raw_allowed"),
        ({"layers": 3}, LayerDepth(layers=3)),
        (["a", "b"], ("a", "b")),
        ([], ()),
    ],
)
def test_privacy_takes_a_word_a_depth_or_ops(given: Any, kept: Any) -> None:
    assert (
        scenario_from_dict({"format": FORMAT, "privacy": {"keep_on_device": given}}).privacy.keep_on_device
        == kept
    )


def test_six_mistakes_are_listed_at_once_with_their_paths() -> None:
    text = """
    format = "cutwise-scenario/1"
    seed = -1
    colour = "red"
    [workload]
    batch_size = 0
    mode = "dreaming"
    [[devices]]
    samples = 2.5
    [channel]
    kind = "fixed_rate"
    uplink_bps = "fast"
    """
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text.encode())
    assert sorted(caught.value.mistakes) == [
        "channel.uplink_bps: must be a valid number, not 'fast'",
        "colour: unknown key",
        "devices[0].samples: must be a valid integer, not 2.5",
        "seed: must be greater than or equal to 0, not -1",
        "workload.batch_size: must be greater than or equal to 1, not 0",
        "workload.mode: must be 'training' or 'inference', not 'dreaming'",
    ]


def test_mistakes_between_fields_are_found_behind_mistakes_in_fields() -> None:
    found = mistakes_of(
        {
            "workload": {"local_epochs": 1, "local_iterations": 1, "batch_size": 0},
            "devices": [{"name": "a"}, {"name": "a", "samples": 0}],
            "server": {"flops_per_s": 1e9, "efficiency_ratio": 0.5},
            "objective": {"kind": "weighted", "delay_weight": 0, "energy_weight": 0},
        }
    )
    assert "workload.batch_size: must be greater than or equal to 1, not 0" in found
    assert "workload: give local_epochs or local_iterations, not both" in found
    assert "devices[1].samples: must be greater than or equal to 1, not 0" in found
    assert "devices: the name 'a' is used twice; names must differ" in found
    assert "server: give flops_per_s (effective, used as it is) or efficiency_ratio, not both" in found
    assert "objective: delay_weight and energy_weight are both 0; raise one" in found


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"channel": {"kind": "wifi"}}, "channel.kind: unknown channel 'wifi'; known: fixed_rate, shannon"),
        ({"channel": {}}, "channel: give its kind, one of fixed_rate, shannon"),
        ({"channel": 5}, "channel: "),
        ({"workload": 5}, "workload: must be a table, not 5"),
        ({"devices": 5}, "devices: must be a list, not 5"),
        ({"devices": [5]}, "devices[0]: must be a table, not 5"),
        ({"devices": []}, "devices: a scenario needs at least one device"),
        (
            {"devices": [{"profile": "jetson_tx"}]},
            "devices[0].profile: unknown hardware profile 'jetson_tx'; did you",
        ),
        ({"workload": {"batchsize": 3}}, "workload.batchsize: unknown key; did you mean 'batch_size'?"),
        ({"channel": {"kind": "shannon", "uplink_bps": 3}}, "channel.uplink_bps: unknown key"),
        ({"devices": [{"sample": 3}]}, "devices[0].sample: unknown key; did you mean 'samples'?"),
        (
            {"privacy": {"keep_on_device": {"layers": 0}}},
            "privacy.keep_on_device: must be raw_allowed, first_layer",
        ),
        ({"privacy": {"keep_on_device": "all"}}, "privacy.keep_on_device: must be raw_allowed, first_layer"),
        ({"privacy": {"keep_on_device": [1]}}, "privacy.keep_on_device: must be raw_allowed, first_layer"),
        (
            {"objective": {"energy_of": []}},
            "objective.energy_of: name at least one of device, network, server",
        ),
        (
            {"objective": {"energy_of": ["cloud"]}},
            "objective.energy_of[0]: must be 'device', 'network' or 'server'",
        ),
        ({"workload": {"frozen": [1, 2]}}, "workload.frozen[0]: must be a valid string, not 1"),
        ({"workload": {"mode": True}}, "workload.mode: must be 'training' or 'inference', not True"),
        ({"seed": True}, "seed: must be a valid integer, not True"),
        ({"seed": "seven"}, "seed: must be a valid integer, not 'seven'"),
        ({"name": "x" * 500, "seed": "y" * 500}, "…"),
    ],
)
def test_each_kind_of_mistake_has_a_sentence(document: dict[str, Any], sentence: str) -> None:
    assert any(sentence in mistake for mistake in mistakes_of(document)), mistakes_of(document)


def test_class_names_are_never_shown() -> None:
    wrong: dict[str, Any] = {f.name: 5 for f in fields(Scenario)} | {"devices": [5, {"name": 5}]}
    text = "\n".join(mistakes_of(wrong))
    shown = [
        cls for cls in ("Scenario", "Device", "Workload", "LayerDepth", "FixedRate", "Literal", "dataclass")
    ]
    assert not [name for name in shown if name in text], text


def test_the_format_is_asked_for() -> None:
    with pytest.raises(ScenarioError, match="format: give 'cutwise-scenario/1'"):
        parse_scenario(b"seed = 3")
    with pytest.raises(ScenarioError, match="format: must be 'cutwise-scenario/1', not 'other'"):
        parse_scenario(b'format = "other"')


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"seed = ",
        b"\xff\xfe",
        b"[1, 2]",
        b"x = 2020-01-01",
        b"{" + b'"a":{' * 3000,
        b"a = " + b"[" * 3000,
    ],
)
def test_what_is_no_scenario_file_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(content, name="cell.toml")
    assert str(caught.value)


def test_a_missing_file_a_folder_and_a_giant_are_refused(tmp_path: Path) -> None:
    giant = tmp_path / "giant.toml"
    giant.write_bytes(b"#" * (16 * 2**20 + 1))
    for path, words in (
        (tmp_path / "none.toml", "cannot be read"),
        (tmp_path, "cannot be read"),
        (giant, "at most 8 MB are read"),
    ):
        with pytest.raises(ScenarioError, match=words) as caught:
            load_scenario(path)
        assert str(path) in str(caught.value)
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario("a\0b")


def test_every_registered_channel_is_a_kind_of_the_file() -> None:
    for kind, channel in CHANNELS.items():
        assert scenario_from_dict({"format": FORMAT, "channel": {"kind": kind}}).channel == channel()


def test_defaults_are_not_written_out() -> None:
    assert scenario_to_dict(Scenario()) == {"format": FORMAT}
    assert dump_scenario(Scenario(seed=3)) == 'format = "cutwise-scenario/1"\nseed = 3\n'


def numbers(owner: Any, name: str) -> st.SearchStrategy[Any]:
    """Values that one field of a scenario may have."""
    facts = next(f for f in fields(owner) if f.name == name).metadata
    hint = get_type_hints(owner)[name]
    kinds = get_args(hint) or (hint,)
    low, high = facts.get("ge", facts.get("gt", 0)), facts.get("le", facts.get("lt", 1e12))
    if int in kinds:
        return st.integers(int(low), int(min(high, 1e6)))
    exclusive = {"exclude_min": "gt" in facts, "exclude_max": "lt" in facts}
    return st.floats(float(low), float(high), allow_nan=False, **exclusive)


def some(owner: Any, *names: str, **others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    given_numbers = {name: numbers(owner, name) for name in names}
    return st.fixed_dictionaries({}, optional=given_numbers | others).map(lambda chosen: owner(**chosen))


WORKLOADS = some(
    Workload,
    "batch_size",
    "local_iterations",
    "label_bytes",
    mode=st.sampled_from(["training", "inference"]),
    optimizer=st.sampled_from(["sgd", "adam"]),
    smashed_dtype=st.sampled_from([None, "int8", "fp16"]),
    frozen=st.lists(st.text(max_size=4)).map(tuple),
    labels_at=st.sampled_from(["server", "device"]),
    tied_weights=st.sampled_from([None, "one_side", "copied", "untied"]),
)
DEVICES = st.lists(
    some(
        Device,
        "samples",
        "distance_m",
        "memory_bytes",
        "transmit_power_w",
        "idle_power_w",
        profile=st.sampled_from([None, *hardware()]),
        name=st.uuids().map(str),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda device: device.name or id(device),
)
CELLS = st.one_of(
    some(FixedRate, "uplink_bps", "downlink_bps", "uplink_latency_s", "network_power_w"),
    some(
        Shannon,
        "uplink_bandwidth_hz",
        "overhead_ratio",
        "path_loss_exponent",
        "implementation_ratio",
        ceiling_bps_per_hz=st.sampled_from([1000.0, 3.5]),
    ),
)
SCENARIOS = some(
    Scenario,
    "seed",
    "rounds",
    name=st.text(),
    workload=WORKLOADS,
    devices=DEVICES.map(tuple),
    channel=CELLS,
    server=some(Server, "flops_per_s", "memory_bytes", "compute_power_w", name=st.text()),
    sharing=some(Sharing, bandwidth=st.sampled_from(["dedicated", "equal", "optimised", "time_division"])),
    privacy=some(
        Privacy,
        keep_on_device=st.one_of(
            st.sampled_from(["raw_allowed", "first_layer"]),
            st.integers(1, 9).map(lambda n: LayerDepth(layers=n)),
            st.lists(st.text(max_size=5)).map(tuple),
        ),
    ),
    objective=some(
        Objective,
        "delay_weight",
        kind=st.sampled_from(["delay", "energy"]),
        energy_of=st.sampled_from([("device",), ("server", "network")]),
    ),
    limits=some(Limits, "deadline_s", "device_energy_j", "traffic_bytes"),
)


@settings(deadline=None, max_examples=150)
@given(SCENARIOS)
def test_what_is_written_reads_back_equal(scenario: Scenario) -> None:
    assert parse_scenario(dump_scenario(scenario).encode()) == scenario
    assert scenario_from_dict(scenario_to_dict(scenario)) == scenario
