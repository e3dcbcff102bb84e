"""Mutated inputs of every kind: `python -m tests.fuzz --first SEED --count N [WORD …]`; 1 where one fails."""

from __future__ import annotations

import argparse
import sys
import time

from tests.fuzz.contract import tally
from tests.fuzz.kinds import INPUT_KINDS

FAULTS_SHOWN = 10


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=300, help="inputs of each kind")
    parser.add_argument("kinds", nargs="*", help="words of the kinds' names; all without one")
    asked = parser.parse_args()
    failed = 0
    for kind in INPUT_KINDS:
        if asked.kinds and not set(kind.name.split()) & set(asked.kinds):
            continue
        began_s = time.process_time()
        found = tally(kind, first=asked.first, count=asked.count)
        failed += len(found.faults)
        took_s = time.process_time() - began_s
        print(
            f"{kind.name}: {found.read} read, {found.refused} refused, {len(found.faults)} faults; slowest "
            f"{found.slowest_s:.2f} s, most {found.most_mb:.0f} MB, together {took_s:.0f} s"
        )
        print("".join(f"  {fault}\n" for fault in found.faults[:FAULTS_SHOWN]), end="", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
