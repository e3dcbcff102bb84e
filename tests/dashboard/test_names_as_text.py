"""Marked names in everything that is produced: reports, tables, files, figures, answers of a command."""

from __future__ import annotations

import csv
import html
import io
import json
import tomllib
import unicodedata
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cutwise
from cutwise.__main__ import main
from cutwise.graph.blocks import blocks
from cutwise.graph.model_graph import ModelGraph
from cutwise.pipeline import played_round
from cutwise.plain import csv_text, plain
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.scenario_file import parse_scenario
from cutwise.scenario.versions import saved_scenario
from cutwise_dashboard.charts.gantt import gantt_figure
from cutwise_dashboard.charts.graph.graph_drawing import draw_graph
from cutwise_dashboard.components.dag_view.payload import packed_geometry
from cutwise_dashboard.format import as_plotly, file_name
from cutwise_dashboard.reports import Origin, plan_report
from tests.marked_names import HOST, MARKERS, marked_scenario, write_marked_json, write_marked_onnx

FORMULA = ("=", "+", "-", "@", "\t", "\r")
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> ModelGraph:
    return cutwise.load_model(write_marked_json(tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def plan(graph: ModelGraph) -> Plan:
    return cutwise.plan(graph, marked_scenario(edges=0))


@pytest.fixture(scope="module")
def problem(graph: ModelGraph) -> SplitProblem:
    return build_problem(graph, marked_scenario(edges=0))


class Elements(HTMLParser):
    """The elements and attributes of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.tags.add(tag)
        self.attributes += attributes

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_readable(text: str) -> None:
    """No control but a line break, no half of a pair, nothing that turns the text."""
    letters = set(text) - {"\n"}
    assert not {letter for letter in letters if unicodedata.category(letter) in {"Cc", "Cs"}}
    assert not {letter for letter in letters if unicodedata.bidirectional(letter) in TURNING}


def texts_in(value: Any) -> list[str]:
    """Every text in nested plain values, keys too."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in texts_in(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts_in(part)]
    return [value] if isinstance(value, str) else []


def test_a_report_shows_the_markers_as_text(problem: SplitProblem, plan: Plan) -> None:
    origin = Origin(name=plan.decisions[0].device, problem=problem, command="x", made=datetime(2026, 11, 30))
    page = plan_report(plan, origin)
    found = Elements(page)
    assert not {"script", "img", "iframe", "b", "link"} & found.tags
    assert not [name for name, _ in found.attributes if name.startswith("on") or name == "src"]
    assert not [
        to
        for name, to in found.attributes
        if name == "href" and not str(to).startswith(("#", "data:application/toml;base64,"))
    ]
    assert all(name in html.unescape(page) for name in problem.scenario.device_names)
    assert_readable(page)


def test_a_table_holds_no_formula_and_its_numbers_stay(plan: Plan) -> None:
    names = [decision.device for decision in plan.decisions]
    change = [-1.5 * number for number in range(len(names))]
    written = csv_text(pd.DataFrame({"=device": names, "change": change}))
    head, *rows = list(csv.reader(io.StringIO(written)))
    assert head == ["'=device", "change"]
    assert [row[0].removeprefix("'") for row in rows] == names
    assert not [row[0] for row in rows if row[0].startswith(FORMULA)]
    assert [float(row[1]) for row in rows] == change


def test_a_played_round_is_drawn_without_tags(problem: SplitProblem, plan: Plan) -> None:
    figure = gantt_figure(played_round(problem, plan)).to_plotly_json()
    labels = list(figure["layout"]["yaxis"]["ticktext"])
    texts = labels + [str(bar[0]) for trace in figure["data"] for bar in trace["customdata"]]
    assert any(HOST in text for text in texts)
    assert not [text for text in texts if "<" in text or "$" in text]
    assert [html.unescape(text) for text in labels] == list(problem.scenario.device_names)
    assert html.unescape(as_plotly(MARKERS[0])) == MARKERS[0]


def test_what_a_script_is_sent_has_no_key_that_every_object_has(graph: ModelGraph, plan: Plan) -> None:
    drawing = draw_graph(graph, blocks(graph), side=[0] * len(graph), view="all")
    for sent in (packed_geometry(drawing.geometry), plain(plan)):
        texts = texts_in(json.loads(json.dumps(sent)))
        assert any(HOST in text for text in texts)
        assert not {"__proto__", "constructor", "prototype"} & set(texts)
        for text in texts:
            assert_readable(text)


def test_a_saved_scenario_comes_back() -> None:
    scenario = marked_scenario()
    saved = saved_scenario(scenario)
    assert parse_scenario(saved.encode()) == scenario
    assert_readable(saved)
    assert tomllib.loads(saved)["name"] == scenario.name


@pytest.mark.parametrize("marker", MARKERS)
def test_a_download_has_a_name_that_every_file_system_takes(marker: str) -> None:
    name = file_name(marker, ".csv")
    assert not set(name) & set('<>:"/\\|?*\n\r\t;%=')
    assert not name.startswith(("-", ".", " "))
    assert name.endswith(".csv")
    assert len(file_name("n" * 999, ".csv").encode()) < 255
    name.encode()


def test_the_command_line_prints_the_markers_readably(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(saved_scenario(marked_scenario(edges=0)))
    played = tmp_path / "round.csv"
    in_json, in_onnx = write_marked_json(tmp_path), write_marked_onnx(tmp_path)
    for command, model, *options in (
        ("plan", in_onnx),
        ("plan", in_json, "--json"),
        ("simulate", in_json, "--csv", played),
    ):
        assert main([command, *map(str, (model, scenario, *options))]) == 0
        printed = capsys.readouterr()
        assert_readable(printed.out + printed.err)
        assert HOST in printed.out
    cells = [cell for row in csv.reader(io.StringIO(played.read_text())) for cell in row]
    assert not [cell for cell in cells if cell.startswith(FORMULA) and not is_number(cell)]


def test_a_refusal_is_readable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ops = [{"id": "a\u202e\x1b[0m\n", "kind": "input", "inputs": ["b\u2066\ud800"]}]
    file = tmp_path / "wrong\u202e.json"
    file.write_text(json.dumps({"format": "cutwise-graph/1", "ops": ops}))
    assert main(["inspect", str(file)]) == 2
    assert_readable(capsys.readouterr().err)


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
