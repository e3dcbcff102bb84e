"""Streamlit is set by the page's own file, whatever a reader's files and variables say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit import config

from cutwise_dashboard.serving.settings import FREE, own_settings, undone_by

ASKED = """
import json
from streamlit import config
from cutwise_dashboard.serving import settings
settings.read_own_files_only()
settings.keep(settings.own_settings())
config.get_config_options(force_reparse=True)  # as Streamlit does when a file changes
print(json.dumps({key: config.get_option(key) for key in %r}))
"""
HELD = {
    "browser.gatherUsageStats": False, "server.address": "127.0.0.1", "client.showErrorDetails": "none",
    "server.maxUploadSize": 200, "server.enableCORS": True, "server.enableXsrfProtection": True,
    "theme.font": "Inter", "theme.light.primaryColor": "#0B5CAD", "server.enableStaticServing": True,
    "theme.primaryColor": None, "server.baseUrlPath": "", "client.allowedOrigins": [],
}  # fmt: skip
OTHERS = """[browser]
gatherUsageStats = true
[server]
address = "0.0.0.0"
maxUploadSize = 9000
enableCORS = false
enableXsrfProtection = false
enableStaticServing = false
baseUrlPath = "elsewhere"
[client]
showErrorDetails = "full"
allowedOrigins = ["*"]
[theme]
font = "serif"
primaryColor = "#ff0000"
[theme.light]
primaryColor = "#ff0000"
"""


def test_files_and_variables_of_a_reader_change_nothing(tmp_path: Path) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text(OTHERS)
    said = {"STREAMLIT_SERVER_MAX_UPLOAD_SIZE": "9000", "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASKED % sorted(HELD)],
        cwd=tmp_path,
        env=os.environ | said | {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == HELD


def test_every_free_option_is_one_of_streamlits() -> None:
    assert FREE.keys() <= config.get_config_options().keys()
    assert not FREE.keys() & own_settings().keys() - {"server.fileWatcherType"}


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full"}, "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS"),
        ({"STREAMLIT_SERVER_ENABLE_CORS": "false"}, "STREAMLIT_SERVER_ENABLE_CORS"),
        ({"STREAMLIT_SERVER_ENABLE_CORS": "true", "STREAMLIT_SERVER_HEADLESS": "true"}, None),
        ({"STREAMLIT_NO_OPTION": "1"}, None),
        ({}, None),
    ],
)
def test_a_variable_that_undoes_a_safe_setting_is_named(said: dict[str, str], named: str | None) -> None:
    assert undone_by(said, own_settings()) == named
