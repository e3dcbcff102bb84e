"""What a scenario file is checked against: the scenario with the kinds of tables that are registered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, make_dataclass
from typing import Annotated, Any, TypeAlias, Union

from pydantic import ConfigDict, Field, TypeAdapter

from cutwise.caches import kept
from cutwise.channels import CHANNELS, FixedRate
from cutwise.compression import ACCURACIES, CODECS, ErrorProxy, Uncompressed
from cutwise.costs.options.tuning import TUNINGS
from cutwise.energy import CLOCK_LAWS, RADIOS, Phone5g, StaticLaw
from cutwise.frozen import FrozenDict
from cutwise.scenario.energy_part import Energy
from cutwise.scenario.parts import Compression, Scenario

KeyPath: TypeAlias = tuple[int | str, ...]
# Tables that are told apart by their `kind`.
KINDS: Mapping[KeyPath, Mapping[str, Any]] = FrozenDict(
    {
        ("channel",): CHANNELS,
        ("workload", "tuning"): TUNINGS,
        ("compression", "codec"): CODECS,
        ("compression", "accuracy"): ACCURACIES,
        ("energy", "clock"): CLOCK_LAWS,
        ("energy", "radio"): RADIOS,
    }
)


def file_checker() -> TypeAdapter[Any]:
    """What tells every mistake of a file; made anew when a kind of table has been registered."""
    registered = (CHANNELS, CODECS, ACCURACIES, CLOCK_LAWS, RADIOS)
    return _checker_of(*(tuple(kinds.values()) for kinds in registered))


def checked_scenario(found: Any) -> Scenario:
    """The scenario that the checker found."""
    compression = Compression(**_fields_of(found.compression, Compression))
    energy = Energy(**_fields_of(found.energy, Energy))
    return Scenario(**_fields_of(found, Scenario) | {"compression": compression, "energy": energy})


@kept
def _checker_of(
    channels: tuple[Any, ...],
    codecs: tuple[Any, ...],
    accuracies: tuple[Any, ...],
    clocks: tuple[Any, ...],
    radios: tuple[Any, ...],
) -> TypeAdapter[Any]:
    # The types of a file check its names; the parts do so themselves when they are made.
    unchecked = {"__post_init__": lambda _: None}
    compression = _narrowed(
        Compression,
        namespace=unchecked,
        codec=(_tagged(codecs), Uncompressed),
        accuracy=(_tagged(accuracies), ErrorProxy),
    )
    energy = _narrowed(
        Energy, namespace=unchecked, clock=(_tagged(clocks), StaticLaw), radio=(_tagged(radios), Phone5g)
    )
    scenario = _narrowed(
        Scenario,
        namespace={},
        channel=(_tagged(channels), FixedRate),
        compression=(compression, compression),
        energy=(energy, energy),
    )
    return TypeAdapter(scenario)


def _narrowed(owner: type[Any], *, namespace: dict[str, Any], **parts: tuple[Any, Any]) -> type[Any]:
    """The dataclass with these fields of a type and a default of their own."""
    rows = [(name, hint, field(default_factory=made)) for name, (hint, made) in parts.items()]
    named = {**namespace, "__pydantic_config__": ConfigDict(extra="forbid", strict=True)}
    return make_dataclass(
        f"File{owner.__name__}", rows, bases=(owner,), namespace=named, frozen=True, slots=True,
        kw_only=True,
    )  # fmt: skip


def _tagged(kinds: tuple[Any, ...]) -> Any:
    return Annotated[Union[kinds], Field(discriminator="kind")]  # noqa: UP007


def _fields_of(value: Any, owner: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in _names(owner)}


@kept
def _names(owner: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(owner))
