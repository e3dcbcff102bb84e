"""Names as people can read them: what a file or a person calls a thing, without what would not show."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

from cutwise.read_limits import NAME_CHARACTERS, SENTENCE_CHARACTERS

REPLACEMENT = "\ufffd"
JOINERS = "\u200c\u200d"
"""They join letters of several scripts, and the parts of an emoji."""
UNSEEN = (
    "\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff"
)
"""Controls, halves of surrogate pairs, what turns the direction of writing, and what takes no room."""
UNREADABLE = re.compile(rf"[{UNSEEN}]|(?<![^\x00-\xff])[{JOINERS}]|[{JOINERS}](?![^\x00-\xff])")
WHITE = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
RESERVED = ("__proto__", "constructor", "prototype")
"""Keys that every object of a browser has already."""
RESERVED_PART = re.compile(rf"(?:^|(?<=/))({'|'.join(RESERVED)})(?=/|$)")
DIGEST_DIGITS = 12


def readable_name(name: str) -> str:
    """A name as it is shown and looked up: ordinary ones unchanged, in composed letters.

    Line breaks and tabs become blanks, and what does not show (controls, marks that turn the direction of
    writing, halves of surrogate pairs) "\ufffd"; a part that browsers keep for themselves ends in "_". What
    is longer than `NAME_CHARACTERS` ends in a digest, so that two that begin alike still differ.

    >>> readable_name("layer1/0/conv é"), readable_name("a\\u202eb"), readable_name("a/__proto__")
    ('layer1/0/conv é', 'a\ufffdb', 'a/__proto___')
    """
    shown = name if _is_plain(name) else RESERVED_PART.sub(r"\1_", readable_text(name, longest=None))
    return shown if len(shown) <= NAME_CHARACTERS else _shortened(shown, name)


def readable_text(text: str, *, longest: int | None = SENTENCE_CHARACTERS) -> str:
    """A sentence with names in it, on one line and without what does not show; a long one ends in "…".

    >>> readable_text("reads 'a\\nb\\u2066'")
    "reads 'a b\ufffd'"
    """
    if not _shows(text):
        text = UNREADABLE.sub(REPLACEMENT, WHITE.sub(" ", unicodedata.normalize("NFC", text)))
    return text if longest is None or len(text) <= longest else f"{text[: longest - 1]}…"


def readable_names(names: Iterable[str]) -> Mapping[str, str]:
    """The names among these that are not readable, each with what it becomes; different ones stay different.

    >>> dict(readable_names(["a", "b\\n", "b ", "a"]))
    {'b\\n': 'b  0263829989b6'}
    """
    given = set(names)
    if all_readable(given):
        return {}
    listed = sorted(given, key=lambda name: name.encode("utf-8", "surrogatepass"))
    made = {name: shown for name in listed if (shown := readable_name(name)) != name}
    taken = given - made.keys()
    for name, shown in made.items():
        made[name] = _shortened(shown, name) if shown in taken else shown
        taken.add(made[name])
    return made


def all_readable(names: Collection[str]) -> bool:
    """True where no name would be changed; many are looked at together, as models have many thousand."""
    return _is_plain("/".join(names)) and max(map(len, names), default=0) <= NAME_CHARACTERS


def _is_plain(text: str) -> bool:
    return _shows(text) and not (any(word in text for word in RESERVED) and RESERVED_PART.search(text))


def _shows(text: str) -> bool:
    if text.isascii() and text.isprintable():
        return True
    return not UNREADABLE.search(text) and unicodedata.is_normalized("NFC", text)


def _shortened(shown: str, name: str) -> str:
    """The beginning of a readable name, and a digest of the whole as it was given."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_DIGITS]
    return f"{shown[: NAME_CHARACTERS - DIGEST_DIGITS - 1]} {digest}"
