"""The questions against brute force on as many random small cases as are asked for.

`python -m tests.bench.asks_proofs 200`; the suite looks at fewer of the same.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.core.analyses.what_if.test_dimensioning import (
    test_as_many_fit_as_are_planned_one_after_another as of_dimensioning,
)
from tests.core.analyses.what_if.test_fronts import (
    test_the_points_are_all_splits_that_no_other_beats_in_both as of_fronts,
)
from tests.core.analyses.what_if.test_targets import (
    test_the_cheapest_pair_is_that_of_every_split_s_own_optimum as of_pairs,
)
from tests.core.analyses.what_if.test_targets import (
    test_the_least_change_of_each_quantity_is_that_of_the_first_split_to_get_there as of_targets,
)
from tests.core.analyses.what_if.test_uncertainty import (
    test_the_robust_cut_is_that_of_every_split_with_the_least_worst_regret as of_robust_cuts,
)

CHECKS: dict[str, Callable[[int, Path], None]] = {
    "targets": of_targets,
    "pairs": of_pairs,
    "robust cuts": of_robust_cuts,
    "dimensioning in turn": lambda seed, folder: of_dimensioning(seed, "fast_split", folder),
    "dimensioning at once": lambda seed, folder: of_dimensioning(seed, "split_federated", folder),
    "fronts of energy": lambda seed, folder: of_fronts(seed, "energy", folder),
    "fronts of memory": lambda seed, folder: of_fronts(seed, "device_memory", folder),
}


def _differs(check: Callable[[Path], None]) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            check(Path(folder))
        except AssertionError:
            return True
    return False


def main(cases: int) -> None:
    """Of every check how many cases differ, and which."""
    for name, check in CHECKS.items():
        began_s = time.perf_counter()
        wrong = [seed for seed in range(cases) if _differs(partial(check, seed))]
        print(f"{name}: {len(wrong)} of {cases} differ {wrong or ''} ({time.perf_counter() - began_s:.0f} s)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
