"""The main job in a real browser: see a plan, upload, drag, pin, share, be refused."""

from __future__ import annotations

import json
import pickle
import re
from importlib.resources import files
from pathlib import Path

import pytest

import cutwise
from cutwise.importers import load_model
from cutwise_dashboard.session import first_scenario
from tests.browser.bad_files import cyclic_onnx, torchscript_archive
from tests.browser.conftest import App
from tests.core.importers.safetensors_files import saved

pytestmark = pytest.mark.browser
RESNET = Path(str(files("cutwise.sample_models") / "resnet18.onnx"))


BAD_FILES = [
    ("cut_off.onnx", RESNET.read_bytes()[:2000], "damaged or cut off"),
    ("cycle.onnx", cyclic_onnx(), "cycle"),
    ("empty.onnx", b"", "empty"),
    ("script.pt", torchscript_archive(), "TorchScript"),
]
SIX_MISTAKES = """
format = "cutwise-scenario/1"
rounds = 0
colour = "blue"
[workload]
batch_size = 1.5
[[devices]]
profile = "jetson_tx3"
samples = -1
[channel]
kind = "fixed_rat"
"""
OTHER_SPELLINGS = """
format = "cutwise-scenario/1"
[channel]
kind = "wifi"
uplink_mbps = 100
[[devices]]
memory_gb = 8
availability = 0.8
[workload.tuning]
kind = "lora"
target_modules = ["q_proj", "v_proj"]
"""
SIX_PATHS = (
    "rounds", "colour", "workload.batch_size", "devices[0].profile", "devices[0].samples", "channel.kind",
)  # fmt: skip


def uplink(app: App):
    return app.page.get_by_role("slider", name="Uplink")


def round_delay(app: App) -> str:
    return app.page.get_by_test_id("stMetricValue").first.inner_text()


def test_the_first_view_shows_a_certified_plan_without_a_click(app: App) -> None:
    page = app.open()

    plan = cutwise.plan(load_model("sample:resnet18"), first_scenario())
    assert "Proven optimal" in app.text()
    assert f"value {plan.delay_s:.6g} s" in app.text()
    assert page.locator("canvas").count() >= 3


def test_dragging_the_uplink_slider_moves_the_cut(app: App) -> None:
    page = app.open()
    before, delay = app.text(), round_delay(app)
    box = uplink(app).bounding_box()

    page.mouse.move(box["x"] + box["width"] * 0.69, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + box["height"] / 2, steps=10)
    page.wait_for_timeout(1500)
    during = round_delay(app)
    page.mouse.up()
    app.idle()

    assert "is after layer2/0/add" in before
    assert during != delay, "the page is to follow while the slider is dragged"
    assert "is after layer2/0/add" not in app.text()


def test_the_keyboard_moves_a_slider(app: App) -> None:
    """Focus that a late first rendering takes away is taken again, as a reader would."""
    app.open()
    delay = round_delay(app)

    for _ in range(5):
        uplink(app).focus()
        for _ in range(10):
            app.page.keyboard.press("ArrowLeft")
        app.idle()
        if round_delay(app) != delay:
            break

    assert round_delay(app) != delay


def test_an_uploaded_onnx_file_is_planned(app: App, tmp_path: Path) -> None:
    file = tmp_path / "my_network.onnx"
    file.write_bytes(RESNET.read_bytes())
    page = app.open()
    page.get_by_text("Your own model").click()

    page.locator('input[type="file"]').first.set_input_files(file)
    page.get_by_role("heading", name=re.compile("my_network")).wait_for(timeout=30_000)
    app.idle()

    assert "Proven optimal" in app.text()


