"""Mutated input of every kind is read and comes back, or is refused; `make fuzz` tries 5,000 of each."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from typing import Any

import pytest

from cutwise.errors import ScenarioError
from tests.fuzz.contract import InputKind, tally
from tests.fuzz.kinds import INPUT_KINDS

COUNT, LEAST_READ = 300, 30


@pytest.mark.parametrize("kind", INPUT_KINDS, ids=lambda kind: kind.name)
def test_300_mutated_inputs_are_read_or_refused(kind: InputKind) -> None:
    found = tally(kind, first=0, count=COUNT)
    assert not found.faults, "\n".join(found.faults)
    assert found.read + found.refused == COUNT
    assert found.read >= LEAST_READ
    assert found.refused > 0


@pytest.mark.parametrize("kind", INPUT_KINDS, ids=lambda kind: kind.name)
def test_equal_seeds_draw_equal_inputs(kind: InputKind) -> None:
    once, again = ([kind.drawn(random.Random(seed)) for seed in range(20)] for _ in range(2))
    assert once == again


def refused(*mistakes: str) -> Callable[[Any], None]:
    def read(_: Any) -> None:
        raise ScenarioError(mistakes)

    return read


def left(_: Any) -> None:
    tempfile.mkdtemp()


def endless(_: Any) -> None:
    while True:
        try:
            sum(range(100_000))
        except Exception:
            continue


ENDLESS = "still at work"
BROKEN: dict[str, Callable[[Any], Any]] = {
    "ZeroDivisionError": lambda given: given / 0,
    "KeyError": lambda given: {}[given],
    "no sentence": refused("a"),
    "as long as what it is about": refused("a: " + "b " * 500),
    "left behind": left,
    ENDLESS: endless,
    "takes 200 MB": lambda given: len(b"x" * 210_000_000),
}


@pytest.mark.parametrize("says", BROKEN)
def test_what_breaks_the_contract_is_found(says: str) -> None:
    kind = InputKind(name="broken", drawn=random.Random.random, read=BROKEN[says], checked=lambda *_: None)
    found = tally(kind, first=7, count=1, most_s=1.0 if says != ENDLESS else 0.1)
    assert len(found.faults) == 1
    assert found.faults[0].startswith("broken 7: ")
    assert says in found.faults[0]
