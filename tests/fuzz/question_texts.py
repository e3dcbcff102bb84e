"""Question files: the example and random questions, mutated."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

from cutwise.stated.question_file import dump_question, parse_question
from cutwise.stated.question_tables import TEXTS
from cutwise.stated.stated_question import StatedQuestion
from tests.core.stated_questions import random_question
from tests.fuzz.contract import InputKind
from tests.fuzz.mutations import mutated_bytes, mutated_text, mutated_value, written_document
from tests.fuzz.truths import check_bounds, check_same, check_stated, plain_document

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "question.toml"
RANDOM, MOST_DEVICES = 16, 4


@cache
def questions() -> tuple[StatedQuestion, ...]:
    """Random questions of few devices."""
    rng = random.Random(14)
    return tuple(random_question(rng, devices=rng.randint(1, MOST_DEVICES)) for _ in range(RANDOM))


@cache
def seeds() -> tuple[str, ...]:
    """Question files that can be read."""
    return (EXAMPLE.read_text(encoding="utf-8"), *map(dump_question, questions()))


@cache
def documents() -> tuple[dict[str, Any], ...]:
    """The same as values."""
    return tuple(plain_document(text.encode()) for text in seeds())


def drawn(draw: random.Random) -> bytes:
    """A question file of which parts or letters were changed."""
    if draw.random() < 0.4:
        return mutated_bytes(draw, mutated_text(draw, draw.choice(seeds()), seeds()))
    document = mutated_value(draw, draw.choice(documents()), documents())
    return mutated_bytes(draw, written_document(draw, document))


def checked(content: bytes, stated: StatedQuestion, _: random.Random) -> None:
    """It comes back, and says what stands in the file."""
    check_bounds(stated.scenario)
    check_same(parse_question(dump_question(stated).encode()), stated)
    document = plain_document(content)
    assert {name: document[name] for name in TEXTS if name in document}.items() <= {
        name: getattr(stated, name) for name in TEXTS
    }.items()
    check_stated(document.get("scenario", {}), stated.scenario, "scenario")
    assert list(stated.kept) == document.get("kept", [])


QUESTION_FILES = InputKind(name="question files", drawn=drawn, read=parse_question, checked=checked)
