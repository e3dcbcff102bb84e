"""Our own runs of split training, every cut timed over a paced link, and a benchmark of layers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from cutwise.caches import kept
from cutwise.frozen import Frozen

SPLIT_RUNS = "measured/testbed"
BENCHMARK = "layers.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerWork(Frozen):
    """What a layer does with one mini-batch, optimiser's step aside.

    `tensor_bytes` are its inputs and its output, `moved_bytes` what its kernels read and write on the way,
    `launches` how many kernels there are; weights are counted apart.
    """

    kind: str
    forward_flops: float
    backward_flops: float
    tensor_bytes: float
    moved_bytes: float
    weight_bytes: float
    launches: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PassSeconds(Frozen):
    """CPU seconds of a layer: forward, backward, and the step of its optimiser."""

    forward_s: float
    backward_s: float
    step_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedLayer(Frozen):
    """A layer that ran alone."""

    work: LayerWork
    taken: PassSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerBenchmark(Frozen):
    """A machine's layers, with its largest matrix product, its copying of memory and its cheapest kernel."""

    flops_per_s: float
    bytes_per_s: float
    launch_s: float
    layers: tuple[TimedLayer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOp(Frozen):
    """An op of a model that was split: what it reads, what it sends when cut off, and how long it took alone.

    `device` is without the slowdown.
    """

    name: str
    inputs: tuple[str, ...]
    work: LayerWork
    output_bytes: float
    gradient_bytes: float
    device: PassSeconds
    server: PassSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCut(Frozen):
    """One cut as it ran: medians over its steps. `device_s` is without the slowdown."""

    position: int
    device_s: float
    server_s: float
    link_s: float
    up_bytes: float
    down_bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRun(Frozen):
    """A model trained in two processes: cut position k keeps the first k of `ops` on the device.

    The last op is the loss, which is the device's where everything is. Rates and latency are those that the
    link was measured to have; `raw_bytes` is what a mini-batch of inputs takes.
    """

    name: str
    date: str
    machine: str
    command: str
    model: str
    batch_size: int
    slowdown_ratio: float
    uplink_bps: float
    downlink_bps: float
    latency_s: float
    raw_bytes: float
    label_bytes: float
    ops: tuple[RunOp, ...]
    cuts: tuple[RunCut, ...]

    def measured_s(self, cut: RunCut) -> float:
        """Seconds of one step at a cut, the device as slow as it was made."""
        return self.slowdown_ratio * cut.device_s + cut.server_s + cut.link_s


@kept
def split_runs() -> tuple[SplitRun, ...]:
    """Every run that is shipped, in the order of their names."""
    folder = files("cutwise.assets").joinpath(SPLIT_RUNS)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    return tuple(run_of(_document(name)) for name in names if name != BENCHMARK)


@kept
def layer_benchmark() -> LayerBenchmark:
    """The benchmark of the machine that the shipped runs are of; none of its layers is in their models."""
    return benchmark_of(_document(BENCHMARK))


def run_of(document: Mapping[str, Any]) -> SplitRun:
    """A run from its file's content."""
    own = {key: value for key, value in document.items() if key not in ("ops", "cuts", "about")}
    return SplitRun(
        **own,
        ops=tuple(_op(entry) for entry in document["ops"]),
        cuts=tuple(RunCut(**entry) for entry in document["cuts"]),
    )


def benchmark_of(document: Mapping[str, Any]) -> LayerBenchmark:
    """A benchmark from its file's content."""
    return LayerBenchmark(
        flops_per_s=document["flops_per_s"],
        bytes_per_s=document["bytes_per_s"],
        launch_s=document["launch_s"],
        layers=tuple(_layers(document["layers"])),
    )


def _layers(entries: list[Mapping[str, Any]]) -> Iterator[TimedLayer]:
    for entry in entries:
        yield TimedLayer(work=LayerWork(**entry["work"]), taken=PassSeconds(**entry["taken"]))


def _op(entry: Mapping[str, Any]) -> RunOp:
    parts = {"work": LayerWork, "device": PassSeconds, "server": PassSeconds}
    given = {key: parts[key](**value) if key in parts else value for key, value in entry.items()}
    return RunOp(**{**given, "inputs": tuple(entry["inputs"])})


def _document(name: str) -> Any:
    return json.loads(files("cutwise.assets").joinpath(SPLIT_RUNS, name).read_text(encoding="utf-8"))
