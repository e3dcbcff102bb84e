"""The table of attacks: read as it is written, and what its rows say of depth and compression."""

from __future__ import annotations

import numpy as np
import pytest

from cutwise.leakage.leakage_table import (
    MEASURES,
    UNCODED,
    AttackRow,
    LeakageTable,
    leakage_table,
    leakage_text,
    read_leakage,
)
from cutwise.leakage.relative_depth import Family


def row(depth_ratio: float, input_ratio: float, *, seed: int = 0, codec: str = "none") -> AttackRow:
    return AttackRow(
        family="cnn", position=1, behind="stem", depth_ratio=depth_ratio, codec=codec, setting_ratio=1.0,
        seed=seed, input_ratio=input_ratio, label_ratio=0.5, correlation_ratio=0.25,
    )  # fmt: skip


def test_a_table_is_read_as_it_was_written() -> None:
    table = LeakageTable(facts={"date": "today", "note": "a: b"}, rows=(row(0.25, 0.75), row(0.5, 0.5)))
    assert read_leakage(leakage_text(table.facts, table.rows)) == table


def test_seeds_are_averaged_and_depths_between_cuts_read_off_a_line() -> None:
    """At 0.2 the seeds are 0.8 and 1.0, at 0.6 it is 0.5: half way it is 0.7, and beyond the ends held."""
    table = LeakageTable(facts={}, rows=(row(0.6, 0.5), row(0.2, 0.8), row(0.2, 1.0, seed=1)))
    found = table.at("cnn", UNCODED, [0.0, 0.2, 0.4, 1.0])
    assert found["input_ratio"] == pytest.approx([0.9, 0.9, 0.7, 0.5])


def test_the_nearest_setting_of_a_codec_is_taken_and_none_of_an_unknown_one() -> None:
    assert leakage_table().nearest("top_k", 0.08) == ("top_k", 0.1)
    assert leakage_table().nearest("dead_zone", 0.4) == ("dead_zone", 0.5)
    assert leakage_table().nearest("even_levels", 1.0) == UNCODED


@pytest.mark.parametrize("family", ["cnn", "transformer"])
def test_deeper_cuts_are_tied_less_to_the_inputs(family: Family) -> None:
    """What the indication is worth: distance correlation falls nearly all the way, decoding does not rise."""
    _, means = leakage_table().curve(family, UNCODED)
    correlation, inputs = means["correlation_ratio"], means["input_ratio"]
    assert correlation[-1] < correlation[0] - 0.1
    assert (np.diff(correlation) <= 0.05).all()
    assert inputs[-1] <= inputs[0]
    assert inputs[0] > 0.95


@pytest.mark.parametrize("family", ["cnn", "transformer"])
def test_harsher_compression_tells_labels_less(family: Family) -> None:
    mild, harsh = (
        leakage_table().curve(family, coding)[1]["label_ratio"].mean()
        for coding in (UNCODED, ("dead_zone", 2.0))
    )
    assert harsh < mild


def test_every_ratio_lies_between_nothing_and_all() -> None:
    for found in leakage_table().rows:
        assert all(0 <= getattr(found, name) <= 1 for name in (*MEASURES, "depth_ratio"))
