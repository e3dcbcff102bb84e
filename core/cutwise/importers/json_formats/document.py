"""JSON text from a file nobody vouches for: bounded in size and depth, with every mistake a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import TypeGuard

from cutwise.disk.bounded_files import bytes_in
from cutwise.errors import ModelImportError
from cutwise.guarded.documents import unique_keys
from cutwise.plain import Json
from cutwise.read_limits import INTEGER_DIGITS, JSON_FILE_BYTES
from cutwise.units import binary_text

SHOWN_MISTAKES = 10
LEAST_FIGURE, MOST_FIGURE = 1e-18, 1e18
"""Between these a figure of a model means something, in bytes, FLOPs and seconds alike."""
FIGURE = f"0 or a number from {LEAST_FIGURE:g} to {MOST_FIGURE:g}"
"""What a figure is, in a message."""


def read_object(path: Path) -> dict[str, Json]:
    """The JSON object in the file at `path`; raises `ModelImportError` when there is none."""
    if path.stat().st_size > JSON_FILE_BYTES:
        raise ModelImportError(
            f"{path.name}: is {binary_text(path.stat().st_size)} of JSON; "
            f"at most {binary_text(JSON_FILE_BYTES)} are read"
        )
    return object_of(path.name, bytes_in(path, most_bytes=JSON_FILE_BYTES, fault=ModelImportError))


def object_of(file: str, content: bytes) -> dict[str, Json]:
    """The JSON object that `content` is, of a `file` so called; raises `ModelImportError` when it is none."""
    try:
        document: Json = json.loads(_text(file, content), object_pairs_hook=unique_keys, parse_int=_integer)
    except json.JSONDecodeError as error:
        raise ModelImportError(
            f"{file}: is not valid JSON at line {error.lineno}, column {error.colno} ({error.msg}); "
            "correct the file there"
        ) from None
    except RecursionError:
        raise ModelImportError(
            f"{file}: nests lists or objects too deeply; a model needs no more than a few levels"
        ) from None
    except ValueError as error:
        raise ModelImportError(f"{file}: holds JSON that cannot be read ({error})") from None
    if not isinstance(document, dict):
        raise ModelImportError(f"{file}: holds a JSON {json_type(document)}; a model is a JSON object")
    return document


def json_type(value: object) -> str:
    """What JSON calls `value`, with its article left out."""
    names = {dict: "object", list: "list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "number")


def is_figure(value: object) -> TypeGuard[int | float]:
    """True for 0 and JSON numbers from 1e-18 to 1e18; true and false are no numbers."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return value == 0 or LEAST_FIGURE <= value <= MOST_FIGURE


def shown(value: object) -> str:
    """`value` as a message shows it: cut after some sixty characters."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def refuse_dims(path: Path, dims: Mapping[str, int]) -> None:
    """Raises `ModelImportError` when sizes are given for a format that leaves none open."""
    if dims:
        raise ModelImportError(
            f"{path.name}: dims names {shown(next(iter(dims)))}, but this format leaves no dimension open; "
            "load it without dims"
        )


def refuse(path: Path, *mistakes: Iterable[str]) -> None:
    """Raises one `ModelImportError` that tells all `mistakes`, up to ten; does nothing without any."""
    found = chain(*mistakes)
    told = list(islice(found, SHOWN_MISTAKES))
    if told:
        untold = sum(1 for _ in found)
        raise ModelImportError(f"{path.name}: {'; '.join(told)}" + (f"; and {untold} more" if untold else ""))


def _text(file: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelImportError(f"{file}: is not UTF-8 text at byte {error.start}; save it as UTF-8") from None


def _integer(text: str) -> int:
    if len(text) > INTEGER_DIGITS:
        raise ValueError(f"the number {text[:12]}… has {len(text)} digits")
    return int(text)
