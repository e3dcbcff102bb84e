"""One file that two sessions read at once is let go when neither wants it, and not before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cutwise_dashboard.stores.store_bounds import FOLDER_VARIABLE
from cutwise_dashboard.stores.upload_store import digest_of, kept_if_read, upload_at

CONTENT = b"a model that takes long to read"


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))


class SessionGone(BaseException):
    """What ends a run whose session has gone."""


def end(*, well: bool) -> None:
    if not well:
        raise SessionGone


def read(*, ends_well: bool, meanwhile: Callable[[], object] = bool) -> str:
    """The digest of the file, after its reading has ended."""
    with suppress(SessionGone), kept_if_read("a.onnx", CONTENT) as why:
        assert why == ""
        meanwhile()
        end(well=ends_well)
    return digest_of(CONTENT)


@pytest.mark.parametrize("first_ends_well", [True, False])
def test_what_one_gives_up_another_still_has(first_ends_well: bool) -> None:
    found = []

    def other_reads() -> None:
        found.append(upload_at(read(ends_well=first_ends_well)))

    assert upload_at(read(ends_well=True, meanwhile=other_reads)) is not None
    assert found != [None]


def test_what_all_give_up_is_let_go() -> None:
    digest = read(ends_well=False, meanwhile=lambda: read(ends_well=False))
    assert upload_at(digest) is None


def test_what_one_has_read_stays_although_another_gives_it_up() -> None:
    digest = read(ends_well=False, meanwhile=lambda: read(ends_well=True))
    assert upload_at(digest) is not None


def test_what_was_kept_before_stays() -> None:
    read(ends_well=True)
    assert upload_at(read(ends_well=False)) is not None
