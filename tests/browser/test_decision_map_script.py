"""The script of the decision map, on a browser page of its own without a server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

import cutwise
from cutwise.question import Question, shown_plan
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.components import decision_map as component
from cutwise_dashboard.views.explore.decision_map import DecisionMap, decision_map
from cutwise_dashboard.views.explore.map_payload import map_payload
from tests.browser.conftest import FLAGS, chromium
from tests.browser.test_component_scripts import MOUNT, SETTLED

pytestmark = pytest.mark.browser

DESK = "() => { window.commands = []; window.cutwiseDesk = { command: c => window.commands.push(c) } }"
VIEW = "document.querySelector('div').shadowRoot.querySelector('.decisions').decisionMap"


@pytest.fixture(scope="module")
def chrome(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield started
    started.close()


@pytest.fixture(scope="module")
def found() -> DecisionMap:
    asked = Question(graph=cutwise.load_model("sample:resnet18"), scenario=shipped_scenario())
    return decision_map(asked, shown_plan(asked), 2)


@dataclass
class MapStage:
    """A browser page with the map on it."""

    page: Page

    def looks(self, expression: str) -> Any:
        return self.page.evaluate(f"() => {{ const v = {VIEW}; return {expression} }}")

    def middle(self, column: int, row: int) -> tuple[float, float]:
        x, y = self.looks(
            f"[104 + ({column} + 0.5) * v.grid.cellWidth, v.grid.floor - ({row} + 0.5) * v.grid.cellHeight]"
        )
        box = self.page.locator("canvas").bounding_box()
        assert box is not None
        return box["x"] + x, box["y"] + y

    def commands(self) -> list[Any]:
        return list(self.page.evaluate("() => window.commands.splice(0)"))


@pytest.fixture
def stage(chrome: Browser, found: DecisionMap, request: pytest.FixtureRequest) -> Iterator[MapStage]:
    page = chrome.new_page(viewport={"width": getattr(request, "param", 1000), "height": 700})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.evaluate(MOUNT, ["map", component.HTML, component.CSS, component.SCRIPT])
    page.evaluate("data => { map(data) }", map_payload(found, theme="light"))
    page.evaluate(SETTLED)
    page.evaluate(DESK)
    yield MapStage(page)
    page.close()
    assert errors == []


def test_hovering_tells_the_cut_and_the_delay(stage: MapStage, found: DecisionMap) -> None:
    stage.page.mouse.move(*stage.middle(20, 90))
    told = stage.page.locator(".tip").inner_text()
    assert found.labels[found.best[90, 20]] in told
    assert f"{found.delays_s[90, 20]:.3g} s a round" in told


def test_a_click_goes_there_in_one_command(stage: MapStage, found: DecisionMap) -> None:
    stage.page.mouse.click(*stage.middle(120, 30))
    value = {found.across.path: found.link_values[120], found.up.path: found.speed_values[30]}
    assert stage.commands() == [
        {
            "kind": "set_many", "path": "map", "value": {**found.beside, **value},
            "device": found.device,
        },
    ]  # fmt: skip


def test_keys_move_a_point_from_the_present_one_and_enter_goes_there(
    stage: MapStage, found: DecisionMap
) -> None:
    stage.page.locator(".stage").focus()
    stage.page.keyboard.press("Enter")
    assert stage.commands() == []
    for key in ("ArrowRight", "Shift+ArrowUp", "ArrowDown"):
        stage.page.keyboard.press(key)
    at = stage.looks("v.cursor")
    start = stage.looks(
        "(([a, u]) => [Math.floor(a * v.grid.columns), Math.floor(u * v.grid.rows)])(v.data.here)"
    )
    assert [at["column"], at["row"]] == [start[0] + 1, start[1] + 9]
    assert found.labels[found.best[at["row"], at["column"]]] in stage.page.locator(".live").inner_text()
    stage.page.keyboard.press("Enter")
    ((sent),) = stage.commands()
    assert sent["value"][found.up.path] == found.speed_values[at["row"]]
    stage.page.keyboard.press("Escape")
    assert stage.page.locator(".tip").is_hidden()


@pytest.mark.parametrize("stage", [390, 1400], indirect=True)
def test_names_lie_in_their_regions_and_all_are_listed(stage: MapStage, found: DecisionMap) -> None:
    names = stage.looks("v.names")
    assert names
    for name in names:
        assert stage.looks(
            f"v.data.regions[v.best[Math.floor((v.grid.floor - {name['y']}) / v.grid.cellHeight)"
            f" * v.grid.columns + Math.floor(({name['x']} - 104) / v.grid.cellWidth)]].label"
        ).endswith(name["text"].removeprefix("…/"))
    assert stage.page.locator(".regions li").all_inner_texts() == list(found.labels)


def test_names_are_text_and_no_desk_is_needed(stage: MapStage, found: DecisionMap) -> None:
    sent = map_payload(found, theme="dark")
    sent["regions"][0]["label"] = "after <img src=x onerror='window.planted=1'>"
    stage.page.evaluate("data => { delete window.cutwiseDesk; map(data) }", sent)
    stage.page.mouse.click(*stage.middle(60, 20))
    assert "<img" in stage.page.locator(".regions").inner_text()
    assert stage.page.locator("img").count() == 0
    assert stage.page.evaluate("window.planted") is None
