"""A round of many rows: every device's answer, added up as the scheme's round adds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.columns.device_answers import DeviceAnswer, answered_device
from cutwise.columns.device_rows import DeviceRows, NotInColumnsError
from cutwise.columns.given_cut import with_given_cut
from cutwise.columns.rounds.band_cuts import BandDevice, of_all_cuts, of_given_cuts
from cutwise.columns.rounds.band_rows import band_answers
from cutwise.columns.rounds.weighted_score import weighted_score
from cutwise.columns.swept_paths import Columns
from cutwise.frozen import Frozen
from cutwise.planning.answer.cut_labels import labels_of
from cutwise.planning.answer.violations import is_barred
from cutwise.plans.rounds import Round
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.changes import EVERY, path_parts
from cutwise.scenario.parts import Scenario
from cutwise.tolerances import LIMIT_ROUNDING

SEPARATOR = " | "


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RoundRows(Frozen):
    """Delay, energy and cut of the round of every row; cuts are places in `labels`.

    `broken` rows break a limit; `left` have no answer here: there are too many cuts to keep, the server may
    not hold all devices at once, or a device ends last whatever its share. The others are best if `proven`.
    """

    delay_s: Floats
    energy_j: Floats
    cuts: Ints
    labels: tuple[str, ...]
    broken: Mask
    left: Mask
    proven: bool


def round_rows(
    problem: SplitProblem,
    scenario: Scenario,
    columns: Columns,
    round_of: Round,
    *,
    count: int,
    cut: Mask | None = None,
) -> RoundRows:
    """The rounds of a scenario in rows, each device with its own best cut, or all with one `cut` (ops,).

    Raises `NotInColumnsError` where no row has an answer here.
    """
    active = len(scenario.devices) if round_of.parallel else 1
    places: dict[object, int] = {}
    alike = (_alike(scenario, columns, device) for device in range(len(scenario.devices)))
    kinds = [places.setdefault(one, len(places)) for one in alike]
    distinct = [
        DeviceRows.of(problem, scenario, columns, device=kinds.index(kind), active=active, count=count)
        for kind in range(len(places))
    ]
    times = np.bincount(kinds).astype(np.float64)
    own, proven = _answers(problem, distinct, times) if cut is None else _given(problem, distinct, times, cut)
    answers = [own[kind] for kind in kinds]
    delay_s = np.asarray(round_of.total(np.stack([one.delay_s for one in answers])))
    broken: Mask = np.any([one.short for one in own], axis=0)
    if cut is not None:
        broken |= is_barred(problem, cut)
    held = np.sum([one.client_bytes for one in answers], axis=0)
    left: Mask = np.any([one.left for one in own], axis=0)
    left |= (active > 1) & (held > distinct[0].server_budgets * (1 + LIMIT_ROUNDING))
    if active > 1 or len(own) > 1:
        left |= np.any([one.crowded for one in own], axis=0)
    if left.all():
        raise NotInColumnsError("no row has an answer here")
    late = columns.get("limits.deadline_s", scenario.limits.deadline_s)
    if late is not None:
        broken |= delay_s > np.asarray(late) * (1 + LIMIT_ROUNDING)
    codes, labels = _labelled(problem, answers)
    return RoundRows(
        delay_s=delay_s,
        energy_j=np.sum([one.energy_j for one in answers], axis=0),
        cuts=codes,
        labels=labels,
        broken=broken,
        left=left,
        proven=proven,
    )


def _answers(
    problem: SplitProblem, devices: list[DeviceRows], times: Floats
) -> tuple[list[DeviceAnswer], bool]:
    """What every distinct device takes, and whether no other cuts and shares are better."""
    if not shares_best(problem, active=devices[0].active):
        weighted = problem.scenario.objective.is_weighted
        score = weighted_score(devices, times) if weighted else None
        return [answered_device(one, score) for one in devices], True
    by_delay = problem.scenario.objective.is_delay
    return band_answers([_sharing(one, by_delay=by_delay) for one in devices], times), by_delay


def _sharing(device: DeviceRows, *, by_delay: bool) -> BandDevice:
    """The device with all its cuts, or with those that are best at equal shares."""
    return of_all_cuts(device) if by_delay else of_given_cuts(device, answered_device(device))


def _given(
    problem: SplitProblem, devices: list[DeviceRows], times: Floats, cut: Mask
) -> tuple[list[DeviceAnswer], bool]:
    """What every distinct device takes with a cut that is given, of which nothing is proven."""
    answers = [with_given_cut(one, cut) for one in devices]
    if not shares_best(problem, active=devices[0].active):
        return answers, False
    sharing = [of_given_cuts(*pair) for pair in zip(devices, answers, strict=True)]
    return band_answers(sharing, times), False


def shares_best(problem: SplitProblem, *, active: int) -> bool:
    """True where devices that are active at once have the band split that ends their round first."""
    return active > 1 and problem.scenario.sharing.bandwidth == "optimised" and problem.micro_batches == 1


def _alike(scenario: Scenario, columns: Columns, device: int) -> object:
    """What devices with equal answers have in common."""
    own = tuple(
        path for path in columns if path_parts(path)[0] == "devices" and path_parts(path)[1] != EVERY
        and path_parts(path)[1] == str(device)
    )  # fmt: skip
    return replace(scenario.devices[device], name=""), own


def _labelled(problem: SplitProblem, answers: list[DeviceAnswer]) -> tuple[Ints, tuple[str, ...]]:
    """The labels of all devices' cuts in every row, each once, as places in a list of what there is."""
    names: dict[str, int] = {}
    codes: dict[int, Ints] = {}
    for one in answers:
        if id(one) not in codes:
            used = np.flatnonzero(np.bincount(one.cuts, minlength=len(one.masks)))
            place = np.zeros(len(one.masks), dtype=np.int64)
            for at, label in zip(used.tolist(), labels_of(problem, one.masks[used]), strict=True):
                place[at] = names.setdefault(label, len(names))
            codes[id(one)] = place[one.cuts]
    known = list(names)
    first = codes[id(answers[0])]
    if len(codes) == 1:
        return first, tuple(known)
    return _patterns([codes[id(one)] for one in answers], known)


def _patterns(codes: list[Ints], known: list[str]) -> tuple[Ints, tuple[str, ...]]:
    """Patterns of cuts over the devices, told apart by a sum of random words."""
    draw = np.random.default_rng(0)
    total = np.zeros(len(codes[0]), dtype=np.uint64)
    for one in codes:
        words = draw.integers(0, 2**63, len(known), dtype=np.int64).astype(np.uint64)
        total += words[one]
    _, first, place = np.unique(total, return_index=True, return_inverse=True)
    labels: dict[str, int] = {}
    found = np.zeros(len(first), dtype=np.int64)
    for at, row in enumerate(first.tolist()):
        label = SEPARATOR.join(dict.fromkeys(known[int(one[row])] for one in codes))
        found[at] = labels.setdefault(label, len(labels))
    return found[place.reshape(-1)], tuple(labels)
