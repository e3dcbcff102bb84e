"""Files that a reader opens: models, folders, scenarios; what cannot be read is refused in one sentence."""

from __future__ import annotations

import json
import pickle
import re
from importlib.resources import files
from pathlib import Path

import pytest

import cutwise
from cutwise.importers import load_model
from cutwise.stated.question_file import dump_question
from cutwise_dashboard.format import seconds_text
from tests.browser.bad_files import cyclic_onnx, torchscript_archive
from tests.browser.conftest import App
from tests.browser.hands import asked, figures, opened_files, tray, typed
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


def refused(app: App, *paths: Path) -> str:
    """What is said of files that cannot be opened; the plan that was there stays."""
    page = app.open()
    before = (asked(app), figures(app))
    page.locator(".st-key-open button").first.click()
    page.locator('input[type="file"]').first.set_input_files(list(paths))
    alert = page.get_by_role("alert").filter(has_text=re.compile(r"\w")).first
    alert.wait_for(timeout=30_000)
    app.idle()
    assert (asked(app), figures(app)) == before
    return alert.inner_text()


def test_an_onnx_file_is_planned_and_a_reload_finds_it_again(app: App, tmp_path: Path) -> None:
    file = tmp_path / "my_network.onnx"
    file.write_bytes(RESNET.read_bytes())
    page = app.open()
    opened_files(app, file)
    assert asked(app).model.name == "my_network.onnx"
    assert "my_network" in page.locator(".chip[data-group=model]").inner_text()
    plan = cutwise.plan(load_model(file), asked(app).scenario)
    assert seconds_text(plan.delay_s) in figures(app)
    page.reload()
    app.idle()
    assert seconds_text(plan.delay_s) in figures(app)


def test_all_files_of_a_folder_chosen_at_once_are_one_model(app: App, tmp_path: Path) -> None:
    """A configuration with the first of two shards: what is missing is named on the page of the model."""
    sizes = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = {"model_type": "llama", "vocab_size": 101, "max_position_embeddings": 256, **sizes}
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    saved(folder / "model-00001-of-00002.safetensors", {"lm_head.weight": ("F16", (101, 64))})
    page = app.open()
    opened_files(app, *sorted(folder.iterdir()))
    assert "Proven optimal" in page.locator(".cutwise-reason").inner_text()
    tray(app, "model")
    page.get_by_role("button", name="Look into the model").click()
    app.idle()
    assert "llama-0.1M" in app.text()


def test_a_pickled_file_is_refused_and_nothing_of_it_runs(app: App, tmp_path: Path) -> None:
    marker = tmp_path / "executed"

    class Bomb:
        def __reduce__(self):
            return (Path.touch, (marker,))

    file = tmp_path / "model.pt"
    file.write_bytes(pickle.dumps(Bomb()))
    assert "ONNX" in refused(app, file)
    assert not marker.exists()


@pytest.mark.parametrize(("name", "content", "said"), BAD_FILES, ids=[name for name, _, _ in BAD_FILES])
def test_a_bad_file_is_answered_with_one_sentence(
    app: App, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert said in refused(app, file)


def test_a_scenario_file_lists_all_its_mistakes(app: App, tmp_path: Path) -> None:
    file = tmp_path / "six.toml"
    file.write_text(SIX_MISTAKES)
    told = refused(app, file)
    assert [path for path in SIX_PATHS if path not in told] == []


def test_a_scenario_file_of_other_spellings_is_told_what_to_write(app: App, tmp_path: Path) -> None:
    file = tmp_path / "units.toml"
    file.write_text(OTHER_SPELLINGS)
    told = refused(app, file)
    for sentence in (
        "channel.uplink_mbps: rates are in bit/s; write uplink_bps = 1e8",
        "devices[0].memory_gb: sizes are in bytes; write memory_bytes = 8e9",
        "devices[0].availability: is not modelled: every device takes part in every round and none fails",
        'workload.tuning.target_modules: unknown key; write targets = ["*q_proj", "*v_proj"]',
    ):
        assert sentence in told


def test_a_saved_question_opens_as_it_was(app: App, tmp_path: Path) -> None:
    page = app.open()
    tray(app, "link")
    typed(app, "channel.uplink_bps", "50 Mbit/s")
    was, shown = asked(app), figures(app)
    with page.expect_download() as started:
        page.locator(".st-key-save button").first.click()
    file = tmp_path / "question.toml"
    started.value.save_as(file)
    assert file.read_text("utf-8") == dump_question(was)
    app.open()
    assert figures(app) != shown
    opened_files(app, file)
    assert (asked(app), figures(app)) == (was, shown)
