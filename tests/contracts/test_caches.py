"""Every cache of library and page stands in a table, has its size, and hands out what cannot be changed."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from streamlit.runtime.caching import cache_utils

import cutwise
import cutwise_dashboard
from cutwise import caches
from cutwise.caches import CACHES, Cache, full_name, keeping
from cutwise_dashboard.caches import PAGE_CACHES

CACHED = (functools._lru_cache_wrapper, functools.cached_property, cache_utils.CachedFunc)
RUNS = {"cutwise.__main__", "cutwise_dashboard.app"}
"""Modules that do something when they are imported."""

BELOW = "cutwise.frozen._reader"
"""What freezes values cannot be kept by what freezes; it holds names and a function."""


def modules_of(package: ModuleType) -> Iterator[ModuleType]:
    """Every module of the package that can be imported without drawing a page."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if found.name not in RUNS and ".app_pages" not in found.name and ".assets" not in found.name:
            yield importlib.import_module(found.name)


def cached_in(package: ModuleType) -> dict[str, Any]:
    """Every cached function and property of a package by its full name."""
    found: dict[str, Any] = {}
    for module in modules_of(package):
        owners = [module, *(c for c in vars(module).values() if inspect.isclass(c))]
        for value in (value for owner in owners for value in vars(owner).values()):
            if isinstance(value, CACHED) and (name := name_of(value)).startswith(f"{package.__name__}."):
                found[name] = value
    return found


def name_of(cached: Any) -> str:
    return full_name(cached.func if isinstance(cached, functools.cached_property) else inspect.unwrap(cached))


def entries_of(cached: Any) -> int | None:
    if isinstance(cached, functools.cached_property):
        return 1
    if isinstance(cached, cache_utils.CachedFunc):
        return int(cached._info.max_entries)
    return cached.cache_parameters()["maxsize"]


TABLES = {"cutwise": (cutwise, CACHES), "cutwise_dashboard": (cutwise_dashboard, PAGE_CACHES)}
FOUND = {name: cached_in(package) for name, (package, _) in TABLES.items()}
KEPT = [
    pytest.param(cached, id=name)
    for found in FOUND.values()
    for name, cached in found.items()
    if isinstance(cached, functools._lru_cache_wrapper)
]


@pytest.mark.parametrize("package", TABLES)
def test_every_cache_stands_in_the_table_and_every_row_is_a_cache(package: str) -> None:
    assert sorted(FOUND[package]) == sorted(TABLES[package][1])


@pytest.mark.parametrize("package", TABLES)
def test_every_cache_has_the_size_that_the_table_gives(package: str) -> None:
    rows = TABLES[package][1]
    assert {name: entries_of(cached) for name, cached in FOUND[package].items()} == {
        name: rows[name].entries for name in FOUND[package]
    }


@pytest.mark.parametrize("cached", [one for one in KEPT if one.id != BELOW])
def test_what_a_cache_hands_out_is_frozen_before_it_is_kept(cached: Any) -> None:
    assert cached.__wrapped__.__code__.co_filename == caches.__file__


@pytest.mark.parametrize("row", [*CACHES.values(), *PAGE_CACHES.values()])
def test_a_row_says_what_is_kept_and_by_what_key(row: Cache) -> None:
    assert row.key
    assert row.keeps


def test_two_askers_get_the_same_answer_and_neither_can_change_it() -> None:
    def columns(count: int) -> dict[str, Any]:
        return {"ones": np.ones(count), "names": ["a"]}

    row = Cache(entries=2, key="count", keeps="columns")
    cached: Callable[[int], dict[str, Any]] = keeping({full_name(columns): row})(columns)
    assert cached(3) is cached(3)
    assert cached(3)["names"] == ("a",)
    with pytest.raises(ValueError, match="read-only"):
        cached(3)["ones"][0] = 2.0
    with pytest.raises(TypeError, match="cannot be changed"):
        cached(3)["ones"] = 2.0


def test_keys_count_by_type_where_the_row_says_so() -> None:
    def same(value: float) -> float:
        return value

    by_type = Cache(entries=2, key="value", keeps="itself", by_type=True)
    cached = keeping({full_name(same): by_type})(same)
    assert [type(cached(1)), type(cached(1.0))] == [int, float]


def test_a_function_without_a_row_cannot_be_cached() -> None:
    with pytest.raises(KeyError, match="test_a_function_without_a_row"):
        keeping({})(lambda: 1)
