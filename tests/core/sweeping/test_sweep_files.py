"""What a sweep writes: the rows of its table, with units; parts that are kept; folders that are another's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import cutwise
from cutwise.errors import CutwiseError, ScenarioError
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Scenario
from cutwise.sweeping.files import part_files
from cutwise.sweeping.files.arrow_tables import units_of
from cutwise.sweeping.running.sweep_progress import SweepProgress
from cutwise.sweeping.running.sweep_runs import WrittenSweep

UP = {"from": "1 Mbit/s", "to": "1 Gbit/s", "spacing": "log"}
TWO = Scenario(devices=(Device(name="a"), Device(name="b", samples=300)))
DRAWN: dict[str, Any] = {
    "over": {
        "channel.uplink_bps": UP,
        "workload.batch_size": [4, 8],
        "sharing.bandwidth": ["equal", "dedicated"],
    },
    "schemes": ["fast_split", "split_federated", "u_shape"],
    "design": "random",
    "rows": 10,
    "part_rows": 4,
}


def models() -> list[Any]:
    return [cutwise.load_model(f"sample:{name}") for name in ("vgg16", "two_tower")]


def written(out: Path, **given: Any) -> WrittenSweep:
    return cutwise.sweep(models(), TWO, out=out, **{**DRAWN, **given})


def files_in(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that was filled in one go."""
    folder = tmp_path_factory.mktemp("sweep") / "rows"
    assert written(folder).made == 2 * 3 * 3
    return folder


def test_every_row_of_a_folder_is_the_plan_of_its_scenario(whole: Path) -> None:
    table = pd.read_parquet(whole)
    assert len(table) == 2 * 3 * 10
    graphs = {graph.name: graph for graph in models()}
    for row in table.sample(30, random_state=1).to_dict("records"):
        setting = {path: row[path] for path in DRAWN["over"]}
        plan = cutwise.plan(graphs[row["model"]], changed(TWO, setting), row["scheme"])
        assert (row["status"], row["delay_s"]) == (plan.status, pytest.approx(plan.delay_s, rel=1e-12))
        assert row["energy_j"] == pytest.approx(plan.energy_j, rel=1e-12)
        assert row["cut"] == " | ".join(dict.fromkeys(d.cut.label for d in plan.decisions))


def test_a_table_has_the_same_rows_schemes_within_a_scenario(whole: Path) -> None:
    given = {key: value for key, value in DRAWN.items() if key != "part_rows"}
    table = cutwise.sweep(models(), TWO, **given)
    there = pd.read_parquet(whole)
    assert table["scheme"].tolist() == DRAWN["schemes"] * 20
    for (model, scheme), rows in table.groupby(["model", "scheme"]):
        same = there[(there["model"] == model) & (there["scheme"] == scheme)]
        assert [same[name].tolist() for name in rows] == [rows[name].tolist() for name in rows]


def test_one_file_holds_what_the_folder_holds_and_leaves_no_parts(whole: Path, tmp_path: Path) -> None:
    found = written(tmp_path / "rows.parquet")
    assert [entry.name for entry in tmp_path.iterdir()] == ["rows.parquet"]
    pd.testing.assert_frame_equal(found.to_frame(), pd.read_parquet(whole), check_categorical=False)
    assert found.size_bytes == (tmp_path / "rows.parquet").stat().st_size
    assert written(tmp_path / "rows.parquet").made == 0


def test_units_and_what_was_asked_stand_in_the_schema(whole: Path, tmp_path: Path) -> None:
    schema = written(tmp_path / "rows.parquet").to_arrow().schema
    units = {"channel.uplink_bps": "bit/s", "delay_s": "s", "energy_j": "J"}
    for found in (schema, pq.read_schema(whole / "part-000003.parquet")):
        assert units_of(found) == units
        assert found.field("delay_s").metadata[b"title"] == b"Delay"
    says = json.loads(pq.read_schema(whole / "part-000004.parquet").metadata[b"cutwise"])
    assert (says["part"], says["first_row"], says["design"]) == (4, 4, "random")
    assert says["models"] == {graph.name: graph.digest for graph in models()}
    assert says["over"]["channel.uplink_bps"]["from"] == 1e6
    assert says["product"] == cutwise.__version__


