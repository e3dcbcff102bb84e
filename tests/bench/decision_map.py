"""The decision map: made anew, drawn after a move of a slider, and what is sent for it; beside Plotly."""

from __future__ import annotations

import statistics
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

from playwright.sync_api import Browser, Page, sync_playwright

import cutwise
from cutwise.analyses.maps.device_map import CELLS, device_map
from cutwise.analyses.maps.places.map_places import MapPlaces
from cutwise.question import Question, shown_plan
from cutwise.scenario.changes import changed
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise_dashboard.views.explore.map_payload import map_payload
from tests.bench.served import ADDRESS, PAUSE_MS, served, settled
from tests.browser.conftest import FLAGS, chromium
from tests.browser.serving import serving

MODELS = ("resnet18", "googlenet", "mobilenet_v2", "densenet121", "two_tower")
UPLINK, DOWNLINK, DEVICE = "channel.uplink_bps", "channel.downlink_bps", 2
REPEATS, MOVES = 25, 16
PLOTLY_PORT = 8733
MOST_CPU_MS, MOST_DRAWN_MS = 10, 60
SLIDER = f'input[type=range][data-path="{DOWNLINK}"]'
FOUND = """const found = (root, wanted) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.matches(wanted)) return element
      const inner = element.shadowRoot && found(element.shadowRoot, wanted)
      if (inner) return inner
    }
    return null
  }
  const frame = () => new Promise(requestAnimationFrame)
"""
DRAWN = f"""async ([range, by]) => {{
  {FOUND}
  const root = found(document, '.decisions'), slider = found(document, range)
  const before = root.dataset.stamp, began = performance.now()
  slider.value = Number(slider.value) + by
  slider.dispatchEvent(new Event('input', {{ bubbles: true }}))
  slider.dispatchEvent(new Event('change', {{ bubbles: true }}))
  while (root.dataset.stamp === before && performance.now() - began < 30000) await frame()
  await frame()
  return performance.now() - began
}}"""
"""Moves a slider; milliseconds until the map is drawn with its values."""
PLOTTED = f"""async () => {{
  {FOUND}
  const shown = () => found(document, '.gtitle')?.textContent
  const before = shown(), began = performance.now()
  document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'ArrowRight', bubbles: true }}))
  while (shown() === before && performance.now() - began < 30000) await frame()
  await frame()
  return performance.now() - began
}}"""
PLOTLY_PAGE = """
    import numpy as np
    import plotly.graph_objects as go
    import streamlit as st

    place = st.slider("Downlink", 0, 240, 120)
    rows, columns = np.indices(({cells}, {cells}))
    best = np.searchsorted([0.6, 1.0, 1.3], (rows + columns * (1 + place / 240)) / {cells})
    figure = go.Figure(go.Heatmap(z=best), layout={{"title": {{"text": f"{{place}}"}}}})
    st.plotly_chart(figure, key="map")
"""


def run() -> None:
    for name in MODELS:
        print(_made(name))
    with served(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        print(_drawn(browser))
        print(_plotted(browser))
        browser.close()


def _made(name: str) -> str:
    """The map of one device from a plan that is there, and its message, at another downlink each time."""
    graph = cutwise.load_model(f"sample:{name}")
    paths = dict.fromkeys((UPLINK, f"devices.{DEVICE}.flops_per_s"), (None, None))
    took, sent = [], []
    for number in range(REPEATS):
        scenario = changed(shipped_scenario(), {DOWNLINK: 6e8 * 1.02**number})
        question = Question(graph=graph, scenario=scenario)
        plan = shown_plan(question, listed=False)
        began = time.process_time()
        found = device_map(MapPlaces.of(question, plan, paths, device=DEVICE), DEVICE)
        took.append(1e3 * (time.process_time() - began))
        began = time.process_time()
        map_payload(found, theme="light")
        sent.append(1e3 * (time.process_time() - began))
    return (
        f"{name}: {CELLS} × {CELLS} map made anew: CPU median {statistics.median(took):.1f} ms, least "
        f"{min(took):.1f} ms (wanted {MOST_CPU_MS} ms); its message {statistics.median(sent):.1f} ms"
    )


def _drawn(browser: Browser) -> str:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    received = _counted(page)
    page.goto(f"{ADDRESS}/explore")
    page.locator(".decisions canvas").wait_for(timeout=60_000)
    page.locator(".chip[data-group=link]").click()
    page.locator(SLIDER).wait_for()
    settled(page)
    took = []
    received.clear()
    for number in range(MOVES):
        took.append(page.evaluate(DRAWN, [SLIDER, 2 if number < MOVES / 2 else -2]))
        page.wait_for_timeout(PAUSE_MS)
    page.close()
    return _told("own canvas on Explore", took, received)


def _plotted(browser: Browser) -> str:
    """A heat map of as many points as Plotly draws it, on a page that has nothing else."""
    with TemporaryDirectory() as folder:
        script = Path(folder) / "page.py"
        script.write_text(dedent(PLOTLY_PAGE.format(cells=CELLS)))
        with serving(PLOTLY_PORT, subprocess.DEVNULL, script=script) as address:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            received = _counted(page)
            page.goto(address)
            page.locator(".gtitle").wait_for(timeout=60_000)
            settled(page)
            page.get_by_role("slider").focus()
            took = []
            received.clear()
            for _ in range(MOVES):
                took.append(page.evaluate(PLOTTED))
                page.wait_for_timeout(PAUSE_MS)
            page.close()
    return _told("Plotly heat map alone on a page", took, received)


def _counted(page: Page) -> list[int]:
    """The bytes of every message that the page receives from now on."""
    sizes: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: sizes.append(len(frame))))
    return sizes


def _told(what: str, took: list[float], received: list[int]) -> str:
    return (
        f"{what}: slider to drawn map: median {statistics.median(took):.0f} ms, least {min(took):.0f} ms "
        f"(wanted {MOST_DRAWN_MS} ms); {sum(received) / len(took) / 1e3:.0f} kB received a move"
    )
