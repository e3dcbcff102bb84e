"""Links: of random questions, of today and of 0.1, changed letter by letter, or within and packed again."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import zlib
from functools import cache
from typing import Any

from cutwise.plain import plain
from cutwise.scenario.scenario_file import scenario_to_dict
from cutwise.stated.link import link_of
from cutwise.stated.link_content import SHORT, content_of
from cutwise.stated.link_text import text_of
from cutwise.stated.link_words import NEWEST, link_dictionary
from cutwise.stated.stated_question import StatedQuestion
from cutwise_dashboard.stores.link_store import stated_at
from tests.core.stated_questions import old_link
from tests.fuzz.contract import InputKind
from tests.fuzz.mutations import mutated_text, mutated_value
from tests.fuzz.question_texts import questions
from tests.fuzz.truths import check_bounds, check_same, plain_document

HEAD_BYTES = 6
"""Who wrote it, and a checksum."""


@cache
def contents() -> tuple[dict[str, Any], ...]:
    """What links of today hold, as plain values."""
    return tuple(json.loads(json.dumps(plain(content_of(one, NEWEST)))) for one in questions())


@cache
def old_contents() -> tuple[dict[str, Any], ...]:
    """What links of 0.1 hold."""
    return tuple(
        {
            "sample": one.model.sample or "vgg16", "dims": dict(one.model.dims), "scheme": one.scheme,
            "options": json.loads(json.dumps(plain(dict(one.options)))),
            "scenario": json.loads(json.dumps(scenario_to_dict(one.scenario))),
            "written_by": "cutwise 0.1.0, data 00ff",
        }
        for one in questions()
    )  # fmt: skip


@cache
def seeds() -> tuple[str, ...]:
    """Links that can be opened."""
    return (*map(link_of, questions()), *(old_link(**content) for content in old_contents()))


def packed(content: bytes) -> str:
    """A link of today around any content, its checksum right."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, link_dictionary())
    check = hashlib.sha256(b"00" + content).digest()[:4]
    return f"{NEWEST}.{text_of(b'00' + check + packer.compress(content) + packer.flush())}"


def drawn(draw: random.Random) -> str:
    """A link of which letters were changed, or one around a content of which parts or letters were."""
    if draw.random() < 0.2:
        return mutated_text(draw, draw.choice(seeds()), seeds())
    is_old = draw.random() < 0.3
    bases = old_contents() if is_old else contents()
    content = mutated_value(draw, draw.choice(bases), bases)
    text = json.dumps(content, ensure_ascii=draw.random() < 0.5)
    if draw.random() < 0.2:
        text = mutated_text(draw, text, [json.dumps(base) for base in bases])
    written = text.encode("utf-8", "replace")
    return text_of(zlib.compress(written)) if is_old else packed(written)


def checked(link: str, stated: StatedQuestion, _: random.Random) -> None:
    """The question comes back by a link of its own, and asks what the link holds."""
    check_bounds(stated.scenario)
    check_same(stated_at(link_of(stated)).question, stated)
    held = _held(link.strip())
    for name, short in SHORT.items():
        if short in held:
            check_same(getattr(stated, name), held[short])


def _held(link: str) -> Any:
    """What a link of today holds, unpacked by hand."""
    body = (
        base64.urlsafe_b64decode(link[2:] + "=" * (-len(link[2:]) % 4))[HEAD_BYTES:] if "." in link else b""
    )
    content = zlib.decompressobj(-15, link_dictionary()).decompress(body)
    return plain_document(content)


def read(link: str) -> StatedQuestion:
    """The question that is opened at an address."""
    return stated_at(link).question


LINKS = InputKind(name="links", drawn=drawn, read=read, checked=checked)
