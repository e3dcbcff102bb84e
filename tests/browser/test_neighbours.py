"""What one session uploads, another does not feel."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.bad_files import crowded_json
from tests.browser.conftest import NewApp
from tests.browser.hands import asked, figures, tray

pytestmark = pytest.mark.browser
OTHER = "before => ![undefined, before].includes(document.querySelector('.cutwise-figures')?.innerText)"


def test_a_slider_answers_while_another_session_uploads_a_json_bomb(new_app: NewApp, tmp_path: Path) -> None:
    file = tmp_path / "crowded.json"
    file.write_bytes(crowded_json())
    app, neighbour = new_app(), new_app()
    page, other = app.open(), neighbour.open()
    before = asked(neighbour)
    tray(app, "link")
    slider = page.locator('input[type=range][data-path="channel.uplink_bps"]')
    slider.focus()
    other.locator(".st-key-open button").first.click()
    other.locator('input[type="file"]').first.set_input_files(file)
    answered = 0
    alert = other.get_by_role("alert").filter(has_text="needs more memory")
    while not alert.count():
        shown = figures(app)
        slider.press(("ArrowLeft", "ArrowRight")[answered % 2])
        page.wait_for_function(OTHER, arg=shown, timeout=5_000)
        answered += 1

    assert answered >= 3
    assert "needs more memory to read than it is given" in alert.first.inner_text()
    neighbour.idle()
    assert asked(neighbour) == before
    assert "Proven optimal" in other.locator(".cutwise-reason").inner_text()
