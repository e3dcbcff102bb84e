"""What is said before a sweep starts comes about: rows, groups, disk; who may fill and read what is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.errors import CutwiseError, UnknownNameError
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario
from cutwise.sweeping.files import read_rows
from cutwise.sweeping.files.held_folders import held_folder
from cutwise.sweeping.running.sweep_estimates import SweepEstimate, estimate_of
from cutwise.sweeping.running.sweep_runs import written_sweep
from cutwise.sweeping.sweep_parts import ROWS_IN_COLUMNS, ROWS_ONE_BY_ONE, rows_of_part
from cutwise.sweeping.whole_sweep import Sweep, made_sweep

UP = {"channel.uplink_bps": {"from": "1 Mbit/s", "to": "1 Gbit/s", "spacing": "log"}}


def drawn(rows: int, *schemes: str, part_rows: int = 0, **more: Any) -> Sweep:
    graphs = [cutwise.load_model("sample:vgg16")]
    given = {"schemes": schemes or ("fast_split",), "design": "random", "rows": rows, "part_rows": part_rows}
    return made_sweep(graphs, Scenario(), {**UP, **more}, **given)


@pytest.mark.parametrize("sweep", [drawn(60_000, part_rows=20_000), drawn(24, "gsfl", part_rows=6)])
def test_disk_that_is_foretold_is_taken(sweep: Sweep, tmp_path: Path) -> None:
    told: list[SweepEstimate] = []
    found = written_sweep(sweep, tmp_path / "rows", foretell=told.append)
    (one,) = told
    assert (one.rows, one.parts, one.parts_left) == (found.rows, found.parts, found.parts)
    assert found.size_bytes / 1.3 <= one.expected_bytes <= 1.3 * found.size_bytes


def test_only_what_is_left_is_foretold(tmp_path: Path) -> None:
    sweep, told = drawn(4000, part_rows=1000), []
    whole = written_sweep(sweep, tmp_path / "rows", foretell=told.append)
    (tmp_path / "rows" / "part-000002.parquet").unlink()
    again = written_sweep(sweep, tmp_path / "rows", foretell=told.append)
    assert (whole.made, again.made) == (4, 1)
    assert "4 parts, 1 group with" in told[0].text
    assert (
        "4 parts (3 of them there), 1 group with names or prices of their own; the rest takes about"
        in told[1].text
    )
    assert told[1].expected_bytes == pytest.approx(told[0].expected_bytes / 4, rel=0.01)
    assert "3 parts of them were there" in again.text()


def test_groups_are_names_and_numbers_that_change_what_is_priced() -> None:
    more = {
        "channel.kind": ["fixed_rate", "shannon"],
        "workload.batch_size": [8, 16, 32],
        "server.flops_per_s": [1e12, 2e12],
    }
    assert estimate_of(drawn(1000, **more)).groups == 6
    assert estimate_of(drawn(5, **more)).groups == 5
    assert estimate_of(drawn(1000, **{"workload.batch_size": {"from": 1, "to": 64}})).groups == 1000


def test_a_disk_without_room_is_told_beforehand() -> None:
    roomy = estimate_of(drawn(1000), free_bytes=7e8)
    assert "free" not in roomy.text
    full = replace(roomy, expected_bytes=8e8, joined=True)
    assert full.text.endswith(
        "800 MB of disk, 1.6 GB while parts are joined; only 700 MB are free there: make room first, or "
        "name another disk"
    )


def test_a_part_that_takes_long_is_told_beforehand() -> None:
    usual = estimate_of(drawn(1000))
    assert usual.text.endswith("of disk")
    long = replace(usual, longest_part_s=3000.0)
    assert long.text.endswith("; a part takes up to 50 min, which a stop loses: part_rows makes them shorter")


def test_parts_of_larger_fleets_have_fewer_rows() -> None:
    """So that a part takes some 170 MB: 350 bytes a row and 70 for each of its devices."""
    graphs, sizes = [cutwise.load_model("sample:vgg16")], {}
    for count in (1, 30, 300, 3000):
        fleet = Scenario(devices=tuple(Device(name=f"device {number}") for number in range(count)))
        sweep = made_sweep(graphs, fleet, UP, schemes=("fast_split",), design="random", rows=10)
        sizes[count] = rows_of_part(sweep, "fast_split")
    assert sizes == {1: 1 << 18, 30: 1 << 16, 300: 1 << 12, 3000: 1 << 10}


def test_parts_are_large_only_where_every_row_goes_in_columns() -> None:
    queued = {"sharing.server": ["equal", "queue"]}
    weighed = {"objective.kind": ["delay", "weighted"]}
    for more, scheme, rows in (
        ({}, "split_federated", ROWS_IN_COLUMNS),
        ({}, "gsfl", ROWS_ONE_BY_ONE),
        (queued, "fast_split", ROWS_IN_COLUMNS),
        (queued, "split_federated", ROWS_ONE_BY_ONE),
        (weighed, "fast_split", ROWS_IN_COLUMNS),
        (weighed, "split_federated", ROWS_ONE_BY_ONE),
        (weighed, "server_only", ROWS_IN_COLUMNS),
        (weighed, "federated", ROWS_IN_COLUMNS),
        (queued, "federated", ROWS_ONE_BY_ONE),
    ):
        assert rows_of_part(drawn(10, scheme, **more), scheme) == rows


def test_two_do_not_fill_one_folder(tmp_path: Path) -> None:
    sweep = drawn(10)
    for out, folder in (("rows", "rows"), ("rows.parquet", "rows.parquet.parts")):
        with held_folder(tmp_path / folder), pytest.raises(CutwiseError) as told:
            written_sweep(sweep, tmp_path / out)
        assert str(told.value) == (
            f"{tmp_path / folder}: another process is filling it; wait until that has ended, or name another"
        )
        assert written_sweep(sweep, tmp_path / out).made == 1
    assert sorted(entry.name for entry in (tmp_path / "rows").iterdir()) == [
        "_sweep.json",
        "part-000000.parquet",
    ]


def test_more_rows_than_memory_takes_are_not_read_as_one_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = written_sweep(drawn(1000, part_rows=300), tmp_path / "rows")
    whole = found.to_frame()
    monkeypatch.setattr(read_rows, "most", lambda name: 1000 * (4 * 4 + 8 * 2))
    with pytest.raises(CutwiseError) as told:
        found.to_frame()
    assert str(told.value).startswith(f"{tmp_path / 'rows'}: is 40 kB as one table, at most ")
    some = found.to_frame(columns=["scheme", "delay_s"])
    assert list(some) == ["scheme", "delay_s"]
    assert some.attrs["units"] == {"delay_s": "s"}
    assert np.array_equal(some["delay_s"], whole["delay_s"])
    with pytest.raises(UnknownNameError, match="unknown column 'delay'"):
        found.to_arrow(columns=["delay"])
