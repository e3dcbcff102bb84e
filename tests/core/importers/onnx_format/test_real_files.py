"""Real ONNX files against onnxruntime: multiply-adds that ran, numbers that are stored.

Those of the onnx package are always there; others where tests/bench/count_real_onnx.py has put them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import onnx
import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.importers.gate.reading import read_here

TABLE = json.loads(Path(__file__).with_name("real_files.json").read_text(encoding="utf-8"))
CACHE = Path(os.environ.get("CUTWISE_REAL_ONNX", Path.home() / ".cache" / "cutwise" / "onnx"))


def place(entry: dict[str, Any]) -> Path:
    if entry["package"] == "onnx":
        return Path(onnx.__file__).parent.parent / entry["file"]
    return CACHE / f"{entry['sha256']}.onnx"


def named(entry: dict[str, Any]) -> str:
    return f"{entry['package']}/{Path(entry['file']).name}"


def test_the_table_has_forty_files_of_twenty_packages_and_says_why_figures_differ() -> None:
    files = TABLE["files"]
    assert len(files) >= 40
    assert len({entry["package"] for entry in files}) >= 20
    assert len({entry["sha256"] for entry in files}) == len(files)
    assert all("why" in entry for entry in files if entry.keys() & {"priced", "parameters"})
    assert sum("priced" in entry for entry in files) <= 4


@pytest.mark.parametrize("entry", TABLE["files"], ids=named)
def test_a_real_file_costs_what_onnxruntime_runs_and_holds_what_it_stores(entry: dict[str, Any]) -> None:
    path = place(entry)
    if not path.exists():
        pytest.skip(f"{entry['package']} {entry['version']} is not unpacked")
    graph = read_here(path, {})
    inputs = {op.source: list(op.output.shape) for op in graph.ops if op.kind == "input"}
    assert inputs.items() <= entry["inputs"].items()
    cost = price(graph, Workload(mode="inference"))
    assert cost.macs * graph.batch_size == entry.get("priced", entry["multiply_adds"])
    assert cost.parameters == entry.get("parameters", entry["stored"])
