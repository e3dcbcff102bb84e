"""The training study behind the convergence table: `python -m cutwise.convergence.study --out FILE`.

Needs torch and scikit-learn, which ships the data. Every cell is written as soon as it is there; a time limit
leaves out the last ones, and the table says how many.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from cutwise.arrays import Floats
from cutwise.convergence.study_design import (
    BATCH_SIZE,
    CUT,
    DEVICES,
    TEST_IMAGES,
    digits,
    learner_of,
    recipe_of,
    study_cells,
)
from cutwise.convergence.table import HIGHEST_TARGET, Cell, Curves, table_text
from cutwise.convergence.training import right_answers, train
from cutwise.disk.written_files import write_file
from cutwise.frozen import FrozenDict

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")
SEEDS, SEARCH_SEEDS = (0, 1, 2, 3, 4), (100, 101)
RATES = (0.0125, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8)
SEARCH_ROUNDS = FrozenDict({1: 16, 2: 10, 5: 6})
MOST_ROUNDS = FrozenDict({1: 100, 2: 70, 5: 40})
"""By local epochs."""
LEAST_ROUNDS = 20
"""A run may end here once all its seeds have been at the highest target."""


def accuracy_curves(
    cell: Cell, runs: Sequence[tuple[int, float]], *, rounds: int, stop_at: float = 2.0
) -> Floats:
    """Test accuracy after every round, (runs, rounds), of runs given by seed and learning rate.

    Ends earlier, but not before `LEAST_ROUNDS`, when all runs have been at `stop_at` or above.
    """
    import torch

    patches, labels = _tensors()
    pairs = [learner_of(cell, seed=seed, learning_rate=rate) for seed, rate in runs]
    test = torch.as_tensor(np.stack([chosen for _, chosen in pairs]))
    recipe, generator = recipe_of(cell), torch.Generator().manual_seed(runs[0][0])
    curve: list[Floats] = []
    learners = [learner for learner, _ in pairs]
    for trained in train(patches, labels, learners=learners, recipe=recipe):
        right = right_answers(
            trained.weights, patches[test], labels[test], recipe=recipe, generator=generator
        )
        curve.append(right.numpy() / TEST_IMAGES)
        done = len(curve) >= LEAST_ROUNDS and bool((np.max(curve, axis=0) >= stop_at).all())
        if done or len(curve) == rounds:
            break
    return np.stack(curve, axis=1)


def best_rate(cell: Cell) -> tuple[float, dict[float, float]]:
    """The learning rate with the best accuracy, averaged over rounds and over seeds outside the study."""
    runs = [(seed, rate) for rate in RATES for seed in SEARCH_SEEDS]
    curves = accuracy_curves(cell, runs, rounds=SEARCH_ROUNDS[cell.local_epochs])
    means = curves.reshape(len(RATES), -1).mean(1)
    found = {rate: float(mean) for rate, mean in zip(RATES, means, strict=True)}
    return max(found, key=lambda rate: found[rate]), found


def measured(cell: Cell, learning_rate: float) -> Curves:
    """The curves of all seeds of a cell."""
    accuracy = accuracy_curves(
        cell,
        [(seed, learning_rate) for seed in SEEDS],
        rounds=MOST_ROUNDS[cell.local_epochs],
        stop_at=HIGHEST_TARGET,
    )
    return Curves(seeds=SEEDS, learning_rate=learning_rate, accuracy=accuracy)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the study and writes the table, and beside it the search for learning rates."""
    parser = argparse.ArgumentParser(prog="python -m cutwise.convergence.study", description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the table, a .csv file")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--limit-minutes", type=float, default=40.0, help="no cell starts later")
    chosen = parser.parse_args(arguments)
    started = time.monotonic()
    with ProcessPoolExecutor(chosen.workers, initializer=_one_thread) as pool:
        run_study(chosen.out, pool, until=started + 60 * chosen.limit_minutes)
    return 0


def run_study(out: Path, pool: ProcessPoolExecutor, *, until: float) -> None:
    """Searches every uncompressed cell's learning rate, then trains all cells, writing as they come."""
    cells = study_cells()
    searched: dict[Cell, tuple[float, dict[float, float]]] = {}
    found: dict[Cell, Curves] = {}
    plain = [cell for cell in cells if cell.compression == "none"]
    for cell, result in _as_they_come(pool, {cell: partial(best_rate, cell) for cell in plain}, until):
        searched[cell] = result
        _write_search(out.with_name("learning_rates.csv"), {c: searched[c] for c in plain if c in searched})
    jobs = {
        cell: partial(measured, cell, searched[base][0])
        for cell in cells
        if (base := cell._replace(compression="none")) in searched
    }
    for cell, curves in _as_they_come(pool, jobs, until):
        found[cell] = curves
        there = {cell: found[cell] for cell in cells if cell in found}
        write_file(out, table_text(_facts(len(there), len(cells)), there).encode())


def _as_they_come(
    pool: ProcessPoolExecutor, jobs: Mapping[Cell, Callable[[], T]], until: float
) -> Iterator[tuple[Cell, T]]:
    futures = {pool.submit(_in_time, job, until): cell for cell, job in jobs.items()}
    for number, future in enumerate(as_completed(futures), start=1):
        result = future.result()
        sys.stderr.write(f"{number} of {len(futures)} {' '.join(map(str, futures[future]))}\n")
        if result is not None:
            yield futures[future], result


def _in_time(job: Callable[[], T], until: float) -> T | None:
    """The job's result; None where its turn came too late."""
    return job() if time.monotonic() < until else None


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def _facts(there: int, wanted: int) -> dict[str, str]:
    return {
        "data": f"scikit-learn digits ({digits()[1].size} images of 8x8)",
        "model": "small CNN of 4 blocks",
        "cut": f"after block {CUT} (256 numbers a sample)",
        "devices": str(DEVICES),
        "batch_size": str(BATCH_SIZE),
        "test_images": str(TEST_IMAGES),
        "optimizer": "sgd; its learning rate is searched without compression, see learning_rates.csv",
        "learning_rates": " ".join(f"{rate:g}" for rate in RATES),
        "rounds": "until all seeds were at 0.95, at least 20, at most "
        + ", ".join(f"{most} with local_epochs {epochs}" for epochs, most in MOST_ROUNDS.items()),
        "cells": f"{there} of {wanted}",
        "versions": ", ".join(
            [f"python {platform.python_version()}"]
            + [f"{name} {version(name)}" for name in ("numpy", "scikit-learn", "torch")]
        ),
    }


def _write_search(path: Path, searched: Mapping[Cell, tuple[float, dict[float, float]]]) -> None:
    head = [f"# accuracy averaged over the first rounds and seeds {SEARCH_SEEDS}, by learning rate"]
    head.append(",".join(["scheme", "partition", "local_epochs", "groups", *map(str, RATES), "chosen"]))
    rows = [
        ",".join(map(str, [*cell[:4], *(f"{found[rate]:.4f}" for rate in RATES), best]))
        for cell, (best, found) in searched.items()
    ]
    write_file(path, "\n".join([*head, *rows, ""]).encode())


def _tensors() -> tuple[Tensor, Tensor]:
    import torch

    patches, labels = digits()
    return torch.tensor(patches, dtype=torch.float32), torch.tensor(labels)


if __name__ == "__main__":
    sys.exit(main())
