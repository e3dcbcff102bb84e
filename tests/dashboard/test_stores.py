"""Long links and uploads are kept in bounded folders: whole, checked when read, the oldest let go."""

from __future__ import annotations

import hashlib
import os
import random
import re
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from cutwise.disk.left_behind import hold
from cutwise.disk.written_files import PARTIAL
from cutwise.errors import CutwiseError
from cutwise.frozen import FrozenDict
from cutwise.scenario.parties import Device
from cutwise.stated.link import link_of
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.stores import kept_files
from cutwise_dashboard.stores.link_store import address_of, link_at, stated_at
from cutwise_dashboard.stores.store_bounds import BOUNDS, LONGEST_ADDRESS, StoreBounds, store_folder
from cutwise_dashboard.stores.upload_store import keep_upload, upload_at
from tests.core.stated_questions import EMPTY, old_link, random_question

FIRST = StatedQuestion()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CUTWISE_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def large(seed: int, devices: int = 200) -> StatedQuestion:
    rng = random.Random(seed)
    fleet = tuple(Device(flops_per_s=rng.uniform(1e9, 1e12)) for _ in range(devices))
    return replace(FIRST, scenario=replace(FIRST.scenario, devices=fleet))


def bounded(monkeypatch: pytest.MonkeyPatch, *, files: int, size: int) -> None:
    bounds = StoreBounds(files=files, bytes=size)
    monkeypatch.setattr(kept_files, "BOUNDS", FrozenDict({"links": bounds, "uploads": bounds}))


def used(path: Path, age_s: float) -> None:
    then = path.stat().st_mtime - age_s
    os.utime(path, (then, then))


def test_a_short_link_is_its_own_address(folder: Path) -> None:
    assert address_of(FIRST) == link_of(FIRST)
    assert not folder.exists()


@pytest.mark.parametrize("seed", range(40))
def test_any_question_is_found_at_its_address(seed: int) -> None:
    asked = random_question(random.Random(seed))
    address = address_of(asked)
    assert len(address) <= LONGEST_ADDRESS
    assert stated_at(address) == (asked, "")


def test_a_long_link_stands_under_the_digest_of_its_text(folder: Path) -> None:
    address, link = address_of(large(1)), link_of(large(1))
    assert len(link) > LONGEST_ADDRESS
    assert re.fullmatch(r"k\.[0-9a-f]{16}", address)
    assert address == f"k.{hashlib.sha256(link.encode()).hexdigest()[:16]}"
    assert link_at(address) == link
    assert stated_at(f" {address}\n").question == large(1)
    assert (folder / "links").stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in (folder / "links").iterdir()] == [0o600]


@pytest.mark.parametrize(
    "address", ["k.0123456789abcdef", "k.", "k.../../etc/passwd", "k.0123", "k." + "0" * 17]
)
def test_a_key_that_is_not_known_is_said(address: str) -> None:
    with pytest.raises(CutwiseError, match="short link is not known here"):
        stated_at(address)


def test_a_kept_link_that_was_changed_is_not_opened_and_is_made_anew(folder: Path) -> None:
    address = address_of(large(1))
    path = folder / "links" / address.removeprefix("k.")
    path.write_bytes(link_of(large(2)).encode())
    with pytest.raises(CutwiseError, match="not known here"):
        stated_at(address)
    path.write_bytes(b"\xff")
    assert address_of(large(1)) == address
    assert stated_at(address).question == large(1)


def test_a_link_of_0_1_is_opened_at_its_address_too() -> None:
    found = stated_at(old_link(written_by="cutwise 0.0.9, data 00ff", sample="gpt2", scenario=EMPTY))
    assert found.question.model.sample == "gpt2"
    assert "cutwise 0.0.9, data 00ff" in found.notice


