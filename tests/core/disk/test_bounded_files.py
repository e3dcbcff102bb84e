"""Whatever is named: a regular file up to its bound is read whole, anything else is one sentence, at once."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cutwise.disk.bounded_files import bytes_in, files_in, first_bytes, opened, shown_name, text_in
from cutwise.errors import CutwiseError, ModelImportError, ScenarioError

MOST_BYTES = 1000


def link_to_itself(path: Path) -> None:
    path.symlink_to(path)


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


MADE: dict[str, tuple[Callable[[Path], object], str]] = {
    "folder": (Path.mkdir, "is a folder"),
    "pipe": (os.mkfifo, "is a pipe"),
    "socket": (unix_socket, "is a socket"),
    "loop": (link_to_itself, "Too many levels of symbolic links"),
    "sparse": (sparse, "has over 1,000 bytes"),
    "long": (lambda path: path.write_bytes(b"x" * 1001), "has over 1,000 bytes"),
    "missing": (lambda path: None, "No such file or directory"),
}


@pytest.mark.parametrize("name", MADE)
def test_what_is_no_file_that_can_be_read_is_one_sentence(tmp_path: Path, name: str) -> None:
    make, says = MADE[name]
    make(tmp_path / name)
    with pytest.raises(CutwiseError) as error:
        bytes_in(tmp_path / name, most_bytes=MOST_BYTES)
    assert says in str(error.value)
    assert str(error.value).startswith(f"{tmp_path / name}: ")
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("/dev/zero", "is a device"),
        ("/dev/full", "is a device"),
        ("/dev/tty", "is a device"),
        ("/proc/self/smaps", "has over 1,000 bytes"),
        ("/proc/self/mem", "cannot be read (Input/output error)"),
        ("a\0b", "no file can have this name"),
        ("a\ud800b", "no file can have this name"),
        ("a" * 5000, "File name too long"),
        ("", "No such file or directory"),
    ],
)
def test_what_never_ends_and_what_is_no_name_is_one_sentence(name: str, says: str) -> None:
    with pytest.raises(CutwiseError) as error:
        bytes_in(name, most_bytes=MOST_BYTES)
    assert says in str(error.value)
    assert len(str(error.value)) < 400


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may open it")
def test_a_file_of_the_kernel_that_keeps_its_reader_waiting_is_let_go() -> None:
    def read() -> None:
        with suppress(CutwiseError):
            first_bytes("/proc/kmsg", 2**24)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(5)
    assert not reader.is_alive()


@pytest.mark.parametrize("size", [0, 1, 999, 1000])
def test_what_keeps_the_bound_is_read_whole(tmp_path: Path, size: int) -> None:
    file = tmp_path / "file"
    content = bytes(n % 251 for n in range(size))
    file.write_bytes(content)
    assert bytes_in(file, most_bytes=MOST_BYTES) == content
    assert first_bytes(file, 10) == content[:10]
    with opened(file) as reader:
        assert reader.read() == content


def test_text_is_utf_8_with_or_without_its_mark(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\xef\xbb\xbf\xc2\xb5s")
    assert text_in(file, most_bytes=MOST_BYTES) == "µs"
    file.write_bytes(b"ab\xff")
    with pytest.raises(CutwiseError, match="file: is no text in UTF-8 at byte 2; save it as UTF-8"):
        text_in(file, most_bytes=MOST_BYTES)


def test_the_sentence_becomes_the_error_that_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ModelImportError, match="is a folder"):
        bytes_in(tmp_path, most_bytes=1, fault=ModelImportError)
    with pytest.raises(ScenarioError) as error:
        first_bytes(tmp_path / "none", 1, fault=lambda sentence: ScenarioError([sentence]))
    assert error.value.mistakes == (
        f"{tmp_path / 'none'}: cannot be read (No such file or directory); check the path",
    )


def test_the_files_of_a_folder_are_listed_up_to_a_number_of_entries(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder").mkdir()
    assert files_in(tmp_path, most=10) == ["a", "b", "c"]
    assert len(files_in(tmp_path, most=2)) <= 2
    for name, says in (
        (tmp_path / "a", "Not a directory"),
        (tmp_path / "none", "No such"),
        ("a\0", "this name"),
    ):
        with pytest.raises(CutwiseError, match=says):
            files_in(name, most=10)


def test_an_error_of_who_reads_is_their_own(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")

    def read() -> None:
        with opened(file):
            raise ScenarioError(["mine"])

    with pytest.raises(ScenarioError, match=r"\Amine\Z"):
        read()


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    shown = shown_name("/begin/" + "x" * 5000 + "/end.toml")
    assert shown.startswith("/begin/")
    assert shown.endswith("/end.toml")
    assert len(shown) == 200
