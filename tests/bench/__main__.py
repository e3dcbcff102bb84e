"""`make bench`: what the product claims to be fast at, beside peers and floors in the same run.

Ratios are what counts; the absolute times are this machine's, with what else it was doing.
"""

from __future__ import annotations

import argparse

from tests.bench import card, cuts, executor, neighbours, page, schemes, sft, shares, testbed

PARTS = {
    "cuts": cuts.run,
    "shares": shares.run,
    "schemes": schemes.run,
    "card": card.run,
    "sft": sft.run,
    "executor": executor.run,
    "page": page.run,
    "neighbours": neighbours.run,
    "testbed": testbed.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="only these; all if none is named")
    for name in parser.parse_args().parts or PARTS:
        print(f"\n{name}\n{'=' * len(name)}")
        PARTS[name]()


if __name__ == "__main__":
    main()
