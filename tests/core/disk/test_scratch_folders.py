"""Temporary folders go with their use; those of killed processes with the next start, nobody else's ever."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cutwise.disk.left_behind import sweep
from cutwise.disk.scratch_folders import PREFIXES, scratch_folder, sweep_scratch
from cutwise.errors import CutwiseError, ModelImportError

HOLD_ONE = (
    "import sys, time; from cutwise.disk.scratch_folders import scratch_folder\n"
    "with scratch_folder('read') as folder:\n"
    "    (folder / 'inside').mkdir(); (folder / 'inside' / 'file').write_bytes(b'x')\n"
    "    print(folder, flush=True); time.sleep(60)"
)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def holder(temporary: Path) -> tuple[subprocess.Popen[str], Path]:
    """Another process that holds a folder, and the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD_ONE], stdout=subprocess.PIPE, text=True, env={"TMPDIR": str(temporary)}
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def ended(process: subprocess.Popen[str], how: int) -> None:
    process.send_signal(how)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_a_folder_goes_with_its_block_however_that_ends(temporary: Path) -> None:
    def interrupted() -> None:
        with scratch_folder("upload") as folder:
            (folder / "file").write_bytes(b"x")
            assert os.listdir(temporary) == [folder.name]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert os.listdir(temporary) == []


def test_a_living_process_keeps_its_folder_and_a_killed_one_loses_it(temporary: Path) -> None:
    living, its = holder(temporary)
    killed, left = holder(temporary)
    ended(killed, signal.SIGKILL)
    assert left.exists()
    sweep_scratch()
    assert (its / "inside" / "file").exists()
    assert not left.exists()
    ended(living, signal.SIGKILL)
    with scratch_folder("upload") as folder:
        assert os.listdir(temporary) == [folder.name]


def test_many_threads_and_sweeps_at_once_disturb_nobody(temporary: Path) -> None:
    def used(number: int) -> bool:
        with scratch_folder("read") as folder:
            (folder / "file").write_bytes(bytes([number]))
            sweep_scratch()
            return (folder / "file").read_bytes() == bytes([number])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(used, range(100)))
    assert os.listdir(temporary) == []


def test_what_is_not_ours_is_left_alone(temporary: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "file").write_bytes(b"x")
    (temporary / "else").mkdir()
    (temporary / f"{PREFIXES[0]}link").symlink_to(elsewhere)
    sweep_scratch()
    assert (elsewhere / "file").exists()
    assert (temporary / "else").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what is somebody else's")
def test_another_users_folder_is_left_alone(temporary: Path) -> None:
    theirs = temporary / f"{PREFIXES[0]}theirs"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    sweep_scratch()
    assert theirs.exists()


def test_a_folder_that_is_not_there_has_nothing_to_sweep(temporary: Path) -> None:
    sweep(temporary / "none", "x")


def test_a_full_disk_is_named_where_temporary_files_are_made(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    says = r"there is no place for temporary files \(the disk is full\); whoever runs this makes room"
    with (
        pytest.raises(ModelImportError, match=says),
        scratch_folder("read", fault=ModelImportError) as folder,
    ):
        (folder / "file").write_bytes(b"x" * 2_000_000)
    assert os.listdir(small_disk) == []
    monkeypatch.setattr("tempfile.tempdir", str(small_disk / "none"))
    with pytest.raises(CutwiseError, match=r"there is no place for temporary files \(No such file"):
        scratch_folder("read").__enter__()


def test_another_fault_in_the_block_is_its_own(temporary: Path) -> None:
    with pytest.raises(FileNotFoundError), scratch_folder("read") as folder:
        (folder / "none").read_bytes()
    assert os.listdir(temporary) == []


def test_temporary_files_are_made_in_this_one_place() -> None:
    """Who makes them by itself leaves them where it is killed, and fails unnamed on a full disk."""
    root = Path(__file__).parents[3]
    makers = re.compile(r"\b(mkdtemp|mkstemp|TemporaryDirectory|NamedTemporaryFile|TemporaryFile)\b")
    found = {
        path.name
        for folder in ("core", "dashboard")
        for path in (root / folder).rglob("*.py")
        if makers.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"scratch_folders.py"}
