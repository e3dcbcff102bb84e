"""Which files get faults, and which tests judge each of them, the fastest first."""

from __future__ import annotations

from tests.mutants.mutant import ROOT

PLANS, COSTS, PLANNING = "tests/core/plans", "tests/core/costs", "tests/core/planning"
CUTS, SHARES = "tests/core/cuts", "tests/core/solvers/shares"
EVALUATOR = [
    f"{PLANS}/test_plain_numbers.py",
    f"{PLANS}/test_evaluate.py",
    f"{PLANS}/test_edge_hop_by_hand.py",
    f"{PLANS}/test_codec_clock_queue_by_hand.py",
    f"{PLANS}/test_micro_batches.py",
]
ROUND = [
    f"{PLANNING}/whole_round/test_best_round.py",
    f"{PLANS}/test_report_by_hand.py",
    f"{PLANNING}/one_device/test_split_limits.py",
    f"{PLANNING}/whole_round/test_sample_certificates.py",
    f"{PLANNING}/whole_round/test_fleet_optima.py",
]
POOL = [
    f"{CUTS}/pool/test_pieces.py",
    f"{CUTS}/pool/test_slot_features.py",
    f"{CUTS}/pool/test_closure.py",
    f"{CUTS}/pool/test_contraction.py",
    f"{CUTS}/pool/test_folding.py",
    f"{CUTS}/pool/test_pareto.py",
    f"{CUTS}/pool/test_build.py",
]
OPS = [
    f"{COSTS}/ops/test_formulas.py",
    f"{COSTS}/ops/test_dense.py",
    f"{COSTS}/ops/test_pointwise.py",
    f"{COSTS}/ops/test_reduce.py",
    f"{COSTS}/ops/test_move.py",
    f"{COSTS}/ops/test_einsum.py",
]
MEMORY = [
    f"{COSTS}/memory/test_by_kind.py",
    f"{COSTS}/memory/test_tensor_lifetimes.py",
    f"{COSTS}/test_storages.py",
    f"{COSTS}/memory/test_peak_memory.py",
]
TESTS: dict[str, list[str]] = {
    "core/cutwise/plans/evaluate.py": EVALUATOR,
    "core/cutwise/plans/stages.py": [f"{PLANS}/test_stages.py", *EVALUATOR],
    "core/cutwise/plans/plan.py": [f"{PLANS}/test_report_by_hand.py"],
    "core/cutwise/costs/cut_sums.py": [f"{COSTS}/test_cut_sums.py", *EVALUATOR],
    "core/cutwise/costs/ops/*.py": OPS,
    "core/cutwise/costs/memory/*.py": MEMORY,
    "core/cutwise/costs/saved_tensors.py": MEMORY,
    "core/cutwise/costs/storages.py": [f"{COSTS}/test_storages.py"],
    "core/cutwise/cuts/pool/*.py": POOL,
    "core/cutwise/planning/sharing/band_split.py": [
        f"{PLANNING}/sharing/test_best_band_by_hand.py",
        f"{PLANNING}/sharing/test_band_split.py",
    ],
    "core/cutwise/solvers/shares/minmax_share.py": [f"{SHARES}/test_minmax_share.py"],
    "core/cutwise/planning/whole_round/best_round.py": ROUND,
    "core/cutwise/planning/one_device/exact_cut.py": ROUND,
    "core/cutwise/cuts/max_flow.py": [f"{CUTS}/test_max_flow.py", f"{CUTS}/test_cuts_agree.py"],
}
"""A pattern of files, and their tests; the examples in a file's own docstrings go first."""


def targets() -> dict[str, list[str]]:
    """The tests of every file that may get a fault."""
    return {
        str(path.relative_to(ROOT)): [str(path.relative_to(ROOT)), *tests]
        for pattern, tests in TESTS.items()
        for path in sorted(ROOT.glob(pattern))
        if path.name != "__init__.py"
    }
