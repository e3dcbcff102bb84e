"""Options of what is registered, as values and as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pytest

from cutwise.errors import ScenarioError, UnknownNameError
from cutwise.options import choices_of, option_hints, with_options
from cutwise.schemes.base import SCHEMES
from cutwise.schemes.options import scheme_with
from cutwise.units import quantity


@dataclass(frozen=True, kw_only=True)
class Made:
    """A scheme with an option of every kind."""

    is_baseline: ClassVar[bool] = False
    way: Literal["short", "long"] = quantity("short", help="Which way")
    certain: bool = quantity(True, help="Whether")
    groups: int = quantity(3, ge=1, le=9, help="How many")
    part_ratio: float = quantity(0.5, unit="ratio", ge=0, le=1, help="How much")
    names: str = quantity("", help="Which")
    parts: tuple[str, ...] = quantity((), help="Which of many")
    rates_bps: tuple[float, ...] = quantity((), unit="bps", help="One after another")
    seed: int | None = quantity(None, ge=0, help="Whose draw; None: the scenario's")


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCHEMES._entries, "made", Made)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"way": "long"}, Made(way="long")),
        ({"certain": "no"}, Made(certain=False)),
        ({"certain": "TRUE"}, Made(certain=True)),
        ({"certain": False}, Made(certain=False)),
        ({"groups": "4"}, Made(groups=4)),
        ({"groups": 4.0}, Made(groups=4)),
        ({"part_ratio": "0.25"}, Made(part_ratio=0.25)),
        ({"part_ratio": 1}, Made(part_ratio=1.0)),
        ({"names": "a,b"}, Made(names="a,b")),
        ({"parts": "a, b"}, Made(parts=("a", "b"))),
        ({"parts": ["a"]}, Made(parts=("a",))),
        ({"rates_bps": "1,2.5"}, Made(rates_bps=(1.0, 2.5))),
        ({"rates_bps": iter([1])}, Made(rates_bps=(1.0,))),
        ({"seed": "3"}, Made(seed=3)),
        ({"seed": None}, Made()),
        ({}, Made()),
    ],
)
def test_values_and_text_make_the_same_scheme(given: dict[str, Any], value: Made) -> None:
    assert scheme_with("made", given) == value


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"way": "round"}, "way: must be short or long, not 'round'"),
        ({"certain": "maybe"}, "certain: must be true or false, not 'maybe'"),
        ({"certain": 1}, "certain: must be true or false, not 1"),
        ({"groups": "many"}, "groups: must be a whole number: “many” is not a number"),
        ({"groups": 2.5}, "groups: must be a whole number, not 2.5"),
        ({"groups": "2.5"}, "groups: must be a whole number: “2.5” is no whole number"),
        ({"groups": True}, "groups: must be a whole number, not True"),
        ({"groups": 0}, "made.groups: 0 is below the smallest value 1"),
        ({"groups": float("inf")}, "groups: must be a whole number, not inf"),
        ({"part_ratio": "nan"}, "part_ratio: must be a number: “nan” is not a number"),
        ({"part_ratio": None}, "part_ratio: must be a number, not None"),
        ({"names": 5}, "names: must be text, not 5"),
        ({"parts": 5}, "parts: must be a list, not 5"),
        ({"rates_bps": "1,fast"}, "rates_bps: must be a number: “fast” is not a number"),
        ({"seed": "now"}, "seed: must be a whole number: “now” is not a number"),
        ({"seed": -1}, "made.seed: -1 is below the smallest value 0"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_name(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        scheme_with("made", given)
    assert sentence in str(caught.value)


def test_unknown_schemes_and_options_are_suggested() -> None:
    with pytest.raises(UnknownNameError, match="unknown scheme 'mode'; did you mean 'made'"):
        scheme_with("mode", {})
    with pytest.raises(UnknownNameError, match="unknown option of made 'group'; did you mean 'groups'"):
        scheme_with("made", {"group": 3})


def test_a_value_that_is_needed_and_absent_is_asked_for() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Needy:
        width: int = quantity(help="How wide")

    assert with_options({"needy": Needy}, "needy", {"width": "2"}) == Needy(width=2)
    with pytest.raises(ScenarioError, match=r"needy\.width: give a value"):
        with_options({"needy": Needy}, "needy", {})


def test_hints_say_what_an_option_takes() -> None:
    hints = option_hints(Made)
    assert list(hints) == [
        "way", "certain", "groups", "part_ratio", "names", "parts", "rates_bps", "seed"
    ]  # fmt: skip
    assert choices_of(hints["way"]) == ("short", "long")
    assert choices_of(hints["groups"]) == ()
