"""Scenario files: shipped ones, examples, and random ones, mutated."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import cutwise
from cutwise.errors import CutwiseError
from cutwise.graph.model_graph import ModelGraph
from cutwise.plain import plain
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import dump_scenario, parse_scenario
from cutwise.scenario.versions import saved_scenario
from cutwise.stated.shipped_scenarios import shipped_scenarios
from tests.core.stated_questions import random_scenario_of
from tests.fuzz.contract import InputKind, check_lines
from tests.fuzz.mutations import mutated_bytes, mutated_text, mutated_value, written_document
from tests.fuzz.truths import check_bounds, check_same, check_stated, plain_document

ROOT = Path(__file__).parents[2]
SHIPPED = (*sorted((ROOT / "assets" / "scenarios").glob("*.toml")), ROOT / "docs" / "examples" / "toy.toml")
RANDOM, MOST_DEVICES = 12, 5
PLANNED_RATIO = 0.05


@cache
def seeds() -> tuple[str, ...]:
    """Scenario files that can be read, none longer than what is read in place."""
    rng = random.Random(14)
    made = [
        saved_scenario(random_scenario_of(rng, rng.choice(shipped_scenarios()), rng.randint(1, MOST_DEVICES)))
        for _ in range(RANDOM)
    ]
    return (*(path.read_text(encoding="utf-8") for path in SHIPPED), *made)


@cache
def documents() -> tuple[dict[str, Any], ...]:
    """The same as values."""
    return tuple(plain_document(text.encode()) for text in seeds())


@cache
def toy() -> ModelGraph:
    """The model of the worked example."""
    return cutwise.load_model(ROOT / "docs" / "examples" / "toy.json")


def drawn(draw: random.Random) -> bytes:
    """A scenario file of which parts or letters were changed."""
    if draw.random() < 0.5:
        return mutated_bytes(draw, mutated_text(draw, draw.choice(seeds()), seeds()))
    document = mutated_value(draw, draw.choice(documents()), documents())
    return mutated_bytes(draw, written_document(draw, document))


def checked(content: bytes, scenario: Scenario, draw: random.Random) -> None:
    """It comes back, says what stands in the file, and can be planned."""
    check_bounds(scenario)
    check_same(parse_scenario(saved_scenario(scenario).encode()), scenario)
    check_same(parse_scenario(dump_scenario(scenario).encode()), scenario)
    check_stated({key: part for key, part in plain_document(content).items() if key != "format"}, scenario)
    if draw.random() < PLANNED_RATIO and len(scenario.devices) <= MOST_DEVICES:
        check_planned(scenario)


def check_planned(scenario: Scenario) -> None:
    """A plan is all finite numbers, or refused as input is: a model may lack ops that a scenario names."""
    try:
        json.dumps(plain(cutwise.plan(toy(), scenario)), allow_nan=False)
    except CutwiseError as error:
        check_lines(error)


SCENARIO_FILES = InputKind(name="scenario files", drawn=drawn, read=parse_scenario, checked=checked)
