"""Every answer says what gave it, and what others wrote is opened with a sentence."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pytest

import cutwise
from cutwise.__main__ import main
from cutwise.analyses.comparison import CompareAnalysis
from cutwise.plain import plain
from cutwise.question import Question
from cutwise.scenario import versions as module
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import parse_scenario
from cutwise.scenario.versions import Versions, data_version, file_notice, notice, saved_scenario, versions

OTHER = Versions(product="0.0.1", data="0123456789ab")


@pytest.fixture
def fresh() -> Iterator[None]:
    """What is kept of the versions is read anew, before and after."""
    for known in (data_version, versions):
        known.cache_clear()  # type: ignore[attr-defined]
    yield
    for known in (data_version, versions):
        known.cache_clear()  # type: ignore[attr-defined]


def test_a_plan_and_a_comparison_carry_the_versions_in_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    graph = cutwise.load_model("sample:resnet18")
    plan = cutwise.plan(graph)
    assert (plan.product_version, plan.data_version) == (version("cutwise"), data_version())
    assert cutwise.__version__ == version("cutwise")
    assert cutwise.data_version() == data_version()
    assert plain(plan)["data_version"] == data_version()
    rows = CompareAnalysis(schemes=("fast_split", "device_only")).run(Question(graph=graph)).plain()
    assert {(row["product_version"], row["data_version"]) for row in rows} == {
        (version("cutwise"), data_version())
    }
    main(["plan", "sample:resnet18"])
    assert versions().text in capsys.readouterr().out
    main(["plan", "sample:resnet18", "--json"])
    assert json.loads(capsys.readouterr().out)["data_version"] == data_version()


@pytest.mark.usefixtures("fresh")
def test_the_data_version_moves_with_a_table_and_with_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    before = data_version()
    table = files("cutwise.assets").joinpath("hardware.toml").read_bytes()
    parts = list(module._parts())
    assert table in parts
    assert repr(Scenario()).encode() in parts
    found = set()
    for at in range(len(parts)):
        moved = [part + b" " if at == k else part for k, part in enumerate(parts)]
        monkeypatch.setattr(module, "_parts", lambda moved=moved: iter(moved))
        data_version.cache_clear()  # type: ignore[attr-defined]
        found.add(data_version())
    assert before not in found
    assert len(found) == len(parts)


def test_a_saved_scenario_reads_back_and_says_who_wrote_it() -> None:
    scenario = Scenario(seed=3)
    text = saved_scenario(scenario)
    assert parse_scenario(text.encode()) == scenario
    assert file_notice(text.encode(), name="cell.toml") == ""
    old = text.replace(versions().text, OTHER.text)
    told = file_notice(old.encode(), name="cell.toml")
    assert told.startswith(f"Cell.toml was written by {OTHER.text}; ")
    assert "figures may have moved" in told
    assert file_notice(b'format = "cutwise-scenario/1"\n', name="by hand") == ""


def test_what_says_nothing_of_its_versions_is_older() -> None:
    assert notice("this link", None).startswith("This link was written by a version that did not say")
    assert notice("this link", versions()) == ""


def test_the_command_line_says_that_a_scenario_is_of_another_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cell.toml"
    file.write_text(saved_scenario(Scenario()).replace(versions().text, OTHER.text), encoding="utf-8")
    main(["plan", "sample:resnet18", str(file)])
    told = capsys.readouterr()
    assert f"was written by {OTHER.text}" in told.err
    assert "fast_split: optimal" in told.out
    file.write_text(saved_scenario(Scenario()), encoding="utf-8")
    main(["plan", "sample:resnet18", str(file)])
    assert capsys.readouterr().err == ""


def test_a_saved_scenario_states_what_a_models_own_file_might_say_otherwise() -> None:
    """A file in bf16 beside it, or an adapter, would else change the answer of the command on the page."""
    saved = tomllib.loads(saved_scenario(Scenario()))
    assert saved["workload"] == {"weights_dtype": "fp32", "tuning": {"kind": "full"}}
    assert parse_scenario(saved_scenario(Scenario()).encode()) == Scenario()
