"""The address of a question, and the question at an address; long links are kept under a short key."""

from __future__ import annotations

import hashlib
import re

from cutwise.errors import CutwiseError
from cutwise.stated.link import link_notice, link_of, question_of_link
from cutwise.stated.old_link import question_of_old_link
from cutwise.stated.opened import Opened
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.stores import kept_files
from cutwise_dashboard.stores.store_bounds import LONGEST_ADDRESS, LONGEST_UNKEPT

STORE = "links"
KEYED = "k."
KEY = re.compile(r"[0-9a-f]{16}")
UNKNOWN = "this short link is not known here: it was made on another server, or long ago; ask for its file"


def address_of(stated: StatedQuestion) -> str:
    """What stands in the address for a question: its link, or the key of one that is too long for that.

    Where it cannot be kept, the link stands there itself if servers still take it. Raises `CutwiseError`
    where it is too long for that, or for any link.
    """
    link = link_of(stated)
    if len(link) <= LONGEST_ADDRESS:
        return link
    key = _key_of(link)
    try:
        kept_files.keep(STORE, key, link.encode())
    except CutwiseError:
        if len(link) <= LONGEST_UNKEPT:
            return link
        raise
    return f"{KEYED}{key}"


def address_or_none(stated: StatedQuestion) -> str:
    """The same, empty where the question has none: it is too large, or the store is full."""
    try:
        return address_of(stated)
    except CutwiseError:
        return ""


def link_at(address: str) -> str:
    """The link behind an address; raises `CutwiseError` where its key is not known."""
    text = address.strip()
    if not text.startswith(KEYED):
        return text
    key = text.removeprefix(KEYED)
    content = kept_files.kept(STORE, key) if KEY.fullmatch(key) else None
    if content is None:
        raise CutwiseError(UNKNOWN)
    link = content.decode(errors="replace")
    if _key_of(link) != key:
        kept_files.forget(STORE, key)
        raise CutwiseError(UNKNOWN)
    return link


def stated_at(address: str) -> Opened:
    """The question at an address, and what to say of the versions that wrote it; links of 0.1 too.

    Raises `CutwiseError` with the reason, one sentence; a question is opened whole or not at all.
    """
    link = link_at(address)
    if "." not in link:
        return question_of_old_link(link)
    return Opened(question_of_link(link), link_notice(link))


def _key_of(link: str) -> str:
    return hashlib.sha256(link.encode()).hexdigest()[:16]
