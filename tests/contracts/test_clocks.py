"""Clocks that people set jump; nothing waits by them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SET_BY_PEOPLE = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "date.today"}
ALLOWED = {
    "dashboard/stores/kept_files.py": "files have no other clock; one that went wrong is noticed",
    "dashboard/views/plan/share.py": "the day that a report was made",
    "dashboard/views/schemes/share_comparison.py": "the day that a report was made",
}


def readings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (f"time.{name.name}" for name in node.names)


def test_nothing_but_what_is_said_here_looks_at_a_clock_that_jumps() -> None:
    files = [path for folder in ("core", "dashboard") for path in (ROOT / folder).rglob("*.py")]
    found = {str(path.relative_to(ROOT)) for path in files if SET_BY_PEOPLE & set(readings(path))}
    assert found == set(ALLOWED)
    scripts = [path.read_text() for path in (ROOT / "dashboard").rglob("*.js")]
    assert not any("Date.now" in script or "new Date" in script for script in scripts)
