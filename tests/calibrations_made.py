"""Makes assets/calibrations.toml from rows that may be shipped: python -m tests.calibrations_made."""

from __future__ import annotations

from pathlib import Path

import tomli_w

from cutwise.calibration.calibration_file import Calibration, calibration_of, calibration_table
from cutwise.calibration.class_priors import class_prior
from cutwise.calibration.rate_fit import fit_rates
from cutwise.calibration.timed_rows import TimedRow

ASSET = Path(__file__).parents[1] / "assets" / "calibrations.toml"
HEAD = """# Constants of machines, fitted to rows that others measured and that may be shipped. Both runtimes
# run inference alone, one sample at a time, and fuse ops: plan with workload.kernels = "fused".
# `backward_ratio` is that of the class. Made by: python -m tests.calibrations_made
"""
NCNN = ("Tencent/ncnn, benchmark/README.md (2026-07)", "BSD-3-Clause", "2026-07-01")
QUALCOMM = ("quic/ai-hub-models, performance figures of 0.65.0 (2026-10)", "BSD-3-Clause", "2026-10-01")
FOUR, EIGHT, SIXTEEN = (f"num_threads={count} powersave=0 gpu_device=-1" for count in (4, 8, 16))
BIG = "num_threads=4 powersave=2 gpu_device=-1"
CHOSEN = {
    # name: title, start of the source's own name, setting, class
    "raspberry_pi_zero_2_w_ncnn": ("Raspberry Pi Zero 2 W", "Raspberry Pi Zero 2 W", FOUR, "cpu_arm_runtime"),
    "raspberry_pi_3_b_plus_ncnn": ("Raspberry Pi 3 B+", "Raspberry Pi 3 Model B+", FOUR, "cpu_arm_runtime"),
    "raspberry_pi_4_ncnn": ("Raspberry Pi 4", "Raspberry Pi 4 Model B", FOUR, "cpu_arm_runtime"),
    "raspberry_pi_5_ncnn": (
        "Raspberry Pi 5", "Raspberry Pi 5 Broadcom BCM2712, Cortex", FOUR, "cpu_arm_runtime",
    ),
    "orange_pi_5_ncnn": ("Orange Pi 5, large cores", "OrangePi5, ", BIG, "cpu_arm_runtime"),
    "rk3588_ncnn": ("Rockchip RK3588, large cores", "Rockchip RK3588 ", BIG, "cpu_arm_runtime"),
    "snapdragon_8_gen_2_cpu_ncnn": (
        "Snapdragon 8 Gen 2, large cores", "Qualcomm SM8550-AB", BIG, "cpu_arm_runtime",
    ),
    "dimensity_9300_cpu_ncnn": (
        "Dimensity 9300, large cores", "MediaTek Dimensity 9300", BIG, "cpu_arm_runtime",
    ),
    "celeron_n5105_ncnn": ("Celeron N5105", "Intel Celeron N5105", FOUR, "cpu_x86"),
    "ryzen_9_5950x_ncnn": ("Ryzen 9 5950X", "AMD Ryzen 9 5950X", SIXTEEN, "cpu_x86"),
    "core_i7_13700k_ncnn": ("Core i7-13700K", "Intel® Core™ i7-13700K", SIXTEEN, "cpu_x86"),
    "jetson_orin_nano_ncnn": (
        "Jetson Orin Nano", "NVIDIA Jetson Orin Nano", "num_threads=1 powersave=0 gpu_device=0", "jetson_gpu",
    ),
    "galaxy_s22_npu": ("Galaxy S22 (Snapdragon 8 Gen 1 NPU)", "Samsung Galaxy S22", "tflite", "phone_npu"),
    "galaxy_s24_npu": ("Galaxy S24 (Snapdragon 8 Gen 3 NPU)", "Samsung Galaxy S24", "tflite", "phone_npu"),
    "galaxy_s25_npu": ("Galaxy S25 (Snapdragon 8 Elite NPU)", "Samsung Galaxy S25", "tflite", "phone_npu"),
}  # fmt: skip

PARTS = {
    "rk3588": "rock_5b", "galaxy_s22": "snapdragon_8_gen_1", "galaxy_s24": "snapdragon_8_gen_3",
    "galaxy_s25": "snapdragon_8_elite",
}  # fmt: skip
"""Their rows of the catalogue, where those are called otherwise."""


def fitted(name: str) -> Calibration:
    """One machine's constants from all of its rows."""
    from cutwise.measured.times.timed_models import timed_models

    title, start, setting, time_class = CHOSEN[name]
    rows = [
        TimedRow(
            name=row.totals.model, measured_s=row.measured_s, batch_size=row.batch_size,
            forward_flops=row.totals.forward_flops, moved_bytes=row.totals.moved_bytes,
            read_bytes=row.totals.read_bytes, launches=row.totals.launches,
        )
        for row in timed_models()
        if row.hardware.startswith(start) and row.setting == setting
    ]  # fmt: skip
    source, licence, date = QUALCOMM if time_class == "phone_npu" else NCNN
    software = (
        setting
        if time_class == "phone_npu"
        else f"ncnn, {setting.split()[0].replace('num_threads=', '')} threads"
    )
    software = software.replace("1 threads", "Vulkan") if time_class == "jetson_gpu" else software
    part = name.removesuffix("_ncnn").removesuffix("_cpu").removesuffix("_npu")
    return calibration_of(
        fit_rates(rows, class_prior(time_class)), name=title, machine=title, date=date,
        profile=PARTS.get(part, part),
        software=f"{software}; fused kernels, inference", source=source, licence=licence,
        number_format="fp16" if time_class == "phone_npu" else "fp32",
    )  # fmt: skip


def rounded(table: dict[str, object]) -> dict[str, object]:
    """Four figures, so that the last bits of another machine change nothing."""
    return {key: float(f"{value:.4g}") if isinstance(value, float) else value for key, value in table.items()}


def asset_text() -> str:
    """The whole file."""
    return HEAD + tomli_w.dumps({name: rounded(calibration_table(fitted(name))) for name in CHOSEN})


if __name__ == "__main__":
    ASSET.write_text(asset_text(), encoding="utf-8")
