"""Nothing is imported from the folder that a command or the server is started in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ANSWERED_APART = """
from cutwise_dashboard.executor.errand import errand
from cutwise_dashboard.executor.executor import Executor
print(Executor(in_process_s=-1.0).ask(errand(abs, -7)).result(60))
"""
NAMES = ("json", "os", "numpy", "streamlit", "networkx", "pandas", "signal", "pickle", "importlib")


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (("-P", "-c", ANSWERED_APART), "7"),
        (("-m", "cutwise", "inspect", "sample:vgg16"), "vgg16"),
        (("-m", "cutwise", "plan", "sample:vgg16"), "one round"),
    ],
)
def test_modules_of_the_present_folder_are_not_run(
    tmp_path: Path, words: tuple[str, ...], printed: str
) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')\n")
    found = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    ran = tmp_path / "ran"
    assert not ran.exists(), ran.read_text()
    assert printed in found.stdout.lower(), found.stderr
