"""Sweeps that are killed, stopped or lose a worker: what they go on to has the bytes of one left alone."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

import cutwise
from cutwise.errors import CutwiseError
from cutwise.pipeline import write_sweep_file
from cutwise.sweeping.running import dask_clusters

SPEC = """model = "sample:vgg16"
schemes = ["gsfl", "fast_split"]
design = "latin_hypercube"
rows = 48
part_rows = 4

[over]
"channel.uplink_bps" = { from = "1 Mbit/s", to = "1 Gbit/s", spacing = "log" }
"sharing.bandwidth" = ["equal", "optimised"]
"""
PARTS = 24
LONGEST_S = 120


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("spec") / "spec.toml"
    file.write_text(SPEC)
    return file


@pytest.fixture(scope="module")
def alone(spec: Path) -> dict[str, bytes]:
    """The files of a sweep that nobody stopped."""
    write_sweep_file(str(spec), str(spec.with_name("alone")))
    return files_in(spec.with_name("alone"))


def run(spec: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "cutwise", "sweep", str(spec), "--out", str(out), *more]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(words, **pipes, text=True, start_new_session=True)


def files_in(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.name[0] != "."}


def parts_in(out: Path) -> int:
    return len(list(out.glob("part-*.parquet")))


def wait_for(out: Path, parts: int) -> None:
    end_s = time.monotonic() + LONGEST_S
    while parts_in(out) < parts:
        assert time.monotonic() < end_s
        time.sleep(0.005)


def descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes that make parts: those that hold a model, and so take more memory than those beside."""
    return sorted(descendants(process), key=lambda one: -one.memory_info().rss)


def serves_pages(port: int) -> bool:
    """True where anybody on this machine may ask, without a certificate, what is going on."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST_S)
    try:
        asked.request("GET", "/info/main/workers.html")
        return asked.getresponse().status != http.HTTPStatus.NOT_FOUND
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


@pytest.fixture
def ended() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are over when the test is, with all that they started."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        kill_all(process)
        process.communicate(timeout=LONGEST_S)


def kill_all(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def test_killed_at_three_moments_it_goes_on_to_the_same_bytes(
    spec: Path, alone: dict[str, bytes], tmp_path: Path, ended: list[subprocess.Popen[str]]
) -> None:
    out = tmp_path / "rows"
    for parts in (1, 4, 9):
        ended.append(run(spec, out))
        wait_for(out, parts)
        ended[-1].kill()
        ended[-1].wait(LONGEST_S)
        assert parts <= parts_in(out) < PARTS
    assert write_sweep_file(str(spec), str(out)).made <= PARTS - 9
    assert files_in(out) == alone


def test_stopped_with_ctrl_c_it_says_how_to_go_on_and_its_workers_end(
    spec: Path, tmp_path: Path, ended: list[subprocess.Popen[str]]
) -> None:
    out = tmp_path / "rows"
    ended.append(run(spec, out, "--workers", "1"))
    wait_for(out, 1)
    there = descendants(ended[-1])
    ended[-1].send_signal(signal.SIGINT)
    _, told = ended[-1].communicate(timeout=LONGEST_S)
    assert ended[-1].returncode == 130
    stays = f"cutwise: {out}: whole parts stay; the same command goes on from them\n"
    assert told.endswith(f"{stays}cutwise: stopped\n")
    assert there
    assert not psutil.wait_procs(there, timeout=LONGEST_S)[1]


def test_a_killed_worker_costs_its_parts_only_and_nobody_outlives_the_sweep(
    spec: Path, alone: dict[str, bytes], tmp_path: Path, ended: list[subprocess.Popen[str]]
) -> None:
    out = tmp_path / "rows"
    ended.append(run(spec, out, "--workers", "2"))
    wait_for(out, 2)
    there = descendants(ended[-1])
    first = workers_of(ended[-1])[0]
    listening = {
        address.laddr
        for process in (psutil.Process(ended[-1].pid), *there)
        for address in process.net_connections()
        if address.status == psutil.CONN_LISTEN
    }
    assert {address.ip for address in listening} == {dask_clusters.LOOPBACK}
    assert not [address.port for address in listening if serves_pages(address.port)]
    os.kill(first.pid, signal.SIGKILL)
    told, noted = ended[-1].communicate(timeout=LONGEST_S)
    assert ended[-1].returncode == 0, noted
    assert "96 rows" in told
    assert files_in(out) == alone
    assert "Traceback" not in noted
    assert not psutil.wait_procs(there, timeout=LONGEST_S)[1]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_clusters, "PATIENCE_S", 0.3)


def refused(address: str, out: Path) -> str:
    """What is said about a cluster; no thread is left of asking it."""
    before = set(threading.enumerate())
    with pytest.raises(CutwiseError) as told:
        cutwise.sweep(cutwise.load_model("sample:vgg16"), over={"seed": [1]}, out=out, dask=address)
    assert set(threading.enumerate()) <= before
    return str(told.value)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:9", "nowhere", "tcp://", "udp://127.0.0.1:9", "tls://a:9"]
)
def test_no_cluster_at_an_address_is_one_sentence(address: str, tmp_path: Path) -> None:
    says = f"dask: no scheduler answers at '{address}'; start one, or see docs/scale.md"
    assert refused(address, tmp_path / "rows") == says


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-OpenSSH_9.2\r\n"])
def test_what_listens_and_is_no_scheduler_is_not_waited_for(greeting: bytes, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        held: list[socket.socket] = []

        def greet() -> None:
            with suppress(OSError):
                while True:
                    held.append(stranger.accept()[0])
                    held[-1].sendall(greeting)

        greeting_all = threading.Thread(target=greet)
        greeting_all.start()
        said = refused(f"tcp://127.0.0.1:{stranger.getsockname()[1]}", tmp_path / "rows")
        stranger.shutdown(socket.SHUT_RDWR)
        greeting_all.join()
        for connection in held:
            connection.close()
    assert said.startswith("dask: no scheduler answers at 'tcp://127.0.0.1:")


def test_without_dask_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    graph = cutwise.load_model("sample:vgg16")
    for given, name in (({"workers": 1}, "workers"), ({"dask": "tcp://127.0.0.1:9"}, "dask")):
        with pytest.raises(CutwiseError) as refused:
            cutwise.sweep(graph, over={"seed": [1]}, out=tmp_path / "rows", **given)
        assert str(refused.value) == (
            f"{name}: needs Dask, which is not installed; install it with: pip install 'cutwise[scale]'"
        )
