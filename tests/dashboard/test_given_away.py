"""What a cut may give away, as Explore draws it: the library's figures, labelled an indication."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

import cutwise
from cutwise.__main__ import main
from cutwise.analyses.leakage import Leakage
from cutwise.scenario.scenario_file import dump_scenario
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.charts.trades.leakage_lines import leakage_figure
from tests.dashboard.pages import opened, texts

PART = "What a cut gives away"


def indicated() -> Leakage:
    found = cutwise.analyse(cutwise.load_model("sample:resnet18"), shipped_scenario(), "leakage")
    assert isinstance(found, Leakage)
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_delays_stand_above_what_was_recovered_cut_by_cut(theme: str) -> None:
    found = indicated()
    figure = leakage_figure(found, theme=theme)
    delay, inputs, *_ = figure["series"]
    assert [axis["data"] for axis in figure["xAxis"]] == [list(found.cuts)] * 2
    assert delay["data"] == pytest.approx(found.delays_s.tolist(), rel=1e-3)
    assert inputs["data"] == pytest.approx((100 * found.input_ratios).tolist(), rel=1e-3)
    assert delay["markLine"]["data"] == [{"xAxis": found.chosen}]
    assert len({series["itemStyle"]["color"] for series in figure["series"]}) == 4


def test_the_page_says_that_it_is_an_indication_and_names_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = opened(page="explore")
    page.session_state["view.explore.part"] = PART
    page.run()
    shown = texts(page)
    assert any("Indication" in text for text in shown)
    assert not any("guarantee" in text.lower() for text in shown)
    command = next(block.value for block in page.main.code if "leakage" in block.value)
    (tmp_path / "scenario.toml").write_text(dump_scenario(shipped_scenario()))
    words = [str(tmp_path / word) if word == "scenario.toml" else word for word in shlex.split(command)]

    assert main([*words[1:], "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["basis"] == "indication"
    assert told["positions"][told["chosen"]]["cut"] == indicated().cuts[indicated().chosen]
