"""The hardware catalogue: complete, consistent, sourced, and equal to figures that others wrote down."""

from __future__ import annotations

import csv
import re
import statistics
import tomllib
from collections import Counter, defaultdict

import pytest

from cutwise.errors import UnknownNameError
from cutwise.hardware.power_modes import PowerMode
from cutwise.hardware.profiles import VALUES, HardwareClass, Profile, hardware
from tests.shared_files import DATA

PROFILES = list(hardware().values())
CLASSES = set(HardwareClass.__args__)  # type: ignore[attr-defined]
every_row = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
SAME_PART = {
    "xavier_nx_8": "jetson_xavier_nx", "agx_xavier_32": "jetson_agx_xavier",
    "orin_nano_8": "jetson_orin_nano",
    "orin_nano_super": "jetson_orin_nano_super", "orin_nx_8": "jetson_orin_nx_8",
    "orin_nx_16": "jetson_orin_nx_16", "agx_orin_32": "jetson_agx_orin_32",
    "agx_orin_64": "jetson_agx_orin_64", "jetson_t5000": "jetson_agx_thor", "rpi4": "raspberry_pi_4",
    "rpi5": "raspberry_pi_5", "sd8gen3": "snapdragon_8_gen_3", "sd8elite": "snapdragon_8_elite",
    "a17pro": "apple_a17_pro", "mac_m4": "mac_mini_m4", "rtx3060": "rtx_3060", "rtx4060ti": "rtx_4060_ti",
    "rtx4090": "rtx_4090", "rtx5090": "rtx_5090", "a6000": "rtx_a6000", "rtx6000ada": "rtx_6000_ada",
}  # fmt: skip
"""Their names for parts where ours are others."""


def shared_rows(name: str) -> list[dict[str, str]]:
    if not (DATA / name).exists():
        pytest.skip("the shared data are not here")
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text: str) -> float | None:
    """The number that a cell begins with; letters and stars behind it say where it comes from."""
    found = re.match(r"[\d.]+", text)
    return float(found.group()) if found else None


def part(row: dict[str, str]) -> Profile:
    return hardware()[SAME_PART.get(row["id"], row["id"])]


def test_there_are_at_least_sixty_parties_of_every_kind() -> None:
    assert len(PROFILES) >= 60
    counts = Counter(profile.hardware_class for profile in PROFILES)
    assert CLASSES - set(counts) == {"cpu_arm_runtime"}  # a way to run the boards, no part of its own
    for kind, least in {"jetson_gpu": 12, "cpu_arm_pytorch": 10, "phone_gpu": 12, "cpu_x86": 12}.items():
        assert counts[kind] >= least
    assert counts["desktop_gpu"] >= 20
    assert counts["server_gpu"] >= 20


def test_nobody_has_a_name_or_title_of_another() -> None:
    assert len({profile.title for profile in PROFILES}) == len(PROFILES)


@every_row
def test_every_row_is_complete(profile: Profile) -> None:
    listed_or_not = {"fp16_flops_per_s", "fp16_sheet_flops_per_s", "int8_flops_per_s"}
    for name in set(VALUES) - listed_or_not:
        assert getattr(profile, name) > 0
    assert profile.vendor
    assert profile.hardware_class in CLASSES


@every_row
def test_every_number_has_a_source_and_says_what_is_recalled(profile: Profile) -> None:
    for name in VALUES:
        source = profile.source_of(name)
        assert source == source.strip() != ""
        assert (source == "recalled") == (name in profile.recalled)
    given = {name for name in VALUES if getattr(profile, name)}
    assert set(profile.recalled) | set(profile.sources) <= given
    assert not set(profile.recalled) & set(profile.sources)
    if profile.source.startswith("from memory"):
        assert given == set(profile.recalled) | set(profile.sources)


@every_row
def test_narrower_numbers_are_not_slower(profile: Profile) -> None:
    peaks = [profile.fp32_flops_per_s, profile.fp16_flops_per_s, profile.int8_flops_per_s]
    listed = [peak for peak in peaks if peak]
    assert listed == sorted(listed)
    if profile.fp16_sheet_flops_per_s:
        assert profile.fp16_sheet_flops_per_s == pytest.approx(2 * profile.fp16_flops_per_s, rel=1e-3)
    geforce_with_tensor_cores = profile.title.startswith("GeForce RTX")
    assert bool(profile.fp16_sheet_flops_per_s) == geforce_with_tensor_cores


@every_row
def test_power_modes_hold_back_what_they_save(profile: Profile) -> None:
    assert len({mode.name for mode in profile.modes}) == len(profile.modes)
    for mode in profile.modes:
        assert profile.idle_power_w < mode.power_w < profile.power_w
        assert 0 < mode.peak_ratio <= 1
        assert 0 < mode.bandwidth_ratio <= 1
        assert mode.source
        assert mode.recalled == ("recalled" in mode.source)
    by_power = sorted(profile.modes, key=lambda mode: mode.power_w)
    assert [mode.peak_ratio for mode in by_power] == sorted(mode.peak_ratio for mode in by_power)


