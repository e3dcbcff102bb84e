"""View choices outlive a page switch, begin as they should, and fill no log."""

from __future__ import annotations

import ast
import logging
from pathlib import Path

import pytest
from streamlit.elements.lib import policies

from tests.dashboard.pages import opened

DASHBOARD = Path(__file__).parents[2] / "dashboard"
BEGINNINGS = {"default", "value", "index"}


def calls_with_a_kept_key() -> list[tuple[str, ast.Call, str]]:
    """Where a widget is made whose key is one of a view, and how the key is written."""
    found = []
    for path in sorted(DASHBOARD.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for keyword in node.keywords if isinstance(node, ast.Call) else ():
                written = ast.unparse(keyword.value)
                if keyword.arg == "key" and ("view." in written or "session.begin" in written):
                    found.append((f"{path.name}:{node.lineno}", node, written))
    return found


def test_no_widget_that_is_kept_has_a_beginning_of_its_own() -> None:
    calls = calls_with_a_kept_key()
    assert len(calls) >= 6
    for where, call, written in calls:
        assert written.startswith("session.begin("), where
        assert not BEGINNINGS & {keyword.arg for keyword in call.keywords}, where


@pytest.mark.parametrize("page", ["learn", "truth", "model", "explore"])
def test_a_page_that_is_drawn_twice_warns_of_nothing(
    page: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "_shown_default_value_warning", False)
    monkeypatch.setattr(policies._LOGGER, "propagate", True)
    with caplog.at_level(logging.WARNING):
        app = opened(page=page)
        before = {one.key: one.value for kind in (app.segmented_control, app.pills) for one in kind}
        app.run()
    assert {one.key: one.value for kind in (app.segmented_control, app.pills) for one in kind} == before
    assert before
    assert all(before.values())
    assert not [record for record in caplog.records if "default value" in record.getMessage()]
