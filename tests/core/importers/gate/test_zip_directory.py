"""The list of a zip file's entries: read where it is small, whatever the records at the end pretend."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from cutwise.importers.gate.zip_directory import entry_names

FAKE_64 = b"PK\x06\x06" + bytes(52)


def names_in(path: Path) -> tuple[str, ...]:
    return entry_names(path.read_bytes()[:64], path)


def zipped(path: Path, names: list[str], *, comment: bytes = b"") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
        archive.comment = comment
    return path


def test_the_entries_of_a_small_archive_are_listed(tmp_path: Path) -> None:
    assert names_in(zipped(tmp_path / "small.zip", ["a", "b/c"], comment=b"two entries")) == ("a", "b/c")


def test_an_archive_with_the_records_of_large_files_is_listed(tmp_path: Path) -> None:
    """More than 65,535 entries cannot be counted in the plain record."""
    names = [f"{number:x}" for number in range(66_000)]
    assert names_in(zipped(tmp_path / "many.zip", names)) == tuple(names)


@pytest.mark.parametrize("comment", [b"", FAKE_64])
def test_a_long_directory_is_not_listed(tmp_path: Path, comment: bytes) -> None:
    """200 names of 25,000 letters: 5 MB; a comment that looks like another record hides none of it."""
    names = [f"{number:03}{'x' * 25_000}" for number in range(200)]
    assert names_in(zipped(tmp_path / "long.zip", names, comment=comment)) == ()


@pytest.mark.parametrize("cut", [1, 10, 21])
def test_an_archive_without_its_end_has_no_entries(tmp_path: Path, cut: int) -> None:
    path = zipped(tmp_path / "cut.zip", ["a"])
    path.write_bytes(path.read_bytes()[:-cut])
    assert names_in(path) == ()
