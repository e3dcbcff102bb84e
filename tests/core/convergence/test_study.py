from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cutwise.convergence import study, study_design
from cutwise.convergence.study_design import study_cells
from cutwise.convergence.table import Cell, Curves, read_table

CELL = Cell("gsfl", "dirichlet_0.1", 1, 3, "none")


class AtOnce:
    """Stands in for the pool: runs each job when it is submitted."""

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(*arguments))
        return future


def test_every_cell_is_trained_once() -> None:
    cells = study_cells()
    assert len(set(cells)) == len(cells)
    # Uncompressed: 3 local epochs x (3 partitions x 7 schemes + pooled) = 66; compressed: 3 x 3 x 6 = 54.
    assert len(cells) == 66 + 54


def test_importing_the_study_and_the_table_loads_no_torch() -> None:
    modules = "sys, cutwise.convergence.study, cutwise.convergence.table"
    code = f"import {modules}; print({{'torch', 'sklearn'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_study_out_of_time_says_how_many_cells_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn")
    curves = Curves(seeds=(0,), learning_rate=0.1, accuracy=np.ones((1, 2)))
    clock = iter(range(1000))
    monkeypatch.setattr(study.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(study, "best_rate", lambda cell: (0.1, dict.fromkeys(study.RATES, 0.5)))
    monkeypatch.setattr(study, "measured", lambda cell, rate: curves)
    # 66 searches and 4 cells come before the clock shows 70.
    study.run_study(tmp_path / "out.csv", AtOnce(), until=70)  # type: ignore[arg-type]
    table = read_table((tmp_path / "out.csv").read_text())
    assert table.facts["cells"] == "4 of 120"
    assert list(table.cells) == study_cells()[:4]
    assert len((tmp_path / "learning_rates.csv").read_text().splitlines()) == 2 + 66


def test_digits_are_scikit_learns() -> None:
    pytest.importorskip("sklearn")
    patches, labels = study_design.digits()
    assert patches.shape == (1797, 576)
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (patches.min(), patches.max()) == (0.0, 1.0)


@pytest.mark.parametrize("partition", ["iid", "dirichlet_0.5", "dirichlet_0.1"])
def test_training_and_test_images_are_all_images_and_apart(partition: str) -> None:
    pytest.importorskip("sklearn")
    learner, test = study_design.learner_of(CELL._replace(partition=partition), seed=0, learning_rate=0.1)
    trained = np.concatenate(learner.shares)
    assert sorted([*trained, *test]) == list(range(1797))
    assert len(learner.shares) == 12
    assert min(share.size for share in learner.shares) >= 10


def test_schemes_of_a_seed_share_images_and_partition() -> None:
    pytest.importorskip("sklearn")
    (one, test), (other, same_test) = (
        study_design.learner_of(cell, seed=3, learning_rate=0.1)
        for cell in (CELL, CELL._replace(scheme="federated", groups=12))
    )
    assert np.array_equal(test, same_test)
    assert all(np.array_equal(a, b) for a, b in zip(one.shares, other.shares, strict=True))


def test_the_shipped_curve_comes_out_of_the_study_again() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    from cutwise.convergence.table import shipped_table

    cell = Cell("gsfl", "iid", 1, 3, "none")
    shipped = shipped_table().cells[cell]
    again = study.accuracy_curves(cell, [(0, shipped.learning_rate)], rounds=4)
    # Other processors round other sums, so a few of 352 answers may differ.
    assert again[0] == pytest.approx(shipped.accuracy[0, :4], abs=0.02)


def test_federated_and_split_federated_learning_take_the_same_path() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    cells = [Cell(scheme, "iid", 1, 12, "none") for scheme in ("federated", "split_federated")]
    curves = [study.accuracy_curves(cell, [(0, 0.2)], rounds=2) for cell in cells]
    assert np.array_equal(*curves)
