"""Trainings under power caps, which may be shipped, beside the time that a law of the clock says."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

from cutwise.caches import kept
from cutwise.energy import ClockLaw, PaperLaw, StaticLaw
from cutwise.energy.beside_measured import capped_clock_ratio
from cutwise.frozen import Frozen, FrozenDict
from cutwise.hardware.profiles import hardware
from cutwise.measured.agreement.held_rows import HeldRow

CAPPED_TRAININGS = "measured/capped_trainings.csv"
LAWS: Mapping[str, ClockLaw] = FrozenDict({"static": StaticLaw(), "paper": PaperLaw()})
LOWEST_DRAW_RATIO, HIGHEST_DRAW_RATIO = 0.38, 0.95
"""Below, the static share alone draws as much; above, the cap does not bind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CappedTraining(Frozen):
    """One network on one GPU at one cap: what it drew and how long an epoch took."""

    profile: str
    network: str
    settings: str
    cap_w: float
    power_w: float
    epoch_s: float


@kept
def capped_trainings() -> tuple[tuple[CappedTraining, ...], ...]:
    """Every training that is shipped, by rising cap."""
    text = files("cutwise.assets").joinpath(CAPPED_TRAININGS).read_text(encoding="utf-8")
    found: dict[tuple[str, str, str], list[CappedTraining]] = {}
    for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#")):
        words = {name: row[name] for name in ("profile", "network", "settings")}
        numbers = {name: float(row[name]) for name in ("cap_w", "power_w", "epoch_s")}
        one = CappedTraining(**words, **numbers)  # type: ignore[arg-type]  # the names say which is which
        found.setdefault((one.profile, one.network, one.settings), []).append(one)
    return tuple(tuple(sorted(rows, key=lambda row: row.cap_w)) for rows in found.values())


def capped_times(law: str) -> tuple[HeldRow, ...]:
    """How much longer an epoch takes under a cap: the power drawn says the clock, the clock the time."""
    return tuple(row for rows in capped_trainings() for row in _slower(LAWS[law], rows))


def _slower(law: ClockLaw, rows: tuple[CappedTraining, ...]) -> Iterator[HeldRow]:
    free, profile = rows[-1], hardware()[rows[0].profile]
    for one in rows:
        drawn = one.power_w / free.power_w
        if not LOWEST_DRAW_RATIO < drawn < HIGHEST_DRAW_RATIO:
            continue
        clock = capped_clock_ratio(law, drawn, idle_ratio=profile.idle_power_w / profile.power_w)
        if clock > 0:
            yield HeldRow(
                name=f"{one.network}, {one.settings}, {one.cap_w:.0f} W", hardware=profile.title,
                hardware_class=profile.hardware_class, family="training",
                measured=one.epoch_s / free.epoch_s, predicted=float(law.time_ratio(clock)),
            )  # fmt: skip
