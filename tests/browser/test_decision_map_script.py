"""The script of the decision map, on a browser page of its own without a server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Playwright

import cutwise
from cutwise.analyses.maps.decision_map import DecisionMap
from cutwise.analyses.maps.device_map import device_map
from cutwise.analyses.maps.places.map_places import MapPlaces
from cutwise.question import Question, shown_plan
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.components import decision_map as component
from cutwise_dashboard.format import seconds_text
from cutwise_dashboard.views.explore.map_payload import map_payload
from tests.browser.conftest import FLAGS, chromium
from tests.browser.test_component_scripts import MOUNT, SETTLED

pytestmark = pytest.mark.browser

DESK = "() => { window.commands = []; window.cutwiseDesk = { command: c => window.commands.push(c) } }"
VIEW = "document.querySelector('div').shadowRoot.querySelector('.decisions').decisionMap"
UPLINK, SPEED = "channel.uplink_bps", "devices.2.flops_per_s"


@pytest.fixture(scope="module")
def chrome(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield started
    started.close()


@pytest.fixture(scope="module")
def found() -> DecisionMap:
    asked = Question(graph=cutwise.load_model("sample:resnet18"), scenario=shipped_scenario())
    paths = dict.fromkeys((UPLINK, SPEED), (None, None))
    return device_map(MapPlaces.of(asked, shown_plan(asked), paths, device=2), 2)


def sent(payload: dict[str, Any]) -> dict[str, Any]:
    return {"name": "m", "found": payload}


@dataclass
class MapStage:
    """A browser page with the map on it."""

    page: Page

    def looks(self, expression: str) -> Any:
        return self.page.evaluate(f"() => {{ const v = {VIEW}; return {expression} }}")

    def spot(self, across: float, up: float) -> tuple[float, float]:
        """Where a point by its shares of both axes stands on the page."""
        x, y = self.looks(
            f"[v.grid.left + {across} * (v.grid.right - v.grid.left),"
            f" v.grid.floor - {up} * (v.grid.floor - v.grid.top)]"
        )
        box = self.page.locator("canvas").bounding_box()
        assert box is not None
        return box["x"] + x, box["y"] + y

    def commands(self) -> list[Any]:
        return list(self.page.evaluate("() => window.commands.splice(0)"))


@pytest.fixture
def stage(chrome: Browser, found: DecisionMap, request: pytest.FixtureRequest) -> Iterator[MapStage]:
    width = getattr(request, "param", 1000)
    context = chrome.new_context(viewport={"width": width, "height": 700}, has_touch=width < 500)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.evaluate(MOUNT, ["map", component.HTML, component.CSS, component.SCRIPT])
    page.evaluate(MOUNT, ["found", "", "", component.FOUND_SCRIPT])
    page.evaluate("data => { map({ name: 'm' }); found(data) }", sent(map_payload(found, theme="light")))
    page.evaluate(SETTLED)
    page.evaluate(DESK)
    yield MapStage(page)
    context.close()
    assert errors == []


def at(found: DecisionMap, across: float, up: float) -> tuple[int, int]:
    """The point of the map next to values, as row and column."""
    row = int(np.abs(np.log(found.up_values / up)).argmin())
    return row, int(np.abs(np.log(found.across_values / across)).argmin())


def test_hovering_tells_best_and_second_best_with_the_delay(stage: MapStage, found: DecisionMap) -> None:
    for across, up in ((0.11, 0.83), (0.42, 0.61), (0.87, 0.33)):
        stage.page.mouse.move(*stage.spot(across, up))
        values = stage.looks("v.cursor.values")
        place = at(found, *values)
        told = stage.page.locator(".tip").inner_text()
        assert found.labels[found.best[place]] in told.splitlines()[0]
        assert found.labels[found.second[place]] in told.splitlines()[1]
        assert seconds_text(float(found.delays_s[place])).split()[0][:2] in told


def test_a_click_goes_there_in_one_command(stage: MapStage, found: DecisionMap) -> None:
    spot = stage.spot(0.7, 0.2)
    stage.page.mouse.move(*spot)
    values = stage.looks("v.cursor.values")
    stage.page.mouse.click(*spot)
    value = {**found.beside, found.across.path: values[0], found.up.path: values[1]}
    (sent,) = stage.commands()
    assert sent == {"kind": "set_many", "path": "map", "value": value, "device": found.device}
    assert [float(f"{one:.3g}") for one in values] == values


def test_keys_move_a_point_from_the_present_one_and_enter_goes_there(
    stage: MapStage, found: DecisionMap
) -> None:
    stage.page.locator(".stage").focus()
    stage.page.keyboard.press("Enter")
    assert stage.commands() == []
    here = stage.looks("v.data.here")
    for key in ("ArrowRight", "Shift+ArrowUp", "ArrowDown"):
        stage.page.keyboard.press(key)
    shares, values = stage.looks("[v.cursor.shares, v.cursor.values]")
    assert shares == pytest.approx([here[0] + 0.01, here[1] + 0.09], abs=0.002)
    assert found.labels[found.best[at(found, *values)]] in stage.page.locator(".live").inner_text()
    stage.page.keyboard.press("Enter")
    ((sent),) = stage.commands()
    assert sent["value"][SPEED] == values[1]
    stage.page.keyboard.press("Escape")
    assert stage.page.locator(".tip").is_hidden()


@pytest.mark.parametrize("stage", [390], indirect=True)
def test_a_tap_looks_and_a_button_goes_there(stage: MapStage, found: DecisionMap) -> None:
    stage.page.touchscreen.tap(*stage.spot(0.8, 0.4))
    assert stage.commands() == []
    assert stage.page.locator(".tip").is_visible()
    stage.page.locator(".tip .go").tap()
    ((sent),) = stage.commands()
    assert sent["kind"] == "set_many"


@pytest.mark.parametrize("stage", [390, 1400], indirect=True)
def test_names_lie_in_their_regions_or_point_into_them(stage: MapStage, found: DecisionMap) -> None:
    names, callouts = stage.looks("[v.names, v.callouts]")
    assert names
    if stage.page.viewport_size["width"] > 1000:
        assert len(names) + len(callouts) == len(set(found.runs.cut.ravel().tolist()) - {-1})
    for text, x, y in [
        *((name["text"], name["x"], name["y"]) for name in names),
        *((one["text"], *one["anchor"]) for one in callouts),
    ]:
        cut = stage.page.evaluate(
            f"""([x, y]) => {{ const v = {VIEW}
              const up = (v.grid.floor - y) / (v.grid.floor - v.grid.top)
              const row = Math.round(up * (v.rowShares.length - 1))
              const along = (x - v.grid.left) / (v.grid.right - v.grid.left)
              let cut = -1
              for (let step = 0; step < v.data.steps; step++)
                if (v.starts[row * v.data.steps + step] <= along) cut = v.cuts[row * v.data.steps + step]
              return v.data.regions[cut].label }}""",
            [x, y],
        )
        assert cut.endswith(text.removeprefix("…/").split(" + …")[0])
    ever = [found.labels[one] for one in np.unique(found.runs.cut).tolist() if one >= 0]
    shown = stage.page.locator(".regions li").all_inner_texts()
    assert len(shown) == len(ever)
    assert all(told.startswith(name) for told, name in zip(shown, ever, strict=True))


def test_names_are_text_and_no_desk_is_needed(stage: MapStage, found: DecisionMap) -> None:
    payload = map_payload(found, theme="dark")
    for region in payload["regions"]:
        region["label"] = "after <img src=x onerror='window.planted=1'>"
    stage.page.evaluate("data => { delete window.cutwiseDesk; found(data) }", sent(payload))
    stage.page.mouse.click(*stage.spot(0.4, 0.2))
    assert "<img" in stage.page.locator(".regions").inner_text()
    assert stage.page.locator("img").count() == 0
    assert stage.page.evaluate("window.planted") is None
