"""Sweeps against one plan a row, and what their files and paths refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cutwise
from cutwise.analyses.sweep_settings import overlaps
from cutwise.channels import FixedRate, Shannon
from cutwise.costs.options.tuning import FullTuning, Lora
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError, UnknownNameError
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import LayerDepth, Limits, Objective, Privacy, Scenario, Sharing
from cutwise.sweeping.sweep_file import read_sweep_file
from tests.conftest import Load
from tests.core.fleets import load, random_ops, random_scenario

TWO = Scenario(devices=(Device(name="a"), Device(name="b", samples=300)))


def test_the_last_path_of_a_grid_runs_fastest() -> None:
    table = cutwise.sweep(
        cutwise.load_model("sample:vgg16"),
        over={"channel.uplink_bps": [1e6, 1e8], "workload.batch_size": [1, 2, 4]},
    )
    assert table["channel.uplink_bps"].tolist() == [1e6, 1e6, 1e6, 1e8, 1e8, 1e8]
    assert table["workload.batch_size"].tolist() == [1, 2, 4, 1, 2, 4]
    assert list(table.columns[-5:]) == ["scheme", "status", "delay_s", "energy_j", "cut"]


def test_zip_pairs_values() -> None:
    over = {"channel.uplink_bps": [1e6, 1e8], "channel.downlink_bps": [2e6, 2e8]}
    table = cutwise.sweep(cutwise.load_model("sample:vgg16"), over=over, zip=True)
    assert table["channel.downlink_bps"].tolist() == [2e6, 2e8]
    with pytest.raises(ScenarioError, match="zip pairs lists of one length"):
        cutwise.sweep(cutwise.load_model("sample:vgg16"), over={**over, "seed": [1]}, zip=True)


@pytest.mark.parametrize("seed", range(10))
def test_every_row_equals_a_plan_of_its_own(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    ops = random_ops(rng, measured=seed % 4 == 0)
    graph = load(tmp_path, ops)
    scenario = random_scenario(rng, [op["id"] for op in ops], devices=int(rng.integers(1, 4)))
    values = {
        "channel.uplink_latency_s": [0.0, 0.2],
        "devices[0].flops_per_s": [1e9, float(10 ** rng.uniform(10, 14))],
        "devices.*.samples": [3, 70],
        "workload.batch_size": [1, 16],
        "workload.mode": ["training", "inference"],
        "server.flops_per_s": [1e11, 1e13],
        "server.memory_bytes": [None, 2e6, 1e5],
        "server.compute_power_w": [0.0, 3e4],
        "channel.kind": ["fixed_rate", "shannon"],
        "limits.device_energy_j": [None, float(10 ** rng.uniform(-1, 4))],
        "limits.traffic_bytes": [float(10 ** rng.uniform(3, 8))],
        "limits.deadline_s": [None, float(10 ** rng.uniform(-1, 3))],
        "devices.*.memory_bytes": [None, 1e6],
        "sharing.bandwidth": ["equal", "optimised", "time_division"],
        "privacy.keep_on_device": ["first_layer", {"layers": 2}],
        "objective.kind": ["delay", "energy", "weighted"],
    }
    over = {path: values[path] for path in rng.choice(list(values), 3, replace=False).tolist()}
    schemes = ["fast_split", "split_federated", "device_only"]
    table = cutwise.sweep(graph, scenario, over=over, schemes=schemes)
    assert len(table) == 3 * np.prod([len(given) for given in over.values()])
    for row in table.to_dict("records"):
        setting = {path: None if row[path] != row[path] else row[path] for path in over}
        plan = cutwise.plan(graph, changed(scenario, setting), row["scheme"])
        assert row["status"] == plan.status
        assert row["delay_s"] == pytest.approx(plan.delay_s, rel=1e-12)
        assert row["energy_j"] == pytest.approx(plan.energy_j, rel=1e-12)
        assert row["cut"] == " | ".join(dict.fromkeys(d.cut.label for d in plan.decisions))


def test_numpy_values_are_as_good_as_python_ones() -> None:
    graph = cutwise.load_model("sample:vgg16")
    table = cutwise.sweep(graph, over={"channel.uplink_bps": np.geomspace(1e6, 1e8, 3), "seed": np.arange(2)})
    assert len(table) == 6
    assert changed(Scenario(), {"workload.batch_size": np.int64(4)}).workload.batch_size == 4


def test_a_sweep_over_nothing_is_the_scenario_itself() -> None:
    table = cutwise.sweep(cutwise.load_model("sample:vgg16"), over={})
    assert len(table) == 1


def test_every_device_or_one_device_changes() -> None:
    assert [d.samples for d in changed(TWO, {"devices.*.samples": 7}).devices] == [7, 7]
    assert [d.samples for d in changed(TWO, {"devices[1].samples": 7}).devices] == [1000, 7]
    assert [d.samples for d in changed(TWO, {"devices.0.samples": 7}).devices] == [7, 300]


def test_whole_parts_may_be_given() -> None:
    assert changed(TWO, {"channel": Shannon()}).channel == Shannon()
    assert changed(TWO, {"channel": {"kind": "shannon"}}).channel == Shannon()
    assert changed(TWO, {"devices": (Device(),)}).devices == (Device(),)
    assert changed(TWO, {"privacy.keep_on_device": {"layers": 3}}).privacy.keep_on_device == LayerDepth(
        layers=3
    )
    assert changed(TWO, {"privacy.keep_on_device": ["x"]}).privacy.keep_on_device == ("x",)
    assert changed(TWO, {"limits": Limits(deadline_s=3)}).limits.deadline_s == 3


def test_another_kind_of_channel_keeps_what_both_kinds_have() -> None:
    scenario = Scenario(channel=FixedRate(uplink_latency_s=0.5, uplink_bps=1e3))
    assert changed(scenario, {"channel.kind": "shannon"}).channel == Shannon(uplink_latency_s=0.5)
    both = {"channel.kind": "shannon", "channel.uplink_bandwidth_hz": 1e6}
    assert changed(scenario, both).channel.uplink_bandwidth_hz == 1e6


def test_tuning_is_swept_like_anything_else() -> None:
    tuned = changed(Scenario(), {"workload.tuning.kind": "lora", "workload.tuning.rank": 4})
    assert tuned.workload.tuning == Lora(rank=4)
    assert changed(tuned, {"workload.tuning.kind": "full"}).workload.tuning == FullTuning()
    assert changed(Scenario(), {"workload.tuning": {"kind": "lora", "rank": 2}}).workload.tuning == Lora(
        rank=2
    )
    with pytest.raises(ScenarioError, match="unknown field 'rank'"):
        changed(Scenario(), {"workload.tuning.rank": 4})
    with pytest.raises(
        ScenarioError, match=r"workload\.tuning\.rank: must be greater than or equal to 1, not 0"
    ):
        changed(tuned, {"workload.tuning.rank": 0})


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("channel.uplnk_bps", 1, "channel.uplnk_bps: unknown field 'uplnk_bps'; did you mean 'uplink_bps'?"),
        ("bogus", 1, "bogus: unknown field 'bogus'"),
        ("devices[2].samples", 1, "devices[2].samples: unknown position '2'; known: *, 0, 1"),
        ("devices.-1.samples", 1, "devices.-1.samples: unknown position '-1'"),
        ("workload.batch_size.x", 1, "unknown field 'x'"),
        ("channel.kind", "fixed", "channel.kind: unknown channel 'fixed'; did you mean 'fixed_rate'?"),
        ("channel.uplink_bps", -1.0, "channel.uplink_bps: must be greater than or equal to"),
        ("channel.uplink_bps", "fast", "channel.uplink_bps: must be a valid number, not 'fast'"),
        ("workload.batch_size", 1.5, "workload.batch_size: must be a valid integer, not 1.5"),
        ("workload.optimizer", "lion", "workload.optimizer: must be 'sgd', 'sgd_momentum', 'adamw'"),
        ("sharing.bandwidth", "all", "sharing.bandwidth: must be 'dedicated', 'equal', 'optimised' or"),
        ("devices.*.name", "same", "devices: the name 'same' is used twice"),
        ("devices[0].profile", "nano", "unknown hardware profile 'nano'"),
    ],
)  # fmt: skip
def test_a_wrong_path_or_value_is_named(path: str, value: object, sentence: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        changed(TWO, {path: value})
    assert sentence in str(caught.value)


@pytest.mark.parametrize("values", ["1e6", 5, {"a": 1}])
def test_a_path_needs_a_list_of_values(values: object) -> None:
    with pytest.raises(ScenarioError, match="needs a list of values"):
        cutwise.sweep(cutwise.load_model("sample:vgg16"), over={"channel.uplink_bps": values})


def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'fast_split'"):
        cutwise.sweep(cutwise.load_model("sample:vgg16"), over={"seed": [1]}, scheme="fast_splt")


def test_a_scheme_that_cannot_answer_says_so_in_its_row(load_ops: Load) -> None:
    wide = [{"id": "x", "kind": "input", "output_bytes": 1}]
    wide += [{"id": f"op{i}", "inputs": ["x"], "forward_flops": 1, "output_bytes": 1} for i in range(25)]
    table = cutwise.sweep(
        load_ops(wide), Scenario(privacy=Privacy(keep_on_device="raw_allowed")),
        over={"seed": [1]}, scheme="brute_force",
    )  # fmt: skip
    assert table["status"].tolist() == ["unsolved"]
    assert "too many" in table["cut"][0]


def test_parallel_rows_respect_the_server_memory_of_all_devices_together(tmp_path: Path) -> None:
    graph = cutwise.load_model("sample:resnet18")
    fleet = tuple(Device(name=f"d{i}", flops_per_s=1e11 * (i + 1), memory_bytes=1e12) for i in range(3))
    table = cutwise.sweep(
        graph, Scenario(devices=fleet, server=Server(flops_per_s=1e13, memory_bytes=4e9)),
        over={"channel.uplink_bps": [1e7, 1e9]}, scheme="split_federated",
    )  # fmt: skip
    for row in table.to_dict("records"):
        scenario = Scenario(
            devices=fleet, server=Server(flops_per_s=1e13, memory_bytes=4e9),
            channel=FixedRate(uplink_bps=row["channel.uplink_bps"]),
        )  # fmt: skip
        plan = cutwise.plan(graph, scenario, "split_federated")
        assert (row["status"], row["delay_s"]) == (plan.status, plan.delay_s)
        assert plan.server_memory_bytes <= 4e9


def written(folder: Path, text: str) -> Path:
    file = folder / "sweep.toml"
    file.write_text(text)
    return file


def test_a_sweep_file_names_its_model_scenario_schemes_and_values(tmp_path: Path) -> None:
    (tmp_path / "cell.toml").write_text('format = "cutwise-scenario/1"\nseed = 9\n')
    spec = read_sweep_file(
        written(
            tmp_path,
            'model = "sample:vgg16"\nscenario = "cell.toml"\nschemes = ["device_only"]\nzip = true\n'
            '[over]\nchannel.uplink_bps = [1e6]\n"devices[0].samples" = [5]\n',
        )
    )
    assert spec.scenario.seed == 9
    assert spec.over == {"channel.uplink_bps": (1e6,), "devices[0].samples": (5,)}
    assert (spec.schemes, spec.design, spec.models) == (("device_only",), "paired", ("sample:vgg16",))


def test_a_model_is_looked_for_beside_the_sweep_file(tmp_path: Path) -> None:
    spec = read_sweep_file(written(tmp_path, 'model = "m.onnx"\n[over]\nseed = [1]\n'))
    assert spec.models == (str(tmp_path / "m.onnx"),)
    assert spec.schemes == ("fast_split",)


def test_all_mistakes_of_a_sweep_file_are_listed_at_once(tmp_path: Path) -> None:
    file = written(tmp_path, 'modle = "x"\nscenario = 5\nschemes = "gsfl"\nzip = 1\n[over]\nseed = 3\n')
    with pytest.raises(ScenarioError) as caught:
        read_sweep_file(file)
    assert len(caught.value.mistakes) == 6
    assert all(mistake.startswith("sweep.toml: ") for mistake in caught.value.mistakes)


@pytest.mark.parametrize("content", ["model = ", "\x00", "[over]\n" + "a" * 10])
def test_a_sweep_file_that_is_not_toml_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(ScenarioError, match="is not valid TOML or JSON"):
        read_sweep_file(written(tmp_path, content))


def test_a_missing_sweep_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"nothing\.toml"):
        read_sweep_file(tmp_path / "nothing.toml")


def test_weighted_rows_equal_their_plans(tmp_path: Path) -> None:
    graph = cutwise.load_model("sample:vgg16")
    scenario = Scenario(
        devices=TWO.devices, objective=Objective(kind="weighted"), sharing=Sharing(),
        workload=Workload(local_iterations=2),
    )  # fmt: skip
    table = cutwise.sweep(graph, scenario, over={"channel.uplink_bps": [1e6, 1e9]})
    for rate, delay in zip(table["channel.uplink_bps"], table["delay_s"], strict=True):
        assert delay == cutwise.plan(graph, changed(scenario, {"channel.uplink_bps": rate})).delay_s


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ('"channel.uplink_bps" = [1e6]\nchannel.uplink_bps = [1e7]', "'channel.uplink_bps' is given twice"),
        (
            '"devices.0.samples" = [500]\n"devices[0].samples" = [600]',
            r"'devices\[0\].samples' sets what 'devices.0.samples' sets; keep one of the two",
        ),
        (
            '"devices.0.samples" = [500]\n"devices.*.samples" = [700]',
            r"'devices.\*.samples' sets what 'devices.0.samples' sets; keep one of the two",
        ),
        (
            '"devices[*].samples" = [500]\n"devices.1.samples" = [700]',
            r"'devices.1.samples' sets what 'devices\[\*\].samples' sets; keep one of the two",
        ),
        ('"server.flops_per_s" = [1e12]\nserver = [5]', "'server' sets what 'server.flops_per_s' sets"),
    ],
)
def test_paths_that_set_the_same_are_refused_in_one_sentence(
    tmp_path: Path, table: str, sentence: str
) -> None:
    file = written(tmp_path, f'model = "sample:vgg16"\n[over]\n{table}\n')
    with pytest.raises(ScenarioError, match=rf"^sweep\.toml: \[over\] {sentence}") as refused:
        read_sweep_file(file)
    assert len(refused.value.mistakes) == 1


def test_paths_that_set_the_same_are_refused_by_the_library_too() -> None:
    over = {"devices.0.samples": [500], "devices[0].samples": [600], "devices.*.samples": [700]}
    with pytest.raises(ScenarioError, match=r"^over: ") as refused:
        cutwise.sweep(cutwise.load_model("sample:vgg16"), TWO, over=over)
    assert len(refused.value.mistakes) == 2


def test_a_part_as_a_whole_may_stand_before_paths_into_it() -> None:
    over = {"server": [Server(flops_per_s=1e12), Server(flops_per_s=1e13)], "server.memory_bytes": [1e12]}
    assert len(cutwise.sweep(cutwise.load_model("sample:vgg16"), TWO, over=over)) == 2


def test_thousands_of_paths_are_compared_at_once() -> None:
    assert not list(overlaps([f"devices.{number}.samples" for number in range(50_000)]))


@pytest.mark.parametrize("line", ['model = ""', 'model = "sample:vgg16"\nscenario = ""'])
def test_a_sweep_file_that_names_nothing_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ScenarioError, match=r"^sweep\.toml: (scenario: give the name|give the model)"):
        read_sweep_file(written(tmp_path, f"{line}\n[over]\nseed = [1]\n"))
