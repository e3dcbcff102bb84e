"""Uploaded files by the digest of their bytes, so that a reload or another tab finds them."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from cutwise_dashboard.stores import kept_files

STORE = "uploads"
DIGEST = re.compile(r"[0-9a-f]{64}")


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


def is_kept(content: bytes) -> bool:
    """True where a file of just these bytes is kept."""
    return kept_files.is_there(STORE, digest_of(content))


def forget_upload(digest: str) -> None:
    """Lets go of the upload with this digest."""
    kept_files.forget(STORE, digest)


def _name_in(head: bytes) -> str:
    try:
        return str(json.loads(head))
    except ValueError:
        return "upload"
