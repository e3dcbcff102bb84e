"""Nested values from TOML or JSON that nobody vouches for: looked over, and parsed apart where it is long."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cutwise.budgets import beyond, most
from cutwise.disk.scratch_folders import scratch_folder
from cutwise.errors import ScenarioError, UnreadableTextError, key_shown
from cutwise.frozen import FrozenDict
from cutwise.guarded.child_ends import NO_MEMORY, why_it_ended
from cutwise.guarded.guarded_process import ChildLimits, run_guarded
from cutwise.guarded.text_scan import mistake_in_text

TASK = f"{__name__}:document_of_order"
RESULT_BYTES_A_BYTE, OPEN_FILES = 8, 32
"""A character that JSON writes as six; a folder, two streams, and what Python holds open."""
REFUSALS: Mapping[str, type[ScenarioError]] = FrozenDict(
    {"error": ScenarioError, "unreadable": UnreadableTextError}
)
MOST_BITS = 14_284
"""Of a whole number with 4,300 decimal digits, the most that Python writes."""
DIGITS = "holds a whole number of more than 4,300 digits; no quantity has so many"


def document_in(content: bytes, *, name: str, poll: Callable[[], None] | None = None) -> dict[str, object]:
    """What a file called `name` holds, unchecked: JSON where it starts with a brace, else TOML.

    Text that is longer than `text_in_place_bytes` is parsed by a guarded child; `poll` is called meanwhile.
    Raises `ScenarioError` with one sentence.

    >>> document_in(b"rounds = 3", name="scenario.toml")
    {'rounds': 3}
    """
    if len(content) > most("text_bytes"):
        raise ScenarioError([f"{name}: {beyond('text_bytes', len(content))}"])
    try:
        if len(content) <= most("text_in_place_bytes"):
            return parsed_document(content)
        return _parsed_apart(content, poll)
    except ScenarioError as error:
        raise error.reworded(lambda mistake: f"{name}: {mistake}") from error


def parsed_document(content: bytes) -> dict[str, object]:
    """What the text says; raises `ScenarioError` without the file's name.

    >>> parsed_document(b'{"rounds": 3, "rounds": 4}')
    Traceback (most recent call last):
    cutwise.errors.UnreadableTextError: is not valid TOML or JSON: the key 'rounds' stands twice in one object
    """
    try:
        text = content.decode("utf-8-sig")
        found = {} if (mistake := mistake_in_text(text)) else dict(_parsed(text))
    except (UnicodeDecodeError, RecursionError) as error:
        raise UnreadableTextError(["is not a text file in TOML or JSON"]) from error
    except ValueError as error:
        reason = str(error)
        told = DIGITS if reason.startswith("Exceeds the limit") else f"is not valid TOML or JSON: {reason}"
        raise UnreadableTextError([told]) from error
    if mistake := mistake or shape_mistake(found):
        raise ScenarioError([mistake])
    return found


def shape_mistake(document: Mapping[str, Any]) -> str:
    """What is wrong with the shape of a document, else empty.

    A table has more keys than any that means something, tables and lists nest too deeply, or a whole number
    has more digits than Python writes.

    >>> shape_mistake({"devices": [{}, dict.fromkeys(map(str, range(300)), 1)]})[:43]
    'devices: has a table of 300 keys, at most 2'
    """
    waiting: list[tuple[str, Any, int]] = [("", document, 0)]
    while waiting:
        top, value, depth = waiting.pop()
        if isinstance(value, dict) and len(value) > most("table_keys"):
            return f"{_shown_key(top)}{beyond('table_keys', len(value))}"
        if depth > most("text_parts_deep"):
            return f"{_shown_key(top)}{beyond('text_parts_deep')}"
        parts = value.items() if isinstance(value, dict) else ((top, part) for part in value)
        for name, part in parts:
            if isinstance(part, dict | list | tuple):
                waiting.append((top or str(name), part, depth + 1))
            elif isinstance(part, int) and part.bit_length() > MOST_BITS:
                return f"{_shown_key(top or str(name))}{DIGITS}"
    return ""


def _shown_key(key: str) -> str:
    return f"{key_shown(key)}: " if key else ""


def _parsed(text: str) -> Mapping[str, Any]:
    if not text.lstrip().startswith("{"):
        return tomllib.loads(text)
    found: Mapping[str, Any] = json.loads(text, object_pairs_hook=unique_keys)
    return found


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object of its keys and values, for `json.loads`; `ValueError` where a key stands twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        repeated = next(key for key, count in counts.items() if count > 1)
        raise ValueError(f"the key {repeated[:80]!r} stands twice in one object")
    return found


def _parsed_apart(content: bytes, poll: Callable[[], None] | None) -> dict[str, object]:
    limits = ChildLimits(
        wall_s=most("text_wall_s"),
        cpu_s=most("text_wall_s"),
        memory_bytes=most("text_memory_bytes"),
        result_bytes=RESULT_BYTES_A_BYTE * most("text_bytes"),
        open_files=OPEN_FILES,
    )
    with scratch_folder("text", fault=_fault) as folder:
        path = folder / "text"
        path.write_bytes(content)
        end = run_guarded(TASK, {"path": str(path)}, limits=limits, poll=poll, fault=_fault)
    if end.code == 0 and end.word == "document":
        found: dict[str, object] = json.loads(end.text)
        return found
    if end.code == 0 and end.word in REFUSALS:
        raise REFUSALS[end.word]([json.loads(end.text)])
    if not end.in_time or end.code == NO_MEMORY:
        raise ScenarioError([beyond("text_memory_bytes" if end.in_time else "text_wall_s")])
    smaller, again = "give fewer devices", "save it again"
    raise ScenarioError([why_it_ended(end.code, cpu_s=limits.cpu_s, smaller=smaller, again=again)])


def _fault(sentence: str) -> ScenarioError:
    return ScenarioError([sentence])


def document_of_order(order: Mapping[str, str]) -> tuple[str, str]:
    """Runs in the child: "document" and the document as JSON, or which error and one sentence."""
    try:
        document = parsed_document(Path(order["path"]).read_bytes())
        return "document", json.dumps(document, default=str)
    except UnreadableTextError as refusal:
        return "unreadable", json.dumps(refusal.mistakes[0])
    except ScenarioError as refusal:
        return "error", json.dumps(refusal.mistakes[0])
    except (ValueError, RecursionError):
        return "unreadable", json.dumps(DIGITS)
    except MemoryError:
        return "error", json.dumps(beyond("text_memory_bytes"))
