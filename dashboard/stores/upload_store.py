"""Uploaded files by the digest of their bytes, so that a reload or another tab finds them."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cutwise.errors import CutwiseError
from cutwise_dashboard.stores import kept_files

STORE = "uploads"
DIGEST = re.compile(r"[0-9a-f]{64}")
_lock = threading.Lock()
_readers = Counter[str]()
_unproven = set[str]()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptUpload:
    """A file that somebody uploaded, and what it was called."""

    digest: str
    name: str
    content: bytes


def digest_of(content: bytes) -> str:
    """The SHA-256 of a file's bytes, by which it is found."""
    return hashlib.sha256(content).hexdigest()


def keep_upload(name: str, content: bytes) -> str:
    """Keeps an uploaded file; answers the SHA-256 of its bytes, by which it is found.

    Raises `CutwiseError` with one sentence where it cannot be kept; no half of it stays then.
    """
    digest = digest_of(content)
    kept_files.keep(STORE, digest, json.dumps(name).encode() + b"\n" + content)
    return digest


def upload_at(digest: str) -> KeptUpload | None:
    """The upload with this digest, None where it is not kept here; what was damaged is let go."""
    kept = kept_files.kept(STORE, digest) if DIGEST.fullmatch(digest) else None
    if kept is None:
        return None
    head, _, content = kept.partition(b"\n")
    if digest_of(content) != digest:
        kept_files.forget(STORE, digest)
        return None
    return KeptUpload(digest=digest, name=_name_in(head), content=content)


@contextmanager
def kept_if_read(name: str, content: bytes) -> Iterator[str]:
    """Keeps a file while it is read; for good where that ends well for anybody. Answers why it is not kept.

    Two may read the same file: what one of them gives up the other still needs. What was kept before stays.
    """
    digest = digest_of(content)
    with _lock:
        if not _readers[digest] and not kept_files.is_there(STORE, digest):
            _unproven.add(digest)
        _readers[digest] += 1
    try:
        yield _why_not_kept(name, content)
        _unproven.discard(digest)
    finally:  # a session that has gone leaves nothing either
        with _lock:
            _readers[digest] -= 1
            if not _readers[digest]:
                del _readers[digest]
                if digest in _unproven:
                    _unproven.discard(digest)
                    kept_files.forget(STORE, digest)


def _why_not_kept(name: str, content: bytes) -> str:
    try:
        keep_upload(name, content)
    except CutwiseError as error:
        return str(error)
    return ""


def _name_in(head: bytes) -> str:
    try:
        return str(json.loads(head))
    except ValueError:
        return "upload"
