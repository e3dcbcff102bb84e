"""Units: every conversion between them, and the one place a quantity's facts are written.

Everything inside Cutwise is SI; the unit is the last word of a quantity's name. Sizes are bytes,
rates are bit/s, one multiply-add is 2 FLOP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, field, fields
from types import MappingProxyType
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    Required,
    TypedDict,
    TypeVar,
    Unpack,
    cast,
    get_type_hints,
    overload,
)

from cutwise.caches import kept
from cutwise.frozen import FrozenDict

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from cutwise.arrays import Floats, Number

T = TypeVar("T")


BITS_PER_BYTE = 8
FLOP_PER_MULTIPLY_ADD = 2

UNITS = FrozenDict(
    {
        "s": "s",
        "hz": "Hz",
        "bps": "bit/s",
        "bytes": "B",
        "bytes_per_s": "B/s",
        "flops": "FLOP",
        "flops_per_s": "FLOP/s",
        "w": "W",
        "j": "J",
        "m": "m",
        "db": "dB",
        "dbm": "dBm",
        "ratio": "",
        "count": "",
    }
)


@overload
def transfer_time_s(*, size_bytes: float, rate_bps: float) -> float: ...
@overload
def transfer_time_s(*, size_bytes: Floats, rate_bps: Number) -> Floats: ...
@overload
def transfer_time_s(*, size_bytes: Number, rate_bps: Floats) -> Floats: ...
@overload
def transfer_time_s(*, size_bytes: Number, rate_bps: Number) -> Number: ...
def transfer_time_s(*, size_bytes: Number, rate_bps: Number) -> Number:
    r"""Seconds that `size_bytes` take at `rate_bps`; both may be arrays.

    $t = 8 \cdot \mathrm{size} / \mathrm{rate}$.

    >>> transfer_time_s(size_bytes=1_000_000, rate_bps=8e6)
    1.0
    """
    return BITS_PER_BYTE * size_bytes / rate_bps


PREFIXES = FrozenDict(
    {"P": 1e15, "T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3, "": 1.0, "m": 1e-3, "µ": 1e-6, "n": 1e-9}
)
BINARY_UNITS = FrozenDict({"MB": 2**20, "GB": 2**30})


def in_prefix(value: Any, prefix: str) -> Any:
    """A number in multiples of an SI prefix, for people to read; an array may stand for many.

    >>> in_prefix(3.2e8, "M")
    320.0
    """
    return value / PREFIXES[prefix]


def percent(ratio: Any) -> Any:
    """A ratio in percent, for people to read; an array may stand for many.

    >>> percent(0.25)
    25.0
    """
    return 100 * ratio


def binary_text(size_bytes: float, unit: str = "MB", *, digits: int = 0) -> str:
    """A file's size as people compare it with a limit: powers of 1,024.

    >>> binary_text(64 * 2**20), binary_text(2.5 * 2**30, "GB", digits=1)
    ('64 MB', '2.5 GB')
    """
    return f"{size_bytes / BINARY_UNITS[unit]:.{digits}f} {unit}"


class QuantityFacts(TypedDict, total=False):
    """What `quantity` takes beside the default."""

    unit: str
    help: Required[str]
    ge: float | None
    gt: float | None
    le: float | None
    lt: float | None
    symbol: str
    title: str
    scale: str
    shown: tuple[float, float] | None
    tagged: bool
    choices: Callable[[], tuple[str, ...]] | None
    aliases: Mapping[str, str] | None


@overload
def quantity(default: T, **facts: Unpack[QuantityFacts]) -> T: ...
@overload
def quantity(**facts: Unpack[QuantityFacts]) -> Any: ...
def quantity(
    default: Any = MISSING,
    *,
    unit: str = "",
    help: str,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    symbol: str = "",
    title: str = "",
    scale: str = "linear",
    shown: tuple[float, float] | None = None,
    tagged: bool = False,
    choices: Callable[[], tuple[str, ...]] | None = None,
    aliases: Mapping[str, str] | None = None,
) -> Any:
    """A dataclass field that carries its unit, bounds, help and symbol in its metadata.

    `unit` is a key of `UNITS` or empty; `ge`, `gt`, `le` and `lt` are bounds that scenario files and
    constructors enforce; `title` is the label people read; `shown` is the range a slider offers
    and `scale` its spacing ("linear" or "log"). Widgets, docs and checks read these facts here. A `tagged`
    field is a union of tables told apart by their `kind`; `choices` are the names that a text may be, where
    a registry says which; `aliases` are words of earlier versions, each with what it is called now.
    """
    facts: dict[str, Any] = {"description": help}
    facts |= {"discriminator": "kind"} if tagged else {}
    facts |= {k: v for k, v in {"ge": ge, "gt": gt, "le": le, "lt": lt}.items() if v is not None}
    facts["json_schema_extra"] = {
        "unit": unit, "symbol": symbol, "title": title, "scale": scale, "shown": shown,
    }  # fmt: skip
    facts["json_schema_extra"] |= {"choices": choices} if choices else {}
    facts["json_schema_extra"] |= {"aliases": FrozenDict(aliases)} if aliases else {}
    return field(default=default, metadata=facts)


def facts_of(owner: DataclassInstance | type[DataclassInstance], name: str) -> dict[str, Any]:
    """The facts of one quantity as a flat dictionary: help, unit, bounds, symbol, title, scale, shown."""
    found = next(f for f in fields(owner) if f.name == name)
    extra = dict(found.metadata.get("json_schema_extra", {}))
    bounds = {k: found.metadata[k] for k in ("ge", "gt", "le", "lt") if k in found.metadata}
    return {"help": found.metadata.get("description", ""), **bounds, **extra}


def hints_of(owner: type) -> Mapping[str, Any]:
    """The type of each field of a dataclass by its name; a text with `choices` is the Literal of them."""
    hints, registered = _hints(owner)
    return _with_names(owner, tuple(choices() for choices in registered.values())) if registered else hints


@kept
def _with_names(owner: type, names: tuple[tuple[str, ...], ...]) -> Mapping[str, Any]:
    hints, registered = _hints(owner)
    literals = {name: cast(Any, Literal)[offered] for name, offered in zip(registered, names, strict=True)}
    return MappingProxyType({**hints, **literals})


@kept
def _hints(owner: type) -> tuple[Mapping[str, Any], Mapping[str, Callable[[], tuple[str, ...]]]]:
    """Types and choices by field; worked out once, as it costs half a millisecond."""
    extras = {f.name: f.metadata.get("json_schema_extra", {}) for f in fields(owner)}
    registered = {name: extra["choices"] for name, extra in extras.items() if "choices" in extra}
    hints = get_type_hints(owner)
    return MappingProxyType({name: hints[name] for name in hints if not name.startswith("__")}), registered
