"""The full run: the benchmark of layers and every cut of four settings, as the files that are shipped.

python -m tests.testbed --out assets/measured/testbed        all, about ten minutes
python -m tests.testbed --only cnn_slow_4 --steps 3          one setting, printed beside what is predicted

sh tests/testbed/in_namespaces.sh runs one setting over TCP between network namespaces, as root.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from cutwise.measured.split_runs import BENCHMARK, benchmark_of, run_of
from tests.testbed.bed_run import run_document
from tests.testbed.layer_bench import layer_benchmark_document, middle_of
from tests.testbed.predicted_table import print_levels
from tests.testbed.split_training import Bed, server_at, server_link

SIGNIFICANT = 5


@dataclass(frozen=True)
class Setting:
    bed: Bed
    batch: int


DEEP = {"layers": 6, "width": 128, "heads": 4}
SETTINGS: Mapping[str, Setting] = {
    "cnn_slow_4": Setting(Bed(model="cnn", sizes={}, slowdown=4, uplink_bps=2e7, downlink_bps=4e7), 16),
    "cnn_slow_10": Setting(Bed(model="cnn", sizes={}, slowdown=10, uplink_bps=1e8, downlink_bps=2e8), 16),
    "gpt_slow_4": Setting(Bed(model="gpt", sizes={}, slowdown=4, uplink_bps=5e7, downlink_bps=5e7), 4),
    "gpt_deep_slow_4": Setting(Bed(model="gpt", sizes=DEEP, slowdown=4, uplink_bps=1e8, downlink_bps=1e8), 4),
}


def about(command: str) -> dict[str, str]:
    """When and on what."""
    return {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "machine": f"two shared cores of a virtual machine ({platform.machine()}), one thread a process, "
        f"torch {torch.__version__}",
        "command": command,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.testbed", description=__doc__)
    parser.add_argument("--out", type=Path, help="folder for the files; nothing is written without")
    parser.add_argument("--only", choices=SETTINGS, nargs="*", default=list(SETTINGS))
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--server", help="host:port of a server that waits; the wire sets the rates")
    given = parser.parse_args()
    torch.set_num_threads(1)
    command = f"python -m tests.testbed --steps {given.steps} --out assets/measured/testbed"
    passes, runs = [layer_benchmark_document()], []
    for name in given.only:
        setting = SETTINGS[name]
        bed = (
            setting.bed if given.server is None else replace(setting.bed, uplink_bps=None, downlink_bps=None)
        )
        with server_link() if given.server is None else server_at(given.server) as link:
            found = run_document(link, bed, batch=setting.batch, steps=given.steps)
        passes.append(layer_benchmark_document())
        runs.append({"name": name} | about(command) | found)
        _write(given.out, f"{name}.json", runs[-1])
    layers = middle_of(passes)
    _write(given.out, BENCHMARK, {"about": about(command)} | layers)
    for document in runs:
        print_levels(run_of(document), benchmark_of(layers))


def _write(folder: Path | None, name: str, document: dict[str, Any]) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_rounded(document), separators=(",", ":"))
    for key in ('{"name"', '{"position"', '{"work"', '"cuts"'):
        text = text.replace(key, f"\n{key}")
    (folder / name).write_text(f"{text}\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    """The same with fewer digits than nobody measured."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else float(f"{value:.{SIGNIFICANT}g}")
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    main()
