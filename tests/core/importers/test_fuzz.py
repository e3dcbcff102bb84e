"""Mutated files end as a graph or in one sentence; `make fuzz` runs twenty times as many."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ, ROOT = Path(__file__).with_name("fuzz.py"), Path(__file__).parents[3]
FILES, PEAK_MB = 250, 900


@pytest.mark.parametrize("first", [0, 1_000_000])
def test_250_mutated_files_are_read_or_refused(first: int) -> None:
    done = subprocess.run(
        [sys.executable, str(FUZZ), str(first), str(FILES)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    told = re.fullmatch(r"(\d+) files: (\d+) read, (\d+) refused, slowest .* s, peak (\d+) MB\n", done.stdout)
    assert told, done.stdout
    assert int(told[2]) > 0
    assert int(told[3]) > FILES / 4
    assert int(told[4]) < PEAK_MB
