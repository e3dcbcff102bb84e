"""Options of schemes, as values and as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pytest

from cutwise.errors import ScenarioError, UnknownNameError
from cutwise.schemes.base import SCHEMES
from cutwise.schemes.options import choices_of, option_hints, scheme_with
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
        ({"groups": "many"}, "groups: must be a whole number, not 'many'"),
        ({"groups": 2.5}, "groups: must be a whole number, not 2.5"),
        ({"groups": "2.5"}, "groups: must be a whole number, not '2.5'"),
        ({"groups": True}, "groups: must be a whole number, not True"),
        ({"groups": 0}, "made.groups: 0 is below the smallest value 1"),
        ({"groups": float("inf")}, "groups: must be a whole number, not inf"),
        ({"part_ratio": "nan"}, "made.part_ratio: nan is not a number"),
        ({"part_ratio": None}, "part_ratio: must be a number, not None"),
        ({"names": 5}, "names: must be text, not 5"),
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


def test_hints_say_what_an_option_takes() -> None:
    hints = option_hints(Made)
    assert list(hints) == ["way", "certain", "groups", "part_ratio", "names"]
    assert choices_of(hints["way"]) == ("short", "long")
    assert choices_of(hints["groups"]) == ()
