"""Pages, Back and Forward, and commands as fast as a machine gives them: nothing lost, nothing twice."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.desk.history import Desk
from cutwise_dashboard.stores.link_store import address_of
from tests.browser.conftest import App
from tests.browser.hands import DEEP, asked, commanded, step, tray

pytestmark = pytest.mark.browser
UPLINK = "channel.uplink_bps"
BAR = ("compare", "explore", "learn", "", "simulate", "truth")
TRAYS = {"model": ("model", "Look into the model"), "network": ("devices", "All devices as a table")}
GAPS_MS = (0, 5, 30, 80)
SWITCH = f"""async ([page, text, isFirst, gap, value]) => {{
  const found = {DEEP}
  const links = () => [...document.querySelectorAll('[data-testid^=stTopNav][href]')]
  const turn = () => text
    ? [...found(".tray").querySelectorAll("button")].find(button => button.textContent === text).click()
    : links().find(link => new URL(link.href).pathname === `/${{page}}`).click()
  const edit = () => window.cutwiseDesk.command({{ kind: "set", path: "{UPLINK}", value }})
  const acts = isFirst ? [turn, edit] : [edit, turn]
  acts[0]()
  await new Promise(resolve => setTimeout(resolve, gap))
  acts[1]()
}}"""


def here(app: App) -> tuple[str, str]:
    """The page that is shown and the question in the address."""
    found = urlparse(app.page.url)
    return found.path.strip("/"), parse_qs(found.query)["q"][0]


def test_thirty_page_switches_beside_an_edit_lose_none_and_reach_the_page(app: App) -> None:
    page = app.open()
    ways = [
        *BAR[:2],
        "model",
        *BAR[2:],
        "network",
    ]  # a tray is opened on every page but Learn, which has none
    for number in range(30):
        to = ways[number % len(ways)]
        group, text = TRAYS.get(to, ("", ""))
        if group:
            tray(app, group)
        if to == "truth":
            page.get_by_test_id("stTopNavSection").click()
            page.get_by_test_id("stTopNavDropdownLink").first.wait_for()
        value = 1e8 + number * 1e6
        gap = GAPS_MS[number % len(GAPS_MS)]
        page.evaluate(SWITCH, [to, text, number // 4 % 2 == 0, gap, value])
        app.idle()
        page.wait_for_timeout(100)
        app.idle()
        assert here(app)[0] == to, (number, gap)
        assert asked(app).scenario.channel.uplink_bps == value, (number, to, gap)
    assert step(app) == (30, 31)


@pytest.mark.parametrize("seed", [1])
def test_sixty_steps_of_edits_pages_back_and_forward_are_each_where_they_lead(app: App, seed: int) -> None:
    page = app.open()
    rng, rate = random.Random(seed), 1e8
    known, at = [here(app)], 0
    for number in range(60):
        drawn = rng.random()
        if drawn < 0.4 or len(known) < 3:
            rate += 1e6
            commanded(app, [{"kind": "set", "path": UPLINK, "value": rate}], [0])
        elif drawn < 0.5:
            to = rng.choice([name for name in BAR[:5] if name != known[at][0]])
            page.evaluate(SWITCH.replace("acts[1]()", ""), [to, "", True, 0, 0])
        else:
            far = rng.choice((-1, -1, 1)) * rng.choice((1, 1, 2))
            if not 0 <= at + far < len(known):
                continue
            page.evaluate(
                """async far => {
                  for (let turn = 0; turn < Math.abs(far); turn++) {
                    history.go(Math.sign(far))
                    await new Promise(resolve => setTimeout(resolve, 40))
                  }
                }""",
                far,
            )
            at += far
        page.wait_for_timeout(100)
        app.idle()
        if drawn < 0.5 or len(known) < 3:
            at += 1
            known[at:] = [here(app)]
        assert here(app) == known[at], (number, drawn)
        assert page.evaluate("window.cutwiseDesk.data.link") == known[at][1], (number, drawn)


def drawn_command(rng: random.Random) -> dict[str, Any]:
    """Any command; some that are refused, and pages in between."""
    kind, path, values = rng.choice(
        (
            ("set", UPLINK, (1e7, 2e8, 5e8, "80 Mbit/s", "x", "0")),
            ("set", UPLINK, (3e7, 4e8, "1.5 Gbit/s")),
            ("set", "limits.deadline_s", ("5 min", "", "1 h", "5 m")),
            ("scale", "flops_per_s", ("×2", "×0.5", "×-1")),
            ("all", "memory_bytes", ("3 GB", "512 MiB")),
            ("undo", "", ("",)),
            ("redo", "", ("",)),
            ("pin", "cut", ("", "maxpool")),
            ("scheme", "scheme", ("fast_split", "gsfl", "card", "none")),
            ("device", "device", ("phone", "jetson-tx2")),
            ("baseline", "baseline", ("", "best", "device_only")),
            ("keep", "", ("",)),
            ("reset", "", ("",)),
            ("page", "", ("plan", "compare", "explore", "simulate", "learn", "model", "network")),
        )
    )
    return {"kind": kind, "path": path, "value": rng.choice(values)}


def test_300_random_commands_under_fast_input_equal_their_replay_over_all_pages(app: App) -> None:
    rng = random.Random(3)
    commands = [drawn_command(rng) for _ in range(300)]
    replayed = Desk(history=[StatedQuestion()])
    replayed.take({"client": "replay", "commands": [{**one, "n": n} for n, one in enumerate(commands, 1)]})
    app.open()
    commanded(app, commands, [rng.choice((0, 0, 3, 20, 60, 150)) for _ in commands])
    app.idle()
    assert asked(app) == replayed.stated
    assert step(app) == (replayed.at, len(replayed.history))
    links = app.page.evaluate("window.cutwiseDesk.data.trail.links")
    assert links == [address_of(one) for one in replayed.history]
    assert app.page.get_by_test_id("stException").count() == 0
