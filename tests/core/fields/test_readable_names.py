"""Names from files and people become readable once, ordinary ones stay as they are, different ones differ."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwise.errors import ModelImportError, ScenarioError
from cutwise.fields.readable_names import readable_name, readable_names, readable_text
from cutwise.graph.model_graph import ModelGraph, Op, Weight
from cutwise.importers.base import load_model
from cutwise.read_limits import NAME_CHARACTERS
from cutwise.scenario.fleet_csv import parse_fleet
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario
from tests.marked_names import write_marked_onnx

HIDING = {"Cc", "Cs", "Zl", "Zp"}
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=30)


@pytest.mark.parametrize(
    "name",
    [
        "conv1", "layer1/0/conv 1", "model.layers.0.q_proj", "Größe", "カメラ", "دوربین", "می‌خواهم",
        "camera 👩‍💻", "flag 🇨🇿", "<b>bold</b>", "=1+1", "constructors", "my prototype", "", "a  b",
        "x" * NAME_CHARACTERS,
    ],
)  # fmt: skip
def test_ordinary_names_stay(name: str) -> None:
    assert readable_name(name) == name


@given(ANY_TEXT)
def test_a_readable_name_hides_nothing_and_stays(name: str) -> None:
    shown = readable_name(name)
    assert not HIDING & {unicodedata.category(letter) for letter in shown}
    assert not TURNING & {unicodedata.bidirectional(letter) for letter in shown}
    assert readable_name(shown) == shown
    shown.encode("utf-8")


@given(
    st.lists(st.one_of(ANY_TEXT, st.sampled_from(["a\n", "a ", "a\u202e", "a\u2066", "a\ufffd", "é", "é"])))
)
def test_different_names_stay_different(names: list[str]) -> None:
    renamed = readable_names(names)
    assert len({renamed.get(name, name) for name in names}) == len(set(names))


@pytest.mark.parametrize("part", ["__proto__", "constructor", "prototype"])
def test_keys_of_every_object_are_no_part_of_a_name(part: str) -> None:
    assert readable_name(part) == f"{part}_"
    assert readable_name(f"a/{part}/b") == f"a/{part}_/b"
    assert readable_name(f"{part}s") == f"{part}s"


def test_long_names_that_begin_alike_differ() -> None:
    names = [readable_name("n" * 5000 + end) for end in "ab"]
    assert len(set(names)) == 2
    assert {len(name) for name in names} == {NAME_CHARACTERS}
    assert len(readable_text("w" * 50_000)) < 5000


def test_a_graph_keeps_who_reads_whom() -> None:
    ops = (
        Op(id="a\u202e", kind="input"),
        Op(id="a\u2066", kind="k\x00", inputs=("a\u202e",), block="__proto__/x", source="s\n"),
        Op(id="b", kind="add", inputs=("a\u2066", "a\u202e"), weights=(Weight(id="w\ud800", shape=(2,)),)),
    )
    graph = ModelGraph(
        name="m\r\n", ops=ops, dims={"n\x1b": 3}, warnings=("w\nv",), provenance={"file": "f\u202e"}
    )
    first, second, last = graph.ops
    assert first.id != second.id
    assert second.inputs == (first.id,)
    assert last.inputs == (second.id, first.id)
    assert (second.kind, second.block, second.source) == ("k\ufffd", "__proto___/x", "s ")
    assert (graph.name, graph.warnings, dict(graph.dims)) == ("m ", ("w v",), {"n\ufffd": 3})
    assert graph.provenance["file"] == "f\ufffd"
    assert last.weights[0].id == "w\ufffd"


def test_an_id_used_twice_is_still_refused() -> None:
    with pytest.raises(ModelImportError, match="used twice"):
        ModelGraph(name="m", ops=(Op(id="a\n", kind="input"), Op(id="a\n", kind="input")))


def test_a_device_that_is_called_as_another_is_refused() -> None:
    assert Device(name=" a\u202eb ").name == "a\ufffdb"
    with pytest.raises(ScenarioError, match="used twice"):
        Scenario(devices=(Device(name="Cafe\u0301"), Device(name="Caf\u00e9")))
    assert parse_fleet("name\nx\u2067")[0].name == "x\ufffd"


def test_a_file_with_such_names_is_read_with_them_readable(tmp_path: Path) -> None:
    graph = load_model(write_marked_onnx(tmp_path))
    names = [graph.name, *(text for op in graph.ops for text in (op.id, op.kind, op.block, op.source))]
    assert all(readable_name(name) == name for name in names)
    assert any("marker.invalid" in name for name in names)
    assert len(graph) == 9
