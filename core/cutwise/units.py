"""Units: the one conversion between bytes and bit/s, and the one place a quantity's facts are written.

Everything inside Cutwise is SI; the unit is the last word of a quantity's name. Sizes are bytes,
rates are bit/s, one multiply-add is 2 FLOP.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, field, fields, is_dataclass
from types import MappingProxyType
from typing import Any, get_type_hints

from cutwise.caches import kept

BITS_PER_BYTE = 8
FLOP_PER_MULTIPLY_ADD = 2

UNITS = {
    "s": "s",
    "hz": "Hz",
    "bps": "bit/s",
    "bytes": "B",
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


def transfer_time_s(*, size_bytes: Any, rate_bps: Any) -> Any:
    r"""Seconds that `size_bytes` take at `rate_bps`; both may be arrays.

    $t = 8 \cdot \mathrm{size} / \mathrm{rate}$.

    >>> transfer_time_s(size_bytes=1_000_000, rate_bps=8e6)
    1.0
    """
    return BITS_PER_BYTE * size_bytes / rate_bps


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
) -> Any:
    """A dataclass field that carries its unit, bounds, help and symbol in its metadata.

    `unit` is a key of `UNITS` or empty; `ge`, `gt`, `le` and `lt` are bounds that scenario files and
    constructors enforce; `title` is the label people read; `shown` is the range a slider offers
    and `scale` its spacing ("linear" or "log"). Widgets, docs and checks read these facts here. A `tagged`
    field is a union of tables told apart by their `kind`.
    """
    facts: dict[str, Any] = {"description": help}
    facts |= {"discriminator": "kind"} if tagged else {}
    facts |= {k: v for k, v in {"ge": ge, "gt": gt, "le": le, "lt": lt}.items() if v is not None}
    facts["json_schema_extra"] = {
        "unit": unit, "symbol": symbol, "title": title, "scale": scale, "shown": shown,
    }  # fmt: skip
    return field(default=default, metadata=facts)


def facts_of(owner: Any, name: str) -> dict[str, Any]:
    """The facts of one quantity as a flat dictionary: help, unit, bounds, symbol, title, scale, shown."""
    found = next(f for f in fields(owner) if f.name == name)
    extra = dict(found.metadata.get("json_schema_extra", {}))
    bounds = {k: found.metadata[k] for k in ("ge", "gt", "le", "lt") if k in found.metadata}
    return {"help": found.metadata.get("description", ""), **bounds, **extra}


@kept
def hints_of(owner: type) -> MappingProxyType[str, Any]:
    """The type of each field of a dataclass by its name; worked out once, as it costs half a millisecond."""
    return MappingProxyType(get_type_hints(owner))


def bound_mistakes(value: Any) -> list[str]:
    """One sentence for each number of dataclass `value` that lies outside its field's bounds.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Box:
    ...     width_m: float = quantity(1.0, unit="m", help="Inner width", gt=0)
    >>> bound_mistakes(Box(width_m=-2.0))
    ['width_m: -2.0 must be greater than 0']
    """
    assert is_dataclass(value)
    return [m for f in fields(value) if (m := _bound_mistake(f, getattr(value, f.name)))]


def _bound_mistake(found: Field[Any], number: Any) -> str:
    if isinstance(number, bool) or not isinstance(number, int | float):
        return ""
    facts = found.metadata
    if number != number:
        return f"{found.name}: {number} is not a number"
    if "gt" in facts and not number > facts["gt"]:
        return f"{found.name}: {number} must be greater than {facts['gt']}"
    if "ge" in facts and not number >= facts["ge"]:
        return f"{found.name}: {number} is below the smallest value {facts['ge']}"
    if "le" in facts and not number <= facts["le"]:
        return f"{found.name}: {number} is above the largest value {facts['le']}"
    if "lt" in facts and not number < facts["lt"]:
        return f"{found.name}: {number} must be less than {facts['lt']}"
    return ""
