"""Names in texts that stand for a moment, which no look at a drawn page sees, are as they are written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import cutwise_dashboard

PAGE = Path(cutwise_dashboard.__path__[0])
PASSING = {"spinner": 0, "toast": 0, "status": 0, "progress": 1}
"""Calls of Streamlit's that take Markdown and are taken away again → the place of the text."""


def passing_texts() -> Iterator[tuple[str, ast.expr]]:
    for path in sorted(PAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in PASSING
            ):
                place = PASSING[node.func.attr]
                given = [word.value for word in node.keywords if word.arg == "text"] + node.args[place:][:1]
                yield from ((f"{path.relative_to(PAGE)}:{node.lineno}", text) for text in given)


@pytest.mark.parametrize(("where", "text"), list(passing_texts()))
def test_a_passing_text_is_ours_or_escaped(where: str, text: ast.expr) -> None:
    escaped = isinstance(text, ast.Call) and getattr(text.func, "id", "") == "as_written"
    assert escaped or isinstance(text, ast.Constant), f"{where}: {ast.unparse(text)}"


def test_there_are_some() -> None:
    assert len(list(passing_texts())) >= 5
