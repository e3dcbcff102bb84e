"""The scenario library in a real browser: choosing, taking back, scenarios of one's own, their bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

import cutwise
from cutwise_dashboard.format import quantity_text, seconds_text
from tests.browser.conftest import App
from tests.browser.hands import asked, clicked, figures, first_round, step, typed

pytestmark = pytest.mark.browser

MARKED = "<b>mine</b> & co"


def library(app: App) -> None:
    """The library, opened."""
    app.page.get_by_role("button", name="Scenarios").click()
    app.page.locator(".library .card").first.wait_for()
    app.idle()


def looked(app: App, key: str) -> str:
    """What is said of a card once it is open."""
    app.page.locator(f'[data-card="{key}"] .head').click()
    app.page.locator(f'[data-card="{key}"] .preview :is(td, .refused, .note)').first.wait_for()
    app.idle()
    app.page.locator(f'[data-card="{key}"] .preview').get_by_text("Working out").wait_for(state="detached")
    return app.page.locator(f'[data-card="{key}"] .preview').inner_text()


def saved(app: App, name: str) -> str:
    app.page.get_by_label("Name of your own scenario").fill(name)
    app.page.get_by_role("button", name="Save as my own").click()
    app.page.wait_for_function("() => true")
    return app.page.locator(".library .told").inner_text()


def test_a_scenario_is_looked_at_chosen_in_one_step_and_taken_back(app: App) -> None:
    app.open()
    before = figures(app)
    library(app)
    app.page.get_by_label("Search scenarios").fill("scans clinics")
    assert app.page.locator(".library .card").count() == 1
    told = looked(app, "hospital")
    question = cutwise.load_question("library:hospital")
    plan = cutwise.plan(cutwise.load_model("sample:unet"), question.scenario, "u_shape", at_once=True)
    assert seconds_text(plan.delay_s) in told
    assert "U-Net" in told
    app.page.locator(".use").click()
    app.idle()
    assert asked(app) == question
    assert seconds_text(plan.delay_s) in figures(app)
    assert app.page.locator(".library").count() == 0
    assert step(app) == (1, 2)
    clicked(app, "undo")
    assert figures(app) == before


def test_a_scenario_of_ones_own_outlives_reloads_and_new_sessions_under_its_name(app: App) -> None:
    app.open()
    app.page.locator(".chip[data-group=link]").click()
    typed(app, "channel.uplink_bps", "77 Mbit/s")
    kept = asked(app)
    library(app)
    assert saved(app, MARKED) == f"Saved as “{MARKED}”."
    assert saved(app, MARKED) == f"Saved as “{MARKED} (2)”."
    app.page.goto("about:blank")
    app.open()
    library(app)
    names = app.page.locator('[data-card^="own:"] b').all_inner_texts()
    assert names == [MARKED, f"{MARKED} (2)"]
    assert "77 Mbit/s" in looked(app, f"own:{MARKED}")
    app.page.locator(".use").click()
    app.idle()
    found = asked(app)
    assert found.scenario.channel == kept.scenario.channel
    assert found.scenario.name == MARKED


def test_one_is_renamed_removed_and_brought_back(app: App) -> None:
    app.open()
    library(app)
    saved(app, "one")
    looked(app, "own:one")
    app.page.get_by_role("button", name="Rename").click()
    app.page.get_by_label("New name").fill("two")
    app.page.keyboard.press("Enter")
    assert app.page.locator('[data-card="own:two"]').count() == 1
    looked(app, "own:two")
    app.page.get_by_role("button", name="Remove").click()
    assert "Removed “two”" in app.page.locator(".told").inner_text()
    assert app.page.locator('[data-card^="own:"]').count() == 0
    app.page.locator(".told .undo").click()
    assert app.page.locator('[data-card="own:two"]').count() == 1


def test_it_leaves_as_a_scenario_file_and_comes_in_as_one(app: App, tmp_path: Path) -> None:
    app.open()
    library(app)
    looked(app, "rural")
    with app.page.expect_download() as found:
        app.page.get_by_role("button", name="Export as a file").click()
    file = tmp_path / "rural.toml"
    found.value.save_as(file)
    assert cutwise.load_question(file) == cutwise.load_question("library:rural")
    app.page.get_by_text("Add a scenario file").click()
    app.page.locator('[data-testid="stDialog"] input[type="file"]').set_input_files(file)
    app.page.locator('[data-card="own:rural"]').wait_for()
    app.idle()
    assert app.page.locator('[data-card^="own:"]').count() == 1
    (tmp_path / "wrong.toml").write_text('format = "cutwise-scenario/1"\nrounds = -1\n')
    app.page.locator('[data-testid="stDialog"] input[type="file"]').set_input_files(tmp_path / "wrong.toml")
    told = app.page.locator('[data-testid="stDialog"] [data-testid="stAlert"]')
    told.wait_for()
    assert (
        told.inner_text() == "wrong.toml was not added: rounds: must be greater than or equal to 1, not -1."
    )
    assert app.page.locator('[data-card^="own:"]').count() == 1
    assert (
        "MobileNetV2, split federated, 6 devices" in app.page.locator('[data-card="own:rural"]').inner_text()
    )


def test_what_is_full_or_unreadable_is_said_in_one_sentence(app: App) -> None:
    app.open()
    app.page.evaluate("localStorage.setItem('cutwise.scenarios', '[{]')")
    library(app)
    assert "could not be read; they were put aside" in app.page.locator(".told").inner_text()
    many = "JSON.stringify([...Array(60).keys()].map(n => ({ name: `n${n}`, link: '3.AAAA' })))"
    app.page.evaluate(f"localStorage.setItem('cutwise.scenarios', {many})")
    assert "keeps 60 scenarios at most" in saved(app, "more")
    assert "damaged" in looked(app, "own:n7")
    assert app.page.locator(".use").is_disabled()


def test_two_tabs_share_the_list_and_taking_back_keeps_what_the_other_did(app: App) -> None:
    app.open()
    library(app)
    saved(app, "one")
    other = App(app.page.context.new_page(), app.address)
    other.open()
    library(other)
    looked(app, "own:one")
    app.page.get_by_role("button", name="Remove").click()
    other.page.locator('[data-card="own:one"]').wait_for(state="detached")
    saved(other, "two")
    app.page.locator('[data-card="own:two"]').wait_for()
    app.page.locator(".told .undo").click()
    for tab in (app, other):
        tab.page.locator('[data-card="own:one"]').wait_for()
        assert tab.page.locator('[data-card^="own:"] b').all_inner_texts() == ["one", "two"]
    other.checked()


def test_a_name_that_is_taken_is_numbered_and_the_number_is_told(app: App) -> None:
    app.open()
    library(app)
    saved(app, "one")
    saved(app, "two")
    looked(app, "own:two")
    app.page.get_by_role("button", name="Rename").click()
    app.page.get_by_label("New name").fill("one")
    app.page.keyboard.press("Enter")
    assert "Renamed to “one (2)”." in app.page.locator(".told").inner_text()
    app.page.locator(".told .undo").click()
    assert app.page.locator('[data-card^="own:"] b').all_inner_texts() == ["one", "two"]


@pytest.mark.parametrize("name", ["phone_and_laptop", "smart_factory"])
def test_every_card_tells_the_figures_that_its_plan_has_once_it_is_chosen(app: App, name: str) -> None:
    question = cutwise.load_question(f"library:{name}")
    graph = cutwise.load_model(question.model.source)
    plan = cutwise.plan(graph, question.scenario, question.scheme, **question.options)
    app.open()
    library(app)
    told = looked(app, name)
    assert first_round() in told
    assert seconds_text(plan.delay_s) in told
    assert quantity_text(plan.energy_j, "J") in told
    app.page.locator(".use").click()
    app.idle()
    assert asked(app) == question
    assert seconds_text(plan.delay_s) in figures(app)
    assert app.page.get_by_test_id("stAlert").count() == 0
