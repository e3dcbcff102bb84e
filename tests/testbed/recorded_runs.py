"""Runs recorded elsewhere, in the layout of ../shared/data/testbed, as the library's values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import Any

import torch

from cutwise.measured.split_runs import (
    LayerBenchmark,
    LayerWork,
    PassSeconds,
    RunCut,
    RunOp,
    SplitRun,
    TimedLayer,
)
from tests.testbed.op_facts import op_entries
from tests.testbed.op_profile import LOSS
from tests.testbed.op_tables import seeded

CLASSES = {
    "CBR": ("conv_norm", 3), "Add": ("add_relu", 2), "MaxPool2d": ("max_pool", 1), "GAP": ("global_mean", 1),
    "Head": ("linear", 1), "Attn": ("attention", 8), "MLP": ("feed_forward", 4), "AddP": ("add", 1),
    "LM": ("word_head", 2), "Emb": ("embedding", 2),
}  # fmt: skip
"""What a class is called here, and how many kernels it launches."""
SIZES = {"L": "layers", "d": "width", "h": "heads", "V": "words", "T": "tokens"}
SMALL_BYTES, LARGE_BYTES, BETWEEN_BYTES = 200_000, 800_000, 600_000


def recorded_benchmark(path: Path) -> LayerBenchmark:
    """The benchmark of layers that the recorded runs have none of."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return LayerBenchmark(
        flops_per_s=document["gemm"], bytes_per_s=document["bw"], launch_s=document["ovh"],
        layers=tuple(_layer(row) for row in document["rows"]),
    )  # fmt: skip


def recorded_run(*paths: Path) -> SplitRun:
    """Medians of one recording, or of several of one model with the first one's slowdown and link."""
    document, *others = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    for other in others:
        for side in ("cp", "sp"):
            document[side] += other[side]
        for cut, steps in other["meas"].items():
            document["meas"][cut] += steps
    about = document["args"]
    raw_bytes, label_bytes, entries = _facts(about["kind"], about["kw"], about["B"])
    latency_s, uplink_bps, downlink_bps = _link(document["probe"])
    return SplitRun(
        name=paths[0].stem, date="", machine="", command="", model=about["kind"], batch_size=about["B"],
        slowdown_ratio=about["slow"], uplink_bps=uplink_bps, downlink_bps=downlink_bps, latency_s=latency_s,
        raw_bytes=raw_bytes, label_bytes=label_bytes,
        ops=tuple(_op(place, entry, document) for place, entry in enumerate(entries)),
        cuts=tuple(_cut(int(cut), steps) for cut, steps in document["meas"].items()),
    )  # fmt: skip


def _layer(row: Mapping[str, Any]) -> TimedLayer:
    kind, launches = CLASSES[row["cls"]]
    work = LayerWork(
        kind=kind, forward_flops=row["ff"], backward_flops=row["fb"], tensor_bytes=row["inb"] + row["outb"],
        moved_bytes=row["inb"] + row["outb"], weight_bytes=row["pb"], launches=launches,
    )  # fmt: skip
    return TimedLayer(work=work, taken=PassSeconds(forward_s=row["tf"], backward_s=row["tb"]))


def _link(probes: Sequence[tuple[int, int, float]]) -> tuple[float, float, float]:
    """Round trip, and rates up and down from what 600 kB more take."""
    sizes = {(up, down) for up, down, _ in probes}
    taken = {size: median(s for up, down, s in probes if (up, down) == size) for size in sizes}
    up_s = taken[LARGE_BYTES, 1] - taken[SMALL_BYTES, 1]
    down_s = taken[1, LARGE_BYTES] - taken[1, SMALL_BYTES]
    return taken[1, 1], 8 * BETWEEN_BYTES / up_s, 8 * BETWEEN_BYTES / down_s


@lru_cache
def _facts(kind: str, sizes: str, batch: int) -> tuple[float, float, list[dict[str, Any]]]:
    """Bytes of the inputs and of the labels, and the ops without their times."""
    table = seeded(kind, {SIZES[key]: size for key, size in json.loads(sizes).items()})
    data, labels = drawn = table.draw(torch.Generator().manual_seed(1), batch)
    return float(data.nbytes), float(labels.nbytes), op_entries(table, drawn)


def _op(place: int, entry: Mapping[str, Any], document: Mapping[str, Any]) -> RunOp:
    own = place if entry["name"] != LOSS else None
    sides = {side: _passes(document[key], own) for side, key in (("device", "cp"), ("server", "sp"))}
    return RunOp(**{**entry, **sides, "inputs": tuple(entry["inputs"])})


def _passes(rounds: Sequence[Mapping[str, Any]], place: int | None) -> PassSeconds:
    def taken(own: str, loss: str) -> float:
        listed = [one[loss] if place is None else one[own][place] for one in rounds]
        return median(s for several in listed for s in several)

    step_s = 0.0 if place is None else taken("u", "")
    return PassSeconds(forward_s=taken("f", "lf"), backward_s=taken("b", "lb"), step_s=step_s)


def _cut(position: int, steps: Sequence[Mapping[str, float]]) -> RunCut:
    middle = {name: median(step[name] for step in steps) for name in ("cc", "sc", "com", "up", "down")}
    return RunCut(
        position=position, device_s=middle["cc"], server_s=middle["sc"], link_s=middle["com"],
        up_bytes=middle["up"], down_bytes=middle["down"],
    )  # fmt: skip