def test_peaks_agree_with_what_the_chips_add_up_to() -> None:
    """By hand: 328 tensor cores x 64 multiply-adds x 2 x 1.695 GHz, and so on."""
    hand = {
        "rtx_3090": 328 * 64 * 2 * 1.695e9, "rtx_2080_ti": 544 * 32 * 2 * 1.545e9,
        "a40": 336 * 128 * 2 * 1.74e9, "quadro_rtx_8000": 576 * 64 * 2 * 1.77e9, "rtx_4090": 165e12,
    }  # fmt: skip
    for name, peak in hand.items():
        assert hardware()[name].fp16_flops_per_s == pytest.approx(peak, rel=2e-3)
    assert hardware()["raspberry_pi_cm5"].fp32_flops_per_s == pytest.approx(4 * 16 * 2.4e9)


def test_a_mode_is_found_by_its_name() -> None:
    mode = hardware()["jetson_agx_orin_64"].mode("30W")
    assert isinstance(mode, PowerMode)
    assert mode.peak_ratio == pytest.approx(4 * 624.75 / (8 * 1301), rel=1e-3)  # GPU clusters x clock
    with pytest.raises(UnknownNameError, match="unknown power mode of Jetson Nano '10W'; known: 5W"):
        hardware()["jetson_nano"].mode("10W")


def test_rows_equal_those_that_others_wrote_down() -> None:
    rows = shared_rows("devices.csv")
    assert len(rows) == 32
    columns = {
        "fp32_tflops": ("fp32_flops_per_s", 1e12), "mem_gb": ("memory_bytes", 1e9), "tdp_w": ("power_w", 1.0),
        "mem_bw_gbs": ("memory_bandwidth_bytes_per_s", 1e9), "idle_w": ("idle_power_w", 1.0),
        "int8_dense_tops": ("int8_flops_per_s", 1e12),
    }  # fmt: skip
    for row in rows:
        for column, (name, unit) in columns.items():
            if row["id"] == "mac_m4" and column == "tdp_w":
                continue
            theirs, ours = number(row[column]), getattr(part(row), name)
            if theirs is not None and ours:
                assert ours == pytest.approx(theirs * unit, rel=0.01), (row["id"], column)
            starred = row[column].endswith("*") and ours
            assert not starred or part(row).source_of(name) != part(row).source, (row["id"], column)


def test_half_precision_sums_in_32_bit() -> None:
    for row in shared_rows("reality/hardware_additions.csv"):
        theirs = number(row["half_precision_fp32_accumulate_tflops"])
        if theirs is not None:
            assert part(row).fp16_flops_per_s == pytest.approx(theirs * 1e12, rel=0.01), row["id"]
        moved = number(row["mem_bw_gb_s"])
        assert part(row).memory_bandwidth_bytes_per_s == pytest.approx(moved * 1e9, rel=0.01), row["id"]  # type: ignore[operator]


def test_classes_are_those_whose_times_were_fitted() -> None:
    if not (DATA / "reality/time_classes.toml").exists():
        pytest.skip("the shared data are not here")
    fitted = set(tomllib.loads((DATA / "reality/time_classes.toml").read_text(encoding="utf-8")))
    assert fitted - {"phone_npu"} <= CLASSES
    assert CLASSES - fitted == {"integrated_gpu", "accelerator"}  # nobody has measured rows of these


@pytest.mark.parametrize(("file", "name", "count"), [("v100", "v100", 68), ("p100", "p100", 45)])
def test_power_caps_are_the_medians_of_measured_training(file: str, name: str, count: int) -> None:
    runs: dict[tuple[str, ...], dict[float, tuple[float, float]]] = defaultdict(dict)
    for row in shared_rows(f"measured/zeus/summary_power_{file}.csv"):
        run = (row["dataset"], row["network"], row["batch_size"], row["optimizer"])
        runs[run][float(row["power_limit"])] = (float(row["time_per_epoch"]), float(row["average_power"]))
    profile = hardware()[name]
    for mode in profile.modes:
        cap = 2.5 * float(mode.name.removeprefix("cap_"))
        both = [(run[250.0], run[cap]) for run in runs.values() if cap in run and 250.0 in run]
        assert len(both) == count
        speed = statistics.median(free[0] / held[0] for free, held in both)
        power = statistics.median(held[1] / free[1] for free, held in both)
        assert mode.peak_ratio == pytest.approx(speed, abs=1e-3)
        assert mode.power_w == pytest.approx(power * profile.power_w, rel=2e-3)


def test_training_draws_part_of_a_design_power_and_all_of_a_measured_load() -> None:
    assert hardware()["rtx_4090"].training_power_w == pytest.approx(315.0)
    assert hardware()["raspberry_pi_4"].training_power_w == 7.2
