"""Sweeps in parts: time, memory of every process, disk beside what was foretold; killed, and on workers.

Every run is the command itself in a session of its own, and is asserted to leave the bytes of one that
nobody disturbed.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import dump_scenario
from tests.bench.clock import table

MODELS = ("vgg16", "googlenet", "mobilenet_v2", "resnet18")
IN_COLUMNS = ("fast_split", "split_learning", "split_federated")
ROWS, ROW_BY_ROW, KILLS = 2_000_000, 200, 3
DEVICES, MOST_ROWS, LEAST_PARTS = 5, 256, 20
MOST_MB = 500
LOOK_S = 0.05
SPEC = """models = [{models}]
schemes = [{schemes}]
scenario = "scenario.toml"
design = "random"
part_rows = {part_rows}
rows = {rows}
seed = 7

[over]
"channel.uplink_bps" = {{ from = "100 kbit/s", to = "10 Gbit/s", spacing = "log" }}
"channel.downlink_bps" = {{ from = "1 Mbit/s", to = "1 Gbit/s", spacing = "log" }}
"devices.*.flops_per_s" = {{ from = "10 GFLOP/s", to = "1 TFLOP/s", spacing = "log" }}
"""
FORETOLD = re.compile(r"about ([\d.,]+) (s|min|h) and ([\d.,]+) (bytes|kB|MB|GB) of disk")
SIZES = {"s": 1, "min": 60, "h": 3600, "bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}


@dataclass
class Watched:
    """What was seen of a run from outside, of each of its processes; `after_s` counts from its first word."""

    took_s: float = 0.0
    after_s: float = 0.0
    peak_mb: dict[int, float] = field(default_factory=dict)
    busy_s: dict[int, float] = field(default_factory=dict)
    said: str = ""
    load: float = 0.0

    @property
    def foretold(self) -> tuple[float, float]:
        """Seconds and bytes that it said it would take."""
        found = FORETOLD.search(self.said)
        assert found, self.said
        number_s, unit_s, number, unit = (text.replace(",", "") for text in found.groups())
        return float(number_s) * SIZES[unit_s], float(number) * SIZES[unit]


def run(*, rows: int = ROWS, row_by_row: int = ROW_BY_ROW, kills: int = KILLS) -> None:
    with TemporaryDirectory(prefix="cutwise-bench-") as name:
        folder = Path(name)
        pairs = len(MODELS) * len(IN_COLUMNS)
        print(f"{rows:,} rows: {len(MODELS)} models x {len(IN_COLUMNS)} schemes that go in columns")
        _write_scenario(folder, 1)
        _compared(_spec(folder, MODELS, IN_COLUMNS, rows // pairs), kills=kills)
        print(f"\n{row_by_row:,} rows of gsfl with {DEVICES} devices, planned one by one")
        _write_scenario(folder, DEVICES)
        part_rows = min(MOST_ROWS, -(-row_by_row // LEAST_PARTS))
        _compared(_spec(folder, MODELS[:1], ("gsfl",), row_by_row, part_rows), kills=kills)


def _write_scenario(folder: Path, count: int) -> None:
    devices = tuple(Device(name=f"device {number}") for number in range(count))
    (folder / "scenario.toml").write_text(dump_scenario(Scenario(devices=devices)))


def _spec(
    folder: Path, models: tuple[str, ...], schemes: tuple[str, ...], rows: int, part_rows: int = 0
) -> Path:
    file = folder / f"{schemes[0]}.toml"
    listed = ", ".join(f'"sample:{model}"' for model in models)
    named = ", ".join(f'"{scheme}"' for scheme in schemes)
    file.write_text(SPEC.format(models=listed, schemes=named, rows=rows, part_rows=part_rows))
    return file


def _compared(spec: Path, *, kills: int) -> None:
    """One run left alone, and every disturbed one beside it."""
    alone, found = _finished(spec, spec.with_suffix(".alone"))
    expected = _digest(found)
    size_bytes, parts = sum(path.stat().st_size for path in found), len(found)
    lines = [("in process", alone)]
    lines.append((f"killed {kills} times", _killed(spec, alone.took_s, kills, expected)))
    for workers in (1, 2):
        lines.append((f"{workers} Dask workers", _on_workers(spec, workers, expected)))
        killed = _on_workers(spec, workers, expected, lose_at=max(1, parts // 3))
        lines.append((f"{workers} workers, one killed", killed))
    table(
        ("", "seconds", "CPU, s", "largest process, MB", "processes", "load"),
        [
            (
                name,
                f"{one.took_s:.1f}",
                f"{sum(one.busy_s.values()):.1f}",
                f"{max(one.peak_mb.values()):.0f}",
                f"{len(one.peak_mb)}",
                f"{one.load:.1f}",
            )
            for name, one in lines
        ],
    )
    foretold_s, foretold_bytes = alone.foretold
    shares = (foretold_s / alone.after_s, foretold_bytes / size_bytes)
    print(
        f"{parts} parts, {size_bytes / 1e6:,.1f} MB; foretold {foretold_s:g} s "
        f"({shares[0]:.2f} of {alone.after_s:.1f} s), {foretold_bytes / 1e6:,.1f} MB ({shares[1]:.2f}); "
        "all runs byte-equal"
    )
    assert max(peak for _, one in lines for peak in one.peak_mb.values()) < MOST_MB


def _finished(
    spec: Path, out: Path, *more: str, meanwhile: Callable[[int], None] | None = None
) -> tuple[Watched, list[Path]]:
    """A run to its end, and the parts that it left."""
    with _begun(spec, out, *more) as process:
        watched = _watched(process, _said_by(out), meanwhile)
        assert process.returncode == 0, watched.said
    return watched, sorted(out.glob("part-*.parquet"))


@contextmanager
def _begun(spec: Path, out: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    words = [sys.executable, "-m", "cutwise", "sweep", str(spec), "--out", str(out), *more]
    with _said_by(out).open("wb") as said:
        process = subprocess.Popen(words, stdout=said, stderr=said, start_new_session=True)
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _said_by(out: Path) -> Path:
    return out.with_name(f"{out.name}.said")


def _watched(
    process: subprocess.Popen[bytes], said: Path, meanwhile: Callable[[int], None] | None = None
) -> Watched:
    """Looks at every process of a run until it ends."""
    began_s, found = time.monotonic(), Watched()
    while process.poll() is None:
        _look(process.pid, found)
        if meanwhile:
            meanwhile(process.pid)
        found.said = said.read_text()
        found.after_s = found.after_s or (time.monotonic() - began_s if found.said else 0.0)
        time.sleep(LOOK_S)
    found.took_s, found.load = time.monotonic() - began_s, os.getloadavg()[0]
    found.after_s = found.took_s - found.after_s
    found.said = said.read_text()
    return found


def _look(pid: int, found: Watched) -> None:
    for one in _processes(pid):
        with suppress(psutil.NoSuchProcess):
            found.busy_s[one.pid] = sum(one.cpu_times()[:2])
            found.peak_mb[one.pid] = max(found.peak_mb.get(one.pid, 0.0), _peak_mb(one.pid))


def _processes(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        own = psutil.Process(pid)
        return [own, *own.children(recursive=True)]
    return []


def _peak_mb(pid: int) -> float:
    """The most that it ever held, which the kernel counts."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def _killed(spec: Path, took_s: float, kills: int, expected: str) -> Watched:
    """Killed with all that it started at random moments, then left to end; seconds of all together."""
    out, drawn = spec.with_suffix(".killed"), random.Random(7)
    began_s, all_seen = time.monotonic(), Watched()
    for _ in range(kills):
        with _begun(spec, out) as process:
            end_s = time.monotonic() + drawn.uniform(0.2, 0.9) * took_s / kills + 1.0
            while time.monotonic() < end_s and process.poll() is None:
                _look(process.pid, all_seen)
                time.sleep(LOOK_S)
    last, found = _finished(spec, out)
    assert _digest(found) == expected
    _remove(out)
    all_seen.took_s, all_seen.load = time.monotonic() - began_s, last.load
    all_seen.peak_mb |= last.peak_mb
    all_seen.busy_s |= last.busy_s
    return all_seen


def _on_workers(spec: Path, workers: int, expected: str, *, lose_at: int = 0) -> Watched:
    """On so many workers, one of which is killed once so many parts are there."""
    out, lost = spec.with_suffix(f".{workers}"), []

    def lose(pid: int) -> None:
        if lose_at and not lost and len(list(out.glob("part-*"))) >= lose_at:
            lost.append(max(_processes(pid)[1:], key=lambda one: one.memory_info().rss))
            lost[0].kill()

    found, parts = _finished(spec, out, "--workers", str(workers), meanwhile=lose)
    assert _digest(parts) == expected
    assert bool(lost) == bool(lose_at)
    _remove(out)
    return found


def _digest(parts: list[Path]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part.name.encode() + part.read_bytes())
    return whole.hexdigest()


def _remove(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
