"""Reproducible mutations: of text letter by letter, of bytes, and of nested values part by part."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import tomli_w

from tests.fuzz.nasty import TOKENS, VALUES

LONGEST = 15_000
"""Characters of most inputs: what is longer is parsed in a process of its own, which takes half a second."""
GROWN_RATIO = 1 / 400
GROWN = 20_000


def mutated_text(draw: random.Random, text: str, others: Sequence[str]) -> str:
    """A text with a few of its letters, words and lines changed, now and then grown."""
    for _ in range(draw.choice((1, 1, 2, 3, 8))):
        text = draw.choice(TEXT_EDITS)(draw, text, draw.choice(others))
    if draw.random() < GROWN_RATIO:
        short = text[:LONGEST]
        at = draw.randrange(len(short) + 1)
        piece = short[at : at + draw.randint(1, 400)] or "."
        return short[:at] + piece * (GROWN // len(piece)) + short[at:]
    return text[:LONGEST]


def mutated_bytes(draw: random.Random, text: str) -> bytes:
    """The text as bytes, now and then no longer text."""
    content = bytearray(text.encode("utf-8", draw.choice(("replace", "surrogatepass"))))
    if draw.random() < 0.1 and content:
        at = draw.randrange(len(content))
        content[at : at + draw.randrange(3)] = draw.randbytes(draw.randint(1, 4))
    if draw.random() < 0.03:
        return draw.choice((b"\xff\xfe", b"\xef\xbb\xbf", b"\x00")) + bytes(content)
    return bytes(content)


def _place(draw: random.Random, text: str) -> int:
    return draw.randrange(len(text) + 1)


def _span(draw: random.Random, text: str, most: int) -> slice:
    at = _place(draw, text)
    return slice(at, at + draw.randint(1, most))


def _cut(draw: random.Random, text: str, _: str) -> str:
    span = _span(draw, text, 40)
    return text[: span.start] + text[span.stop :]


def _letter(draw: random.Random, text: str, _: str) -> str:
    at = _place(draw, text)
    return text[:at] + chr(draw.choice((draw.randrange(128), draw.randrange(0x3000)))) + text[at + 1 :]


def _flipped(draw: random.Random, text: str, _: str) -> str:
    if not text:
        return text
    at = draw.randrange(len(text))
    return text[:at] + chr(ord(text[at]) ^ (1 << draw.randrange(7))) + text[at + 1 :]


def _token(draw: random.Random, text: str, _: str) -> str:
    at = _place(draw, text)
    return text[:at] + draw.choice(TOKENS) + text[at + draw.choice((0, 0, 1, 4)) :]


def _word(draw: random.Random, text: str, _: str) -> str:
    """A whole word or number replaced."""
    words = list(re.finditer(r"[\w.+-]+", text))
    if not words:
        return draw.choice(TOKENS)
    chosen = draw.choice(words)
    return text[: chosen.start()] + draw.choice(TOKENS) + text[chosen.end() :]


def _repeated(draw: random.Random, text: str, _: str) -> str:
    span = _span(draw, text, 60)
    return text[: span.start] + text[span] * draw.choice((2, 3, 30)) + text[span.stop :]


def _spliced(draw: random.Random, text: str, other: str) -> str:
    return text[: _place(draw, text)] + other[_place(draw, other) :]


def _moved(draw: random.Random, text: str, other: str) -> str:
    at = _place(draw, text)
    return text[:at] + other[_span(draw, other, 200)] + text[at:]


def _line_again(draw: random.Random, text: str, other: str) -> str:
    """A line twice, or moved, or one of another text: keys given again."""
    lines = text.split("\n")
    lines.insert(draw.randrange(len(lines) + 1), draw.choice((*lines, *other.split("\n"))))
    return "\n".join(lines)


def _line_gone(draw: random.Random, text: str, _: str) -> str:
    lines = text.split("\n")
    del lines[draw.randrange(len(lines))]
    return "\n".join(lines)


def _short(draw: random.Random, text: str, _: str) -> str:
    return text[: _place(draw, text)] if draw.random() < 0.3 else text


def _nested(draw: random.Random, text: str, _: str) -> str:
    at, deep = _place(draw, text), draw.choice((3, 20, 31, 33, 60, 400))
    opening, closing = draw.choice((("[", "]"), ("{a=", "}"), ('{"a":', "}"), ("a.", ""), ("(", ")")))
    return text[:at] + opening * deep + text[at : at + 1] + closing * deep + text[at + 1 :]


TEXT_EDITS: tuple[Callable[[random.Random, str, str], str], ...] = (
    _cut, _letter, _letter, _flipped, _token, _token, _word, _word, _word, _repeated, _spliced, _moved,
    _line_again, _line_gone, _short, _nested,
)  # fmt: skip


def mutated_value(draw: random.Random, document: Mapping[str, Any], others: Sequence[Any]) -> dict[str, Any]:
    """Nested plain values with a few of their parts changed, given again or taken away."""
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    for _ in range(draw.choice((0, 1, 1, 1, 2, 3, 12))):
        holders = list(_holders(changed))
        if holders:
            _change(draw, draw.choice(holders), list(_holders(draw.choice(others))))
    return changed


def _holders(value: Any) -> Iterator[Any]:
    """Every table and list that holds something, the outermost first."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if inner:
        yield value
    for part in inner:
        yield from _holders(part)


def _change(draw: random.Random, holder: Any, others: Sequence[Any]) -> None:
    key = draw.choice(list(holder)) if isinstance(holder, dict) else draw.randrange(len(holder))
    match draw.randrange(13):
        case 0 | 1 | 2:
            holder[key] = copy.deepcopy(draw.choice(VALUES))
        case 3:
            del holder[key]
        case 4:
            holder[key] = _turned(draw, holder[key])
        case 5 if isinstance(holder, dict):
            holder[draw.choice((str(key)[:-1], f"{key}s", str(key).upper(), draw.choice(TOKENS)))] = (
                holder.pop(key)
            )
        case 5 | 6 if isinstance(holder, list):
            holder += copy.deepcopy(holder[: draw.choice((1, 2, 30))])
        case 6:
            holder[draw.choice(TOKENS)] = copy.deepcopy(draw.choice(VALUES))
        case 7 if others:
            holder[key] = copy.deepcopy(draw.choice(others))
        case 8 | 9 | 10 | 11:
            alike = [one[key] for one in others if isinstance(one, dict) and key in one]
            holder[key] = copy.deepcopy(draw.choice(alike)) if alike else holder[key]
        case _:
            for _ in range(draw.choice((1, 2, 40))):
                holder[key] = draw.choice(([holder[key]], {"a": holder[key]}))


def _turned(draw: random.Random, value: Any) -> Any:
    """The same in another type or size."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return draw.choice(
            (
                str(value),
                -value,
                value * 1000,
                value * 1e-3 if abs(value) < 1e300 else 0,
                [value],
                f"{value} k",
            )
        )
    if isinstance(value, str):
        return draw.choice(
            (value.upper(), [value], value + draw.choice(TOKENS), draw.choice(TOKENS), value * 30)
        )
    return str(value)[:500]


def written_document(draw: random.Random, document: Mapping[str, Any]) -> str:
    """The values as TOML, or as JSON where TOML cannot hold them or chance has it so."""
    if draw.random() < 0.5:
        try:
            return tomli_w.dumps(document)
        except (TypeError, ValueError):
            pass
    return json.dumps(document, ensure_ascii=draw.random() < 0.5)
