"""The measured table of accuracy by round: how many rounds a scheme took to a target, and how sure it is."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from cutwise.arrays import Floats
from cutwise.caches import kept
from cutwise.frozen import Frozen

TABLE = "convergence/digits.csv"
HIGHEST_TARGET = 0.95
"""A run of the study may end once all its seeds are here, so higher targets have no evidence."""
COLUMNS = (
    "scheme", "partition", "local_epochs", "groups", "compression", "learning_rate", "seed", "right_answers",
)  # fmt: skip


class Cell(NamedTuple):
    """What was trained: `groups` is 1 where devices train in turn, their number where all train at once."""

    scheme: str
    partition: str
    local_epochs: int
    groups: int
    compression: str


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Curves(Frozen):
    """Test accuracy of a cell, (seeds, rounds), and the learning rate it was trained with."""

    seeds: tuple[int, ...]
    learning_rate: float
    accuracy: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundsToTarget:
    """Rounds until a test accuracy: median, least and most over the seeds, and where that comes from.

    A seed that never got there counts as later than all that did; None stands for "not within the rounds that
    were run". `seeds_reached` of `seeds` got there.
    """

    median: float | None
    low: int | None
    high: int | None
    seeds_reached: int
    seeds: int
    evidence: str


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ConvergenceTable(Frozen):
    """All cells of a study, and what its file says about itself."""

    facts: Mapping[str, str]
    cells: Mapping[Cell, Curves]

    def find(
        self, scheme: str, partition: str, local_epochs: int, groups: int | None, compression: str
    ) -> Cell | None:
        """The cell that was trained so, or one that trains the very same way; None where there is none.

        GSFL with one group is split learning and with a device a group split federated learning; pooled data
        have no partition; groups are read for GSFL only.
        """
        devices = int(self.facts["devices"])
        if scheme == "gsfl":
            scheme = {1: "split_learning", devices: "split_federated"}.get(groups or 0, scheme)
        if scheme == "centralised":
            partition = "pooled"
        return next(
            (
                cell
                for cell in self.cells
                if cell._replace(groups=0) == (scheme, partition, local_epochs, 0, compression)
                and (scheme != "gsfl" or cell.groups == groups)
            ),
            None,
        )


def partition_name(*, alpha: float | None) -> str:
    """What the table calls a partition: Dirichlet with this alpha, or equal shares of everything if None.

    >>> partition_name(alpha=0.5), partition_name(alpha=None)
    ('dirichlet_0.5', 'iid')
    """
    return "iid" if alpha is None else f"dirichlet_{alpha:g}"


def compression_name(*, density_ratio: float, value_bits: int) -> str:
    """What the table calls a `cutwise.compression.TopK` with these fields; no compression is "none".

    >>> compression_name(density_ratio=1.0, value_bits=4), compression_name(density_ratio=0.1, value_bits=8)
    ('4_bit', 'top_k_0.1_8_bit')
    """
    return f"{value_bits}_bit" if density_ratio == 1 else f"top_k_{density_ratio:g}_{value_bits}_bit"


def rounds_to_target(
    scheme: str,
    partition: str,
    local_epochs: int,
    groups: int | None,
    compression: str,
    target: float,
) -> RoundsToTarget | None:
    """Rounds until the test accuracy was first at least `target`; None: no convergence evidence.

    Only what was measured answers: nothing is interpolated between cells, and targets above 95 % have none.

    >>> rounds_to_target("card", "iid", 1, None, "none", 0.9) is None
    True
    """
    table = shipped_table()
    cell = table.find(scheme, partition, local_epochs, groups, compression)
    if cell is None or not 0 < target <= HIGHEST_TARGET:
        return None
    first = first_rounds(table.cells[cell].accuracy, target=target)
    reached = [int(number) for number in first if number < math.inf]
    median = float(np.median(np.sort(first)))
    return RoundsToTarget(
        median=median if median < math.inf else None,
        low=min(reached, default=None),
        high=max(reached) if len(reached) == first.size else None,
        seeds_reached=len(reached),
        seeds=first.size,
        evidence=_evidence(table, cell, first, target),
    )


def first_rounds(accuracy: Floats, *, target: float) -> Floats:
    """For every seed the number of the first round at or above the target, counted from 1; inf if none.

    >>> first_rounds(np.array([[0.5, 0.9, 0.8], [0.1, 0.2, 0.3]]), target=0.8).tolist()
    [2.0, inf]
    """
    there = accuracy >= target
    return np.where(there.any(1), there.argmax(1) + 1.0, math.inf)


@kept
def shipped_table() -> ConvergenceTable:
    """The table that comes with Cutwise: scikit-learn's digits, a small CNN, twelve devices."""
    return read_table(files("cutwise.assets").joinpath(TABLE).read_text(encoding="utf-8"))


def read_table(text: str) -> ConvergenceTable:
    """A table from its text: lines "# key: value", then comma-separated rows, one a cell and seed."""
    lines = text.splitlines()
    facts = dict(line[1:].strip().split(": ", 1) for line in lines if line.startswith("#"))
    rows: dict[Cell, list[dict[str, str]]] = {}
    for row in csv.DictReader(line for line in lines if not line.startswith("#")):
        cell = Cell(
            row["scheme"], row["partition"], int(row["local_epochs"]), int(row["groups"]), row["compression"]
        )
        rows.setdefault(cell, []).append(row)
    images = int(facts["test_images"])
    return ConvergenceTable(facts=facts, cells={cell: _curves(found, images) for cell, found in rows.items()})


def table_text(facts: Mapping[str, str], cells: Mapping[Cell, Curves]) -> str:
    """The text that `read_table` reads; accuracies are written as right answers, which are whole."""
    images = int(facts["test_images"])
    rows = [
        [*cell, f"{curves.learning_rate:g}", seed, " ".join(f"{value:.0f}" for value in images * accuracy)]
        for cell, curves in cells.items()
        for seed, accuracy in zip(curves.seeds, curves.accuracy, strict=True)
    ]
    head = [f"# {key}: {value}" for key, value in facts.items()]
    return "\n".join([*head, ",".join(COLUMNS), *(",".join(map(str, row)) for row in rows), ""])


def _curves(rows: Iterable[Mapping[str, str]], images: int) -> Curves:
    rows = list(rows)
    return Curves(
        seeds=tuple(int(row["seed"]) for row in rows),
        learning_rate=float(rows[0]["learning_rate"]),
        accuracy=np.array([[int(n) / images for n in row["right_answers"].split()] for row in rows]),
    )


def _evidence(table: ConvergenceTable, cell: Cell, first: Floats, target: float) -> str:
    curves = table.cells[cell]
    reached = first[first < math.inf]
    span = f"{reached.min():.0f} to {reached.max():.0f}" if reached.size else "none"
    facts, groups = table.facts, f"{cell.groups} group{'s' * (cell.groups > 1)}"
    return (
        f"an order rather than a forecast, measured on another model: {facts['model']}, "
        f"{facts['data']}, {facts['devices']} devices; "
        f"{cell.scheme}, {groups}, {cell.partition}, local epochs {cell.local_epochs}, compression "
        f"{cell.compression}, learning rate {curves.learning_rate:g}; {reached.size} of {first.size} seeds "
        f"reached {target:.4g} within {curves.accuracy.shape[1]} rounds (rounds, least to most: {span})"
    )
