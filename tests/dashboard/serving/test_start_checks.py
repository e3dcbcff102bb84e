"""What cannot be used is told to whoever starts the page, before anybody is let in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cutwise_dashboard.serving.start_checks import tried_out
from cutwise_dashboard.stores.store_bounds import FOLDER_VARIABLE
from tests.dashboard.pages import APP

ROOT = Path(__file__).parents[3]
WAYS = {
    "serve": ("cutwise", "serve", "--port", "0"),
    "streamlit": ("streamlit", "run", APP, "--server.port", "0", "--server.headless", "true"),
}


@pytest.mark.parametrize("way", WAYS)
def test_budgets_that_cannot_be_read_end_the_start_with_one_sentence(way: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", *WAYS[way]],
        cwd=tmp_path,
        env=os.environ | {"CUTWISE_BUDGETS": str(tmp_path / "none.toml"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    told = line.removeprefix("cutwise: ")
    assert told.startswith(f"CUTWISE_BUDGETS names {tmp_path}/none.toml, which cannot be read")
    assert "Cutwise is open" not in done.stdout


@pytest.mark.parametrize("folder", ["/proc/nope", "/dev/null", "/dev/null/store"])
def test_a_store_that_cannot_be_written_to_is_said_with_what_mends_it(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, folder)
    said = tried_out()
    assert said.startswith(f"cutwise: {folder}/links cannot be written to (")
    assert f"name a folder in {FOLDER_VARIABLE}" in said
    assert "models still open" in said
    assert "make room" not in said


def test_a_full_disk_is_mended_by_room(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(small_disk))
    for number in range(300):  # of its 200 files
        try:
            (small_disk / str(number)).touch()
        except OSError:
            break
    said = tried_out()
    assert "(the disk is full), whoever runs this has to make room;" in said


def test_of_a_store_that_can_be_written_to_nothing_is_said_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "store"))
    assert tried_out() == ""
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []
