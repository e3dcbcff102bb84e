"""Fits of layers against an independent solver, and on seconds that were made from known factors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls

from cutwise.measured.layer_fit import by_class, by_three_columns, non_negative_fit
from cutwise.measured.split_runs import LayerBenchmark, LayerWork, PassSeconds, TimedLayer

FLOPS_PER_S, BYTES_PER_S, LAUNCH_S, BACKWARD = 5e10, 2e10, 1e-5, 1.5


def test_the_least_squares_are_those_of_lawson_and_hanson() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        rows, targets = rng.normal(size=(9, 4)), rng.normal(size=9)
        assert non_negative_fit(rows, targets) == pytest.approx(nnls(rows, targets)[0], abs=1e-9)


def work(kind: str, flops: float, moved: float, launches: float) -> LayerWork:
    return LayerWork(
        kind=kind, forward_flops=flops, backward_flops=2 * flops, tensor_bytes=moved, moved_bytes=moved,
        weight_bytes=0.0, launches=launches,
    )  # fmt: skip


def taken(layer: LayerWork) -> PassSeconds:
    """Seconds of a machine that does what the three columns say."""
    more_s = layer.moved_bytes / BYTES_PER_S + layer.launches * LAUNCH_S
    backward_s = BACKWARD * (layer.backward_flops / FLOPS_PER_S + 2 * more_s)
    return PassSeconds(forward_s=layer.forward_flops / FLOPS_PER_S + more_s, backward_s=backward_s)


LAYERS = [work("a", 1e9, 1e6, 3), work("a", 1e8, 8e6, 2), work("a", 4e8, 2e6, 7), work("b", 0, 5e6, 1)]
BENCHMARK = LayerBenchmark(
    flops_per_s=1e11, bytes_per_s=4e10, launch_s=1e-6,
    layers=tuple(TimedLayer(work=layer, taken=taken(layer)) for layer in LAYERS),
)  # fmt: skip


def test_three_columns_find_the_machine_that_has_them() -> None:
    unseen = [work("c", 7e8, 3e6, 5), work("b", 0, 9e6, 2)]
    for found, layer in zip(by_three_columns(BENCHMARK, unseen), unseen, strict=True):
        assert found.forward_s == pytest.approx(taken(layer).forward_s)
        assert found.backward_s == pytest.approx(taken(layer).backward_s)


def test_a_class_that_was_not_timed_is_told_by_three_columns() -> None:
    unseen = [work("c", 7e8, 3e6, 5)]
    assert by_class(BENCHMARK, unseen) == by_three_columns(BENCHMARK, unseen)


def test_a_class_of_its_own_has_its_own_speed() -> None:
    """Of twice the bytes it takes twice the seconds, whatever other classes do: 5 MB took 260 us forward."""
    (found,) = by_class(BENCHMARK, [work("b", 0, 1e7, 1)])
    assert found.forward_s == pytest.approx(2 * (5e6 / BYTES_PER_S + LAUNCH_S))


def test_steps_of_an_optimiser_pass_five_times_over_the_weights_unless_they_were_timed() -> None:
    heavy = LayerWork(
        kind="a", forward_flops=1e9, backward_flops=2e9, tensor_bytes=1e6, moved_bytes=1e6,
        weight_bytes=8e6, launches=1,
    )  # fmt: skip
    assert by_class(BENCHMARK, [heavy])[0].step_s == pytest.approx(5 * 8e6 / 4e10)
