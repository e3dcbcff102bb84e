"""A file is written whole or not at all; what was there until then stays, and a full disk is named."""

from __future__ import annotations

import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from cutwise.disk.left_behind import hold
from cutwise.disk.written_files import PARTIAL, write_file
from cutwise.errors import CutwiseError, ModelImportError


def test_a_file_is_written_and_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    for content in (b"one", b"", b"x" * 3_000_000):
        write_file(file, content)
        assert file.read_bytes() == content
    assert os.listdir(tmp_path) == ["out.csv"]


def test_a_new_file_has_usual_rights_and_an_older_one_keeps_its_own(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    (tmp_path / "usual").write_bytes(b"")
    write_file(new, b"x")
    assert new.stat().st_mode == (tmp_path / "usual").stat().st_mode
    old.write_bytes(b"")
    old.chmod(0o640)
    write_file(str(old), b"x")
    assert stat.S_IMODE(old.stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    for link, target in (("link", "real"), ("dangling", "made")):
        (tmp_path / link).symlink_to(target)
        write_file(tmp_path / link, b"new")
        assert (tmp_path / link).is_symlink()
        assert (tmp_path / target).read_bytes() == b"new"


def test_a_full_disk_is_named_and_the_older_file_stays_whole(small_disk: Path) -> None:
    file = small_disk / "out.csv"
    write_file(file, b"old" * 1000)
    with pytest.raises(ModelImportError) as error:
        write_file(file, b"x" * 2_000_000, fault=ModelImportError)
    assert str(error.value) == (
        f"{file}: cannot be written (the disk is full); make room on that disk, or name another"
    )
    assert file.read_bytes() == b"old" * 1000
    assert os.listdir(small_disk) == ["out.csv"]


def test_a_disk_without_room_for_one_more_name_is_full_too(small_disk: Path) -> None:
    made = 0
    with suppress(OSError):
        for made in range(1000):
            (small_disk / f"n{made}").touch()
    assert 0 < made < 1000
    with pytest.raises(CutwiseError, match="the disk is full"):
        write_file(small_disk / "out.csv", b"x")
    assert len(os.listdir(small_disk)) == made


def test_a_file_larger_than_files_may_be_is_named(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(CutwiseError, match="files may not be so large there"):
            write_file(tmp_path / "out.csv", b"x" * 10**6)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("folder", "cannot be written (it is a folder); name a file in it"),
        ("folder/", "cannot be written (it is a folder); name a file in it"),
        ("none/", "cannot be written (it is a folder); name a file in it"),
        ("none/out.csv", "cannot be written (No such file or directory); name another one"),
        ("file/out.csv", "cannot be written (Not a directory); name another one"),
        ("loop", "cannot be written (Too many levels of symbolic links); name another one"),
        ("pipe", "cannot be written (nobody reads from it); name another one"),
        ("socket", "cannot be written (it is a socket); name a file"),
        ("n" * 300, "cannot be written (File name too long); name another one"),
        ("a\0b", "cannot be written (no file can have this name); name another one"),
        ("a\ud800b", "cannot be written (no file can have this name); name another one"),
    ],
)
def test_what_cannot_be_written_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, name: str, says: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"as it was")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "socket"))
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(CutwiseError) as error:
        write_file(f"{tmp_path}/{name}", b"content")
    assert str(error.value).endswith(f": {says}")
    assert sorted(os.listdir(tmp_path)) == before
    assert (tmp_path / "file").read_bytes() == b"as it was"


def test_no_name_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CutwiseError, match="name a file"):
        write_file("", b"content")
    assert os.listdir(tmp_path) == []


def test_devices_and_pipes_are_written_to_and_never_replaced(tmp_path: Path) -> None:
    with pytest.raises(CutwiseError, match=r"/dev/full: cannot be written \(the disk is full\)"):
        write_file("/dev/full", b"x")
    write_file("/dev/null", b"x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    os.mkfifo(tmp_path / "pipe")
    heard: list[bytes] = []
    reader = threading.Thread(target=lambda: heard.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    for _ in range(500):
        try:
            write_file(tmp_path / "pipe", b"x" * 200_000)
        except CutwiseError:  # the reader has not opened it yet
            time.sleep(0.01)
        else:
            break
    reader.join(10)
    assert heard == [b"x" * 200_000]


def test_a_file_that_is_this_process_own_output_gets_both(tmp_path: Path) -> None:
    code = (
        "import sys; from cutwise.disk.written_files import write_file\n"
        "write_file(sys.argv[1], b'table\\n'); print('summary')"
    )
    for name in ("/dev/stdout", str(tmp_path / "out")):
        with (tmp_path / "out").open("wb") as out:
            subprocess.run([sys.executable, "-c", code, name], stdout=out, check=True)
        assert (tmp_path / "out").read_text() == "table\nsummary\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_rights_and_owner_are_respected(tmp_path: Path) -> None:
    file, nobody = tmp_path / "theirs", 65534
    file.write_bytes(b"old")
    os.chown(file, nobody, nobody)
    write_file(file, b"new")
    assert (file.read_bytes(), file.stat().st_uid) == (b"new", nobody)
    file.chmod(0o400)
    tmp_path.chmod(0o777)
    for folder in tmp_path.parents[:2]:
        folder.chmod(0o755)
    os.setresuid(nobody, nobody, 0)
    try:
        with pytest.raises(CutwiseError, match="Permission denied"):
            write_file(file, b"newer")
    finally:
        os.setresuid(0, 0, 0)
    assert file.read_bytes() == b"new"


def test_whoever_is_killed_while_writing_leaves_the_older_file_and_the_next_one_clears_up(
    tmp_path: Path,
) -> None:
    """Killed again and again at other moments; a file is all old or all new, and half files go."""
    file = tmp_path / "out"
    sizes = {3_000_000, 7}
    write_file(file, b"x" * 7)
    code = (
        "import sys; from cutwise.disk.written_files import write_file\n"
        "print(flush=True)\n"
        "while True:\n    for size in (3_000_000, 7): write_file(sys.argv[1], b'x' * size)"
    )
    for number in range(6):
        writer = subprocess.Popen([sys.executable, "-c", code, str(file)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.read(1)
        time.sleep(0.003 * number)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        assert file.stat().st_size in sizes
    write_file(file, b"whole")
    assert os.listdir(tmp_path) == ["out"]


def test_what_somebody_else_is_writing_stays(tmp_path: Path) -> None:
    held, left = tmp_path / f"{PARTIAL}1", tmp_path / f"{PARTIAL}2"
    held.write_bytes(b"half")
    left.write_bytes(b"half")
    with held.open("rb") as file:
        assert hold(file.fileno(), held)
        write_file(tmp_path / "out", b"x")
        assert sorted(os.listdir(tmp_path)) == [f"{PARTIAL}1", "out"]
