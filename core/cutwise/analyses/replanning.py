"""P1 on a changing rate: the cut chosen anew every epoch, beside one cut kept for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cutwise.analyses.base import EqualByContent, registered, rows_of, table_text
from cutwise.arrays import Floats, Ints, Mask
from cutwise.budgets import beyond, most
from cutwise.errors import ScenarioError
from cutwise.fields.field_values import Settled
from cutwise.planning.answer.cut_labels import cut_of
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.planning.one_device.cut_table import CutTable, listed_table, repriced, table_of
from cutwise.planning.one_device.device_limits import device_limits
from cutwise.planning.one_device.objective import delay
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.problem.stacked import stacked_problem
from cutwise.question import Question, problem_of
from cutwise.tolerances import LIMIT_ROUNDING
from cutwise.units import quantity

if TYPE_CHECKING:
    import pandas

EPOCHS, FADE_DB, MOST_FADE_DB = 100, 8.0, 60.0
MEMORY = 0.9


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Epochs(EqualByContent):
    """One column an epoch, arrays of shape (epochs,): rates over the mean, and seconds of a round.

    `replanned_s` has the best cut of every device for that epoch, `static_s` the best cuts for the mean
    rate, `device_only_s` everything on the device, `first_layer_s` only what must stay there. `cuts` names
    the cuts of each epoch. `broken` says of each of these, by the name without its unit, which rules it
    breaks in an epoch, empty where it keeps them all.
    """

    rate_ratio: Floats
    replanned_s: Floats
    static_s: Floats
    device_only_s: Floats
    first_layer_s: Floats
    cuts: tuple[str, ...]
    broken: Mapping[str, tuple[str, ...]]

    def fits(self, name: str) -> bool:
        """Whether one of the four keeps every rule in every epoch."""
        return not any(self.broken[name])

    @property
    def saved_ratio(self) -> float:
        """How much less all epochs take than with the static cuts."""
        return 1.0 - float(self.replanned_s.sum() / self.static_s.sum())

    @property
    def changes(self) -> int:
        """How often the cuts change from one epoch to the next."""
        return sum(one != other for one, other in zip(self.cuts, self.cuts[1:], strict=False))

    def to_frame(self) -> pandas.DataFrame:
        """One row an epoch."""
        import pandas

        names = ("rate_ratio", "replanned_s", "static_s", "device_only_s", "first_layer_s")
        columns = {name: getattr(self, name) for name in names} | {"cut": self.cuts}
        return pandas.DataFrame(columns | {f"{name}_breaks": rules for name, rules in self.broken.items()})

    def plain(self) -> dict[str, Any]:
        """What choosing anew saves, how often the cuts change, and one row an epoch."""
        return {
            "saved_ratio": self.saved_ratio,
            "changes": self.changes,
            "epochs": rows_of(self.to_frame()),
        }

    def summary(self) -> str:
        """What choosing anew saves, how often the cuts change, and which of the others do not fit."""
        saved = f"{100 * self.saved_ratio:.1f} % less than with cuts for the mean rate"
        return "; ".join((saved, f"{self.changes} changes", *self.unfit))

    @property
    def unfit(self) -> tuple[str, ...]:
        """One clause for each of the four that breaks a rule, in how many epochs and which."""
        return tuple(
            f"{name.replace('_', ' ')} does not fit in {sum(map(bool, rules))} of {len(rules)} epochs "
            f"({', '.join(dict.fromkeys(rule for each in rules for rule in each.split(', ') if rule))})"
            for name, rules in self.broken.items()
            if any(rules)
        )

    def text(self) -> str:
        """The table and its summary; columns of rules only where one is broken."""
        table = self.to_frame()
        silent = {f"{name}_breaks" for name in self.broken if self.fits(name)}
        kept = [name for name in table.columns if name not in silent]
        return f"{table_text(table[kept])}\n{self.summary()}"


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class ReplanAnalysis(Settled):
    """Cuts chosen anew for every epoch of a changing rate (P1), devices in turn."""

    name: ClassVar[str] = "replan"
    title: ClassVar[str] = "When the rate changes"
    asks: ClassVar[str] = "What do cuts chosen anew for every epoch of a changing rate save?"
    of_plan: ClassVar[bool] = False
    in_report: ClassVar[bool] = True
    epochs: int = quantity(
        EPOCHS, ge=1, le=100_000, title="Epochs", shown=(2, 400),
        help="How many epochs to draw, where no rates are given",
    )  # fmt: skip
    seed: int | None = quantity(
        None, ge=0, le=2**31 - 1, title="Seed", help="Of the draw; the scenario's own if absent"
    )
    fade_db: float = quantity(
        FADE_DB, unit="db", ge=0, le=MOST_FADE_DB, title="Fading", shown=(0.0, 15.0),
        help="How far the rate strays from its mean; it remembers nine tenths of the epoch before",
    )  # fmt: skip
    rates: tuple[float, ...] | None = quantity(
        None,
        ge=1e-9,
        le=1e9,
        title="Rates",
        help="Rates over the scenario's, one an epoch, in place of a draw",
    )

    def run(self, question: Question) -> Epochs:
        """Every epoch with its rates given or drawn."""
        problem = problem_of(question)
        return replan(problem, self._drawn(problem) if self.rates is None else self.rates)

    def _drawn(self, problem: SplitProblem) -> Floats:
        seed = problem.scenario.seed if self.seed is None else self.seed
        return drawn_ratios(epochs=self.epochs, seed=seed, fade_db=self.fade_db)


def drawn_ratios(*, epochs: int, seed: int, fade_db: float = FADE_DB) -> Floats:
    """Rates over their mean for every epoch: slow fading in decibels that remembers the epoch before.

    A first-order process with correlation 0.9 and standard deviation `fade_db`; the same seed draws the same.
    Raises `ScenarioError` for a deviation outside 0 to 60 dB.
    """
    if not 0 <= fade_db <= MOST_FADE_DB:
        raise ScenarioError([f"fading: {fade_db:g} dB; give a deviation from 0 to {MOST_FADE_DB:g}"])
    rng, level = np.random.default_rng(seed), 0.0
    drawn = []
    for number in range(epochs):
        kick = rng.normal()
        level = kick if number == 0 else MEMORY * level + np.sqrt(1 - MEMORY**2) * kick
        drawn.append(level)
    ratios = 10 ** (fade_db * np.array(drawn) / 10)
    return np.asarray(ratios / ratios.mean())


def replan(problem: SplitProblem, ratios: Sequence[float] | Floats) -> Epochs:
    """Rounds in turn of epochs whose rates are `ratios` times the scenario's, the cut chosen for each (P1).

    All epochs are priced in one table of every cut that can be optimal. Raises `ScenarioError` for a ratio
    that is not positive, and for a scenario in which some device's limits leave no cut.
    """
    rates = np.asarray(ratios, dtype=np.float64)
    if not rates.size or not (np.isfinite(rates) & (rates > 0)).all():
        raise ScenarioError(["rates: give at least one number above 0 for an epoch"])
    turns = len(rates) * problem.device_count
    if turns > most("epochs_devices"):
        raise ScenarioError([beyond("epochs_devices", turns)])
    many, conditions = _stacked(problem, rates)
    table = table_of(many, conditions, delay)
    if (table.excess.min(axis=1) > 0).any():
        raise ScenarioError(["limits: no cut keeps them on every device in every epoch"])
    picks = np.where(table.excess > 0, np.inf, table.delays_s).argmin(axis=1)
    shape = (len(rates), problem.device_count)
    static = _static_picks(problem, table)
    ends = listed_table(many, conditions, delay, cut_positions(problem)[[0, -1]])
    zeros = np.zeros(len(picks), dtype=np.int64)
    chosen = {
        "replanned": (table, picks),
        "static": (table, np.tile(static, len(rates))),
        "device_only": (ends, zeros + 1),
        "first_layer": (ends, zeros),
    }
    seconds = {name: _total(*pair, shape) for name, pair in chosen.items()}
    deadline_s = problem.scenario.limits.deadline_s or np.inf
    broken = {
        name: _broken(many, conditions, *pair, shape, late=seconds[name] > deadline_s * (1 + LIMIT_ROUNDING))
        for name, pair in chosen.items()
    }
    return Epochs(
        rate_ratio=rates,
        **{f"{name}_s": values for name, values in seconds.items()},
        cuts=_names(problem, table, picks, shape),
        broken=broken,
    )


def _broken(
    many: SplitProblem,
    conditions: Conditions,
    table: CutTable,
    picks: Ints,
    shape: tuple[int, int],
    *,
    late: Mask,
) -> tuple[str, ...]:
    """The rules that the picked cuts break on some device, an entry an epoch."""
    rules = [("deadline", late)]
    rows = np.arange(len(picks))
    if (table.excess[rows, picks] > 0).any():
        for limit in device_limits(many):
            needs = repriced(table, many, conditions, limit.needs).raw_scores[rows, picks]
            over = needs > limit.caps * (1 + LIMIT_ROUNDING)
            rules.append((limit.rule, np.asarray(over.reshape(shape).any(axis=1))))
    return tuple(", ".join(rule for rule, breaks in rules if breaks[epoch]) for epoch in range(shape[0]))


def _stacked(problem: SplitProblem, rates: Floats) -> tuple[SplitProblem, Conditions]:
    """One problem whose devices are those of every epoch, epoch by epoch."""
    count = len(rates)
    conditions = problem.conditions()
    each = np.repeat(rates, problem.device_count)
    tiled = conditions.each(lambda value: np.tile(value, count) if isinstance(value, np.ndarray) else value)
    uplink_bps, downlink_bps = tiled.link.uplink_bps * each, tiled.link.downlink_bps * each
    faded = tiled.at_rates(uplink_bps=uplink_bps, downlink_bps=downlink_bps)
    return stacked_problem([problem] * count), faded


def _static_picks(problem: SplitProblem, table: CutTable) -> Ints:
    """The best cut of every device at the mean rate, among the cuts of the epochs' table."""
    count = problem.device_count
    own = CutTable(
        groups=table.groups,
        group_of=table.group_of[:count],
        **{
            name: getattr(table, name)[:count]
            for name in ("raw_scores", "delays_s", "energies_j", "counted_j", "server_bytes", "excess")
        },
    )
    mean = repriced(own, problem, problem.conditions(), delay)
    return np.asarray(np.where(mean.excess > 0, np.inf, mean.delays_s).argmin(axis=1))


def _total(table: CutTable, picks: Ints, shape: tuple[int, int]) -> Floats:
    rows = np.arange(len(picks))
    return np.asarray(table.delays_s[rows, picks].reshape(shape).sum(axis=1))


def _names(problem: SplitProblem, table: CutTable, picks: Ints, shape: tuple[int, int]) -> tuple[str, ...]:
    known: dict[tuple[int, int], str] = {}
    names = []
    for group, pick in zip(table.group_of.tolist(), picks.tolist(), strict=True):
        if (group, pick) not in known:
            known[group, pick] = cut_of(problem, table.groups[group].masks[pick]).label
        names.append(known[group, pick])
    epochs, devices = shape
    rows = (names[epoch * devices : (epoch + 1) * devices] for epoch in range(epochs))
    return tuple(" | ".join(dict.fromkeys(row)) for row in rows)
