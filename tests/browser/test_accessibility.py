"""Everyone can use it: what axe-core finds, what keys alone reach, what fits in the first view."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import App, NewApp
from tests.browser.hands import asked, tray

pytestmark = pytest.mark.browser
PAGES = ("", "explore", "compare", "simulate", "learn", "model", "network", "papers", "truth")
GROUPS = ("model", "scheme", "work", "link", "devices", "server", "privacy", "goal")
STREAMLITS = [
    ['[data-testid="stSidebarNavItems"]'],  # its list of pages on a phone holds sections that are no items
    [".katex-display"],  # its formulas scroll on a phone and take no focus
]
FOCUSED = """() => {
  let at = document.activeElement
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
  if (!at || at === document.body) return null
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at)
  return {
    name: at.getAttribute("aria-label") ?? at.innerText ?? "", path: at.dataset.path ?? "",
    isSeen: (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none",
  }
}"""
TRAYS = {"": GROUPS, "learn": ()}
"""Which trays are opened where it is not one; stories have numbers of their own, and no strip."""
MOST_TABS = 60
SCREENS = [("light", 1440, 900), ("dark", 390, 844)]


def faults(app: App) -> list[str]:
    """What axe-core calls serious or critical, but for Streamlit's own elements."""
    found = Axe().run(app.page, context={"exclude": STREAMLITS}).response["violations"]
    return [
        f"{fault['id']} at {node['target']}: {node['html'][:120]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize(("scheme", "width", "height"), SCREENS)
def test_axe_finds_nothing_serious_on_any_page(new_app: NewApp, scheme: str, width: int, height: int) -> None:
    app = new_app(width=width, height=height, color_scheme=scheme)
    found = {}
    for name in PAGES:
        page = app.open(name)
        found[name] = faults(app)
        for group in TRAYS.get(name, ("link",)) if scheme == "light" else ():
            tray(app, group)
            found[name, group] = faults(app)
        assert page.get_by_test_id("stException").count() == 0, name
    assert {place: told for place, told in found.items() if told} == {}


def tabbed(app: App, name: str, path: str = "") -> None:
    """Goes on with Tab until the focus is on what is called so, and is seen there."""
    seen = []
    for _ in range(MOST_TABS):
        app.page.keyboard.press("Tab")
        seen.append(app.page.evaluate(FOCUSED))
        if seen[-1] and name in seen[-1]["name"] and path in ("", seen[-1]["path"]):
            assert seen[-1]["isSeen"], f"no focus is seen on {seen[-1]['name']}"
            return
    pytest.fail(f"Tab does not reach {name}: {[one and one['name'][:30] for one in seen]}")


def test_keys_alone_edit_a_field_choose_a_device_pin_a_cut_and_walk_the_graph(app: App) -> None:
    page = app.open()
    first = asked(app)
    for title in ("Model:", "Scheme:", "Work:", "Link:"):
        tabbed(app, title)
    page.keyboard.press("Enter")
    tabbed(app, "Uplink", "channel.uplink_bps")
    page.keyboard.type("50 Mbit/s")
    page.keyboard.press("Enter")
    app.idle()
    assert asked(app).scenario.channel.uplink_bps == 50e6
    tabbed(app, "Uplink", "channel.uplink_bps")
    page.keyboard.press("ArrowRight")
    app.idle()
    assert 50e6 < asked(app).scenario.channel.uplink_bps < 60e6
    page.keyboard.press("Escape")
    assert "Link" in page.evaluate(FOCUSED)["name"]
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    app.idle()
    assert asked(app) == first
    tabbed(app, "raspberry-pi")
    for name in ("jetson-nano", "jetson-tx2", "phone"):
        page.keyboard.press("ArrowRight")
        app.idle()
        assert asked(app).device == name
    tabbed(app, "Cut position of phone")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    app.idle()
    assert asked(app).cut
    assert "Pinned by you" in page.locator(".cutwise-reason").inner_text()
    page.keyboard.press("Escape")
    app.idle()
    assert not asked(app).cut
    tabbed(app, "Model graph")
    for _ in range(30):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(50)
        if "conv" in page.locator(".dag .live").inner_text():
            break
    page.keyboard.press("Enter")
    page.get_by_text("Forward", exact=True).first.wait_for(timeout=10_000)


def test_keys_alone_open_the_seldom_changed_fields_and_undo_what_they_change(app: App) -> None:
    page = app.open()
    first = asked(app)
    tray(app, "server")
    idle_power = page.locator('[data-field="server.idle_power_w"]')
    assert idle_power.count() == 0
    tabbed(app, " more")
    page.keyboard.press("Enter")
    tabbed(app, "Idle power", "server.idle_power_w")
    page.keyboard.type("40 W")
    page.keyboard.press("Enter")
    app.idle()
    assert asked(app).scenario.server.idle_power_w == 40
    assert page.evaluate(FOCUSED)["path"] == "server.idle_power_w"
    page.keyboard.type("many")
    page.keyboard.press("Enter")
    app.idle()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert idle_power.count() == 0
    page.keyboard.press("Enter")
    assert idle_power.locator(".why").inner_text(), "what was refused is seen, also where it is folded"
    page.keyboard.press("Control+z")
    app.idle()
    assert asked(app) == first
    assert idle_power.count() == 0


def bottom(app: App, selector: str) -> float:
    box = app.page.locator(selector).first.bounding_box()
    assert box, selector
    assert box["x"] >= 0, selector
    assert box["x"] + box["width"] <= app.page.viewport_size["width"], selector
    return box["y"] + box["height"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_sentence_and_ruler_lie_in_the_first_view_with_a_tray_open(
    new_app: NewApp, scheme: str
) -> None:
    app = new_app(color_scheme=scheme)
    app.open()
    for selector in (".cutwise-figures", ".cutwise-reason", ".ruler"):
        assert bottom(app, selector) <= 900, selector
    for group in GROUPS:
        tray(app, group)
        app.page.wait_for_timeout(250)
        for selector in (".tray", ".cutwise-figures", ".cutwise-reason", ".ruler"):
            assert bottom(app, selector) <= 900, (group, selector)


def test_figures_and_ruler_lie_in_the_first_view_of_a_phone_and_a_tray_leaves_the_figures(
    new_app: NewApp,
) -> None:
    app = new_app(width=390, height=844)
    page = app.open()
    for selector in (".cutwise-figures", ".ruler"):
        assert bottom(app, selector) <= 844, selector
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tray(app, "link")
    page.wait_for_timeout(250)
    assert bottom(app, ".tray") <= 844
    assert bottom(app, ".cutwise-figures") <= page.locator(".tray").bounding_box()["y"]