def test_a_table_in_memory_knows_its_units_too() -> None:
    over = {"channel.uplink_bps": [1e6, 1e7], "channel.kind": ["fixed_rate"]}
    graph = cutwise.load_model("sample:vgg16")
    table = cutwise.sweep(graph, over=over)
    arrow = cutwise.sweep(graph, over=over, form="arrow")
    assert table.attrs["units"] == {"channel.uplink_bps": "bit/s", "delay_s": "s", "energy_j": "J"}
    assert units_of(arrow.schema) == table.attrs["units"]
    assert arrow["delay_s"].to_pylist() == table["delay_s"].tolist()
    with pytest.raises(CutwiseError, match="unknown form 'polars'; known: arrow, pandas"):
        cutwise.sweep(graph, over=over, form="polars")  # type: ignore[call-overload]


def test_names_stand_in_dictionaries_and_drawn_numbers_by_their_bytes(whole: Path) -> None:
    facts = pq.ParquetFile(whole / "part-000000.parquet").metadata.row_group(0)
    columns = {facts.column(n).path_in_schema: facts.column(n) for n in range(facts.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert "RLE_DICTIONARY" in columns["cut"].encodings
    assert "RLE_DICTIONARY" in columns["workload.batch_size"].encodings
    assert all(
        "BYTE_STREAM_SPLIT" in columns[name].encodings
        for name in ("delay_s", "energy_j", "channel.uplink_bps")
    )


def test_what_is_there_is_kept_and_what_is_missing_or_damaged_made_again(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    folder.mkdir()
    for name, content in files_in(whole).items():
        (folder / name).write_bytes(content)
    kept = (folder / "part-000001.parquet").stat().st_mtime_ns
    (folder / "part-000002.parquet").unlink()
    (folder / "part-000005.parquet").write_bytes(b"PAR1 half of it")
    (folder / "part-000007.parquet").write_bytes((folder / "part-000006.parquet").read_bytes())
    (folder / ".cutwise-partial-0123").write_bytes(b"killed")
    assert written(folder).made == 3
    assert files_in(folder) == files_in(whole)
    assert (folder / "part-000001.parquet").stat().st_mtime_ns == kept


@pytest.mark.parametrize(
    ("given", "differs"),
    [
        ({"seed": 8}, "seed"),
        ({"rows": 11}, "rows"),
        ({"part_rows": 5}, "part_rows"),
        ({"schemes": ["gsfl"]}, "schemes"),
        ({"over": {"channel.uplink_bps": UP}}, "over"),
        ({"over": dict(reversed(DRAWN["over"].items()))}, "over"),
    ],
)
def test_another_sweep_refuses_to_go_on_in_the_folder(
    whole: Path, given: dict[str, Any], differs: str
) -> None:
    before = files_in(whole)
    with pytest.raises(CutwiseError) as refused:
        written(whole, **given)
    assert str(refused.value) == (
        f"{whole}: holds another sweep ({differs} differ); name another folder, or remove this one"
    )
    assert files_in(whole) == before


def test_a_folder_or_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CutwiseError, match="has files in it and is no sweep; name a new folder"):
        written(tmp_path)
    (tmp_path / "other.parquet").write_text("mine")
    with pytest.raises(CutwiseError, match=r"other\.parquet: holds something else; name another file"):
        written(tmp_path / "other.parquet")
    with pytest.raises(CutwiseError, match=r"notes\.txt: cannot be written \(File exists\)"):
        written(tmp_path / "notes.txt")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["notes.txt", "other.parquet"]


def test_a_full_disk_is_one_sentence_and_whole_parts_stay(small_disk: Path) -> None:
    (small_disk / "taken").write_bytes(bytes(1_010_000))
    with pytest.raises(CutwiseError) as refused:
        written(small_disk / "rows", schemes=["device_only"])
    assert "the disk is full" in str(refused.value)
    assert "the parts that are there are whole; the same command goes on from them" in str(refused.value)
    parts = list((small_disk / "rows").glob("part-*.parquet"))
    assert 0 < len(parts) < 6
    assert 0 < sum(len(pd.read_parquet(part)) for part in parts) <= 4 * len(parts)
    assert not list((small_disk / "rows").glob(".cutwise-partial-*"))


def test_progress_counts_what_was_there_before(tmp_path: Path) -> None:
    heard: list[SweepProgress] = []
    written(tmp_path / "rows", tell=heard.append)
    assert [one.done for one in heard] == [10 * pair + n for pair in range(6) for n in (4, 8, 10)]
    assert heard[-1].left_s == 0
    (tmp_path / "rows" / "part-000000.parquet").unlink()
    heard.clear()
    written(tmp_path / "rows", tell=heard.append)
    assert [(one.done, one.rows) for one in heard] == [(60, 60)]


def test_interrupted_parts_are_whole_and_the_rest_is_made_later(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = part_files.put

    def interrupted(target: Path, *given: Any, **named: Any) -> None:
        if target.name == "part-000004.parquet":
            raise KeyboardInterrupt
        asked(target, *given, **named)

    monkeypatch.setattr(part_files, "put", interrupted)
    with pytest.raises(KeyboardInterrupt) as stopped:
        written(tmp_path / "rows")
    assert "whole parts stay" in "".join(stopped.value.__notes__)
    assert len(list((tmp_path / "rows").glob("part-*"))) == 4
    monkeypatch.undo()
    assert written(tmp_path / "rows").made == 14
    assert files_in(tmp_path / "rows") == files_in(whole)


def test_values_of_every_kind_stand_in_files_as_they_are_given(tmp_path: Path) -> None:
    over = {
        "limits.deadline_s": [None, 60.0],
        "server": [Server(flops_per_s=1e12), Server(flops_per_s=1e13)],
        "privacy.keep_on_device": ["first_layer", {"layers": 2}],
        "workload.batch_size": ["16"],
    }
    graph = cutwise.load_model("sample:vgg16")
    table = cutwise.sweep(graph, over=over, out=tmp_path / "rows.parquet").to_frame()
    expected = cutwise.sweep(graph, over=over)
    assert table["delay_s"].tolist() == expected["delay_s"].tolist()
    assert table["limits.deadline_s"].fillna(0).tolist() == [0.0] * 4 + [60.0] * 4
    assert table["workload.batch_size"].tolist() == [16] * 8
    assert table["privacy.keep_on_device"].tolist() == ["first_layer", "{'layers': 2}"] * 4
    assert table["server"].nunique() == 2


def test_long_lists_are_told_apart_by_their_digest(tmp_path: Path) -> None:
    graph = cutwise.load_model("sample:vgg16")
    rates = np.geomspace(1e6, 1e9, 300)
    cutwise.sweep(graph, over={"channel.uplink_bps": rates}, out=tmp_path / "rows")
    assert cutwise.sweep(graph, over={"channel.uplink_bps": rates}, out=tmp_path / "rows").made == 0
    with pytest.raises(CutwiseError, match=r"holds another sweep \(over differ\)"):
        cutwise.sweep(graph, over={"channel.uplink_bps": rates * 2}, out=tmp_path / "rows")


def test_models_of_one_name_are_counted() -> None:
    graph = cutwise.load_model("sample:vgg16")
    table = cutwise.sweep([graph, graph], over={"seed": [1]})
    assert table["model"].tolist() == ["vgg16", "vgg16 #2"]


@pytest.mark.parametrize("workers", [-1, 1.5, True, 5000])
def test_workers_are_counted(tmp_path: Path, workers: Any) -> None:
    with pytest.raises(CutwiseError, match="workers: give a whole number of 0 to 1,024"):
        written(tmp_path / "rows", workers=workers)


def test_workers_and_a_cluster_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(CutwiseError, match="workers: leave them out where a cluster runs"):
        written(tmp_path / "rows", workers=1, dask="tcp://127.0.0.1:1")


def test_a_row_that_the_scenario_refuses_ends_the_sweep_in_a_sentence(tmp_path: Path) -> None:
    """Each value may stand alone, not both: two devices of one name."""
    over = {"devices.0.name": ["a", "b"], "devices.1.name": ["b", "c"]}
    with pytest.raises(ScenarioError, match="the name 'b' is used twice"):
        cutwise.sweep(cutwise.load_model("sample:vgg16"), TWO, over=over, out=tmp_path / "rows")
