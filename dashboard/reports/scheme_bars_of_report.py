"""What several schemes take, as bars of a report."""

from __future__ import annotations

from collections.abc import Sequence

from cutwise.analyses.comparison import is_valid, rounds_per_data_pass
from cutwise.plans.plan import OWNERS, Plan
from cutwise_dashboard.format import quantity_text, seconds_text
from cutwise_dashboard.reports.bars import BarRow, bars
from cutwise_dashboard.reports.figures import OWNER_KEYS
from cutwise_dashboard.reports.inputs import readable
from cutwise_dashboard.reports.markup import Markup


def delays_of(plans: Sequence[Plan], best: str) -> Markup:
    """Bars of a pass over all data, one a scheme; hatched where a plan breaks a rule."""
    from cutwise.schemes import SCHEMES

    kinds = {False: "scheme", True: "baseline"}
    rows = [
        BarRow(
            name=readable(plan.scheme),
            parts=(plan.delay_per_data_pass_s,),
            text=("★ " if plan.scheme == best else "") + seconds_text(plan.delay_per_data_pass_s),
            hatched=not is_valid(plan),
            classes=(kinds[SCHEMES[plan.scheme].is_baseline],),
        )
        for plan in plans
    ]
    legend = [("Scheme", "scheme"), ("Baseline", "baseline"), ("Breaks a rule", "hatched")]
    return bars(rows, legend=legend, alt="Delay of a pass over all data by scheme")


def energies_of(plans: Sequence[Plan]) -> Markup:
    """Bars of the energy of a pass over all data by owner, one a scheme."""
    rows = []
    for plan in plans:
        times = rounds_per_data_pass(plan)
        parts = tuple(plan.energy_by_owner_j[owner] * times for owner in OWNERS)
        text = quantity_text(plan.energy_j * times, "J")
        rows.append(BarRow(name=readable(plan.scheme), parts=parts, text=text, hatched=not is_valid(plan)))
    return bars(rows, legend=OWNER_KEYS, alt="Energy of a pass over all data by scheme and owner")
