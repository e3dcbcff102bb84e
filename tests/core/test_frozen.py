from __future__ import annotations

import copy
import json
import pickle
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import FrozenInstanceError, dataclass, replace
from typing import Any

import numpy as np
import pytest

from cutwise.arrays import Floats
from cutwise.frozen import WRITING, Frozen, FrozenDict, frozen


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Crate(Frozen):
    weights_kg: Floats
    labels: Mapping[str, Any]
    places: Sequence[Any] = ()
    count: int = 1


def crate() -> Crate:
    return Crate(
        weights_kg=np.array([1.0, 2.0]), labels={"a": [np.zeros(2)]}, places=[np.ones(1), {"b": {3}}], count=2
    )


def copies() -> dict[str, Crate]:
    made = crate()
    return {
        "as made": made,
        "replaced": replace(made, count=3),
        "copied": copy.copy(made),
        "copied deeply": copy.deepcopy(made),
        "sent to another process": pickle.loads(pickle.dumps(made)),
    }


@pytest.mark.parametrize("way", copies())
def test_nothing_in_a_value_or_its_copies_can_be_written_to(way: str) -> None:
    value = copies()[way]
    with pytest.raises(FrozenInstanceError):
        value.count = 5  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        value.weights_kg[0] = 5.0
    with pytest.raises(TypeError, match="cannot be changed"):
        value.labels["a"] = ()  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        value.labels["a"][0][1] = 5.0
    with pytest.raises(ValueError, match="read-only"):
        value.places[0][0] = 5.0
    assert type(value.places[1]["b"]) is frozenset


@pytest.mark.parametrize("way", copies())
def test_copies_hold_what_the_value_holds(way: str) -> None:
    value = copies()[way]
    assert value.weights_kg.tolist() == [1.0, 2.0]
    assert value.labels["a"][0].tolist() == [0.0, 0.0]
    assert value.places[1] == {"b": {3}}


def test_an_array_is_frozen_where_it_is_and_not_copied() -> None:
    weights = np.array([1.0, 2.0])
    assert Crate(weights_kg=weights, labels={}).weights_kg is weights


def test_the_mapping_that_was_given_stays_its_owners() -> None:
    labels = {"a": 1}
    value = Crate(weights_kg=np.zeros(1), labels=labels)
    labels["a"] = 2
    assert value.labels["a"] == 1


@pytest.mark.parametrize("name", WRITING)
def test_a_frozen_dictionary_refuses_each_way_of_writing(name: str) -> None:
    arguments = {"__delitem__": ("a",), "pop": ("a",), "__setitem__": ("a", 2), "setdefault": ("b", 2)}
    given: Any = arguments.get(name, () if name in {"clear", "popitem"} else ({"a": 2},))
    held = FrozenDict({"a": 1})
    with pytest.raises(TypeError, match="cannot be changed"):
        getattr(held, name)(*given)
    assert held == {"a": 1}


def test_no_way_of_writing_a_dictionary_is_forgotten() -> None:
    reading = {"copy", "fromkeys", "get", "items", "keys", "values"}
    assert {name for name in vars(dict) if not name.startswith("_")} - reading < set(WRITING)
    assert {"__setitem__", "__delitem__", "__ior__"} < set(WRITING)


def test_a_frozen_dictionary_is_read_like_any_other() -> None:
    held = FrozenDict({"a": 1})
    assert json.dumps(held) == '{"a": 1}'
    assert held | {"b": 2} == {"a": 1, "b": 2}
    assert {**held} == {"a": 1}


def test_a_tuple_with_nothing_to_freeze_is_handed_back_as_it_is() -> None:
    parts = ("a", 1, (2.0, "b"))
    assert frozen(parts) is parts


def test_counts_become_a_plain_frozen_mapping() -> None:
    assert type(frozen(Counter("aab"))) is FrozenDict
