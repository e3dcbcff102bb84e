"""Each mutant judged by tests in a fork of a warm process; nothing is written to the checkout."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any, Literal

from tests.mutants.mutant import ROOT, Mutant

Verdict = Literal["killed", "hung", "survived", "error"]
WARM = (
    "hypothesis", "networkx", "numpy", "ortools.graph.python.max_flow", "ortools.sat.python.cp_model",
    "pandas", "pydantic", "pytest", "scipy.optimize", "torch",
)  # fmt: skip
"""Imported before the first fork; the library itself is not, so that every fork imports its own mutant."""
MOST_BYTES = 8 << 30
MOST_CPU_S = 40
"""A mutant that computes longer hangs; the slowest tests of a file need a third of it."""
MOST_S = 300.0
"""One that waits longer hangs too, on a machine however busy."""
FAILED, INTERRUPTED = 1, 2
"""What pytest answers where a test fails, and where a module cannot be imported."""
PAUSE_S = 0.02
CLOCKED = "not in_the_time_the_design_allows and not contracted_fast"
"""Tests that read the clock would say killed of any mutant on a busy machine."""
REWRITTEN = "ignore::pytest.PytestAssertRewriteWarning"
"""Plugins that are warm already cannot have their asserts rewritten, and need not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of a mutant, and how long it took."""

    mutant: Mutant | None
    verdict: Verdict
    seconds: float


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module of the library from a changed text."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.module, str(ROOT / mutant.file))
        self.text = mutant.text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname != self.mutant.module:
            return None
        loader = _Loader(self.mutant)
        return importlib.util.spec_from_file_location(fullname, loader.path, loader=loader)


class _Rules:
    """The mutant goes before the file, which pytest would else read itself to look for examples; nothing is
    shrunk, because the first counterexample kills.
    """

    def __init__(self, mutant: Mutant | None) -> None:
        self.mutant = mutant

    def pytest_collection(self) -> None:
        from hypothesis import Phase, settings

        if self.mutant is not None:
            sys.meta_path.insert(0, _Finder(self.mutant))

        name, phases = "mutants", (Phase.explicit, Phase.generate)
        settings.register_profile(name, settings.default, phases=phases)
        settings.load_profile(name)


def warm_up() -> None:
    """Imports what every fork needs."""
    for name in WARM:
        if importlib.util.find_spec(name.partition(".")[0]):
            importlib.import_module(name)


def judged(
    work: Iterable[tuple[Mutant | None, Sequence[str]]], *, jobs: int, until: float
) -> Iterator[Trial]:
    """The trials of mutants, each with its tests, as they end; what has not begun by `until` is left out."""
    waiting, running = iter(work), dict[int, tuple[Mutant | None, float]]()
    more = True
    while more or running:
        while more and len(running) < jobs:
            more = time.monotonic() < until and (item := next(waiting, None)) is not None
            if more and item is not None:
                running[_forked(*item)] = (item[0], time.monotonic())
        for process, (mutant, started) in list(running.items()):
            verdict = _verdict(process, time.monotonic() - started > MOST_S)
            if verdict is not None:
                del running[process]
                yield Trial(mutant=mutant, verdict=verdict, seconds=time.monotonic() - started)
        time.sleep(PAUSE_S)


def _verdict(process: int, late: bool) -> Verdict | None:
    """How a fork ended; None while it runs in time."""
    if late:
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        return "hung"
    ended, status = os.waitpid(process, os.WNOHANG)
    if not ended:
        return None
    if os.WIFSIGNALED(status):
        return "hung" if os.WTERMSIG(status) == signal.SIGXCPU else "killed"
    code = os.WEXITSTATUS(status)
    return "survived" if code == 0 else "killed" if code in (FAILED, INTERRUPTED) else "error"


def _forked(mutant: Mutant | None, tests: Sequence[str]) -> int:
    """The process in which the tests run against the mutant, in a group of its own."""
    process = os.fork()
    if process:
        return process
    code = 3
    try:
        os.setpgid(0, 0)
        code = _tested(mutant, tests)
    finally:
        os._exit(code)


def _tested(mutant: Mutant | None, tests: Sequence[str]) -> int:
    import pytest

    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    if mutant is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S + 1))
        sys.meta_path.insert(0, _Finder(mutant))
    options = ["-x", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}", "-W", REWRITTEN, "-k", CLOCKED]
    return int(pytest.main([*options, *tests], plugins=[_Rules(mutant)]))
