"""Bytes as the text of an address, and back."""

from __future__ import annotations

import base64
import binascii
import re

from cutwise.errors import CutwiseError, ScenarioError, UnreadableTextError
from cutwise.guarded.documents import document_in

DAMAGED = "the link is damaged; ask for it again, or for the question's file"
LONGEST = 300
ADDRESS = re.compile(r"[A-Za-z0-9_-]*")


def text_of(packed: bytes) -> str:
    """Base64url without the signs that fill up.

    >>> text_of(b"any")
    'YW55'
    """
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    """The bytes that a text stands for; raises `CutwiseError` where it stands for none."""
    if not ADDRESS.fullmatch(text):
        raise CutwiseError(DAMAGED)
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise CutwiseError(DAMAGED) from error


def link_document(content: bytes) -> dict[str, object]:
    """The JSON object that a link holds; raises `CutwiseError` where it holds none, or too much."""
    if not content.startswith(b"{"):
        raise CutwiseError(DAMAGED)
    try:
        return document_in(content, name="the link")
    except UnreadableTextError as error:
        raise CutwiseError(DAMAGED) from error
    except ScenarioError as error:
        raise CutwiseError(error.mistakes[0].replace("the link: ", "the link ", 1)) from error


def cannot_be_opened(why: object) -> str:
    """One sentence that says why: the first line of it, no longer than people read.

    >>> cannot_be_opened("scheme: unknown scheme 'x'")
    "the link cannot be opened here: scheme: unknown scheme 'x'"
    """
    if str(why).startswith("the link "):
        return str(why)
    first = str(why).partition("\n")[0]
    return f"the link cannot be opened here: {first if len(first) <= LONGEST else first[:LONGEST] + '…'}"
