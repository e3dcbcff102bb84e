"""A question as short text for an address, and the question that such a text asks."""

from __future__ import annotations

import hashlib
import zlib

from cutwise.budgets import beyond, most
from cutwise.caches import kept
from cutwise.errors import CutwiseError
from cutwise.scenario.versions import notice, versions
from cutwise.stated.checks_of_names import mistakes_in
from cutwise.stated.link_content import content_of, question_in, read_content, written_content
from cutwise.stated.link_text import DAMAGED, bytes_of, cannot_be_opened, text_of
from cutwise.stated.link_words import NEWEST, VERSIONS, link_dictionary
from cutwise.stated.stated_question import StatedQuestion

ANSWERED_BYTES, CHECK_BYTES = 2, 4
"""Bytes ahead of the content: which product and data wrote it, and a checksum over it all."""


def link_of(stated: StatedQuestion) -> str:
    """The question as text for an address: what differs from the shipped scenario that it began with.

    The version, a dot, and in base64url two bytes of a digest of product and data, four of a checksum, then
    the difference as JSON, deflated with the shipped scenarios as dictionary. Raises `CutwiseError` where
    it is too large for a link, or holds a number that is not finite.

    >>> len(link_of(StatedQuestion()))
    10
    """
    few = len(stated.scenario.devices) <= most("fleet_devices")
    content = written_content(content_of(stated, NEWEST)) if few else b""
    if not few or len(content) > most("link_bytes"):
        raise CutwiseError("the question is too large for a link; save it as a file")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, link_dictionary())
    packed = packer.compress(content) + packer.flush() if content else b""
    return f"{NEWEST}.{text_of(_head(content, _answering()) + packed)}"


@kept
def question_of_link(text: str) -> StatedQuestion:
    """The question that a link asks, whole; raises `CutwiseError` with the reason in one sentence.

    >>> question_of_link(link_of(StatedQuestion(cut="conv1"))).cut
    'conv1'
    """
    version, content = _opened(text)
    try:
        stated = question_in(content, version)
    except CutwiseError as error:
        raise CutwiseError(cannot_be_opened(error)) from error
    if mistakes := mistakes_in(stated):
        raise CutwiseError(cannot_be_opened(mistakes[0]))
    return stated


def link_notice(text: str) -> str:
    """What to say where another product or other data wrote the link, empty where these did.

    >>> link_notice(link_of(StatedQuestion()))
    ''
    """
    packed = bytes_of(text.strip().partition(".")[2][: most("link_characters")])
    same = packed[:ANSWERED_BYTES] == _answering()
    return "" if same else notice("this link", None)


def _opened(text: str) -> tuple[str, dict[str, object]]:
    """Version and content of a link, with the checksum looked at."""
    version, _, rest = text.strip().partition(".")
    if version not in VERSIONS:
        raise CutwiseError(
            f"this is no link that version {', '.join(VERSIONS)} of links reads; ask for it again, or for "
            "the question's file"
        )
    if len(rest) > most("link_characters"):
        raise CutwiseError(f"the link {beyond('link_characters', len(rest))}")
    packed = bytes_of(rest)
    head, body = packed[: ANSWERED_BYTES + CHECK_BYTES], packed[ANSWERED_BYTES + CHECK_BYTES :]
    content = _unpacked(body, version) if body else b""
    if head != _head(content, head[:ANSWERED_BYTES]):
        raise CutwiseError(DAMAGED)
    return version, read_content(content)


def _head(content: bytes, answering: bytes) -> bytes:
    return answering + hashlib.sha256(answering + content).digest()[:CHECK_BYTES]


def _answering() -> bytes:
    return hashlib.sha256(versions().text.encode()).digest()[:ANSWERED_BYTES]


def _unpacked(packed: bytes, version: str) -> bytes:
    """What was deflated, never more than a link may hold."""
    reader = zlib.decompressobj(-15, link_dictionary(version))
    try:
        content = reader.decompress(packed, most("link_bytes") + 1)
    except zlib.error as error:
        raise CutwiseError(DAMAGED) from error
    if len(content) > most("link_bytes"):
        raise CutwiseError(f"the link {beyond('link_bytes')}")
    if not reader.eof or reader.unused_data:
        raise CutwiseError(DAMAGED)
    return content