def test_all_files_of_a_folder_chosen_at_once_are_one_model(app: App, tmp_path: Path) -> None:
    """A configuration with the first of two shards and an adapter: what is missing is named on the page."""
    sizes = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = {"model_type": "llama", "vocab_size": 101, "max_position_embeddings": 256, **sizes}
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    saved(folder / "model-00001-of-00002.safetensors", {"lm_head.weight": ("F16", (101, 64))})
    page = app.open()
    page.get_by_text("Your own model").click()

    page.locator('input[type="file"]').first.set_input_files(sorted(folder.iterdir()))
    page.get_by_role("heading", name=re.compile("llama-0.1M")).wait_for(timeout=30_000)
    app.idle()

    assert "Proven optimal" in app.text()


def test_a_pickled_file_is_refused_with_one_sentence_and_the_plan_stays(app: App, tmp_path: Path) -> None:
    marker = tmp_path / "executed"

    class Bomb:
        def __reduce__(self):
            return (Path.touch, (marker,))

    file = tmp_path / "model.pt"
    file.write_bytes(pickle.dumps(Bomb()))
    page = app.open()
    page.get_by_text("Your own model").click()

    page.locator('input[type="file"]').first.set_input_files(file)
    alert = page.get_by_role("alert").first
    alert.wait_for(timeout=30_000)

    assert "ONNX" in alert.inner_text()
    assert not marker.exists()
    app.idle()
    assert "Proven optimal" in app.text()


