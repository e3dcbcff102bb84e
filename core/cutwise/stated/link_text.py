"""Bytes as the text of an address, and back."""

from __future__ import annotations

import base64
import binascii
import re

from cutwise.errors import CutwiseError

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


def cannot_be_opened(why: object) -> str:
    """One sentence that says why: the first line of it, no longer than people read.

    >>> cannot_be_opened("scheme: unknown scheme 'x'")
    "the link cannot be opened here: scheme: unknown scheme 'x'"
    """
    first = str(why).partition("\n")[0]
    return f"the link cannot be opened here: {first if len(first) <= LONGEST else first[:LONGEST] + '…'}"
