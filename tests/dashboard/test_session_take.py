"""What a session takes of its browser: readable or said not to be, and no longer than it is there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.scriptrunner import StopException

from cutwise_dashboard import session
from cutwise_dashboard.desk.history import Desk
from cutwise_dashboard.serving.component_values import UNREADABLE

CELLS = {f"devices.{i}.samples": str(i + 1) for i in range(50)}


def outbox(**command: Any) -> dict[str, Any]:
    return {"client": "tab", "commands": [{"n": 1, **command}]}


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk()
    monkeypatch.setattr(session, "desk", lambda: made)
    return made


def test_what_cannot_be_read_is_said_and_the_next_command_is_taken(desk: Desk) -> None:
    session.take([UNREADABLE["outbox"], None])
    assert desk.said == session.NOT_READ
    session.take([outbox(kind="cells", value=CELLS)])
    assert desk.stated.scenario.devices[0].samples == 1
    assert desk.said == ""


@pytest.mark.parametrize("is_open", [True, False])
def test_a_long_edit_ends_with_its_session(
    desk: Desk, is_open: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = SimpleNamespace(is_active_session=lambda session_id: is_open)
    there = SimpleNamespace(exists=lambda: True, get_instance=lambda: runtime)
    monkeypatch.setattr(session.st, "runtime", there)
    monkeypatch.setattr(session, "get_script_run_ctx", lambda: SimpleNamespace(session_id="one"))
    before = desk.stated
    if is_open:
        session.take([outbox(kind="cells", value=CELLS)])
    else:
        with pytest.raises(StopException):
            session.take([outbox(kind="cells", value=CELLS)])
    assert (desk.stated == before) == (not is_open)
