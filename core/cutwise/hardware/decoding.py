"""How language models run on each class of hardware: what decoding reaches of the memory's bandwidth."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from cutwise.caches import kept
from cutwise.registry import NamedTable

Decoding = Literal[
    "gpu", "gpu_small_board", "eager", "eager_nf4", "apple_gpu", "jetson", "cpu_pc", "cpu_board", "phone"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingClass:
    """What generating text reaches on one class of hardware, fitted to so many `rows` of measured rates.

    `bandwidth_ratio` of the memory's bandwidth, `layer_s` more for every layer of a step, and
    `prefill_ratio` of the dense 16-bit peak for a prompt; None where nobody measured it.
    """

    name: str
    title: str
    bandwidth_ratio: float
    layer_s: float
    rows: int
    source: str
    prefill_ratio: float | None = None


@kept
def decoding_classes() -> Mapping[str, DecodingClass]:
    """Every class by name.

    >>> decoding_classes()["eager"].layer_s
    0.0009
    """
    rows = tomllib.loads(files("cutwise.assets").joinpath("decoding.toml").read_text(encoding="utf-8"))
    return NamedTable("decoding class", {name: DecodingClass(name=name, **row) for name, row in rows.items()})
