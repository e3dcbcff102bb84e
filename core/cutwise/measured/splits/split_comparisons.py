"""Comparisons of cuts: published ones of a board and a GPU, and our own of split training."""

from __future__ import annotations

from functools import partial

import numpy as np

from cutwise.measured.agreement.comparisons import COMPARISONS, AgreementBounds, HeldComparison
from cutwise.measured.agreement.held_choices import CHOICES, ChoiceBounds, HeldChoice, Regrets, regrets_of
from cutwise.measured.agreement.held_rows import HeldRow
from cutwise.measured.split_decisions import regret_ratios
from cutwise.measured.split_levels import LEVELS, predicted_splits
from cutwise.measured.split_runs import layer_benchmark, split_runs
from cutwise.measured.splits.board_splits import board_regrets, board_rows
from cutwise.measured.times.fitted_times import LEFT_OUT
from cutwise.measured.times.time_comparisons import LEVELS as TIME_LEVELS

PUBLISHED = "SplitRL and ParetoPipe, public tables"
OWN = "own testbed"
PER_OP, BY_CLASS = "profile per op", "benchmark by class"
MEAN_BOUNDS = {
    PER_OP: AgreementBounds(most_mean_error_ratio=0.06, least_wide_ratio=1.0),
    BY_CLASS: AgreementBounds(most_mean_error_ratio=0.08, least_wide_ratio=1.0),
}
LITTLE = ChoiceBounds(most_mean_ratio=0.015, most_p90_ratio=0.05)
CHOICE_BOUNDS = {PER_OP: ChoiceBounds(least_right_ratio=0.9, most_p90_ratio=0.05)}


def run_rows(level: str) -> tuple[HeldRow, ...]:
    """A step at every cut of our own runs."""
    return tuple(
        HeldRow(
            name=f"{one.model}, behind {one.behind}", hardware=one.run, hardware_class="cpu_x86",
            family=one.model, measured=one.measured_s, predicted=one.predicted_s,
        )
        for one in predicted_splits()
        if one.level == level
    )  # fmt: skip


def run_regrets(level: str) -> Regrets:
    """What the choices of a level cost over all our own runs."""
    benchmark = layer_benchmark()
    return regrets_of(np.concatenate([regret_ratios(run, level, benchmark) for run in split_runs()]).tolist())


def _board_regrets(level: str) -> Regrets:
    return regrets_of(board_regrets(level))


for _level, _title in {"left_out": LEFT_OUT, "former": TIME_LEVELS["former"]}.items():
    _calibrated = _level == "left_out"
    COMPARISONS.add(
        f"board_splits.{_level}",
        HeldComparison(
            title="Six networks cut, Raspberry Pi 4", quantity="time", unit="s",
            source=PUBLISHED, licence="MIT", level=_title, rows=partial(board_rows, _level),
            bounds=AgreementBounds(most_mean_error_ratio=0.17) if _calibrated else AgreementBounds(),
        ),
    )  # fmt: skip
    CHOICES.add(
        f"board_splits.{_level}",
        HeldChoice(
            title="Cut, Raspberry Pi to GPU", source=PUBLISHED, licence="MIT", level=_title,
            regrets=partial(_board_regrets, _level),
            bounds=LITTLE if _calibrated else ChoiceBounds(),
        ),
    )  # fmt: skip
for _level in LEVELS:
    COMPARISONS.add(
        f"testbed.{_level.replace(' ', '_')}",
        HeldComparison(
            title="A step of split training at every cut", quantity="split step", unit="s", source=OWN,
            licence="own", level=_level, rows=partial(run_rows, _level),
            bounds=MEAN_BOUNDS.get(_level, AgreementBounds()),
        ),
    )  # fmt: skip
    CHOICES.add(
        f"testbed.{_level.replace(' ', '_')}",
        HeldChoice(
            title="Cut, own split training", source=OWN, licence="own", level=_level,
            regrets=partial(run_regrets, _level), bounds=CHOICE_BOUNDS.get(_level, ChoiceBounds()),
        ),
    )  # fmt: skip
