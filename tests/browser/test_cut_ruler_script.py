"""The cut ruler's script on a browser page of its own: pointer, keys, labels, sizes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

import cutwise
from cutwise_dashboard.components import ruler
from cutwise_dashboard.components.ruler.payload import ruler_payload
from cutwise_dashboard.format import quantity_text, seconds_text
from tests.browser.conftest import FLAGS, chromium
from tests.browser.test_component_scripts import MOUNT
from tests.dashboard.ruled import RAW, numbers, ruled

pytestmark = pytest.mark.browser

DESK = "() => { window.asked = []; window.cutwiseDesk = { command: one => window.asked.push(one) } }"
INSIDE = "document.querySelector('div').shadowRoot"


@dataclass
class Drawn:
    """A page with one ruler on it, and a desk that writes down what it is asked."""

    page: Page
    payload: Any

    def show(self, payload: Any, height: int = 430) -> None:
        self.payload = payload
        self.page.evaluate("data => { ruler(data) }", {**payload, "height": height})

    def inside(self, expression: str) -> Any:
        return self.page.evaluate(
            f"() => {{ const root = {INSIDE}.querySelector('.ruler'); return {expression} }}"
        )

    def point(self, position: int) -> tuple[float, float]:
        x = self.inside(f"root.ruler.view.barStart({position}) + root.ruler.view.unit / 2")
        box = self.page.locator(".ruler").bounding_box()
        assert box is not None
        return box["x"] + x, box["y"] + 300

    def asked(self) -> list[dict[str, Any]]:
        return list(self.page.evaluate("() => window.asked.splice(0)"))

    def spoken(self) -> str:
        return str(self.page.locator(".ruler").get_attribute("aria-valuetext"))


@pytest.fixture(scope="module")
def one_browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield started
    started.close()


@pytest.fixture
def drawn(one_browser: Browser) -> Iterator[Callable[..., Drawn]]:
    pages: list[Page] = []
    errors: list[str] = []

    def draw(payload: Any, width: int = 1440, height: int = 430, **options: Any) -> Drawn:
        page = one_browser.new_page(viewport={"width": width, "height": 700}, **options)
        page.on("pageerror", lambda error: errors.append(str(error)))
        pages.append(page)
        page.evaluate(MOUNT, ["ruler", ruler.HTML, ruler.CSS, ruler.SCRIPT])
        page.evaluate(DESK)
        found = Drawn(page, payload)
        found.show(payload, height)
        return found

    yield draw
    for page in pages:
        page.close()
    assert errors == []


@pytest.fixture(scope="module")
def resnet() -> Any:
    return ruler_payload(ruled(cutwise.load_model("sample:resnet18")), 0, theme="light")


@pytest.fixture(scope="module")
def pinned() -> Any:
    cuts = ruler_payload(ruled(cutwise.load_model("sample:resnet18")), 0, theme="light")["cuts"]
    return ruler_payload(ruled(cutwise.load_model("sample:resnet18"), cut=cuts[8]), 0, theme="light")


def sample_payload(name: str) -> Any:
    copied = replace(RAW, workload=replace(RAW.workload, tied_weights="copied"))
    question = ruled(cutwise.load_model(f"sample:{name}"), copied if name == "gpt2" else RAW)
    return ruler_payload(question, 0, theme="light")


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("name", ["resnet18", "densenet121", "gpt2"])
def test_no_text_lies_over_another_or_outside(drawn: Callable[..., Drawn], name: str, width: int) -> None:
    found = drawn(sample_payload(name), width, 400 if width < 500 else 430)
    boxes = found.inside(
        "[...root.querySelectorAll('text')].map(text => { const b = text.getBoundingClientRect();"
        " return [text.textContent, b.left, b.top, b.right, b.bottom] })"
    )
    frame = found.inside("(b => [b.left, b.top, b.right, b.bottom])(root.getBoundingClientRect())")
    assert any(text.startswith("best") for text, *_ in boxes)
    for at, (text, left, top, right, bottom) in enumerate(boxes):
        assert left >= frame[0] - 1, text
        assert right <= frame[2] + 1, text
        assert top >= frame[1] - 1, text
        assert bottom <= frame[3] + 1, text
        for other, left2, top2, right2, bottom2 in boxes[at + 1 :]:
            apart = right <= left2 + 1 or right2 <= left + 1 or bottom <= top2 + 3 or bottom2 <= top + 3
            assert apart, (text, other)


def test_a_pointer_shows_what_a_cut_costs(drawn: Callable[..., Drawn], resnet: Any) -> None:
    found = drawn(resnet)
    found.page.evaluate(
        "() => { window.followed = [];"
        " window.addEventListener('cutwise:cut-hover', e => followed.push(e.detail)) }"
    )
    found.page.mouse.move(*found.point(9))
    tip = found.page.locator(".tip")
    total = float(numbers(resnet["totalS"])[9])
    for part in resnet["parts"]:
        assert part["name"] in tip.inner_text()
    assert seconds_text(total) in tip.inner_text()
    assert quantity_text(float(numbers(resnet["bytes"])[9]), "B") in tip.inner_text()
    ratio = total / float(numbers(resnet["totalS"])[resnet["best"]])
    assert f"{ratio:.3g} × the best" in tip.inner_text()
    assert found.page.evaluate("() => followed.at(-1)") == {
        "op": resnet["cuts"][9].split(",")[-1],
        "position": 9,
        "device": "raspberry-pi",
    }
    found.page.mouse.move(5, 650)
    assert tip.is_hidden()
    assert found.page.evaluate("() => followed.at(-1).op") == ""


def test_a_click_pins_and_the_plans_own_cut_unpins(
    drawn: Callable[..., Drawn], resnet: Any, pinned: Any
) -> None:
    found = drawn(resnet)
    found.page.mouse.click(*found.point(8))
    assert found.asked() == [
        {"kind": "pin", "path": "cut", "value": resnet["cuts"][8], "device": "raspberry-pi"}
    ]
    found.page.mouse.click(*found.point(resnet["best"]))
    assert found.asked() == []
    found.show(pinned)
    found.page.mouse.click(*found.point(8))
    assert found.asked() == []
    found.page.mouse.click(*found.point(pinned["planned"]))
    assert [one["value"] for one in found.asked()] == [""]


def test_keys_move_pin_and_unpin(drawn: Callable[..., Drawn], pinned: Any) -> None:
    found = drawn(pinned)
    found.page.keyboard.press("Tab")
    assert found.page.locator(".tip").is_visible()
    assert "pinned" in found.spoken()
    found.page.keyboard.press("ArrowRight")
    assert pinned["cuts"][9] in found.spoken()
    assert found.page.locator(".ruler").get_attribute("aria-valuenow") == "10"
    found.page.keyboard.press("Enter")
    found.page.keyboard.press("Home")
    assert pinned["cuts"][0] in found.spoken()
    found.page.keyboard.press("End")
    assert "All on the device" in found.spoken()
    found.page.keyboard.press("Escape")
    assert [one["value"] for one in found.asked()] == [pinned["cuts"][9], ""]
    assert found.page.locator(".tip").is_hidden()


def test_a_first_touch_shows_and_a_second_pins(drawn: Callable[..., Drawn], resnet: Any) -> None:
    found = drawn(resnet, 390, 400, has_touch=True)
    found.page.touchscreen.tap(*found.point(9))
    assert found.page.locator(".tip").is_visible()
    assert found.asked() == []
    found.page.touchscreen.tap(*found.point(9))
    assert [one["value"] for one in found.asked()] == [resnet["cuts"][9]]


def test_it_draws_without_a_desk_and_anew_in_another_size(drawn: Callable[..., Drawn], resnet: Any) -> None:
    found = drawn(resnet)
    found.page.evaluate("() => { delete window.cutwiseDesk }")
    found.page.mouse.click(*found.point(8))
    found.page.set_viewport_size({"width": 500, "height": 700})
    found.page.wait_for_function(
        f"() => {INSIDE}.querySelector('svg').clientWidth === {INSIDE}.querySelector('.ruler').clientWidth"
    )
    assert found.inside("root.ruler.view.width") < 500


def test_names_are_text(drawn: Callable[..., Drawn], resnet: Any) -> None:
    evil = "<img src=x onerror=window.hit=1>"
    spelled = json.loads(json.dumps(dict(resnet)))
    spelled["cards"]["name"] = [evil] * len(spelled["cards"]["name"])
    spelled["cuts"] = [evil] * len(spelled["cuts"])
    spelled["names"] = [""] * len(spelled["names"])
    spelled |= {"device": evil, "note": evil}
    found = drawn(spelled)
    found.page.mouse.move(*found.point(9))
    assert found.inside("root.querySelectorAll('img').length") == 0
    assert evil in found.page.locator(".tip b").inner_text()
    assert found.page.evaluate("() => window.hit") is None


def test_thousands_of_cuts_are_few_elements(drawn: Callable[..., Drawn], resnet: Any) -> None:
    question = ruled(cutwise.load_model("sample:two_tower"), RAW)
    found = drawn(ruler_payload(question, 0, theme="light"), 390, 400)
    assert found.inside("root.querySelectorAll('*').length") < 300


def test_a_scheme_without_a_cut_says_so(drawn: Callable[..., Drawn]) -> None:
    question = ruled(cutwise.load_model("sample:resnet18"), scheme="centralised")
    found = drawn(ruler_payload(question, 0, theme="dark"))
    assert "sends the samples themselves" in found.page.locator(".message").inner_text()
    found.page.locator(".ruler").focus()
    found.page.keyboard.press("ArrowRight")
    assert found.asked() == []


def test_quantities_are_written_as_python_writes_them(one_browser: Browser) -> None:
    page = one_browser.new_page()
    values = [
        3e-7,
        1.2e-5,
        0.0123,
        0.5,
        1.0,
        9.995,
        66.34,
        119.99,
        120.0,
        719.7,
        3599.9,
        5400.0,
        7199.9,
        1e5,
        4e6,
    ]
    sizes = [0.0, 8.0, 999.4, 999.6, 65792.0, 25690368.0, 1.5e9, 3.2e12]
    script = (
        ruler.SCRIPT.replace("export default function", "function unused")
        + "\nwindow.written = { secondsText, quantityText }"
    )
    page.add_script_tag(content=f"(() => {{{script}}})()")
    assert page.evaluate("all => all.map(written.secondsText)", values) == [seconds_text(v) for v in values]
    assert page.evaluate("all => all.map(one => written.quantityText(one, 'B'))", sizes) == [
        quantity_text(v, "B") for v in sizes
    ]
    page.close()
