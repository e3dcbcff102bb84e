"""The guarded reader: what it may use, what it gives back, and that nothing of it stays behind."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cutwise import read_limits, sample_models
from cutwise.errors import ModelImportError
from cutwise.guarded import guarded_process
from cutwise.guarded.guarded_process import PROJECT
from cutwise.importers import load_bytes, load_model
from cutwise.importers.gate.guard import read_guarded

SAMPLES = Path(sample_models.__file__).parent
REPORT = (
    "import sys, json, os; sys.path.insert(0, sys.argv[1]); print('error'); print(json.dumps({expression}))"
)


class CancelledError(BaseException):
    """What a page raises when it is left."""


@pytest.fixture
def slow_file(tmp_path: Path) -> Path:
    """Ten million small objects: some seconds to parse, and half a gigabyte."""
    path = tmp_path / "slow.json"
    path.write_bytes(b'{"format": "cutwise-graph/1", "ops": [' + b"{}," * 10_000_000 + b"{}]}")
    return path


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    started: list[subprocess.Popen[bytes]] = []
    start = guarded_process._start

    def spy(*arguments: Any) -> subprocess.Popen[bytes]:
        started.append(start(*arguments))
        return started[-1]

    monkeypatch.setattr(guarded_process, "_start", spy)
    return started


def reported(monkeypatch: pytest.MonkeyPatch, expression: str) -> str:
    """What `expression` is inside the child, handed back as its refusal."""
    monkeypatch.setattr(guarded_process, "START", REPORT.format(expression=expression))
    with pytest.raises(ModelImportError) as error:
        read_guarded(SAMPLES / "vgg16.onnx")
    return str(error.value)


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"


def test_a_guarded_graph_equals_one_read_here() -> None:
    assert read_guarded(SAMPLES / "gpt2.onnx", dims={"sequence": 64}) == load_model(
        "sample:gpt2", dims={"sequence": 64}
    )


def test_a_guarded_resnet18_takes_less_than_a_second() -> None:
    def seconds() -> float:
        start = time.perf_counter()
        read_guarded(SAMPLES / "resnet18.onnx")
        return time.perf_counter() - start

    assert min(seconds() for _ in range(3)) < 1


def test_the_reader_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
        "from cutwise.importers.gate import guard; guard.read_here(Path(sys.argv[2]), {})\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    command = [sys.executable, "-I", "-c", code, str(PROJECT), str(SAMPLES / "resnet18.onnx")]
    loaded = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert {"onnx", "numpy", "cutwise"} <= loaded
    assert not loaded & {
        "pandas",
        "ortools",
        "pydantic",
        "torch",
        "streamlit",
        "networkx",
        "plotly",
        "dashboard",
    }


def test_the_child_has_no_environment_and_works_in_a_folder_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    names = reported(monkeypatch, "' '.join(sorted(os.environ))").split()
    assert set(names) <= {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "LC_CTYPE"}
    assert Path(reported(monkeypatch, "os.getcwd()")).name.startswith("cutwise-read-")
    assert not Path(reported(monkeypatch, "os.getcwd()")).exists()


def test_the_child_limits_memory_time_files_and_core_dumps(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resource")
    setup = "(__import__('cutwise.guarded.guarded_process', fromlist=['x'])._limit(json.loads(sys.argv[2])), "
    names = ("AS", "CPU", "FSIZE", "NOFILE", "CORE")
    limits = "{name: __import__('resource').getrlimit(getattr(__import__('resource'), 'RLIMIT_' + name))"
    text = reported(monkeypatch, f"{setup}json.dumps({limits} for name in {names}}}))[1]")
    size = (SAMPLES / "vgg16.onnx").stat().st_size
    expected = {
        "AS": read_limits.READER_MEMORY_BYTES + size,
        "CPU": [30, 31],
        "FSIZE": 256 * 2**20,
        "NOFILE": 64,
        "CORE": 0,
    }
    both = {name: value if isinstance(value, list) else [value, value] for name, value in expected.items()}
    assert json.loads(text) == both


def test_a_zip_is_listed_in_the_child_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "many.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"")

    def listed_here(*_: Any) -> None:
        raise AssertionError("the archive was opened in this process")

    monkeypatch.setattr(zipfile, "ZipFile", listed_here)
    with pytest.raises(ModelImportError, match=r"many\.pt2: is a zip archive and is not unpacked"):
        read_guarded(path)


def test_the_child_gives_way_to_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    lowered = int(reported(monkeypatch, "str(os.nice(0))"))
    assert lowered == min(19, os.nice(0) + guarded_process.NICENESS)


def test_a_reader_that_takes_too_long_is_ended(slow_file: Path, children: list[Any]) -> None:
    with pytest.raises(
        ModelImportError, match=r"slow\.json: takes more than 0\.3 s to read; export a smaller"
    ):
        read_guarded(slow_file, wall_s=0.3)
    assert is_gone(children[0].pid)


def test_a_reader_that_computes_too_long_is_ended(slow_file: Path) -> None:
    with pytest.raises(ModelImportError, match=r"slow\.json: needs more than 1 s of computing to read"):
        read_guarded(slow_file, cpu_s=1, memory_bytes=4 * 2**30)


def test_a_reader_that_needs_too_much_memory_is_refused(slow_file: Path) -> None:
    with pytest.raises(ModelImportError, match=r"slow\.json: needs more memory to read than it is given"):
        read_guarded(slow_file, memory_bytes=200 * 2**20)


def test_leaving_the_page_ends_the_reader(slow_file: Path, children: list[Any]) -> None:
    def leave() -> None:
        raise CancelledError

    with pytest.raises(CancelledError):
        read_guarded(slow_file, poll=leave)
    assert is_gone(children[0].pid)


def test_the_page_is_polled_while_the_reader_works(slow_file: Path) -> None:
    calls: list[float] = []
    with pytest.raises(ModelImportError):
        read_guarded(slow_file, poll=lambda: calls.append(time.monotonic()), wall_s=1)
    assert 3 <= len(calls) <= 5


def test_the_reader_dies_with_its_parent(slow_file: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
        "from cutwise.guarded import guarded_process\nfrom cutwise.importers.gate.guard import read_guarded\n"
        "start = guarded_process._start\n"
        "def spy(*a):\n    child = start(*a); print(child.pid, flush=True); return child\n"
        "guarded_process._start = spy; read_guarded(Path(sys.argv[2]))"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(PROJECT), str(slow_file)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    time.sleep(0.5)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while not is_gone(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert is_gone(child)


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM"])
def test_a_reader_that_somebody_ends_is_not_called_slow(
    slow_file: Path, children: list[subprocess.Popen[bytes]], how: str
) -> None:
    def end() -> None:
        os.kill(children[0].pid, getattr(signal, how))

    with pytest.raises(ModelImportError, match=r"slow\.json: the process that read it was ended"):
        read_guarded(slow_file, poll=end)


def test_a_reader_whose_file_becomes_shorter_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mapped file that is cut ends whoever reads beyond its end with SIGBUS."""
    code = (
        "import mmap, os\n"
        "with open('cut', 'wb+') as file:\n"
        "    file.write(b'x' * 10000); file.flush(); mapped = mmap.mmap(file.fileno(), 0)\n"
        "    os.truncate('cut', 0); mapped[9000]"
    )
    monkeypatch.setattr(guarded_process, "START", code)
    monkeypatch.setattr(guarded_process, "GIVE_WAY", "")
    with pytest.raises(ModelImportError, match=r"vgg16\.onnx: changed while it was read, or its disk"):
        read_guarded(SAMPLES / "vgg16.onnx")


