"""What each side of the published Pi-to-GPU splits does, priced by this library from torchvision's models.

Made anew, where torchvision is installed, with: python -m tests.split_columns
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import cutwise
from cutwise.costs.cut_sums import cut_sums
from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from tests.shared_files import DATA

SPLITS = DATA / "measured_splits"
TABLE = Path(__file__).parent / "core" / "calibration" / "split_columns.csv"
BATCH_SIZE = 8
MODELS = {
    "AlexNet": ("alexnet", 224), "InceptionV3": ("inception_v3", 299), "MobileNetV2": ("mobilenet_v2", 224),
    "ResNet18": ("resnet18", 224), "VGG16": ("vgg16", 224), "resnet50": ("resnet50", 224),
}  # fmt: skip
COLUMNS = ("forward_flops", "moved_bytes", "read_bytes", "launches")
NEAR = 2e-3
"""Shares of FLOPs this near are one place: the table counts modules, the graph ops."""


def measured_splits() -> dict[str, list[dict[str, float]]]:
    """The published rows of each model, by the split's number: seconds of device, server and network."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in MODELS}
    with (SPLITS / "pi_to_gpu.csv").open(encoding="utf-8") as rows:
        for name, *numbers in list(csv.reader(rows))[1:]:
            names = ("point", "device_s", "server_s", "network_s")
            found[name].append(dict(zip(names, map(float, numbers), strict=True)))
    return {name: sorted(rows, key=lambda row: row["point"]) for name, rows in found.items()}


def shares(name: str) -> list[float]:
    """The device's share of the FLOPs behind each block."""
    with (SPLITS / f"{name.lower()}_blocks_batch8.csv").open(encoding="utf-8") as rows:
        work = np.array([float(row["FLOPs (G)"]) for row in csv.DictReader(rows)])
    return list(np.cumsum(work) / work.sum())


def share_at(name: str, point: float) -> float:
    """The share where so many blocks are on the device; some models have split points behind the last."""
    known = shares(name)
    return known[min(int(point), len(known)) - 1]


def rows_of(name: str) -> Iterator[dict[str, Any]]:
    """Both sides of every split of one model."""
    import torch
    import torchvision

    builder, size = MODELS[name]
    with torch.device("meta"):
        module = getattr(torchvision.models, builder)(weights=None).eval()
        graph = cutwise.from_torch(module, (torch.zeros(1, 3, size, size),))
    cost = price(graph, Workload(mode="inference", batch_size=BATCH_SIZE))
    so_far = np.cumsum(cost.forward_flops) / cost.forward_flops.sum()
    for row in measured_splits()[name]:
        mask = so_far <= share_at(name, row["point"]) + NEAR
        sums = cut_sums(cost, mask[None])
        sides = {
            f"{side}_{column}": f"{float(getattr(getattr(sums, side), column)[0]):.6g}"
            for side in ("device", "server")
            for column in COLUMNS
        }
        yield {"model": name, "point": int(row["point"]), **sides}


def main() -> None:
    rows = [row for name in MODELS for row in rows_of(name)]
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        file.write("# FLOPs and moved bytes of a sample, read bytes and launches of a mini-batch, by side.\n")
        file.write("# Made by: python -m tests.split_columns\n")
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    main()
