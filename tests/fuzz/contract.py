"""What every input is held to: it is read and comes back the same, or is refused in a few short sentences."""

from __future__ import annotations

import os
import random
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from cutwise.budgets import shown_mistakes
from cutwise.errors import CutwiseError
from cutwise.fields.readable_names import readable_text

MOST_LINES, LONGEST_LINE = 11, 600
"""What is as long as the budget was cut off, and what to do stood at its end."""
CPU_S, MEMORY_MB = 2.0, 150.0
PEAK = Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True, kw_only=True)
class InputKind:
    """A kind of input: `drawn` makes a mutated one, `read` what it means, `checked` holds that to the truth.

    `checked` raises `AssertionError` where what was read does not come back, or is not what stands there.
    """

    name: str
    drawn: Callable[[random.Random], Any]
    read: Callable[[Any], Any]
    checked: Callable[[Any, Any, random.Random], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many inputs were read and refused, the most CPU and memory that one took, and what went wrong."""

    read: int
    refused: int
    slowest_s: float
    most_mb: float
    faults: tuple[str, ...]


class TakesTooLongError(BaseException):
    """Passes whatever catches exceptions."""


def tally(kind: InputKind, *, first: int, count: int, most_s: float = CPU_S) -> Tally:
    """What comes of so many inputs, from the seed `first` on."""
    outcomes, faults, slowest_s, most_mb = [], [], 0.0, 0.0
    for seed in range(first, first + count):
        draw = random.Random(f"{kind.name} {seed}")
        given = kind.drawn(draw)
        try:
            with _bounded(3 * most_s) as used:
                outcomes.append(_outcome(kind, given, draw))
            slowest_s, most_mb = max(slowest_s, used["s"]), max(most_mb, used["mb"])
            assert used["s"] < most_s, f"takes {used['s']:.1f} s"
            assert used["mb"] < MEMORY_MB, f"takes {used['mb']:.0f} MB"
        except (Exception, TakesTooLongError) as error:
            faults.append(f"{kind.name} {seed}: {type(error).__name__}: {error!s:.600}\n  {given!r:.2000}")
    return Tally(
        read=outcomes.count(True),
        refused=outcomes.count(False),
        slowest_s=slowest_s,
        most_mb=most_mb,
        faults=tuple(faults),
    )


def _outcome(kind: InputKind, given: Any, draw: random.Random) -> bool:
    """True for what is read, False for what is refused."""
    try:
        value = kind.read(given)
    except CutwiseError as error:
        check_lines(error)
        return False
    kind.checked(given, value, draw)
    return True


def check_lines(error: CutwiseError) -> None:
    """A refusal is a few sentences, none long, each on one line, that say where."""
    lines = shown_mistakes(error)
    assert 1 <= len(lines) <= MOST_LINES, f"{len(lines)} sentences"
    for line in lines:
        assert 0 < len(line) < LONGEST_LINE, f"as long as what it is about: {line!r}"
        assert "\n" not in line, f"two lines: {line!r}"
        assert readable_text(line, longest=None) == line, f"not readable: {line!r}"
        assert len(line.split()) > 2, f"no sentence: {line!r}"


@contextmanager
def _bounded(most_s: float) -> Iterator[dict[str, float]]:
    """Ends what takes too long, and says what was taken; nothing may be left: no child, no file."""
    used: dict[str, float] = {}
    kept = signal.signal(signal.SIGPROF, _too_long)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        usual, tempfile.tempdir = tempfile.tempdir, folder
        began_s, began_mb, children = _cpu_s(), _resting_mb(), _children()
        signal.setitimer(signal.ITIMER_PROF, most_s)
        try:
            yield used
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, kept)
            tempfile.tempdir = usual
        used |= {"s": _cpu_s() - began_s, "mb": _peak_mb() - began_mb}
        assert not os.listdir(folder), f"left behind: {os.listdir(folder)}"
        assert _children() <= children, "a process is left"


def _too_long(_: int, frame: FrameType | None) -> None:
    raise TakesTooLongError(f"still at work in {frame}")


def _cpu_s() -> float:
    """CPU seconds of this process and of its children that ended."""
    return sum(os.times()[:4])


def _children() -> set[str]:
    return {
        child for path in Path("/proc/self/task").glob("*/children") for child in path.read_text().split()
    }


def _status(name: str) -> float:
    """A line of this process's status, megabytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def _resting_mb() -> float:
    """What this process holds now; its peak is counted from here on."""
    PEAK.write_text("5")
    return _status("VmRSS")


def _peak_mb() -> float:
    """The most it held since then; of its children the limits that they set themselves are trusted."""
    return _status("VmHWM")