def test_a_reader_without_room_for_its_answer_says_that_the_disk_is_full(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    (small_disk / "ballast").write_bytes(b"x" * 1_040_000)
    with pytest.raises(ModelImportError, match=r"there is no place for temporary files \(the disk is full\)"):
        read_guarded(SAMPLES / "vgg16.onnx")
    with pytest.raises(ModelImportError, match=r"there is no place for temporary files \(the disk is full\)"):
        load_bytes("vgg16.onnx", (SAMPLES / "vgg16.onnx").read_bytes())
    assert os.listdir(small_disk) == ["ballast"]


def test_a_machine_that_starts_no_more_processes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", full)
    with pytest.raises(ModelImportError, match="no process can be started to read the file"):
        read_guarded(SAMPLES / "vgg16.onnx")


def test_killed_at_any_moment_it_leaves_no_process_and_nothing_on_disk_after_the_next_read(
    slow_file: Path, tmp_path: Path
) -> None:
    """Whoever reads is killed, and so the reader; then the next one reads in the same temporary folder."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    code = (
        "import sys; from pathlib import Path; from cutwise.importers import load_bytes\n"
        "data = Path(sys.argv[1]).read_bytes(); print(flush=True); load_bytes('slow.json', data)"
    )
    environment = os.environ | {"TMPDIR": str(temporary)}
    for delay_s in (0.0, 0.1, 0.4):
        reading = subprocess.Popen(
            [sys.executable, "-c", code, str(slow_file)], stdout=subprocess.PIPE, env=environment
        )
        assert reading.stdout is not None
        reading.stdout.read(1)
        time.sleep(delay_s)
        reading.kill()
        reading.wait()
        reading.stdout.close()
    deadline = time.monotonic() + 5
    while (living := readers_in(temporary)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert living == []
    assert os.listdir(temporary) != []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tempfile.tempdir", str(temporary))
        read_guarded(SAMPLES / "vgg16.onnx")
    assert os.listdir(temporary) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_stopped_while_it_reads_leaves_no_process_and_nothing_on_disk(
    slow_file: Path, tmp_path: Path, number: int
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    reading = subprocess.Popen(
        [sys.executable, "-m", "cutwise", "inspect", str(slow_file)],
        stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(temporary)},
    )
    deadline = time.monotonic() + 20
    while not readers_in(temporary) and time.monotonic() < deadline:
        time.sleep(0.02)
    reading.send_signal(number)
    assert reading.communicate(timeout=5)[1] == b"cutwise: stopped\n"
    assert (reading.returncode, os.listdir(temporary)) == (128 + number, [])
    while (living := readers_in(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert living == []


def readers_in(folder: Path) -> list[str]:
    """Processes that work in a folder in this one."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if os.readlink(place).startswith(f"{folder}/"):
                found.append(place.parent.name)
    return found


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import os; os.abort()", rf"stopped without an answer \(exit code {-signal.SIGABRT}\)"),
        ("import os; os._exit(3)", r"stopped without an answer \(exit code 3\)"),
        ("print('graph'); print('{\"name\": 1}')", r"stopped without an answer \(exit code 0\)"),
        ("print('graph'); print('nonsense')", r"stopped without an answer \(exit code 0\)"),
        ("pass", r"stopped without an answer \(exit code 0\)"),
    ],
)
def test_a_reader_that_breaks_is_answered_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, code: str, says: str
) -> None:
    monkeypatch.setattr(guarded_process, "START", code)
    with pytest.raises(
        ModelImportError, match=rf"vgg16\.onnx: the reader {says}; the file is damaged or hostile"
    ):
        read_guarded(SAMPLES / "vgg16.onnx")


def test_any_failure_of_a_reader_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from cutwise.guarded import guarded_process; from cutwise.importers.onnx_format import onnx_file\n"
        "import dataclasses, cutwise.importers.importer as importer\n"
        "def broken(path, dims): raise KeyError('secret detail')\n"
        "importer.IMPORTERS._entries['onnx'] = dataclasses.replace(onnx_file.IMPORTER, read=broken)\n"
        "guarded_process.main(sys.argv[2])"
    )
    monkeypatch.setattr(guarded_process, "START", code)
    with pytest.raises(ModelImportError) as error:
        read_guarded(SAMPLES / "vgg16.onnx")
    assert "vgg16.onnx: cannot be read as onnx (KeyError: 'secret detail')" in str(error.value)
    assert "Traceback" not in str(error.value)


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    read_guarded(SAMPLES / "vgg16.onnx")
    assert os.listdir(tmp_path) == []
