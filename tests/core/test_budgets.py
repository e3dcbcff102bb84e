"""Every budget is given in one place, is used, and says what is meant; an operator may change it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import cutwise
from cutwise import budgets as module
from cutwise.analyses.sweeps import swept
from cutwise.budgets import VARIABLE, amount, beyond, bounded, budgets, most, shown_mistakes
from cutwise.columns.row_pace import RowPace
from cutwise.errors import CutwiseError, ScenarioError
from cutwise.papers import headline, paper
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.fleet_csv import parse_fleet
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario

ROOT = Path(__file__).parents[2]
SOURCES = [
    path.read_text(encoding="utf-8")
    for folder in ("core", "dashboard")
    for path in (ROOT / folder).rglob("*.py")
]
SAID_BY_NAME = {"mistakes_worded", "mistakes_shown", "text_wall_s"}
"""One of two, chosen where it is said."""
SHIPPED = tomllib.loads((ROOT / "assets" / "budgets.toml").read_text(encoding="utf-8"))


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "own.toml"
    monkeypatch.setenv(VARIABLE, str(file))
    monkeypatch.setattr(module, "budgets", module.budgets.__wrapped__)
    return file


@pytest.mark.parametrize("name", SHIPPED)
def test_every_budget_bounds_something(name: str) -> None:
    assert any(re.search(rf"""(most|beyond)\(\s*["']{name}["']""", text) for text in SOURCES)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_budget_has_a_reason_and_a_sentence_that_is_said(name: str) -> None:
    row = SHIPPED[name]
    said = any(re.search(rf"""beyond\(\s*["']{name}["']""", text) for text in SOURCES)
    assert said == bool(row["says"]) or name in SAID_BY_NAME
    assert set(row) == {"most", "says", "why"}
    assert len(row["why"]) > 15
    assert set(re.findall(r"\{(\w+)\}", row["says"])) <= {"given", "most"}


def test_an_operator_changes_a_budget_and_its_sentence_follows(own: Path) -> None:
    own.write_text('fleet_devices = 3\nsweep_s = "2 min"\ntext_bytes = "2 kB"', encoding="utf-8")
    assert most("sweep_s") == 120
    assert most("text_bytes") == 2000
    with pytest.raises(ScenarioError, match="at most 3 are planned at once"):
        parse_fleet("name\n" + "a\n" * 4)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fleet_device = 3", "did you mean fleet_devices?"),
        ("never_heard = 3", "cutwise budgets lists them"),
        ("fleet_devices = 0", "give a whole number of 1 to 1,099,511,627,776"),
        ("fleet_devices = true", "fleet_devices: "),
        ("fleet_devices = 2.5", "fleet_devices: "),
        ("fleet_devices = nan", "fleet_devices: "),
        ("fleet_devices = -1", "fleet_devices: "),
        ("fleet_devices = 99999999999999999999999", "give a whole number of 1 to 1,099,511,627,776"),
        ("fleet_devices = [1]", "fleet_devices: "),
        ("fleet_devices = 0x" + "f" * 5000, "fleet_devices: "),
        ("sweep_s = '5 kB'", "sweep_s: "),
        ("fleet_devices =", "cannot be read as TOML"),
        ("x = " + "[" * 5000, "cannot be read as TOML"),
    ],
)
def test_a_mistaken_file_of_budgets_is_one_sentence_with_its_name(own: Path, text: str, says: str) -> None:
    own.write_text(text, encoding="utf-8")
    with pytest.raises(CutwiseError, match=re.escape(says)) as told:
        budgets.__wrapped__()
    assert str(own) in str(told.value)
    assert len(str(told.value)) < 400


def test_a_missing_file_of_budgets_is_told(own: Path) -> None:
    with pytest.raises(CutwiseError, match=f"{VARIABLE} names .* take the variable away"):
        budgets.__wrapped__()


def test_amounts_are_written_as_people_write_them() -> None:
    assert amount("link_bytes", 999) == "999 bytes"
    assert amount("link_bytes", 4e6) == "4 MB"
    assert amount("answer_bytes", 4.3e9) == "4.3 GB"
    assert amount("answer_bytes", 1.2344e9) == "1,234 MB"
    assert amount("answer_s", 45) == "45 s"
    assert amount("answer_s", 600) == "10 min"
    assert amount("sweep_s", 3 * 86_400) == "72 h"


