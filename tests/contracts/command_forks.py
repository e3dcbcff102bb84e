"""Commands as processes with any streams, forked from one that has everything loaded, which costs most.

Reads a list of `Case` as JSON from its input and prints what became of each.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

TOO_LONG_S = 30
ROOT = Path(__file__).parents[2]
STREAMS = ("stdin", "stdout", "stderr")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A command, how its streams are, and when it is stopped."""

    words: tuple[str, ...]
    stdin: str = "nothing"
    stdout: str = "kept"
    stderr: str = "kept"
    encoding: str = "utf-8"
    stopped_after_s: float | None = None
    stopped_by: str = "SIGINT"
    endless_solver: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """How a command ended, what it printed, and how long it went on after it was told to stop."""

    code: int
    out: str
    err: str
    ended_s: float


def became_of(cases: Sequence[Case], *, warmed: Sequence[Sequence[str]] = ()) -> list[Became]:
    """What became of each case; the `warmed` commands have run before, so that they take no time."""
    asked = {"cases": [asdict(case) for case in cases], "warmed": [list(words) for words in warmed]}
    done = subprocess.run(
        [sys.executable, "-m", "tests.contracts.command_forks"],
        input=json.dumps(asked), capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [Became(**row) for row in json.loads(done.stdout)]


def _became(case: Case) -> Became:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        told, tell = os.pipe()
        child = os.fork()
        if not child:
            os.close(told)
            _run(case, {"stdout": out.fileno(), "stderr": err.fileno()}, tell)
        os.close(tell)
        from_s = time.monotonic()
        if case.stopped_after_s is not None:
            os.read(told, 1)
            time.sleep(case.stopped_after_s)
            from_s = time.monotonic()
            os.kill(child, getattr(signal, case.stopped_by))
        os.close(told)
        _, status = os.waitpid(child, 0)
        ended_s = time.monotonic() - from_s
        texts = [_text(file, case.encoding) for file in (out, err)]
    return Became(code=os.waitstatus_to_exitcode(status), out=texts[0], err=texts[1], ended_s=ended_s)


def _text(file: Any, encoding: str) -> str:
    file.seek(0)
    return str(file.read().decode(encoding))


def _run(case: Case, kept: dict[str, int], tell: int) -> None:
    """In the child: the command as the interpreter would run it, which never returns."""
    signal.alarm(TOO_LONG_S)
    for name in ("SIGINT", "SIGTERM"):  # a shell that runs the tests behind something else has them ignored
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    for handle, stream in enumerate(STREAMS):
        _give(handle, stream, getattr(case, stream), kept)
    for handle, stream in enumerate(STREAMS):
        there = getattr(case, stream) != "closed"
        setattr(sys, stream, _opened(handle, case.encoding) if there else None)
    sys.argv = ["cutwise", *case.words]
    from cutwise.__main__ import run

    if case.endless_solver:
        _never_ends(tell)
    else:
        os.close(tell)
    code = run()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception as error:  # as the interpreter at its end
            os.write(2, f"Exception ignored in {stream}: {error}".encode())
            code = 120
    os._exit(code)


def _give(handle: int, stream: str, how: str, kept: dict[str, int]) -> None:
    """Puts in place of a stream what the case says."""
    ways = {
        "nothing": lambda: os.open(os.devnull, os.O_RDONLY),
        "kept": lambda: os.dup(kept[stream]),
        "full": lambda: os.open("/dev/full", os.O_WRONLY),
        "read only": lambda: os.open(os.devnull, os.O_RDONLY),
        "gone": _gone,
    }
    if how == "closed":
        os.close(handle)
        return
    given = ways[how]()
    os.dup2(given, handle)
    os.close(given)


def _gone() -> int:
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def _opened(handle: int, encoding: str) -> TextIO:
    return open(handle, "w" if handle else "r", encoding=encoding, closefd=False)


def _never_ends(tell: int) -> None:
    """From now on whatever OR-Tools is asked, it works at for minutes: pigeons that lack one hole."""
    from ortools.sat.python import cp_model

    really = cp_model.CpSolver.solve

    def solve(solver: Any, _model: Any) -> Any:
        model, holes = cp_model.CpModel(), 60
        at = [[model.new_bool_var("") for _ in range(holes)] for _ in range(holes + 1)]
        for pigeon in at:
            model.add(sum(pigeon) >= 1)
        for one in range(holes + 1):
            for other in range(one):
                for first, second in zip(at[one], at[other], strict=True):
                    model.add_bool_or(~first, ~second)
        solver.parameters.cp_model_presolve = False
        solver.parameters.max_time_in_seconds = solver.parameters.max_deterministic_time = 100.0
        with contextlib.suppress(OSError):  # told before
            os.close(tell)
        return really(solver, model)

    cp_model.CpSolver.solve = solve


def main() -> None:
    asked = json.load(sys.stdin)
    from cutwise.__main__ import main as command
    from cutwise.cli.commands import all_commands

    all_commands()
    for words in asked["warmed"]:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            command(words)
    cases = [Case(**row) for row in asked["cases"]]
    os.write(1, json.dumps([asdict(_became(case)) for case in cases]).encode())


if __name__ == "__main__":
    main()
