"""Both machines and the link fitted to a table of splits, with the error of every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.calibration.calibrated_party import with_calibration
from cutwise.calibration.calibration_file import Calibration, calibration_of
from cutwise.calibration.class_priors import class_prior, profile_prior
from cutwise.calibration.rate_fit import RateFit, RatePrior, fit_rates
from cutwise.calibration.splits.split_places import place_names, split_masks
from cutwise.calibration.splits.split_table import SplitRow
from cutwise.calibration.timed_rows import TimedRow, predicted_s
from cutwise.channels import FixedRate
from cutwise.costs.cut_sums import CutSums, cut_sums
from cutwise.errors import ScenarioError
from cutwise.frozen import Frozen
from cutwise.hardware.profiles import hardware
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parties import Party
from cutwise.scenario.parts import Scenario
from cutwise.units import BITS_PER_BYTE, in_prefix, percent

if TYPE_CHECKING:
    import pandas

SIDES = ("device", "server")
LEAST_S = 1e-9
FORWARD_ALONE = "; forward passes alone, backward by class"
PLAIN_COLUMNS = ("forward_flops", "moved_bytes", "read_bytes", "launches")
BACKWARD_COLUMNS = ("backward_flops", "backward_moved_bytes", "backward_read_bytes", "backward_launches")


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedSplit:
    """One row of the table beside what the fit says; None where nothing was measured or nothing runs."""

    cut: str
    place: str
    device_s: float | None
    fitted_device_s: float | None
    server_s: float | None
    fitted_server_s: float | None
    network_s: float | None
    fitted_network_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFit(Frozen):
    """What a table of splits says of device, server and link; None where it has no seconds of one."""

    rows: tuple[FittedSplit, ...]
    device: RateFit | None
    server: RateFit | None
    rate_bps: float | None

    def error_ratio(self, name: str) -> float | None:
        """Mean of |fitted / measured − 1| over the rows with seconds of the device, server or network."""
        pairs = [(getattr(row, f"fitted_{name}_s"), getattr(row, f"{name}_s")) for row in self.rows]
        errors = [abs(fitted / measured - 1) for fitted, measured in pairs if fitted is not None and measured]
        return float(np.mean(errors)) if errors else None

    def to_frame(self) -> pandas.DataFrame:
        """A row a split, measured beside fitted."""
        import pandas

        return pandas.DataFrame([{name: getattr(row, name) for name in FRAME} for row in self.rows])

    def plain(self) -> dict[str, Any]:
        """The constants, their errors and the rows."""
        errors = {f"{name}_error_ratio": self.error_ratio(name) for name in (*SIDES, "network")}
        parts = {name: getattr(self, name) for name in ("device", "server", "rate_bps", "rows")}
        return {**parts, **errors}

    def text(self) -> str:
        """The fit for people: what was found, and a line a row."""
        lines = [self._side_text(side) for side in SIDES if getattr(self, side) is not None]
        if self.rate_bps is not None:
            error = percent(self.error_ratio("network") or 0.0)
            lines.append(f"network  {in_prefix(self.rate_bps, 'M'):.4g} Mbit/s, rows off by {error:.0f} %")
        return "\n".join([*lines, *(_row_text(row) for row in self.rows)])

    def _side_text(self, side: str) -> str:
        fit: RateFit = getattr(self, side)
        rates, error = fit.rates, percent(self.error_ratio(side) or 0.0)
        return (
            f"{side:7s}  {in_prefix(rates.flops_per_s, 'G'):.4g} GFLOP/s, "
            f"{in_prefix(rates.moved_bytes_per_s, 'G'):.4g} GB/s, {in_prefix(rates.launch_s, 'µ'):.3g} µs a "
            f"start, {fit.rows} rows, off by {error:.0f} %{'' if fit.backward_rows else FORWARD_ALONE}"
        )


FRAME = (
    "cut", "place", "device_s", "fitted_device_s", "server_s", "fitted_server_s", "network_s",
    "fitted_network_s",
)  # fmt: skip


def fit_splits(problem: SplitProblem, rows: Sequence[SplitRow]) -> SplitFit:
    """Constants of device and server and the rate of the link, from measured splits of the problem's model.

    Seconds are those of one mini-batch of the scenario's size: forward in inference, both passes in training.
    Each side starts from its party's class of hardware. Raises `ScenarioError` where a row names no place of
    the model, and where no row says anything.
    """
    masks = split_masks(problem, rows)
    sums = cut_sums(problem.cost, masks)
    batch_size = problem.scenario.workload.batch_size
    fits = {side: _side_fit(problem, sums, rows, side) for side in SIDES}
    rate_bps = _rate_bps(sums, rows, batch_size)
    if rate_bps is None and not any(fits.values()):
        raise ScenarioError(
            ["splits: no row has seconds of anything that runs or is sent there; check the cuts"]
        )
    fitted = {
        **{side: _fitted_s(sums, fits[side], side, batch_size) for side in SIDES},
        "network": None if rate_bps is None else _bits(sums, batch_size) / rate_bps,
    }
    return SplitFit(
        rows=tuple(_rows(problem, masks, rows, fitted)),
        device=fits["device"],
        server=fits["server"],
        rate_bps=rate_bps,
    )


def side_rows(problem: SplitProblem, sums: CutSums, rows: Sequence[SplitRow], side: str) -> list[TimedRow]:
    """The measured seconds of one side with what it did, for the rows in which anything runs there."""
    batch_size = problem.scenario.workload.batch_size
    work = _work(sums, side)
    return [
        TimedRow(
            name=row.cut,
            measured_s=took_s,
            batch_size=batch_size,
            **{n: float(w[at]) for n, w in work.items()},
        )
        for at, row in enumerate(rows)
        if (took_s := getattr(row, f"{side}_s")) and took_s > LEAST_S and any(w[at] for w in work.values())
    ]


def with_splits(scenario: Scenario, fit: SplitFit, *, date: str) -> Scenario:
    """The scenario with what was fitted: devices, server, and a fixed rate both ways."""
    dtype = scenario.workload.compute
    for side in SIDES:
        if (found := getattr(fit, side)) is not None:
            fitted = calibration_of_side(found, side, date=date, dtype=dtype)
            scenario = with_calibration(scenario, fitted, party=side)
    if fit.rate_bps is None:
        return scenario
    return replace(scenario, channel=FixedRate(uplink_bps=fit.rate_bps, downlink_bps=fit.rate_bps))


def calibration_of_side(fit: RateFit, side: str, *, date: str, dtype: str) -> Calibration:
    """One side's constants, ready to be kept in a file; `dtype` is what the splits were computed in."""
    return calibration_of(
        fit,
        name=f"{side} of measured splits",
        machine=side,
        date=date,
        number_format=dtype,
        source="a table of measured splits",
    )


