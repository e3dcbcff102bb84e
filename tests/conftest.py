"""Tiny named worlds that tests of several modules share."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import cutwise
from cutwise.graph.model_graph import ModelGraph

Load = Callable[..., ModelGraph]

# The same examples in every run, and no clock: a busy machine must not fail a property.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder that is a disk of 1 MB of its own; skips where this user may mount none."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=200", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def load_ops(tmp_path: Path) -> Load:
    """Turns a list of ops into a graph through the hand-written file format, as users do."""

    def load(ops: list[dict[str, Any]], name: str = "toy") -> ModelGraph:
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps({"format": "cutwise-graph/1", "name": name, "ops": ops}))
        return cutwise.load_model(file)

    return load


@pytest.fixture
def chain(load_ops: Load) -> ModelGraph:
    """x -> a -> b: two trained ops behind an input, with round figures."""
    return load_ops(
        [
            {"id": "x", "kind": "input", "output_bytes": 1000},
            {
                "id": "a", "inputs": ["x"], "forward_flops": 100, "backward_flops": 200, "output_bytes": 50,
                "weight_bytes": 30, "trainable_bytes": 20, "saved_bytes": 40,
            },
            {
                "id": "b", "inputs": ["a"], "forward_flops": 300, "backward_flops": 500, "output_bytes": 8,
                "weight_bytes": 70, "trainable_bytes": 60, "saved_bytes": 90,
            },
        ],
        name="chain",
    )  # fmt: skip


@pytest.fixture
def diamond(load_ops: Load) -> ModelGraph:
    """x -> a, which b and c read; d merges them."""

    def op(name: str, inputs: list[str], output_bytes: float) -> dict[str, Any]:
        return {
            "id": name, "inputs": inputs, "forward_flops": 100, "backward_flops": 200,
            "output_bytes": output_bytes, "weight_bytes": 10, "trainable_bytes": 10,
        }  # fmt: skip

    return load_ops(
        [
            {"id": "x", "kind": "input", "output_bytes": 1000},
            op("a", ["x"], 64), op("b", ["a"], 40), op("c", ["a"], 30), op("d", ["b", "c"], 4),
        ],
        name="diamond",
    )  # fmt: skip
