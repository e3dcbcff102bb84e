"""Names that try to be more than text, in a real browser: no request, no link, no icon, no script."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from cutwise.fields.readable_names import readable_name
from cutwise_dashboard.format import JOINER
from tests.browser.conftest import FLAGS, App, chromium
from tests.browser.serving import serving
from tests.marked_names import HOST, MARKERS

pytestmark = pytest.mark.browser

PLACES = '[data-testid="stMarkdownContainer"]'
MADE = f'{PLACES} :is(a, img, svg, iframe, script, [role="img"], code, pre, h1, ul, ol, hr, em, del, .katex)'


@pytest.fixture(scope="module")
def marked(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("marked")
    script = Path(__file__).with_name("marked_page.py")
    with (folder / "log").open("w") as log, serving(port, log, script=script) as address:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        opened = App(browser.new_page(viewport={"width": 1440, "height": 1000}), address)
        opened.page.goto(address)
        opened.idle()
        opened.page.wait_for_selector(".dag canvas", timeout=60_000)
        opened.idle()
        yield opened
        browser.close()


def test_every_marker_is_shown_letter_by_letter(marked: App) -> None:
    for number, marker in enumerate(MARKERS):
        places = f'{PLACES}, [data-testid="stMetricLabel"]'
        texts = marked.page.locator(f".st-key-marker-{number}").locator(places).all_inner_texts()
        shown = " ".join(readable_name(marker).split())
        seen = [" ".join(text.replace(JOINER, "").split()) for text in texts]
        assert set(seen) == {shown, f"{shown} · text", "1"}, marker
        assert len(seen) >= 6


def test_nothing_is_made_of_a_marker(marked: App) -> None:
    page = marked.page
    assert page.locator(f'[data-testid="stMain"] {MADE}').count() == 0
    assert page.locator(f'[href*="{HOST}"], [src*="{HOST}"], [href^="javascript"]').count() == 0
    for chart in page.locator(".js-plotly-plot, canvas").all():
        if box := chart.bounding_box():
            for part in (0.02, 0.1, 0.3, 0.6, 0.9):
                chart.hover(position={"x": box["width"] * part, "y": box["height"] * 0.5}, force=True)
    assert page.locator(f'[href*="{HOST}"], [src*="{HOST}"], [*|href*="{HOST}"]').count() == 0
    assert page.evaluate("window.marked") is None
    assert not marked.outside
    assert not marked.errors
    assert page.locator('[data-testid="stException"]').count() == 0