def test_ten_mistakes_are_shown_and_the_rest_is_counted() -> None:
    shown = shown_mistakes(bounded([f"mistake {number}" for number in range(250)]))
    assert shown[:10] == [f"mistake {number}" for number in range(10)]
    assert shown[10:] == ["and up to 240 more"]
    assert shown_mistakes(bounded(["a"] * 10)) == ["a"] * 10
    assert shown_mistakes(bounded(["a"] * 12))[-1] == "and 2 more"


def test_nine_paths_of_ten_values_are_refused_before_anything_is_made() -> None:
    graph = cutwise.load_model("sample:resnet18")
    over = {f"devices.{number}.samples": list(range(1, 11)) for number in range(9)}
    with pytest.raises(
        ScenarioError, match="over: makes 1,000,000,000 scenarios and schemes, at most 20,000,000"
    ):
        swept(graph, Scenario(), over=over, schemes=("fast_split",))


def test_two_schemes_make_two_rows_of_every_scenario() -> None:
    graph = cutwise.load_model("sample:resnet18")
    over = {"server.flops_per_s": [1e12] * 10_001, "channel.uplink_bps": [1e6] * 1_000}
    with pytest.raises(ScenarioError, match="makes 20,002,000 scenarios"):
        swept(graph, Scenario(), over=over, schemes=("fast_split", "device_only"))


def test_many_devices_in_many_scenarios_are_refused_beforehand() -> None:
    graph = cutwise.load_model("sample:resnet18")
    hall = Scenario(devices=(Device(),) * 1_000)
    over = {"server.flops_per_s": [1e12] * 200_001}
    with pytest.raises(
        ScenarioError, match="over: makes scenarios of 200,001,000 devices together, at most 200,000,000"
    ):
        swept(graph, hall, over=over, schemes=("fast_split",))


def test_many_epochs_of_many_devices_are_refused_beforehand() -> None:
    hall = Scenario(devices=(Device(),) * 1_000)
    with pytest.raises(ScenarioError, match="epochs: makes 100,000,000 turns of devices, at most 1,000,000"):
        cutwise.analyse(cutwise.load_model("sample:resnet18"), hall, "replan", epochs=100_000)


def test_more_draws_than_anyone_waits_for_are_refused() -> None:
    with pytest.raises(ScenarioError, match="draws: is 2,000,000,000, at most 200,000 are drawn"):
        headline(paper("P1"), paper("P1").figures[0].name, draws=2_000_000_000)


def test_a_sweep_that_would_take_too_long_ends_once_that_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 3.0])
    monkeypatch.setattr("cutwise.columns.row_pace.time.monotonic", lambda: next(clock))
    pace = RowPace(rows=10_000)
    pace.note(1)
    with pytest.raises(ScenarioError, match=r"takes about 2.78 h, at most 60 min are spent"):
        pace.note(2)


def test_the_making_of_a_sweeps_scenarios_counts_as_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """100 of 10,000 made in 30 s are 3,000 s for all; then 30 answers in 3 s are 1,000 s more."""
    clock = iter([0.0, 30.0, 3000.0, 3000.0, 3001.0, 3003.0])
    monkeypatch.setattr("cutwise.columns.row_pace.time.monotonic", lambda: next(clock))
    making = RowPace(rows=10_000)
    making.note(100)
    answering = making.followed_by(rows=10_000)
    answering.note(10)
    with pytest.raises(ScenarioError, match=r"takes about 66\.7 min, at most 60 min are spent"):
        answering.note(20)


def test_rows_that_take_too_long_are_not_all_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = cutwise.load_model("sample:resnet18")
    made: list[Scenario] = []
    clock = iter([0.0, *range(5, 500, 5)])
    monkeypatch.setattr("cutwise.columns.row_pace.time.monotonic", lambda: next(clock))
    monkeypatch.setattr(
        "cutwise.columns.row_answers.build_problem",
        lambda graph, scenario: made.append(scenario) or build_problem(graph, scenario),
    )
    with pytest.raises(ScenarioError, match=r"takes about 83\.3 min, at most 60 min"):
        cutwise.sweep(graph, over={"seed": range(1000)}, scheme="random_cut")
    assert len(made) == 1


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("text_bytes", 8_000_001, "has 8.000001 MB, at most 8 MB"),
        ("text_bytes", 8_040_000, "has 8.04 MB, at most 8 MB"),
        ("sweep_s", 3600.5, "takes about 60.01 min, at most 60 min"),
        ("fleet_devices", 10_001, "has 10,001 rows, at most 10,000"),
    ],
)
def test_what_is_too_much_never_reads_as_what_is_allowed(name: str, given: float, said: str) -> None:
    assert beyond(name, given).startswith(said)
