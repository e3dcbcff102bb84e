"""`make mutants`: draws small faults in the files that compute, and says which no test notices."""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter

from tests.mutants.forks import Trial, judged, warm_up
from tests.mutants.known import equivalents, key_of
from tests.mutants.mutant import ROOT, Mutant, drawn, mutants_of
from tests.mutants.targets import targets

COUNT = 220
LEAST_RATIO = 0.9
BUDGET_S = 570.0


def main() -> int:
    asked = _arguments()
    os.chdir(ROOT)
    began = time.monotonic()
    tests = {file: paths for file, paths in targets().items() if asked.only in file}
    drawing = drawn(list(tests), count=asked.count, seed=asked.seed)
    known = equivalents()
    silent = [mutant for mutant in drawing if key_of(mutant) in known]
    work = [(mutant, tests[mutant.file]) for mutant in drawing if key_of(mutant) not in known]
    print(
        f"seed {asked.seed}: {len(drawing)} mutants, {len(silent)} of them known to change nothing",
        flush=True,
    )
    _tell_stale(list(targets()))
    warm_up()
    if not _sound(tests, {mutant.file for mutant in drawing}, asked.jobs):
        return 1
    trials = []
    for trial in judged(work, jobs=asked.jobs, until=began + asked.seconds):
        trials.append(trial)
        if asked.verbose and trial.mutant:
            print(f"{trial.verdict:8} {trial.seconds:5.1f} s  {_place(trial.mutant)}", flush=True)
    return _reported(trials, left=len(work) - len(trials), seed=asked.seed, seconds=time.monotonic() - began)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--count", type=int, default=COUNT, help="mutants to draw")
    parser.add_argument("--seconds", type=float, default=BUDGET_S, help="no mutant begins later")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at once")
    parser.add_argument("--only", default="", help="only files whose path holds this")
    parser.add_argument("--verbose", action="store_true", help="every verdict as it is reached")
    return parser.parse_args()


def _tell_stale(files: list[str]) -> None:
    """Prints the rows of known mutants that no file has any more."""
    found = {key_of(mutant) for file in files for mutant in mutants_of(file)}
    for file, line, becomes in equivalents():
        if (file, line, becomes) not in found:
            print(f"no mutant any more: {file}: {line!r} to {becomes!r}", flush=True)


def _sound(tests: dict[str, list[str]], files: set[str], jobs: int) -> bool:
    """True when the tests pass on the library as it is; else nothing that follows would mean anything."""
    paths = sorted({path for file in files for path in tests[file]})
    halves = [(None, paths[number::jobs]) for number in range(jobs)]
    verdicts = [trial.verdict for trial in judged(halves, jobs=jobs, until=time.monotonic() + 60)]
    if all(verdict == "survived" for verdict in verdicts):
        return True
    print(f"the tests fail without any fault: run {sys.executable} -m pytest {' '.join(paths)}")
    return False


def _reported(trials: list[Trial], *, left: int, seed: int, seconds: float) -> int:
    """Prints score and survivors; 0 where the score is high enough and every trial was one."""
    verdicts = Counter(trial.verdict for trial in trials)
    for trial in sorted((t for t in trials if t.verdict in ("survived", "error")), key=lambda t: _order(t)):
        if trial.mutant:
            print(f"\n{trial.verdict}: {_place(trial.mutant)}\n{trial.mutant.diff}")
    dead, lives = verdicts["killed"] + verdicts["hung"], verdicts["survived"]
    ratio = dead / max(1, dead + lives)
    print(
        f"\nscore {100 * ratio:.1f} % (seed {seed}): {dead} of {dead + lives} killed, "
        f"{verdicts['hung']} of them by the clock; {left} not tried, {verdicts['error']} errors; "
        f"{seconds:.0f} s"
    )
    return int(ratio < LEAST_RATIO or verdicts["error"] > 0)


def _place(mutant: Mutant) -> str:
    return f"{mutant.file}:{mutant.line}: {mutant.kind}"


def _order(trial: Trial) -> tuple[str, int]:
    return (trial.mutant.file, trial.mutant.line) if trial.mutant else ("", 0)


if __name__ == "__main__":
    sys.exit(main())