def prior_of(party: Party, dtype: str) -> RatePrior:
    """What is known of a party before it is measured: its profile and its class."""
    known = hardware()[party.profile or party.usual]
    if party.profile is None and party.time_class is not None:
        return class_prior(party.time_class, dtype=dtype)
    return profile_prior(known, time_class=party.time_class or "", dtype=dtype)


def _side_fit(problem: SplitProblem, sums: CutSums, rows: Sequence[SplitRow], side: str) -> RateFit | None:
    timed = side_rows(problem, sums, rows, side)
    party: Party = problem.scenario.server if side == "server" else problem.scenario.devices[0]
    return fit_rates(timed, prior_of(party, problem.scenario.workload.compute)) if timed else None


def _work(sums: CutSums, side: str) -> dict[str, Floats]:
    found = getattr(sums, side)
    return {name: getattr(found, name) for name in (*PLAIN_COLUMNS, *BACKWARD_COLUMNS)}


def _fitted_s(sums: CutSums, fit: RateFit | None, side: str, batch_size: int) -> Floats | None:
    if fit is None:
        return None
    work = _work(sums, side)
    passes = [
        [batch_size * work[flops], batch_size * work[moved] + work[read], work[launches]]
        for flops, moved, read, launches in (PLAIN_COLUMNS, BACKWARD_COLUMNS)
    ]
    return predicted_s(np.moveaxis(np.array(passes), -1, 0), fit.rates)


def _bits(sums: CutSums, batch_size: int) -> Floats:
    """What crosses in a mini-batch, both ways."""
    return BITS_PER_BYTE * batch_size * (sums.output_bytes + sums.gradient_bytes)


def _rate_bps(sums: CutSums, rows: Sequence[SplitRow], batch_size: int) -> float | None:
    """The median of what the rows say, which one odd row does not move."""
    bits = _bits(sums, batch_size)
    rates = [bits[at] / row.network_s for at, row in enumerate(rows) if row.network_s and bits[at] > 0]
    return float(np.median(rates)) if rates else None


def _rows(
    problem: SplitProblem, masks: Mask, rows: Sequence[SplitRow], fitted: Mapping[str, Floats | None]
) -> list[FittedSplit]:
    named = {name: [None] * len(rows) if f is None else f.tolist() for name, f in fitted.items()}
    return [
        FittedSplit(
            cut=row.cut,
            place=place,
            **{f"{name}_s": getattr(row, f"{name}_s") for name in named},
            **{f"fitted_{name}_s": seconds[at] for name, seconds in named.items()},
        )
        for at, (row, place) in enumerate(zip(rows, place_names(problem, masks), strict=True))
    ]


def _row_text(row: FittedSplit) -> str:
    parts = [
        f"{name} {measured:.4g} s, fitted {fitted:.4g} s"
        for name in (*SIDES, "network")
        if (measured := getattr(row, f"{name}_s")) is not None
        and (fitted := getattr(row, f"fitted_{name}_s")) is not None
    ]
    return f"  {row.place}: {'; '.join(parts)}"
