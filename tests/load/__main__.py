"""`make load`: many sessions on one server of this machine, beside heavy work and hostile input.

Everything stays on 127.0.0.1 and is bounded in count and time. Ends with 1 where a limit is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

from tests.load.scenes import Gate
from tests.load.watched_server import watched_server

PARTS = ("many", "heavy", "hostile", "slope")
SESSIONS = (1, 20, 50)
MOST_SESSIONS, MOST_MINUTES = 100, 60.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="only these; all if none is named")
    parser.add_argument("--sessions", nargs="+", type=int, default=SESSIONS, help="how many at once")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long sliders are moved")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long memory is watched")
    asked = parser.parse_args()
    if max(asked.sessions) > MOST_SESSIONS or not 0 < asked.minutes <= MOST_MINUTES:
        parser.error(f"at most {MOST_SESSIONS} sessions and {MOST_MINUTES:g} minutes")
    return asyncio.run(_gate(asked.parts or PARTS, asked))


async def _gate(parts: tuple[str, ...], asked: argparse.Namespace) -> int:
    with watched_server() as server:
        gate = Gate(server=server, seconds=asked.seconds)
        await gate.warmed()
        for count in asked.sessions if "many" in parts else ():
            await gate.many(count)
        if "heavy" in parts:
            await gate.heavy()
        if "hostile" in parts:
            await gate.hostile()
        if "slope" in parts:
            await gate.slope(asked.minutes)
    missed = [row for row in gate.rows if not row.holds]
    print(f"\n{os.cpu_count()} cores, load {os.getloadavg()[1]:.1f}; {len(missed)} limits missed")
    for row in missed:
        print(f"{row.scene}:\n{row}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
