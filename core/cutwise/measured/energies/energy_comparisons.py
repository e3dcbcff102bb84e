"""Comparisons of power, of time under caps and of radios, and the clocks that laws would have chosen."""

from __future__ import annotations

from functools import partial

from cutwise.frozen import FrozenDict
from cutwise.measured.agreement.comparisons import COMPARISONS, AgreementBounds, HeldComparison
from cutwise.measured.agreement.held_choices import CHOICES, ChoiceBounds, HeldChoice
from cutwise.measured.agreement.stated_agreements import stated_agreements, stated_regrets
from cutwise.measured.energies.capped_trainings import capped_times

NONE_STATED = "none stated"
DVFS = "blackjack2015/NV-DVFS-Benchmark (2023-08)"
PHONE = "SIGCOMM21-5G/artifact (2021-09)"
LAW_TITLES = FrozenDict({"static": "static share and cube", "paper": "P4's law: idle power and cube"})
RADIO_TITLES = FrozenDict(
    {"connected": "connected power, bits, signal", "amplifier": "amplifier and circuits"}
)
POWER_BOUNDS = FrozenDict({"static": 0.1101, "connected": 0.15})
"""The most that power may be off in the mean: at ten clocks, three of them below the least; of a 5G radio."""

for _law, _title in LAW_TITLES.items():
    COMPARISONS.add(
        f"capped_training.{_law}",
        HeldComparison(
            title="Epoch under a power cap, V100, P100", quantity="slowdown", unit="×",
            source="ml-energy/zeus (2026-08)", licence="Apache-2.0", level=_title,
            rows=partial(capped_times, _law),
            bounds=AgreementBounds(most_mean_error_ratio=0.11) if _law == "static" else AgreementBounds(),
        ),
    )  # fmt: skip
    _power, _choice = stated_agreements().get(f"clock_power.{_law}"), stated_regrets().get(f"clock.{_law}")
    if _power:
        COMPARISONS.add(
            f"clock_power.{_law}",
            HeldComparison(
                title="Board at ten clocks, V100", quantity="power", unit="W", source=DVFS,
                licence=NONE_STATED, level=_title, stated=_power.agreement, date=_power.date,
                stated_learnt=_law == "static",
                bounds=AgreementBounds(most_mean_error_ratio=POWER_BOUNDS.get(_law)),
            ),
        )  # fmt: skip
    if _choice:
        CHOICES.add(
            f"clock.{_law}",
            HeldChoice(
                title="Clock of least energy, V100", source=DVFS, licence=NONE_STATED,
                level=_title, regrets=partial(lambda known: known, _choice.regrets), is_learnt=True,
                date=_choice.date,
                bounds=ChoiceBounds(most_mean_ratio=0.03) if _law == "static" else ChoiceBounds(),
            ),
        )  # fmt: skip

for _radio, _title in RADIO_TITLES.items():
    if _phone := stated_agreements().get(f"phone_5g.{_radio}"):
        COMPARISONS.add(
            f"phone_5g.{_radio}",
            HeldComparison(
                title="5G radio of a phone", quantity="power", unit="W", source=PHONE,
                licence=NONE_STATED, level=_title, stated=_phone.agreement, date=_phone.date,
                stated_learnt=_radio == "connected",
                bounds=AgreementBounds(most_mean_error_ratio=POWER_BOUNDS.get(_radio)),
            ),
        )  # fmt: skip
