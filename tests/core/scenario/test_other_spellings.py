"""What people write and Cutwise spells otherwise: one sentence each, with the value to write."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from cutwise.errors import ScenarioError
from cutwise.scenario.changes import changed
from cutwise.scenario.fleet_csv import parse_fleet
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario, Sharing
from cutwise.scenario.scenario_file import FORMAT, parse_scenario, scenario_from_dict
from tests.shared_files import CASES, needs


def mistakes_of(text: str) -> dict[str, str]:
    """The sentence of each path that a file is told off for."""
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(f'format = "{FORMAT}"\n{text}'.encode())
    parts = [mistake.partition(": ") for mistake in caught.value.mistakes]
    return {path: sentence for path, _, sentence in parts}


# 100 Mbit/s = 1e8 bit/s; 12.5 MB/s = 1e8 bit/s; 8 GB = 8e9 B; 8 GiB = 8 x 2^30 B = 8589934592 B; 23 dBm =
# 10^2.3 mW = 0.1995 W; 46 dBm = 39.8 W; free space at 1 m and 3.5 GHz: 20 lg(4 pi 3.5e9 / 2.998e8) = 43.3 dB.
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("channel.uplink_mbps = 100", "rates are in bit/s; write uplink_bps = 1e8"),
        ("channel.uplink_MBps = 12.5", "rates are in bit/s; write uplink_bps = 1e8"),
        ("channel.uplinkMbps = 100", "rates are in bit/s; write uplink_bps = 1e8"),
        ("channel.uplink_mbit_per_s = '100'", "rates are in bit/s; write uplink_bps = 1e8"),
        ("channel.bandwidth_mbps = 50", "write uplink_bps = 5e7 and downlink_bps = 5e7"),
        ("channel.downlink = '0.2 Gbit/s'", "write downlink_bps = 2e8"),
        ("channel.rtt_ms = 40", "write uplink_latency_s = 0.02 and downlink_latency_s = 0.02 (half of it"),
        (
            "channel.bandwidth_mhz = 20",
            "write uplink_bandwidth_hz = 2e7 and downlink_bandwidth_hz = 2e7 with kind",
        ),
        ("server.ram_gb = 24", "sizes are in bytes; write memory_bytes = 2.4e10"),
        ("server.memory_gib = 8", "sizes are in bytes; write memory_bytes = 8589934592"),
        ("server.vram = '24 GB'", "write memory_bytes = 2.4e10"),
        ("server.tflops = 35.6", "speeds are in FLOP/s; write flops_per_s = 3.56e13"),
        ("server.speed_gflops = 'many'", "speeds are in FLOP/s; write flops_per_s"),
        ("server.efficiency_percent = 40", "write efficiency_ratio = 0.4"),
        ("server.gpu = 'RTX 3090 Ti'", 'write profile = "rtx_3090" (the nearest row of the catalogue'),
        ("server.gpu = 'NVIDIA L40S'", 'write profile = "l40s"'),
        ("limits.deadline_ms = 1500", "times are in s; write deadline_s = 1.5"),
        ("limits.battery_wh = 10", "energies are in J; write device_energy_j = 36000"),
        ("backhaul.rate_gbps = 10", "rates are in bit/s; write rate_bps = 1e10"),
        ("workload.r = 16", 'write rank = 16 in [workload.tuning] with kind = "lora"'),
        ("workload.per_device_train_batch_size = 4", "write batch_size = 4"),
        ("workload.batchSize = 4", "write batch_size = 4"),
        ("workload.num_train_epochs = 3", "write local_epochs = 3"),
        ("workload.max_seq_length = 512", "write sequence_length = 512"),
        ("workload.gradient_checkpointing = true", 'write checkpointing = "blocks"'),
        ("workload.torch_dtype = 'bfloat16'", 'write weights_dtype = "bf16"'),
        ("workload.load_in_4bit = true", 'write weights_dtype = "nf4"'),
        ("workload.load_in_4bit = false", "leave it out, as nothing of the kind is assumed"),
        ("workload.bf16 = true", 'compute_dtype = "bf16"'),
        (
            "workload.learning_rate = 1e-4",
            "is not modelled: it changes what is learnt, not what a round costs",
        ),
        (
            "workload.uplink_bps = 5",
            'unknown key; write uplink_bps = 5 in [channel] with kind = "fixed_rate"',
        ),
        ("workload.samples = 5", "unknown key; it belongs in [[devices]]"),
        ("num_rounds = 5", "write rounds = 5"),
        ("communication.rate_mbps = 5", "unknown key; write [channel]"),
        ("clients = []", "unknown key; write [[devices]]"),
        ("devices = [{ distance_km = 0.2 }]", "distances are in m; write distance_m = 200"),
        ("devices = [{ tx_power_dbm = 23 }]", "powers are in W; write transmit_power_w = 0.2"),
        ("devices = [{ availability = 0.8 }]", "is not modelled: every device takes part in every round"),
        ("devices = [{ client_dropout_rate = 0.1 }]", "is not modelled: every device takes part in every"),
        ("devices = [{ staleness = 3 }]", "is not modelled: every round is synchronous"),
        ("edges = [{ ram_gb = 16 }]", "sizes are in bytes; write memory_bytes = 1.6e10"),
        ("data.split = 'non-iid'", 'write partition = "dirichlet"'),
        ("sharing.mode = 'asynchronous'", "is not modelled: every round is synchronous"),
        ("privacy.layers = 3", "write layers = 3 in [privacy.keep_on_device]"),
        (
            "compression.sparsity = 0.9",
            'write density_ratio = 0.1 in [compression.codec] with kind = "top_k"',
        ),
        ("workload.colour = 'red'", "unknown key"),
    ],
)
def test_a_key_of_another_spelling_is_told_what_to_write(line: str, says: str) -> None:
    kind = "channel.kind = 'fixed_rate'\n" if line.startswith("channel.") else ""
    (sentence,) = mistakes_of(kind + line).values()
    assert says in sentence


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ("antenna_gain_db = 8", "write path_loss_at_1m_db = 35.3 (what stands there less the gain)"),
        ("path_loss_at_1m_db = 50\nantenna_gain_db = 8", "write path_loss_at_1m_db = 42"),
        ("carrier_ghz = 3.5", "write path_loss_at_1m_db = 43.3 (free space at that frequency)"),
        ("interference_margin_db = 3", "write uplink_noise_figure_db = 8 and downlink_noise_figure_db = 12"),
        ("bs_power_dbm = 46", "write base_station_power_w = 39.8"),
        ("noise_psd_dbm_hz = -169", "write uplink_noise_figure_db = 5 and downlink_noise_figure_db = 5"),
        ("mimo_layers = 2", "is not modelled: a device has one stream"),
        ("uplink_bps = 5e6", 'write uplink_bps = 5e6 with kind = "fixed_rate"'),
    ],
)
def test_a_word_of_radio_becomes_what_the_channel_has(keys: str, says: str) -> None:
    (sentence,) = mistakes_of(f'[channel]\nkind = "shannon"\n{keys}').values()
    assert says in sentence


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("workload.batch_size = 4.0", "write batch_size = 4"),
        ("workload.weights_dtype = 'torch.float16'", 'write weights_dtype = "fp16"'),
        ("workload.weights_dtype = 16", 'write weights_dtype = "fp16"'),
        ("workload.compute_dtype = 'bfloat16'", 'write compute_dtype = "bf16"'),
        ("workload.optimizer = 'paged_adamw_8bit'", "write optimizer = "),
        ("workload.checkpointing = true", 'write checkpointing = "blocks"'),
        ("workload.checkpointing = false", 'write checkpointing = "none"'),
        ("workload.master_weights = 'yes'", "write master_weights = true"),
        ("workload.frozen = 'layer1'", 'write frozen = ["layer1"]'),
        ("workload.mode = 'fine-tuning'", 'write mode = "training"'),
        ("workload.tuning = 'lora'", 'write [workload.tuning] and under it kind = "lora"'),
        ("objective.kind = 'latency'", 'write kind = "delay"'),
        ("sharing.bandwidth = 'TDMA'", 'write bandwidth = "time_division"'),
        ("server.efficiency_ratio = 40", "for 40 % write efficiency_ratio = 0.4"),
        ("channel = { kind = 'fixed_rate', uplink_bps = '20 MHz' }", "“MHz” is no unit of a rate"),
        ("devices = [{ name = 5 }]", 'write name = "5" in quotes'),
        ("devices = { samples = 5 }", "write [[devices]] in place of [devices]"),
        ("devices = [{ profile = 'Raspberry Pi 5' }]", 'write profile = "raspberry_pi_5"'),
        ("devices = [{ profile = 'Jetson Orin Nano' }]", '"jetson_orin_nano"'),
        ("devices = [{ profile = 'NVIDIA Tesla T4 16GB' }]", '"t4"'),
        ("devices = [{ profile = 'iPhone 15 Pro' }]", '"apple_a17_pro", the nearest row of the catalogue'),
        ("devices = [{ profile = 'abacus' }]", "the command `cutwise devices` lists the catalogue"),
        ("workload.tuning = { kind = 'LoRA' }", 'write kind = "lora"'),
        ("workload.optimizer = 'AdamW8bit'", "write optimizer = "),
        ("privacy.keep_on_device = 3", "write keep_on_device = { layers = 3 }"),
    ],
)  # fmt: skip
def test_a_value_of_another_spelling_is_told_what_to_write(line: str, says: str) -> None:
    (sentence,) = mistakes_of(line).values()
    assert says in sentence


@pytest.mark.parametrize(
    ("line", "path", "number"),
    [
        ("workload.batch_size = '4'", "workload.batch_size", 4),
        ("server.memory_bytes = '2 GB'", "server.memory_bytes", 2e9),
        ("server.flops_per_s = '35.6 TFLOPS'", "server.flops_per_s", 35.6e12),
        ("server.efficiency_ratio = '40 %'", "server.efficiency_ratio", 0.4),
        ("channel = { kind = 'fixed_rate', uplink_bps = '100 Mbit/s' }", "channel.uplink_bps", 1e8),
        (
            "channel = { kind = 'shannon', uplink_bandwidth_hz = '20 MHz' }",
            "channel.uplink_bandwidth_hz",
            2e7,
        ),
        ("limits.deadline_s = '5 min'", "limits.deadline_s", 300.0),
        ("devices = [{ transmit_power_w = '20 dBm' }]", "devices.0.transmit_power_w", 0.1),
        ("devices = [{ distance_m = '0.2 km' }]", "devices.0.distance_m", 200.0),
    ],
)
def test_a_quantity_is_read_as_people_type_it(line: str, path: str, number: float) -> None:
    """In a file, in a change of a sweep and in a constructor alike."""
    found: Any = parse_scenario(f'format = "{FORMAT}"\n{line}'.encode())
    for part in path.split("."):
        found = found[int(part)] if part.isdigit() else getattr(found, part)
    assert found == pytest.approx(number, rel=1e-12)
    assert isinstance(found, type(number))


def test_typed_quantities_are_read_beside_mistakes_and_refused_with_their_reason() -> None:
    found = mistakes_of(
        "limits.deadline_s = '5 m'\nserver.memory_bytes = '2 GB'\nworkload.batch_size = '1.5'"
    )
    assert found == {
        "limits.deadline_s": "“m” is no unit of a time; give 90 s, 5 min or 1 h 30 min",
        "workload.batch_size": "“1.5” is no whole number; give one, for example 2",
    }
    scenario = changed(Scenario(), {"devices.*.memory_bytes": "512 MiB"})
    assert scenario.devices[0].memory_bytes == 512 * 2**20
    assert Device(distance_m="1.5 km").distance_m == 1500  # type: ignore[arg-type]
    with pytest.raises(ScenarioError, match="memory_bytes: “min” is no unit of a size"):
        Device(memory_bytes="2 min")  # type: ignore[arg-type]


def test_a_table_of_an_unknown_kind_has_its_other_mistakes_told_at_once() -> None:
    found = mistakes_of(
        '[workload.tuning]\nkind = "qlora"\nr = 16\n[channel]\nkind = "5G"\nuplink_mbps = 5\n'
        "uplink_latency_s = -1"
    )
    assert found["workload.tuning.r"] == "unknown key; write rank = 16"
    assert 'write kind = "lora" and weights_dtype = "nf4" in [workload]' in found["workload.tuning.kind"]
    assert 'write kind = "fixed_rate" (known uplink and downlink' in found["channel.kind"]
    assert found["channel.uplink_mbps"] == "rates are in bit/s; write uplink_bps = 5e6"
    assert found["channel.uplink_latency_s"].startswith("must be greater than or equal to 0")


def test_a_table_without_a_kind_is_read_as_the_kind_its_keys_are_of() -> None:
    found = mistakes_of("[workload.tuning]\nr = 16\n[channel]\nuplink_bandwidth_mhz = 20")
    assert found["workload.tuning.r"] == "unknown key; write rank = 16"
    assert found["channel.uplink_bandwidth_mhz"] == "bandwidths are in Hz; write uplink_bandwidth_hz = 2e7"


RADIO = ("uplink_mbps", "rtt_ms", "tx_power_dbm", "carrier_ghz")
NUMBERS = (-1, 1e300, 10**400, float("inf"), float("nan"))


@pytest.mark.parametrize("key", ["lora_r", "gpu", "bf16", "availability", "ram_gb", *RADIO])
@pytest.mark.parametrize("value", [None, True, *NUMBERS, "", "x" * 500, [], {}, [{}], {"a": [1]}])
def test_any_value_of_a_word_gets_one_sentence(key: str, value: Any) -> None:
    for table in ("workload", "channel", "server", "backhaul", "sharing"):
        kind = {"kind": "fixed_rate"} if table == "channel" else {}
        with pytest.raises(ScenarioError) as caught:
            scenario_from_dict({"format": FORMAT, table: {**kind, key: value}})
        assert all(mistake and "\n" not in mistake for mistake in caught.value.mistakes)


def test_a_pasted_table_a_sweep_and_a_constructor_say_the_same() -> None:
    with pytest.raises(ScenarioError, match=r"column 'memory_gb': sizes are in bytes; write memory_bytes"):
        parse_fleet("name,memory_gb\nphone,8")
    with pytest.raises(
        ScenarioError, match=r"channel.uplink_mbps: rates are in bit/s; write uplink_bps = 1e8"
    ):
        changed(Scenario(), {"channel.uplink_mbps": 100})
    with pytest.raises(ScenarioError, match="not 'TDMA'; write bandwidth = 'time_division'"):
        Sharing(bandwidth="TDMA")


CASE_SENTENCES = {
    "mimo": {
        "channel.mimo_layers": "is not modelled: ",
        "channel.antenna_gain_db": "write path_loss_at_1m_db = 35.3",
        "channel.carrier_ghz": "write path_loss_at_1m_db = 43.3",
        "channel.tdd_uplink_ratio": "is not modelled: ",
        "channel.interference_margin_db": "write uplink_noise_figure_db = 8 and downlink_noise",
    },
    "async": {
        "workload.gradient_accumulation_steps": "",
        "sharing.mode": "is not modelled: ",
        "devices[0].drop_out_probability": "is not modelled: ",
        "devices[0].availability": "is not modelled: ",
        "devices[1].staleness": "is not modelled: ",
        "devices[1].profile": 'write profile = "raspberry_pi_zero_2_w"',
    },
    "units": {
        "workload.weights_dtype": 'write weights_dtype = "fp16"',
        "workload.checkpointing": 'write checkpointing = "blocks"',
        "workload.attention": "write attention = ",
        "workload.tuning.kind": 'write kind = "lora" and weights_dtype = "nf4" in [workload]',
        "workload.tuning.r": "write rank = 16",
        "workload.tuning.lora_alpha": "write alpha = 32",
        "workload.tuning.target_modules": 'write targets = ["*q_proj", "*v_proj"]',
        "channel.kind": 'write kind = "fixed_rate"',
        "channel.uplink_mbps": "write uplink_bps = 1e8",
        "devices[0].profile": 'write profile = "raspberry_pi_5"',
        "devices[0].memory_gb": "write memory_bytes = 8e9",
        "devices[0].distance_km": "write distance_m = 200",
        "devices[0].transmit_power_dbm": "write transmit_power_w = 0.2",
        "server.gpu": 'write profile = "rtx_3090"',
    },
}


@needs(CASES / "units.toml")
@pytest.mark.parametrize("name", CASE_SENTENCES)
def test_the_cases_are_told_every_mistake_at_once(name: str) -> None:
    text = (CASES / f"{name}.toml").read_text()
    found = mistakes_of(text.partition("\n")[2])
    for path, says in CASE_SENTENCES[name].items():
        assert says in found[path]
    assert not [sentence for sentence in found.values() if sentence == "unknown key"]


@needs(CASES / "noniid.toml")
def test_the_case_of_uneven_data_has_the_fields_it_gives() -> None:
    text = (CASES / "noniid.toml").read_bytes()
    given = tomllib.loads(text.decode())
    scenario = parse_scenario(text)
    assert (scenario.data.partition, scenario.data.alpha) == ("dirichlet", given["data"]["alpha"])
    assert [device.samples for device in scenario.devices] == [600, 600, 600]
