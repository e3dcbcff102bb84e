"""Limits of readers are written once, and every one of them is kept by somebody."""

from __future__ import annotations

import ast
from pathlib import Path

import cutwise
from cutwise import read_limits

CORE = Path(cutwise.__file__).parent
SOURCES = [path for folder in (CORE, CORE.parents[1] / "dashboard") for path in folder.rglob("*.py")]
LIMITS = [name for name in vars(read_limits) if name.isupper()]
NO_LIMITS = {"ELSEWHERE", "COMMENT_BYTES", "TABLE_BYTES", "WIDTH", "SAMPLES", "TOKENS"}
NO_LIMITS |= {"(KERNEL, MULTIPLE_OF, KEY_HEADS, TOKENS)"}
"""Facts of the zip format, what is worth a notice, the range of a key, and sizes where nobody says."""


def test_every_limit_is_read_by_a_reader() -> None:
    texts = [path.read_text(encoding="utf-8") for path in SOURCES if path.name != "read_limits.py"]
    assert LIMITS
    assert [name for name in LIMITS if not any(name in text for text in texts)] == []


def test_no_reader_has_a_large_limit_of_its_own() -> None:
    """A power of two or a number above 10,000 at the top of a reader's module would be one."""
    own = {
        f"{path.name}: {name}"
        for path in (CORE / "importers").rglob("*.py")
        for statement in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(statement, ast.Assign) and _is_large(statement.value)
        for name in map(ast.unparse, statement.targets)
        if name not in NO_LIMITS
    }
    assert not own


def _is_large(value: ast.expr) -> bool:
    return any(
        (isinstance(part, ast.BinOp) and isinstance(part.op, ast.Pow))
        or (isinstance(part, ast.Constant) and isinstance(part.value, int) and part.value >= 10_000)
        for part in ast.walk(value)
        if not isinstance(value, ast.Dict | ast.Call)
    )
