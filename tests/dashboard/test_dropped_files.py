"""Dropped files: small ones are held, large ones are found in the store once they were read, or are gone."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.uploaded_file_manager import DeletedFile, UploadedFile, UploadedFileRec

from cutwise.errors import CutwiseError
from cutwise_dashboard.stores.store_bounds import FOLDER_VARIABLE
from cutwise_dashboard.views import dropped_files
from cutwise_dashboard.views.dropped_files import HELD_BYTES, contents_of, ids_listed, let_go

KEY = "files"
SMALL, LARGE = b"{}", b"x" * (HELD_BYTES + 1)


class Widget:
    """The uploader of a session: what it holds, of which a run sees copies."""

    def __init__(self, **contents: bytes) -> None:
        self.records = {
            name: UploadedFileRec(file_id=name, name=f"{name}.json", type="", data=content)
            for name, content in contents.items()
        }
        self.names = list(contents)
        self.value: list[Any] = []

    def remove_file(self, session_id: str, file_id: str) -> None:
        self.records.pop(file_id, None)

    def of_a_run(self) -> list[UploadedFile]:
        self.value = [
            UploadedFile(self.records[name], FileURLs()) if name in self.records else DeletedFile(name)
            for name in self.names
        ]
        return [UploadedFile(record, FileURLs()) for record in self.records.values()]


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Widget:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    made = Widget(config=SMALL, weights=LARGE)
    state = SimpleNamespace(get=lambda key: made.value if key == KEY else None)
    monkeypatch.setattr(dropped_files.st, "session_state", state)
    context = SimpleNamespace(session_id="one", uploaded_file_mgr=made)
    monkeypatch.setattr(dropped_files, "get_script_run_ctx", lambda: context)
    return made


def test_a_large_file_that_was_read_leaves_memory_and_is_found_again(widget: Widget) -> None:
    files = widget.of_a_run()
    seen = let_go(KEY, files, was_read=True)
    assert list(widget.records) == ["config"]
    assert sum(len(file.getvalue()) for file in (*files, *widget.value)) == 2 * len(SMALL)
    held = widget.of_a_run()
    assert ids_listed(KEY) == ["config", "weights"]
    found = contents_of(ids_listed(KEY), held, seen)
    assert found == [("config.json", SMALL), ("weights.json", LARGE)]


def test_a_large_file_that_was_refused_is_nowhere_and_is_asked_for_again(
    widget: Widget, tmp_path: Path
) -> None:
    widget.names = ["weights"]
    seen = let_go(KEY, widget.of_a_run(), was_read=False)
    assert not list(tmp_path.rglob("*"))
    held = [file for file in widget.of_a_run() if file.file_id in widget.names]
    with pytest.raises(CutwiseError, match=r"weights.json: .* drop it again"):
        contents_of(ids_listed(KEY), held, {"weights": seen["weights"]})
