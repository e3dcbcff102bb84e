"""The measured table of leakage: what attacks recovered at every cut of two small models, by codec."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from importlib.resources import files
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from cutwise.arrays import Floats
from cutwise.caches import kept
from cutwise.frozen import Frozen
from cutwise.leakage.relative_depth import Family

TABLE = "leakage/attacks.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackRow(Frozen):
    """What was recovered at one cut with one codec and seed, from 0 for nothing to 1 for all.

    `setting_ratio` is the step of the codec `dead_zone` and the density of `top_k`, 1 without a codec.

    `input_ratio` is of the variance of images, or of the words of a text beyond guessing the most frequent,
    by the better of two decoders; `label_ratio` of the labels beyond guessing, from the gradients that come
    back; `correlation_ratio` is the distance correlation of inputs and smashed data, with its bias corrected.
    """

    family: Family
    position: int
    behind: str
    depth_ratio: float
    codec: str
    setting_ratio: float
    seed: int
    input_ratio: float
    label_ratio: float
    correlation_ratio: float


MEASURES = ("input_ratio", "label_ratio", "correlation_ratio")


Coding: TypeAlias = tuple[str, float]
"""A codec by name, and its setting."""
UNCODED: Coding = ("none", 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakageTable(Frozen):
    """All rows, and what the file says about how they were measured."""

    facts: Mapping[str, str]
    rows: tuple[AttackRow, ...]

    def nearest(self, codec: str, setting_ratio: float) -> Coding:
        """The codec of this name with the nearest setting that was tried; no codec for one that was not."""
        tried = {(row.codec, row.setting_ratio) for row in self.rows if row.codec == codec}
        return min(tried, key=lambda one: abs(math.log(one[1] / setting_ratio)), default=UNCODED)

    def curve(self, family: Family, coding: Coding) -> tuple[Floats, Mapping[str, Floats]]:
        """Depths of the cuts in order, and each measure there: the mean over the seeds."""
        found: dict[float, list[AttackRow]] = {}
        for row in self.rows:
            if (row.family, row.codec, row.setting_ratio) == (family, *coding):
                found.setdefault(row.depth_ratio, []).append(row)
        depths = np.array(sorted(found))
        rows = [found[depth] for depth in depths.tolist()]
        return depths, {
            name: np.array([np.mean([getattr(row, name) for row in alike]) for alike in rows])
            for name in MEASURES
        }

    def at(self, family: Family, coding: Coding, depth_ratios: ArrayLike) -> Mapping[str, Floats]:
        """Each measure at these depths: read off between attacked cuts, and held beyond them."""
        depths, means = self.curve(family, coding)
        return {name: np.interp(np.asarray(depth_ratios), depths, means[name]) for name in MEASURES}


@kept
def leakage_table() -> LeakageTable:
    """The table that comes with Cutwise."""
    return read_leakage(files("cutwise.assets").joinpath(TABLE).read_text(encoding="utf-8"))


def read_leakage(text: str) -> LeakageTable:
    """A table from its text: lines "# key: value", then comma-separated rows."""
    lines = text.splitlines()
    facts = dict(line[1:].strip().split(": ", 1) for line in lines if line.startswith("#"))
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return LeakageTable(facts=facts, rows=tuple(map(_attack_row, rows)))


def _attack_row(row: Mapping[str, str]) -> AttackRow:
    given: dict[str, Any] = {
        name: float(value) if name.endswith("_ratio") else value for name, value in row.items()
    }
    return AttackRow(**{**given, "position": int(row["position"]), "seed": int(row["seed"])})


def leakage_text(facts: Mapping[str, str], rows: Sequence[AttackRow]) -> str:
    """The text that `read_leakage` reads, four digits a ratio."""
    names = [field.name for field in fields(AttackRow)]
    lines = [f"# {key}: {value}" for key, value in facts.items()]
    for row in rows:
        values = (getattr(row, name) for name in names)
        lines.append(",".join(f"{value:.4g}" if isinstance(value, float) else str(value) for value in values))
    lines.insert(len(facts), ",".join(names))
    return "\n".join([*lines, ""])
