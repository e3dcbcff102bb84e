"""`make bench`: what the product claims to be fast at, beside peers and floors in the same run.

Ratios are what counts; the absolute times are this machine's, with what else it was doing.
"""

from __future__ import annotations

import argparse

from tests.bench import (
    asks,
    card,
    cuts,
    decision_map,
    executor,
    neighbours,
    page,
    scale,
    schemes,
    sft,
    shares,
    sweeps,
    testbed,
)
from tests.bench.peers import growth

PARTS = {
    "cuts": cuts.run,
    "shares": shares.run,
    "schemes": schemes.run,
    "card": card.run,
    "sft": sft.run,
    "sweeps": sweeps.run,
    "executor": executor.run,
    "page": page.run,
    "map": decision_map.run,
    "asks": asks.run,
    "neighbours": neighbours.run,
    "testbed": testbed.run,
    "growth": growth.run,
    "scale": scale.run,
}
SCALE = {"rows": scale.ROWS, "row_by_row": scale.ROW_BY_ROW, "kills": scale.KILLS}
"""Sizes of the part that has some, which flags set."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="only these; all if none is named")
    for name, size in SCALE.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=int, default=size, help=f"scale: {size:,} if absent"
        )
    known = parser.parse_args()
    sizes = {"scale": {name: getattr(known, name) for name in SCALE}}
    for name in known.parts or PARTS:
        print(f"\n{name}\n{'=' * len(name)}")
        PARTS[name](**sizes.get(name, {}))


if __name__ == "__main__":
    main()
