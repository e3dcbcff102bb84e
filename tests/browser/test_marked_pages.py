"""A model and a scenario whose every name tries to be more than text, on every page and in every download."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog

from cutwise.scenario.fleet_csv import parse_fleet
from cutwise.scenario.versions import saved_scenario
from tests.browser.conftest import App
from tests.browser.hands import asked, opened_files, tray
from tests.browser.test_accessibility import GROUPS, PAGES
from tests.marked_names import HOST, marked_scenario, write_marked_json

pytestmark = pytest.mark.browser
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
DOWNLOADS = "[data-testid=stDownloadButton] button"
MADE = f"""() => {{
  const found = []
  const look = root => {{
    for (const one of root.querySelectorAll("*")) {{
      for (const {{ name, value }} of one.attributes)
        if (/^(xlink:)?href|src|action|^data$|^on/.test(name) && /{HOST}|^\\s*javascript:/.test(value))
          found.push(`${{one.tagName}} ${{name}}=${{value}}`)
      if (one.shadowRoot) look(one.shadowRoot)
    }}
  }}
  look(document)
  if (window.marked !== undefined) found.push("a script ran")
  if ({{}}.marked !== undefined) found.push("a prototype changed")
  return found
}}"""
"""What a page made of a marker: links, sources, handlers, scripts."""


@pytest.fixture
def said(app: App, tmp_path: Path) -> list[str]:
    """What a dialog said, with the marked model and the marked scenario opened."""
    heard: list[str] = []

    def hear(dialog: Dialog) -> None:
        heard.append(dialog.message)
        dialog.dismiss()

    app.page.on("dialog", hear)
    scenario = tmp_path / "marked.toml"
    scenario.write_text(saved_scenario(marked_scenario()), "utf-8")
    app.open()
    opened_files(app, write_marked_json(tmp_path))
    opened_files(app, scenario)
    assert len(asked(app).scenario.devices) > 20
    assert asked(app).model.digest
    return heard


def test_markers_are_text_on_every_page_and_in_every_download(
    app: App, said: list[str], browser: Browser, tmp_path: Path
) -> None:
    page = app.page
    link = page.url.partition("?")[2]
    kinds = set()
    for name in PAGES:
        app.open(f"{name}?{link}")
        assert page.evaluate(MADE) == [], name
        for group in GROUPS if not name else ():
            tray(app, group)
            assert page.evaluate(MADE) == [], group
        for box in page.locator("[data-testid=stMain] canvas, .js-plotly-plot, .ruler").all()[:6]:
            box.hover(force=True)
        assert page.evaluate(MADE) == [], name
        assert page.get_by_test_id("stException").count() == 0, name
        for button in page.locator(DOWNLOADS).locator("visible=true").all():
            with page.expect_download(timeout=30_000) as started:
                button.click()
            path = tmp_path / f"{len(kinds)}-{started.value.suggested_filename}"
            started.value.save_as(path)
            kinds.add(path.suffix)
            CHECKS[path.suffix](path, browser)
    assert kinds == set(CHECKS)
    assert said == []
    app.checked()


def has_no_formula(path: Path, browser: Browser) -> None:
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
    assert len(rows) > 1
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(FORMULAS) or _is_number(cell), (path.name, cell)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def opens_without_a_request(path: Path, browser: Browser) -> None:
    page = browser.new_page()
    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    page.goto(path.as_uri())
    assert page.evaluate(MADE) == [], path.name
    assert asked_for == [path.as_uri()]
    page.close()


def is_toml(path: Path, browser: Browser) -> None:
    assert tomllib.loads(path.read_text("utf-8"))


def is_fleet(path: Path, browser: Browser) -> None:
    assert parse_fleet(path.read_text("utf-8"))


def is_json(path: Path, browser: Browser) -> None:
    assert json.loads(path.read_text("utf-8"))


CHECKS = {
    ".csv": has_no_formula, ".tsv": is_fleet, ".html": opens_without_a_request, ".toml": is_toml,
    ".json": is_json,
}  # fmt: skip
