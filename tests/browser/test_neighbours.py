"""What one session uploads, another does not feel."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.bad_files import crowded_json
from tests.browser.conftest import CHANGED, IDLE, App

pytestmark = pytest.mark.browser


def test_a_slider_answers_while_another_session_uploads_a_json_bomb(app: App, tmp_path: Path) -> None:
    file = tmp_path / "crowded.json"
    file.write_bytes(crowded_json())
    page = app.open()
    neighbour = app.page.context.new_page()
    neighbour.goto(app.address)
    neighbour.wait_for_function(IDLE)
    neighbour.get_by_text("Your own model").click()
    page.bring_to_front()
    page.get_by_role("slider", name="Uplink").focus()

    neighbour.locator('input[type="file"]').first.set_input_files(file)
    answered = 0
    while not neighbour.get_by_role("alert").count():
        before = page.get_by_test_id("stMetricValue").first.inner_text()
        page.keyboard.press(("ArrowLeft", "ArrowRight")[answered % 2])
        page.wait_for_function(CHANGED, arg=before, timeout=5_000)
        answered += 1

    assert answered >= 3
    assert "needs more memory to read than it is given" in neighbour.get_by_role("alert").first.inner_text()
    assert "Proven optimal" in neighbour.locator('[data-testid="stMain"]').inner_text()
