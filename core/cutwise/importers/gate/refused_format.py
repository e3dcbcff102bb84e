"""What a refusal may judge by, and what a row of refused formats is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cutwise.disk.bounded_files import text_in
from cutwise.errors import CutwiseError
from cutwise.plain import Json
from cutwise.read_limits import NAMED_JSON_BYTES

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Evidence:
    """All a row may judge by: first bytes, names in a zip archive (never unpacked), the path, small JSON.

    `document` is the JSON object in the file, or the first object of a list; empty where there is none.
    """

    head: bytes
    names: tuple[str, ...]
    path: Path
    document: Mapping[str, Json]

    def has_name(self, pattern: str) -> bool:
        """True when a name in the zip archive matches the regular expression `pattern`."""
        return any(re.search(pattern, name) for name in self.names)

    def has_suffix(self, *suffixes: str) -> bool:
        """True when the file's name ends in one of `suffixes`, in whatever case."""
        return self.path.name.lower().endswith(suffixes)

    def has_keys(self, *keys: str) -> bool:
        """True when the JSON object has all `keys`."""
        return set(keys) <= self.document.keys()

    def word(self, key: str, default: str, pattern: str = r"[A-Za-z0-9_.-]{1,64}") -> str:
        """The text under `key` where all of it matches `pattern`: fit to be shown inside a line of code."""
        value = self.document.get(key)
        return value if isinstance(value, str) and re.fullmatch(pattern, value) else default


@dataclass(frozen=True, slots=True)
class RefusedFormat:
    """One format that is recognised, and the rest of the sentence that refuses it."""

    name: str
    sniff: Callable[[Evidence], bool]
    sentence: str | Callable[[Evidence], str]

    def says(self, evidence: Evidence) -> str:
        """The rest of the sentence for the file that `evidence` is of."""
        return self.sentence if isinstance(self.sentence, str) else self.sentence(evidence)


def starts_json(head: bytes) -> bool:
    """True for what begins as a JSON object or list."""
    return head.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] in {b"{", b"["}


def small_document(head: bytes, path: Path) -> Mapping[str, Json]:
    """The JSON object in the file at `path`, or the first of a list; empty for anything else or larger."""
    if not starts_json(head) or path.stat().st_size > NAMED_JSON_BYTES:
        return {}
    try:
        found: Json = json.loads(text_in(path, most_bytes=NAMED_JSON_BYTES))
    except (ValueError, RecursionError, CutwiseError):
        return {}
    first = found[0] if isinstance(found, list) and found else found
    return first if isinstance(first, dict) else {}
