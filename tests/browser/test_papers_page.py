"""The Papers page in a real browser: figures with provenance, a distribution that follows its controls."""

from __future__ import annotations

import pytest

from cutwise.papers import papers
from tests.browser.conftest import App

pytestmark = pytest.mark.browser


def test_every_paper_shows_its_idea_and_its_figures(app: App) -> None:
    page = app.open("papers")
    for key, one in papers().items():
        page.get_by_role("radio", name=key, exact=True).click()
        app.idle()
        text = app.text()
        assert one.title in text
        assert one.arxiv in text
        for figure in one.figures:
            assert figure.definition in text
        assert text.count("Everything that ran") == len(one.figures)
        assert text.count("How the scenario deviates from our defaults") == len(one.figures)
        assert "met within two points" in text or "not met" in text
        assert f"cutwise papers {key}" in text


def test_more_draws_change_the_command_and_the_scenario_opens(app: App) -> None:
    page = app.open("papers")
    assert "--draws 300" in app.text()
    page.get_by_role("slider", name="Draws").focus()
    page.keyboard.press("ArrowRight")
    app.idle()
    assert "--draws 1000" in app.text()
    page.get_by_role("button", name="Open this scenario").first.click()
    app.idle()
    assert "GoogLeNet" in page.locator(".chip").first.inner_text()
    page.get_by_role("link", name="Compare").click()
    page.get_by_text("All schemes").first.wait_for()
    app.idle()
    text = app.text()
    assert "P1, training delay, less than its baselines by at least 24.62 %" in text
    assert "Press Compare above to keep this question" in text
    shown = text.replace("\n", "")
    assert "cutwise compare sample:googlenet scenario.toml --schemes" in shown
    assert "split_learning" not in shown.partition("--schemes")[2].partition("Comparison")[0]
    page.get_by_role("button", name="Undo").click()
    app.idle()
    assert "ResNet-18" in page.locator(".chip").first.inner_text()
    assert "P1, training delay" not in app.text()
