"""One executor whose answers all come from its workers, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import pytest

from cutwise_dashboard.executor.executor import Executor
from cutwise_dashboard.executor.kept_answers import KeptAnswer


def own_answers() -> Callable[[str, str], KeptAnswer]:
    """A store that no other executor reads."""
    return lru_cache(maxsize=64)(lambda function, key: KeptAnswer())


@pytest.fixture(scope="session")
def away() -> Iterator[Executor]:
    executor = Executor(answers=own_answers(), in_process_s=-1.0, memory_bytes=3 * 2**30)
    yield executor
    executor.close()
