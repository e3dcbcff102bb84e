"""Fair timing of one function: the best of several rounds, each long enough to measure."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

SHORTEST_ROUND_S = 0.02


def seconds(run: Callable[[], Any], *, rounds: int = 5) -> float:
    """Seconds of one call: the least of `rounds` averages."""
    calls = 1
    while (spent := _spent(run, calls)) < SHORTEST_ROUND_S:
        calls = max(calls * 2, int(calls * SHORTEST_ROUND_S / max(spent, 1e-9)))
    return min(_spent(run, calls) / calls for _ in range(rounds))


def once(run: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of a single call, and its answer."""
    began = time.perf_counter()
    answer = run()
    return time.perf_counter() - began, answer


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints aligned columns."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    for row in (header, *rows):
        print(
            "  ".join(
                cell.rjust(width) if i else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
        )


def _spent(run: Callable[[], Any], calls: int) -> float:
    began = time.perf_counter()
    for _ in range(calls):
        run()
    return time.perf_counter() - began
