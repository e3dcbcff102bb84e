"""Sweeps of random rows beside one plan a row: `python -m tests.fuzz.swept_rows ROWS [SETTING …]`.

So many rows of every setting are spread over the samples and the separable schemes; 1 where one differs.
"""

from __future__ import annotations

import argparse
import sys

import cutwise
from tests.core.columns.drawn_rows import SETTINGS, differences, rows_of_sample


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.swept_rows", description=__doc__)
    parser.add_argument("rows", type=int, help="rows of each setting")
    parser.add_argument("settings", nargs="*", default=list(SETTINGS), help="only these")
    asked = parser.parse_args()
    wrong = 0
    for name in asked.settings:
        setting, found = SETTINGS[name], 0
        for number, sample in enumerate(setting.samples):
            rows, scheme = rows_of_sample(setting, number, asked.rows)
            if not rows:
                continue
            graph = cutwise.load_model(f"sample:{sample}")
            for sentence in differences(graph, setting, scheme, rows=rows, seed=number):
                found += 1
                print(f"  {sentence}", flush=True)
        wrong += found
        print(f"{name}: {asked.rows} rows, {found} differ", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