def test_the_longest_unused_is_let_go(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    bounded(monkeypatch, files=3, size=10**9)
    addresses = [address_of(large(seed)) for seed in range(3)]
    for age_s, address in zip((30, 20, 10), addresses, strict=True):
        used(folder / "links" / address.removeprefix("k."), age_s)
    stated_at(addresses[0])
    address_of(large(3))
    assert len(list((folder / "links").iterdir())) == 3
    assert stated_at(addresses[0]).question == large(0)
    with pytest.raises(CutwiseError, match="not known here"):
        stated_at(addresses[1])


def test_the_bytes_of_all_together_are_bounded(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    bounded(monkeypatch, files=100, size=1000)
    digests = [keep_upload("m.onnx", bytes([n]) * 300) for n in range(5)]
    kept = list((folder / "uploads").iterdir())
    assert sum(path.stat().st_size for path in kept) <= 1000
    assert upload_at(digests[-1]) is not None
    with pytest.raises(CutwiseError, match="more than the server keeps"):
        keep_upload("large.onnx", b"x" * 1000)


def test_what_a_dead_process_left_is_let_go(folder: Path) -> None:
    (folder / "uploads").mkdir(parents=True)
    left, held = folder / "uploads" / f"{PARTIAL}left", folder / "uploads" / f"{PARTIAL}held"
    for path in (left, held):
        path.write_bytes(b"half")
    used(held, 10**7)
    with held.open("rb") as file:
        assert hold(file.fileno(), held)
        keep_upload("m.onnx", b"whole")
        assert (left.exists(), held.exists()) == (False, True)
    keep_upload("m.onnx", b"another")
    assert not held.exists()


@pytest.mark.parametrize("gone_wrong_s", [-1e9, 1e9], ids=["ahead", "behind"])
def test_a_clock_that_was_wrong_lets_nothing_outlast_what_is_used_now(
    monkeypatch: pytest.MonkeyPatch, folder: Path, gone_wrong_s: float
) -> None:
    bounded(monkeypatch, files=3, size=10**6)
    old = [keep_upload("m.onnx", bytes([n])) for n in range(3)]
    for digest in old:
        used(folder / "uploads" / digest, gone_wrong_s)
    new = [keep_upload("m.onnx", bytes([n])) for n in range(3, 6)]
    assert [upload_at(digest) is not None for digest in [*old, *new]] == [False] * 3 + [True] * 3


def test_many_at_once_see_whole_files_or_none(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    bounded(monkeypatch, files=2, size=10**6)

    def kept_and_read(number: int) -> bool:
        digest = keep_upload("m.onnx", bytes([number % 4]) * 50_000)
        found = upload_at(digest)
        return found is None or found.content == bytes([number % 4]) * 50_000

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(kept_and_read, range(200)))
    keep_upload("m.onnx", b"last")
    assert len(list((folder / "uploads").iterdir())) == 2


@pytest.mark.parametrize("name", ["model.onnx", "模型 \n\"'.pt2", "", "../../x", "\ud800"])
def test_an_upload_is_found_by_its_digest(name: str) -> None:
    content = b"\n" + name.encode(errors="replace") + bytes(range(256))
    digest = keep_upload(name, content)
    assert digest == hashlib.sha256(content).hexdigest()
    found = upload_at(digest)
    assert found is not None
    assert (found.digest, found.name, found.content) == (digest, name, content)


def test_an_upload_that_was_changed_is_none(folder: Path) -> None:
    digest = keep_upload("m.onnx", b"content")
    path = folder / "uploads" / digest
    path.write_bytes(path.read_bytes().replace(b"content", b"cOntent"))
    assert upload_at(digest) is None
    assert not path.exists()
    assert upload_at("../../etc/passwd") is None
    assert upload_at("ab" * 32) is None


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Files that grow beyond 2,000 bytes fail as they do on a full disk, by the system itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("full_disk")
def test_where_files_may_not_be_so_large_one_sentence_and_no_half_file(folder: Path) -> None:
    with pytest.raises(
        CutwiseError, match=r"the server cannot keep this \(files may not be so large there\)"
    ):
        keep_upload("m.onnx", b"x" * 10**6)
    assert list((folder / "uploads").iterdir()) == []


def test_on_a_full_disk_one_sentence_no_half_file_and_what_was_kept_stays(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUTWISE_STORE", str(small_disk))
    digest = keep_upload("m.onnx", b"x" * 500_000)
    with pytest.raises(
        CutwiseError, match=r"the server cannot keep this \(the disk is full\); whoever runs it"
    ):
        keep_upload("n.onnx", b"y" * 600_000)
    assert [path.name for path in (small_disk / "uploads").iterdir()] == [digest]
    found = upload_at(digest)
    assert found is not None
    assert found.content == b"x" * 500_000


def test_a_folder_that_cannot_be_made_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CUTWISE_STORE", str(tmp_path / "file"))
    assert address_of(large(1)) == link_of(large(1))
    with pytest.raises(CutwiseError, match="not known here"):
        stated_at("k.0123456789abcdef")
    with pytest.raises(CutwiseError, match=r"cannot keep this \(.*\); whoever runs it has to name a folder"):
        keep_upload("m.onnx", b"whole")


def test_where_nothing_is_said_it_is_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CUTWISE_STORE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert store_folder("links") == tmp_path / "cutwise" / "links"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert store_folder("uploads") == tmp_path / ".cache" / "cutwise" / "uploads"
    assert set(BOUNDS) == {"links", "uploads"}
