"""Our own runs of split training that are shipped: whole, and predicted as near as the levels promise."""

from __future__ import annotations

import numpy as np
import pytest

from cutwise.measured import predicted_splits, split_decisions
from cutwise.measured.split_levels import LEVELS
from cutwise.measured.split_runs import LayerWork, layer_benchmark, split_runs

CUTS = {"cnn": 20, "gpt": 19, "gpt_deep": 27}


def test_every_cut_of_every_run_was_timed() -> None:
    for run in split_runs():
        count = CUTS[run.name.partition("_slow_")[0]]
        assert [cut.position for cut in run.cuts] == list(range(count))
        assert run.command.startswith("python -m tests.testbed")
        assert run.date
        assert "core" in run.machine


def test_bytes_of_a_run_are_those_of_its_tensors() -> None:
    """Sixteen images of 3x64x64 and a label of 8 bytes each are sent at cut 0, and nothing comes back."""
    run = next(run for run in split_runs() if run.model == "cnn")
    assert (run.cuts[0].up_bytes, run.cuts[0].down_bytes) == (16 * (3 * 64 * 64 * 4 + 8), 0)
    assert run.cuts[-1].up_bytes == run.cuts[-1].down_bytes == 0


def test_no_layer_of_the_benchmark_is_in_a_model() -> None:
    benchmark = {_shape(layer.work) for layer in layer_benchmark().layers}
    assert not benchmark & {_shape(op.work) for run in split_runs() for op in run.ops if op.work.weight_bytes}


def _shape(work: LayerWork) -> tuple[str, float, float, float]:
    return work.kind, work.forward_flops, work.tensor_bytes, work.weight_bytes


@pytest.mark.parametrize(
    ("level", "mean", "worst"), [("profile per op", 0.06, 0.15), ("benchmark by class", 0.08, 0.20)]
)
def test_cuts_are_predicted_as_near_as_their_level_promises(level: str, mean: float, worst: float) -> None:
    off = np.array([abs(cut.predicted_ratio - 1) for cut in predicted_splits() if cut.level == level])
    assert len(off) == sum(len(run.cuts) for run in split_runs())
    assert off.mean() <= mean
    assert off.max() <= worst


@pytest.mark.parametrize("level", ["profile per op", "benchmark by class"])
def test_most_scenarios_have_the_right_cut(level: str) -> None:
    """Nine of ten over all runs; the dearest run's choices cost 1 % on the mean at most."""
    found = [one for one in split_decisions() if one.level == level]
    assert len(found) == len(split_runs())
    assert sum(one.right for one in found) >= 0.9 * sum(one.scenarios for one in found)
    assert all(one.mean_regret_ratio <= 0.01 for one in found)


def test_every_level_stands_beside_every_cut() -> None:
    keys = [(cut.run, cut.level, cut.position) for cut in predicted_splits()]
    expected = [
        (run.name, level, cut.position) for run in split_runs() for level in LEVELS for cut in run.cuts
    ]
    assert keys == expected
