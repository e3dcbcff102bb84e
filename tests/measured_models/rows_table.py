"""Re-types measured times that may be shipped into `assets/measured/timed_models.csv`."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cutwise.hardware.profiles import Profile, hardware
from cutwise.measured.times.model_totals import model_totals, total_name
from tests.measured_models.built_graphs import NCNN, QUALCOMM, TIMM_ROWS, model_name, timm_size
from tests.shared_files import DATA
from tests.split_columns import TABLE, measured_splits

NCNN_ROWS = DATA / "measured" / "ncnn" / "ncnn_benchmark.csv"
QUALCOMM_ROWS = DATA / "measured" / "qualcomm_ai_hub" / "float_tflite_onnx.csv"
VIDUR_ROWS = DATA / "measured" / "vidur_ops"
COLUMNS = ("run", "hardware", "profile", "setting", "model", "size", "workload", "batch", "measured_s")
Row = tuple[str, str, str, str, str, int, str, int, float]
ABOUT = """\
# Times that others measured of models that `model_totals.csv` has; all rows of the sources that have totals.
# `profile` is the part's row of the hardware catalogue, empty where it has none or only some of it worked.
# timm_*: huggingface/pytorch-image-models, results, Apache-2.0 (2026-08): seconds of a mini-batch.
# vidur_*: microsoft/vidur, profiling data, MIT (2024-11): medians of the ops of one layer added up, the sum
#   of the residual stream twice, without the attention; `batch` is tokens.
# ncnn: Tencent/ncnn, benchmark/README.md, BSD-3-Clause (2026-07): mean of one inference.
# qualcomm_npu: quic/ai-hub-models, performance figures of 0.65.0, BSD-3-Clause (2026-10): float models.
# Made by: python -m tests.measured_models rows
"""
TIMM = {
    "timm_training_3090": ("benchmark-train-amp-nchw-pt112-cu113-rtx3090.csv", "RTX 3090", "rtx_3090"),
    "timm_inference_3090": ("benchmark-infer-amp-nchw-pt240-cu124-rtx3090.csv", "RTX 3090", "rtx_3090"),
    "timm_inference_4090": ("benchmark-infer-amp-nchw-pt291-cu128-4090.csv", "RTX 4090", "rtx_4090"),
    "timm_inference_i7": (
        "benchmark-infer-fp32-nchw-pt240-cpu-i7_12700h-dynamo.csv", "i7-12700H", "laptop_i7_12700h"
    ),
}  # fmt: skip
TIMM_WORKLOADS = {"timm_training_3090": "training_amp", "timm_inference_i7": "compiled_fp32"}
HALF = "compiled_fp16"
VIDUR_CARDS = {"a100": ("A100 SXM4 80GB", "a100_80"), "h100": ("H100 SXM5 80GB", "h100_sxm")}
LAYER_OPS = (
    "input_layernorm", "attn_pre_proj", "attn_rope", "attn_post_proj", "post_attention_layernorm",
    "mlp_up_proj", "mlp_act", "mlp_down_proj", "add", "add",
)  # fmt: skip
VIDUR_MODELS = {"Llama-2-7b-hf": "llama2_7b_layer_of_{}", "phi-2": "phi_2_layer_of_{}"}
NCNN_PARTS: Sequence[tuple[str, str, str]] = (
    # beginning of the device, beginning of the setting that has all of it work, row of the catalogue
    ("Raspberry Pi Zero 2 W", "num_threads=4 powersave=0 gpu_device=-1", "raspberry_pi_zero_2_w"),
    ("Raspberry Pi 3 Model B+", "num_threads=4 powersave=0 gpu_device=-1", "raspberry_pi_3_b_plus"),
    ("Raspberry Pi 4 Model B", "num_threads=4 powersave=0 gpu_device=-1", "raspberry_pi_4"),
    ("Raspberry Pi 5 Broadcom BCM2712, Cortex", "num_threads=4 powersave=0 gpu_device=-1", "raspberry_pi_5"),
    ("OrangePi5, ", "num_threads=4 powersave=2 gpu_device=-1", "orange_pi_5"),
    ("Rockchip RK3588 ", "num_threads=4 powersave=2 gpu_device=-1", "rock_5b"),
    ("Radxa Zero 3W", "num_threads=4 powersave=0 gpu_device=-1", "radxa_zero_3w"),
    ("Khadas VIM3", "num_threads=4 powersave=2 gpu_device=-1", "khadas_vim3"),
    ("Rockchip RK3399", "num_threads=2 powersave=2 gpu_device=-1", "rk3399"),
    ("Intel Celeron N5105", "num_threads=4 powersave=0 gpu_device=-1", "celeron_n5105"),
    ("Intel® Core™ i7-13700K", "num_threads=16 powersave=0 gpu_device=-1", "core_i7_13700k"),
    ("AMD Ryzen 5700g", "num_threads=16 powersave=0 gpu_device=-1", "ryzen_7_5700g"),
    ("AMD Ryzen 9 5950X", "num_threads=16 powersave=0 gpu_device=-1", "ryzen_9_5950x"),
    ("AMD EPYC 7742", "num_threads=64 powersave=0 gpu_device=-1", "epyc_7742"),
    ("NVIDIA Jetson TX2 NX", "num_threads=6 powersave=0 gpu_device=0", "jetson_tx2"),
    ("NVIDIA Jetson AGX Xavier", "num_threads=1 powersave=0 gpu_device=0", "jetson_agx_xavier"),
    ("NVIDIA Jetson Orin Nano", "num_threads=1 powersave=0 gpu_device=0", "jetson_orin_nano"),
    ("NVIDIA RTX3090", "num_threads=10 powersave=2 gpu_device=0", "rtx_3090"),
    ("NVIDIA GeForce RTX 3060 Ti", "num_threads=16 powersave=0 gpu_device=0", "rtx_3060_ti"),
    ("AMD Radeon RX 6900 XT", "num_threads=16 powersave=0 gpu_device=0", "rx_6900_xt"),
    ("nVIDIA RTX2080 of Desktop", "num_threads=1 powersave=0 gpu_device=0", "rtx_2080"),
    ("Qualcomm MSM8998 Snapdragon 835", "num_threads=1 powersave=2 gpu_device=0", "snapdragon_835"),
    ("Qualcomm SM8150-AC Snapdragon 855", "num_threads=1 powersave=2 gpu_device=0", "snapdragon_855"),
    ("Qualcomm Snapdragon 888", "num_threads=8 powersave=2 gpu_device=0", "snapdragon_888"),
    ("Qualcomm SM8550-AB Snapdragon 8 Gen 2", "num_threads=1 powersave=2 gpu_device=0", "snapdragon_8_gen_2"),
    ("MediaTek Dimensity 9300", "num_threads=1 powersave=2 gpu_device=0", "dimensity_9300"),
    ("MacBook Air (13-inch, M3", "num_threads=8 powersave=0 gpu_device=0", "macbook_m3"),
    ("MacBook Pro (13-inch, M1", "num_threads=8 powersave=0 gpu_device=0", "macbook_m1"),
)
PHONES = {
    "Samsung Galaxy S22 5G": "snapdragon_8_gen_1",
    "QCS8550 (Proxy)": "snapdragon_8_gen_2",
    "Samsung Galaxy S24": "snapdragon_8_gen_3",
    "Samsung Galaxy S25": "snapdragon_8_elite",
}


def write_rows(target: Path) -> int:
    """Every row that has a total; answers how many there are."""
    rows = [*_timm(), *_vidur(), *_ncnn(), *_qualcomm()]
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(ABOUT)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((*row[:-1], f"{row[-1]:.6g}") for row in rows)
    return len(rows)


ZEUS_ROWS = DATA / "measured" / "zeus"
ZEUS_CARDS = {"v100": "v100", "p100": "p100"}
ABOUT_CAPPED = """\
# Seconds of an epoch and mean watts of a GPU at power caps: ml-energy/zeus, Apache-2.0 (2026-08).
# Made by: python -m tests.measured_models rows
"""


ABOUT_SPLITS = """\
# Cuts of six networks between a Raspberry Pi and a GPU, batch 8: public tables of SplitRL, ParetoPipe, MIT.
# Beside their seconds what each side does, priced by this library (tests/split_columns.py).
# Made by: python -m tests.measured_models rows
"""


def write_splits(target: Path) -> int:
    """Every cut with its columns; answers how many there are."""
    with TABLE.open(encoding="utf-8") as file:
        did = list(csv.DictReader(line for line in file if not line.startswith("#")))
    taken = {(model, row["point"]): row for model, rows in measured_splits().items() for row in rows}
    rows = [{**row, **taken[row["model"], float(row["point"])], "point": row["point"]} for row in did]
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(ABOUT_SPLITS)
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {name: f"{one:.6g}" if isinstance(one, float) else one for name, one in row.items()}
            for row in rows
        )
    return len(rows)


def write_capped(target: Path) -> int:
    """Every training under a cap; answers how many there are."""
    rows = [
        (profile, row)
        for card, profile in ZEUS_CARDS.items()
        for row in read(ZEUS_ROWS / f"summary_power_{card}.csv")
    ]
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(ABOUT_CAPPED)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("profile", "network", "settings", "cap_w", "power_w", "epoch_s"))
        for profile, row in rows:
            settings = f"{row['dataset']} {row['batch_size']} {row['optimizer']}"
            measured = (
                f"{float(row[name]):.6g}" for name in ("power_limit", "average_power", "time_per_epoch")
            )
            writer.writerow((profile, row["network"], settings, *measured))
    return len(rows)


def read(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _has(model: str, size: int, workload: str) -> bool:
    return total_name(model, size, workload) in model_totals()


def _timm() -> Iterator[Row]:
    for run, (name, part, profile) in TIMM.items():
        kind = "train" if "train" in name else "infer"
        seen: set[tuple[str, int]] = set()
        for row in read(TIMM_ROWS / name):
            model, size = row["model"].split(".")[0], timm_size(row)
            workload = TIMM_WORKLOADS.get(run, "inference_amp")
            if (
                not _has(model, size, workload)
                or (model, size) in seen
                or not float(row[f"{kind}_samples_per_sec"] or 0)
            ):
                continue
            seen.add((model, size))
            batch = int(float(row[f"{kind}_batch_size"]))
            measured_s = batch / float(row[f"{kind}_samples_per_sec"])
            yield run, part, profile, "", model, size, workload, batch, measured_s


def _vidur() -> Iterator[Row]:
    for path in sorted(VIDUR_ROWS.glob("*.csv")):
        card, model = path.name.removesuffix("_mlp_median_ms.csv").split("_", 1)
        part, profile = VIDUR_CARDS[card]
        for row in read(path):
            medians = [float(row.get(f"time_stats.{op}.median") or 0) for op in LAYER_OPS]
            name = VIDUR_MODELS[model].format(row["num_tensor_parallel_workers"])
            tokens = int(row["num_tokens"])
            yield f"vidur_{card}", part, profile, "", name, 1, HALF, tokens, sum(medians) / 1e3


def _ncnn() -> Iterator[Row]:
    for row in read(NCNN_ROWS):
        key = NCNN.get(row["model"])
        measured_ms = _number(row["avg_ms"])
        if key is None or not measured_ms or not _has(model_name(key), key[2], "compiled_fp32"):
            continue
        device, setting = row["device"], row["config"]
        profile = next(
            (name for start, all_of_it, name in NCNN_PARTS
             if device.startswith(start) and setting.startswith(all_of_it)), ""
        )  # fmt: skip
        workload = HALF if profile and _has_half(hardware()[profile]) else "compiled_fp32"
        yield "ncnn", device, profile, setting, model_name(key), key[2], workload, 1, measured_ms / 1e3


def _has_half(profile: Profile) -> bool:
    """ncnn computes in 16 bits on Arm cores that can; of GPUs the classes are learnt in 32 bits."""
    return profile.hardware_class == "cpu_arm_pytorch" and profile.fp16_flops_per_s > 0


def _qualcomm() -> Iterator[Row]:
    for row in read(QUALCOMM_ROWS):
        key, measured_ms = QUALCOMM.get(row["model"]), _number(row["inference_ms"])
        if key is None or row["unit"] != "NPU" or not measured_ms or not _has(model_name(key), key[2], HALF):
            continue
        profile = PHONES.get(row["device"], "")
        setting = row["runtime"]
        yield (
            "qualcomm_npu",
            row["device"],
            profile,
            setting,
            model_name(key),
            key[2],
            HALF,
            1,
            measured_ms / 1e3,
        )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
