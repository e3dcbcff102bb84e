"""Values as nested plain ones."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pytest

from cutwise.plain import plain


@dataclass(frozen=True, kw_only=True)
class Inner:
    """A value in a value."""

    size_bytes: float
    timing: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outer:
    """A value of values."""

    parts: tuple[Inner, ...]
    rates: np.ndarray
    names: MappingProxyType[str, int]


VALUE = Outer(
    parts=(Inner(size_bytes=1.5, timing={"x_s": 2.0}),),
    rates=np.array([1.0, np.inf, np.nan]),
    names=MappingProxyType({"a": np.int64(3)}),
)


def test_fields_become_keys_arrays_lists_and_infinities_null() -> None:
    assert plain(VALUE) == {"parts": [{"size_bytes": 1.5}], "rates": [1.0, None, None], "names": {"a": 3}}
    json.dumps(plain(VALUE), allow_nan=False)


def test_run_times_are_kept_on_request() -> None:
    assert plain(VALUE, without=frozenset())["parts"][0]["timing"] == {"x_s": 2.0}


def test_plain_values_stay_as_they_are() -> None:
    for value in ("text", 3, True, None, 0.25):
        assert plain(value) is value
    assert plain(np.bool_(True)) is True
    assert plain(frozenset({"a"})) == ["a"]


def test_what_json_cannot_hold_is_refused():
    with pytest.raises(TypeError, match="bytes has no plain form"):
        plain({"digest": b"1"})