@pytest.mark.parametrize(("name", "content", "said"), BAD_FILES, ids=[name for name, _, _ in BAD_FILES])
def test_a_bad_file_is_answered_with_one_sentence_and_the_page_goes_on(
    app: App, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    page = app.open()
    page.get_by_text("Your own model").click()

    page.locator('input[type="file"]').first.set_input_files(file)
    alert = page.get_by_role("alert").first
    alert.wait_for(timeout=30_000)

    assert said in alert.inner_text()
    app.idle()
    assert "Proven optimal" in app.text()


def test_a_scenario_file_lists_all_its_mistakes_and_changes_nothing(app: App, tmp_path: Path) -> None:
    file = tmp_path / "six.toml"
    file.write_text(SIX_MISTAKES)
    page = app.open()
    delay = round_delay(app)
    page.get_by_text("Scenarios", exact=True).click()

    page.locator('input[type="file"]').last.set_input_files(file)
    alert = page.get_by_role("alert").first
    alert.wait_for(timeout=30_000)

    for path in SIX_PATHS:
        assert path in alert.inner_text()
    app.idle()
    assert round_delay(app) == delay


def test_a_scenario_file_of_other_spellings_is_told_what_to_write(app: App, tmp_path: Path) -> None:
    file = tmp_path / "units.toml"
    file.write_text(OTHER_SPELLINGS)
    page = app.open()
    page.get_by_text("Scenarios", exact=True).click()

    page.locator('input[type="file"]').last.set_input_files(file)
    alert = page.get_by_role("alert").first
    alert.wait_for(timeout=30_000)

    for sentence in (
        "channel.uplink_mbps: rates are in bit/s; write uplink_bps = 1e8",
        "devices[0].memory_gb: sizes are in bytes; write memory_bytes = 8e9",
        "devices[0].availability: is not modelled: every device takes part in every round and none fails",
        'workload.tuning.target_modules: unknown key; write targets = ["*q_proj", "*v_proj"]',
    ):
        assert sentence in alert.inner_text()


def test_a_click_on_a_bar_pins_that_cut_and_says_how_much_worse_it_is(app: App) -> None:
    page = app.open()
    chart = page.get_by_test_id("stEChartsChart").first
    chart.scroll_into_view_if_needed()
    app.idle()
    box = chart.bounding_box()

    page.mouse.click(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.7)
    page.get_by_text("Pinned by you").wait_for(timeout=10_000)
    app.idle()

    reason = page.locator(".cutwise-reason").inner_text()
    assert re.search(r"You pinned .*: for .* the best, .*, takes .* less", reason)
    assert "What grows most by your cut is" in reason
    page.get_by_role("button", name="Unpin").click()
    page.get_by_text("Pinned by you").wait_for(state="detached", timeout=20_000)
    assert "Proven optimal" in app.text()


def test_the_keyboard_walks_the_graph_and_shows_an_ops_costs(app: App) -> None:
    page = app.open()

    page.get_by_role("application", name="Model graph").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
        page.wait_for_timeout(100)
    page.keyboard.press("Enter")
    page.get_by_text("Forward", exact=True).first.wait_for(timeout=10_000)

    assert "Backward weight" in app.text()


def test_a_round_is_drawn_task_by_task_when_it_is_opened(app: App) -> None:
    page = app.open()

    page.get_by_text("One round, task by task").click()
    page.get_by_test_id("stPlotlyChart").wait_for(timeout=20_000)
    app.idle()

    assert re.search(r"1,225 tasks end after 3 min 41 s; the plan says 3 min 41 s", app.text())


def test_a_share_link_restores_model_scenario_and_scheme(app: App) -> None:
    page = app.open()
    uplink(app).focus()
    page.keyboard.press("Home")
    app.idle()
    delay = round_delay(app)
    page.get_by_role("button", name="Share link").click()
    link = page.get_by_test_id("stPopoverBody").get_by_test_id("stCode").inner_text().strip()

    page.goto("about:blank")
    page.goto(link)
    app.idle()

    assert round_delay(app) == delay


def test_a_damaged_link_says_so_and_the_page_goes_on(app: App) -> None:
    app.open("?plan=abc123")

    assert "could not be opened" in app.text()
    assert "Proven optimal" in app.text()


def test_a_fleet_is_pasted_and_planned(app: App) -> None:
    page = app.open("fleet")
    page.get_by_text("Paste a fleet").click()

    page.get_by_role("textbox", name="Rows of a table").fill(
        "name,profile,samples\ncamera-1,jetson_nano,500\ncamera-2,raspberry_pi_5,300"
    )
    page.get_by_role("button", name="Replace the fleet").click()
    app.idle()
    page.get_by_role("link", name="Plan").first.click()
    app.idle()

    assert "camera-1" in app.text()
    assert "raspberry-pi" not in app.text()


def test_the_downloaded_plan_equals_the_library(app: App) -> None:
    page = app.open()

    with page.expect_download() as started:
        page.get_by_role("button", name="Plan (JSON)").click()
    downloaded = json.loads(Path(started.value.path()).read_text())

    plan = cutwise.plan(load_model("sample:resnet18"), first_scenario())
    assert downloaded["delay_s"] == plan.delay_s
    assert [decision["cut"]["label"] for decision in downloaded["decisions"]] == [
        decision.cut.label for decision in plan.decisions
    ]


def test_what_is_chosen_stays_from_page_to_page(app: App) -> None:
    page = app.open()
    page.get_by_role("combobox", name="Model").first.click()
    page.get_by_role("option", name="vgg16", exact=True).click()
    app.idle()
    page.get_by_role("radio", name="inference").click()
    uplink(app).focus()
    page.keyboard.press("End")
    app.idle()
    delay = round_delay(app)

    page.get_by_role("link", name="Model", exact=True).first.click()
    app.idle()
    parameters = page.get_by_test_id("stMetricValue").all_inner_texts()
    page.get_by_role("link", name="Plan", exact=True).first.click()
    app.idle()

    assert "138,357,544" in parameters
    assert round_delay(app) == delay


def test_delay_against_energy_and_a_changing_rate_open_on_demand(app: App) -> None:
    page = app.open()
    assert "weight between delay and energy" not in app.text()

    page.get_by_text("Delay against energy", exact=True).click()
    page.get_by_text("When the rate changes", exact=True).click()
    page.get_by_text("Choosing the cuts anew saves").wait_for()
    app.idle()
    before = page.get_by_text("Choosing the cuts anew saves").inner_text()
    assert "weight between delay and energy" in app.text()
    assert page.get_by_text("One round is best in both.").or_(page.get_by_text("% slower for")).count() == 1

    page.get_by_role("slider", name="Fading").focus()
    page.keyboard.press("Home")
    page.get_by_text("they change 0 times").wait_for()
    assert page.get_by_text("Choosing the cuts anew saves").inner_text() != before
