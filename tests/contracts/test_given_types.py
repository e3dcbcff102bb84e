"""Whatever is given for a field is what its type says: numpy's numbers become Python's own."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields, replace
from typing import Any, get_args

import numpy as np
import pytest

from cutwise.analyses import ANALYSES
from cutwise.analyses.base import analysis_with
from cutwise.channels import CHANNELS
from cutwise.compression import ACCURACIES, CODECS
from cutwise.costs.options.tuning import TUNINGS, Lora
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError
from cutwise.fields.field_values import settled
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Objective, Scenario
from cutwise.schemes import SCHEMES
from cutwise.schemes.options import scheme_with
from cutwise.units import facts_of, hints_of
from tests.contracts.test_bounds import kinds_of
from tests.contracts.test_units import ALL, name_of

OWNERS = [owner for owner in ALL if any("description" in field.metadata for field in fields(owner))]
FIELDS = [(owner, field) for owner in OWNERS for field in fields(owner) if "description" in field.metadata]
WRONG: dict[frozenset[type], tuple[Any, ...]] = {
    frozenset({int}): (1.5, True, np.float32(2.5), np.True_, b"5", [5], np.ones(1), 5j, np.int64(-(2**40))),
    frozenset({float}): (True, np.True_, b"5", [5.0], np.ones(1), 5j, np.float32(-1e30), np.float32("nan")),
    frozenset({bool}): (1, "no", 0.0, np.int64(1)),
    frozenset({str}): (5, 1.5, True, np.int64(5), b"text", ["text"], None),
}  # fmt: skip
"""Kinds of a field → what it never holds, one number out of every bound among them."""


def kind_of(owner: type[Any], field: Field[Any]) -> frozenset[type]:
    """What the field holds, `float` where it may be either number; empty for parts, lists and mixtures."""
    hint = hints_of(owner)[field.name]
    kinds = {str if "Literal" in str(kind) else kind for kind in kinds_of(owner, field)} - {type(None)}
    return frozenset() if "tuple" in str(hint) else frozenset(kinds - ({int} if float in kinds else set()))


def mistakes_of(owner: type[Any], name: str, value: Any) -> tuple[str, ...]:
    """What is told where the field holds `value`; what is needed beside it is empty."""
    needed = {f.name: {} for f in fields(owner) if f.default is MISSING and f.default_factory is MISSING}
    try:
        return tuple(settled(owner(**(needed | {name: value}))))
    except ScenarioError as refused:
        return refused.mistakes


def test_everything_that_is_registered_is_walked() -> None:
    registered = {
        *SCHEMES.values(),
        *ANALYSES.values(),
        *CHANNELS.values(),
        *CODECS.values(),
        *ACCURACIES.values(),
    }
    with_fields = {owner for owner in (*registered, *TUNINGS.values()) if fields(owner)}
    assert with_fields <= set(OWNERS)
    assert {Scenario, Device, Workload, Objective} <= set(OWNERS)


@pytest.mark.parametrize(
    ("owner", "field"), FIELDS, ids=lambda part: name_of(part) if isinstance(part, type) else part.name
)
def test_what_a_field_cannot_hold_is_refused_in_one_sentence_that_names_it(
    owner: type[Any], field: Field[Any]
) -> None:
    optional = type(None) in get_args(hints_of(owner)[field.name])
    for value in WRONG.get(kind_of(owner, field), ({5: 5}, object())):
        if (value is None and optional) or "Mapping" in str(hints_of(owner)[field.name]):
            continue
        mistakes = mistakes_of(owner, field.name, value)
        assert len(mistakes) == 1, (value, mistakes)
        assert mistakes[0].startswith(f"{field.name}: "), (value, mistakes)


@pytest.mark.parametrize("owner", OWNERS, ids=name_of)
def test_numbers_of_numpy_become_pythons_own(owner: type[Any]) -> None:
    for field in fields(owner):
        facts, kinds = facts_of(owner, field.name), kind_of(owner, field)
        if kinds not in ({int}, {float}) or "le" not in facts:
            continue
        most = facts["le"]
        for given in (
            np.float64(most),
            np.array(float(most)),
            np.longdouble(most),
            *([np.int64(most)] if most < 2**62 and most == int(most) else []),
        ):
            found = getattr(owner(**{field.name: given}), field.name)
            assert type(found) in ((int,) if kinds == {int} else (int, float)), given
            assert found == most


@pytest.mark.parametrize("owner", OWNERS, ids=name_of)
def test_what_stands_where_nothing_is_given_may_stand_there(owner: type[Any]) -> None:
    """Defaults are not looked at when a value is made: here they are, once each, as other objects."""
    for field in fields(owner):
        if isinstance(field.default, float | tuple):
            other = field.default + 0.0 if isinstance(field.default, float) else tuple(list(field.default))
            assert not mistakes_of(owner, field.name, other)
        elif isinstance(field.default, int) and not isinstance(field.default, bool):
            assert not mistakes_of(owner, field.name, float(field.default))


def test_a_part_of_a_scenario_is_of_its_own_class() -> None:
    with pytest.raises(ScenarioError) as refused:
        Scenario(workload=Device(), devices=(Workload(),), rounds=np.float32(2.5))  # type: ignore[arg-type]
    assert [mistake.partition(",")[0] for mistake in refused.value.mistakes] == [
        "rounds: must be a whole number",
        "workload: must be Workload",
        "devices: must be Device",
    ]


def test_lists_become_tuples_and_their_numbers_pythons_own() -> None:
    scenario = Scenario(devices=[Device()], objective=Objective(energy_of=["device"]))  # type: ignore[arg-type]
    assert scenario.devices == (Device(),)
    assert scenario.objective.energy_of == ("device",)
    table = ACCURACIES["table"](error_ratios=np.array([0.0, 0.5]), loss_ratios=[0, np.float32(0.25)])
    assert [type(number) for number in (*table.error_ratios, *table.loss_ratios)] == [
        float,
        float,
        int,
        float,
    ]
    assert mistakes_of(Lora, "targets", "attention") == ("targets: must be a list, not 'attention'",)


def test_options_by_name_take_numbers_of_numpy_and_no_other_types() -> None:
    assert scheme_with("card", {"least_frequency_ratio": np.float32(0.5)}) == SCHEMES["card"](
        least_frequency_ratio=0.5
    )
    for make in (
        lambda value: scheme_with("gsfl", {"groups": value}),
        lambda value: SCHEMES["gsfl"](groups=value),
    ):
        for value in (1.5, True, np.float32(1.5), -1, np.int64(-1)):
            with pytest.raises(ScenarioError, match="groups: "):
                make(value)
    with pytest.raises(ScenarioError, match="epochs: "):
        analysis_with("replan", {"epochs": np.int64(-2)})


def test_numbers_of_numpy_are_bounded_wherever_a_scenario_is_changed() -> None:
    for path, value in (("devices.0.samples", np.int64(0)), ("workload.batch_size", np.int64(-2)),
                        ("devices.*.flops_per_s", np.float32(-1e9))):  # fmt: skip
        with pytest.raises(ScenarioError, match=path.rpartition(".")[2]):
            changed(Scenario(), {path: value})
        owner = Device() if path.startswith("devices") else Workload()
        with pytest.raises(ScenarioError, match=path.rpartition(".")[2]):
            replace(owner, **{path.rpartition(".")[2]: value})
