"""Six networks that others cut between a Raspberry Pi and a GPU, predicted from the other five."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import product

import numpy as np

from cutwise.arrays import Floats
from cutwise.caches import kept
from cutwise.calibration.class_priors import class_prior, profile_prior
from cutwise.calibration.rate_fit import RatePrior, fit_rates
from cutwise.calibration.timed_rows import TimedRow
from cutwise.frozen import Frozen, FrozenDict, read_only
from cutwise.hardware.profiles import DATASHEET_EFFICIENCY_RATIO, hardware
from cutwise.measured.agreement.held_rows import HeldRow

BOARD_SPLITS = "measured/board_splits.csv"
BOARD, GPU_CLASS, GPU_FLOPS_PER_S = "raspberry_pi_4", "server_gpu", 1.5e13
BATCH_SIZE = 8
COLUMNS = ("forward_flops", "moved_bytes", "read_bytes", "launches")
SLOWDOWNS = tuple(np.logspace(-1, 0.5, 7).tolist())
"""Seconds of the device over those of the board."""
RATES_BPS = tuple(np.logspace(6.5, 9, 10).tolist())
MEASURED_RATE_BPS = 9e8
"""Of the gigabit link of the table, as its seconds and the tensors' bytes say."""
BAND = (0.78, 1.37)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSplit(Frozen):
    """One cut of one model: what each side does, and seconds of both and of the link."""

    model: str
    point: int
    device: TimedRow | None
    server: TimedRow | None
    device_s: float
    server_s: float
    network_s: float


SideSeconds = tuple[Floats, Floats]
"""Seconds of device and server at every cut of a model."""


@kept
def board_splits() -> Mapping[str, tuple[BoardSplit, ...]]:
    """Every cut that is shipped, by model."""
    text = files("cutwise.assets").joinpath(BOARD_SPLITS).read_text(encoding="utf-8")
    found: dict[str, list[BoardSplit]] = {}
    for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#")):
        device_s, server_s, network_s = (float(row[name]) for name in ("device_s", "server_s", "network_s"))
        found.setdefault(row["model"], []).append(
            BoardSplit(
                model=row["model"], point=int(row["point"]), device=_side(row, "device"),
                server=_side(row, "server"), device_s=device_s, server_s=server_s, network_s=network_s,
            )
        )  # fmt: skip
    return FrozenDict({model: tuple(rows) for model, rows in found.items()})


def _side(row: Mapping[str, str], side: str) -> TimedRow | None:
    """What one side does; None where nothing runs there."""
    if not float(row[f"{side}_launches"]):
        return None
    return TimedRow(
        name=f"{row['model']} {row['point']}",
        measured_s=float(row[f"{side}_s"]),
        batch_size=BATCH_SIZE,
        forward_flops=float(row[f"{side}_forward_flops"]),
        moved_bytes=float(row[f"{side}_moved_bytes"]),
        read_bytes=float(row[f"{side}_read_bytes"]),
        launches=float(row[f"{side}_launches"]),
    )


@kept
def from_other_models() -> Mapping[str, SideSeconds]:
    """Both sides of every model, from constants that are fitted to the other five."""
    board = profile_prior(hardware()[BOARD], time_class="cpu_arm_runtime")
    priors: Mapping[str, RatePrior] = {"device": board, "server": class_prior(GPU_CLASS)}
    return FrozenDict(
        {
            model: (_predicted(model, "device", priors), _predicted(model, "server", priors))
            for model in board_splits()
        }
    )


def _predicted(model: str, side: str, priors: Mapping[str, RatePrior]) -> Floats:
    others = [split for name, rows in board_splits().items() if name != model for split in rows]
    known = [row for split in others if (row := getattr(split, side))]
    rates = fit_rates(known, priors[side]).rates
    mine = [getattr(split, side) for split in board_splits()[model]]
    return read_only(np.array([rates.seconds(row) if row else 0.0 for row in mine]))


def by_flops_alone() -> Mapping[str, SideSeconds]:
    """Both sides of every model at 40 % of the peak, as it was before there were columns."""
    peaks = {"device": hardware()[BOARD].fp32_flops_per_s, "server": GPU_FLOPS_PER_S}

    def seconds(rows: tuple[BoardSplit, ...], side: str) -> Floats:
        flops = np.array([row.forward_flops if (row := getattr(one, side)) else 0.0 for one in rows])
        return np.asarray(BATCH_SIZE * flops / (DATASHEET_EFFICIENCY_RATIO * peaks[side]))

    return {
        model: (seconds(rows, "device"), seconds(rows, "server")) for model, rows in board_splits().items()
    }


PREDICTIONS: Mapping[str, Callable[[], Mapping[str, SideSeconds]]] = FrozenDict(
    {"left_out": from_other_models, "former": by_flops_alone}
)


def board_rows(level: str) -> tuple[HeldRow, ...]:
    """Seconds of the board at every cut."""
    predicted = PREDICTIONS[level]()
    low, high = BAND if level == "left_out" else (None, None)
    return tuple(
        HeldRow(
            name=f"{model}, cut {split.point}", hardware="Raspberry Pi 4", hardware_class="cpu_arm_pytorch",
            family="plain", measured=split.device_s, predicted=seconds, low_ratio=low, high_ratio=high,
        )
        for model, rows in board_splits().items()
        for split, seconds in zip(rows, predicted[model][0].tolist(), strict=True)
        if split.device
    )  # fmt: skip


def board_regrets(level: str) -> list[float]:
    """What the chosen cut takes beyond the best one: six models, seven devices, ten rates."""
    predicted = PREDICTIONS[level]()
    return [regret for model, rows in board_splits().items() for regret in _regrets(rows, *predicted[model])]


def _regrets(rows: tuple[BoardSplit, ...], device_s: Floats, server_s: Floats) -> Iterator[float]:
    measured = np.array([[one.device_s, one.server_s, one.network_s] for one in rows]).T
    for slowdown, rate_bps in product(SLOWDOWNS, RATES_BPS):
        link_s = measured[2] * (MEASURED_RATE_BPS / rate_bps)
        true_s = slowdown * measured[0] + measured[1] + link_s
        chosen = int((slowdown * device_s + server_s + link_s).argmin())
        yield float(true_s[chosen] / true_s.min() - 1)
