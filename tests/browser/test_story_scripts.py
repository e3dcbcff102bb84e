"""The scripts of the stories, on a browser page of their own without a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright

from cutwise_dashboard.components import stories as component
from cutwise_dashboard.views.learn.stories import STORIES
from cutwise_dashboard.views.learn.story_views import story_colors
from tests.browser.conftest import FLAGS, chromium
from tests.browser.test_component_scripts import MOUNT, SETTLED

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def chrome(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield started
    started.close()


@pytest.fixture
def opened(chrome: Browser) -> Iterator[Opened]:
    pages: list[Page] = []
    errors: list[str] = []

    def open_story(name: str, width: int = 1200) -> Page:
        page = chrome.new_page(viewport={"width": width, "height": 800})
        page.on("pageerror", lambda error: errors.append(str(error)))
        pages.append(page)
        story = STORIES[name]
        page.evaluate(MOUNT, ["story", component.HTML, component.CSS, component.SCRIPTS[story.script]])
        page.evaluate("data => { story(data) }", {**story.told(), "colors": story_colors("light")})
        page.evaluate(SETTLED)
        return page

    yield open_story
    for page in pages:
        page.close()
    assert errors == []


def typed(page: Page, text: str) -> str:
    page.locator("input[type=text]").fill("")
    page.locator("input[type=text]").focus()
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    return page.locator(".note").inner_text()


def test_the_first_story_is_told_with_keys_alone(opened: Opened) -> None:
    page = opened("minimum_cut")
    op = page.get_by_role("button", name="conv 1:")
    op.focus()
    page.keyboard.press("Enter")
    assert op.get_attribute("aria-pressed") == "true"
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    assert "crossing twice" in typed(page, "25")
    assert "no cut is cheaper" in typed(page, "17 ms")
    page.get_by_role("button", name="Show how max-flow finds it").focus()
    page.keyboard.press("Enter")
    for _ in range(8):
        page.keyboard.press("Enter")
    assert "17 ms" in page.locator(".total").inner_text()
    page.keyboard.press("Enter")
    assert page.locator("h3").inner_text() == "17 ms of flow, 17 ms of cut"
    page.keyboard.press("Enter")
    assert page.locator(".note").inner_text().startswith("No: conv 2 and add on the server need")
    page.get_by_role("button", name="8 ms", exact=True).click()
    assert page.locator(".note").inner_text().startswith("Yes.")


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "a guess is fine"), ("many", "Type a number"), ("18", "another cut"), ("1e400", "Type a")],
)
def test_whatever_is_typed_has_a_reply(opened: Opened, text: str, said: str) -> None:
    assert said in typed(opened("minimum_cut"), text)


def test_a_backward_arc_is_drawn_and_named(opened: Opened) -> None:
    page = opened("minimum_cut")
    page.get_by_role("button", name="pool:").click()
    assert page.locator("svg text", has_text="backward").count() == 1
    assert typed(page, "1").startswith("Backward arc: pool on the device would read add")


@pytest.mark.parametrize("width", [390, 820, 1000, 1400])
def test_ops_and_bars_lie_apart_and_can_be_read(opened: Opened, width: int) -> None:
    page = opened("minimum_cut", width)
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Show how max-flow finds it").click()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    boxes = page.evaluate(
        """() => [...document.querySelector("div").shadowRoot.querySelectorAll(".op rect, .pipe, .send")]
        .map(part => part.getBoundingClientRect()).map(b => [b.left, b.top, b.right, b.bottom])"""
    )
    for at, one in enumerate(boxes):
        assert one[0] >= 0
        assert one[2] <= width
        assert one[3] - one[1] >= 10
        for other in boxes[at + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    ops = page.locator(".op").all()
    tops = [box["y"] for op in ops if (box := op.bounding_box())]
    assert (tops == sorted(tops)) == (width == 390)


def test_the_rate_is_dragged_with_keys_and_the_lowest_line_is_named(opened: Opened) -> None:
    page = opened("rate")
    told = STORIES["rate"].told()
    slider = page.get_by_role("slider", name="Uplink rate")
    slider.focus()
    for key, rate in (("Home", told["high"]), ("End", told["low"])):
        page.keyboard.press(key)
        best = min(told["lines"], key=lambda line: line["rest"] + line["bits"] / rate)
        spoken = slider.get_attribute("aria-valuetext")
        assert spoken is not None
        assert f"{best['name']}, {best['rest'] + best['bits'] / rate:.3g} s" in spoken
    assert page.evaluate("document.querySelector('div').shadowRoot.activeElement.type") == "range"


def test_a_guess_shows_the_lower_edge_and_every_answer_has_its_reply(opened: Opened) -> None:
    page = opened("rate", 390)
    assert page.locator("polyline").count() == 0
    page.get_by_role("button", name="4", exact=True).click()
    assert page.locator(".note").inner_text().startswith("Right:")
    assert page.locator("polyline").count() == 1
    assert page.locator("circle").count() == 3 + 1
    replies = set()
    for answer in ("To slower rates", "To faster rates", "Nowhere"):
        page.get_by_role("button", name=answer).click()
        replies.add(page.locator(".note").last.inner_text())
    assert len(replies) == 3
    page.get_by_role("button", name="Start the story again").click()
    assert page.locator("polyline").count() == 0
