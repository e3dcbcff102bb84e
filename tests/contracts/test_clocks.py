"""Clocks that people set jump; nothing waits by them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SET_BY_PEOPLE = {
    "time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime", "time.strftime",
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
}  # fmt: skip
ALLOWED = {
    "core/cutwise/calibration/runs/calibrate.py": "the day that a machine was measured",
    "core/cutwise/cli/measuring.py": "the day that splits were fitted",
    "dashboard/views/network/measured_here.py": "the day that splits were fitted",
    "dashboard/stores/kept_files.py": "files have no other clock; one that went wrong is noticed",
    "dashboard/views/plan/share.py": "the day that a report was made",
    "dashboard/views/schemes/share_comparison.py": "the day that a report was made",
}


def readings(text: str) -> Iterator[str]:
    """Every name with its dots, as its module calls it, whatever it is called here."""
    tree = ast.parse(text)
    called = dict(_imported(tree))
    for node in ast.walk(tree):
        rest: tuple[str, ...] = ()
        while isinstance(node, ast.Attribute):
            node, rest = node.value, (node.attr, *rest)
        if isinstance(node, ast.Name):
            yield ".".join((called.get(node.id, node.id), *rest))


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.asname, name.name) for name in node.names if name.asname)
        elif isinstance(node, ast.ImportFrom):
            yield from ((name.asname or name.name, f"{node.module}.{name.name}") for name in node.names)


@pytest.mark.parametrize(
    "text",
    [
        "import time\ntime.time()", "import time as t\nt.time()", "from time import time\ntime()",
        "from time import time as now\nnow()", "import datetime\ndatetime.datetime.now()",
        "from datetime import datetime\ndatetime.now()", "import datetime as d\nd.date.today()",
    ],
)  # fmt: skip
def test_a_clock_is_seen_by_whatever_name(text: str) -> None:
    assert SET_BY_PEOPLE & set(readings(text))


def test_nothing_but_what_is_said_here_looks_at_a_clock_that_jumps() -> None:
    files = [path for folder in ("core", "dashboard") for path in (ROOT / folder).rglob("*.py")]
    found = {
        str(path.relative_to(ROOT))
        for path in files
        if SET_BY_PEOPLE & set(readings(path.read_text("utf-8")))
    }
    assert found == set(ALLOWED)
    scripts = [path.read_text() for path in (ROOT / "dashboard").rglob("*.js")]
    assert not any("Date.now" in script or "new Date" in script for script in scripts)
