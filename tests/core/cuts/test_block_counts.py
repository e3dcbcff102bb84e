"""Which blocks of real models the intra-block test passes (science notes 2.8.5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.costs.workload import Workload
from cutwise.cuts.gates import BlockTest, find_blocks, intra_block_test
from cutwise.planning.one_device.candidates import split_graph
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parts import Scenario
from tests.core.fleets import load


def outcome(graph: Any) -> BlockTest:
    """The test of every block by the bytes that its tensors send."""
    problem = build_problem(graph, Scenario(workload=Workload(tied_weights="untied")))
    return intra_block_test(find_blocks(split_graph(problem)), problem.cost.output_bytes)


@pytest.mark.parametrize(
    ("name", "blocks", "failing"),
    [("resnet18", 8, 0), ("densenet121", 4, 0), ("gpt2", 23, 0), ("googlenet", 9, 6)],
)
def test_blocks_of_shipped_models(name: str, blocks: int, failing: int) -> None:
    """All pass but six of GoogLeNet's nine inception blocks. GPT-2's private first block is no block here."""
    found = outcome(cutwise.load_model(f"sample:{name}"))
    assert len(found.passed) == blocks
    assert int((~found.passed).sum()) == failing


def resnet50() -> list[dict[str, Any]]:
    """ResNet-50 by its output bytes: 3, 4, 6 and 3 bottlenecks of 256 to 2,048 channels at 56 to 7 pixels."""
    ops: list[dict[str, Any]] = [{"id": "x", "kind": "input", "output_bytes": 4.0 * 3 * 224**2}]
    ops.append({"id": "stem", "inputs": ["x"], "output_bytes": 4.0 * 64 * 56**2, "weight_bytes": 1.0})
    last, pixels = "stem", 56
    for stage, (count, width) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512))):
        for block in range(count):
            name, halved = f"{stage}.{block}", stage > 0 and block == 0
            after = pixels // 2 if halved else pixels
            rows = [
                ("reduce", last, width * pixels**2), ("middle", f"{name}.reduce", width * after**2),
                ("expand", f"{name}.middle", 4 * width * after**2),
            ]  # fmt: skip
            skip = last
            if block == 0:
                rows.append(("skip", last, 4 * width * after**2))
                skip = f"{name}.skip"
            ops += [
                {"id": f"{name}.{part}", "inputs": [source], "output_bytes": 4.0 * size}
                for part, source, size in rows
            ]
            joined = {
                "id": f"{name}.add",
                "inputs": [f"{name}.expand", skip],
                "output_bytes": 16.0 * width * after**2,
            }
            ops.append(joined)
            last, pixels = f"{name}.add", after
    return [*ops, {"id": "head", "inputs": [last], "output_bytes": 4000.0}]


def test_three_blocks_of_resnet50_fail_at_five_eighths(tmp_path: Path) -> None:
    """Where a stage halves the image: (128 + 512) 28² inside beside 256 · 56² that enters, 0.625."""
    found = outcome(load(tmp_path, resnet50()))
    ratio = np.asarray(found.internal) / np.asarray(found.entering)
    assert len(found.passed) == 16
    assert ratio[~found.passed].tolist() == pytest.approx([0.625] * 3)
