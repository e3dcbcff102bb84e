"""What `quantization_config` says of a model's weights, in the words of a workload."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cutwise.frozen import FrozenDict
from cutwise.plain import Json
from cutwise.read_limits import QUANTISED_BLOCK

METHOD_NAME = re.compile(r"[\w.+-]{1,40}", re.ASCII)
BITS = ("bits", "w_bit", "num_bits", "nbits", "weight_bits")
BLOCKS = ("group_size", "q_group_size", "block_size")
WORDED = ("weights", "quant_type", "quant_algo", "weight_dtype", "format", "fmt")
BITS_IN_WORDS = re.compile(r"(?:int|fp|float|nf|uint|w|e4m|bits?_?)(\d+)")
ONE_BYTE_FLOATS = re.compile("float8|fp8|e4m3|e5m2")
LEFT_ALONE = (
    "modules_to_not_convert", "llm_int8_skip_modules", "ignore", "ignored_layers", "exclude_modules",
)  # fmt: skip
USUALLY_LEFT = re.compile("lm_head|embed|output_layer|embed_out|wte")
SHOWN_LEFT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantised:
    """How quantised matrices are held: `bits` of a weight (None: not said), `block` weights to a scale.

    `word` is the number format that a workload has for it; `scales` and `compute` are its words too, empty
    where nothing is said. `floats`: the bits are a float's.
    """

    method: str
    bits: float | None = None
    word: str = ""
    block: int | None = None
    scales: str = ""
    compute: str = ""
    floats: bool = False
    head: bool = False
    left_alone: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The same for people: "gptq holds the matrices in 4 bits, 128 to a scale"."""
        if self.bits is None:
            return f"{self.method} holds the matrices in a format whose bits are not said"
        kind = " of a float" if self.floats else ""
        block = f", {self.block} to a scale" if self.block else ""
        return f"{self.method} holds the matrices in {self.bits:g} bits{kind}{block}"

    @property
    def workload(self) -> dict[str, Json]:
        """The fields of a workload that say the same."""
        if not self.word:
            return {}
        details: dict[str, Json] = {"block": self.block, "scales": self.scales or None}
        if self.head:
            details["skip"] = ["embeddings", "norms"]
        found: dict[str, Json] = {name: value for name, value in details.items() if value is not None}
        return {"weights_dtype": self.word} | ({"quantisation": found} if found else {})


def quantised(config: Mapping[str, Json]) -> Quantised | None:
    """What a configuration says of its quantisation, or None where it says nothing.

    >>> quantised({"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 128}}).said
    'gptq holds the matrices in 4 bits, 128 to a scale'
    """
    settings = config.get("quantization_config", config.get("compression_config"))
    if not isinstance(settings, dict) or not settings:
        return None
    method = _method(settings)
    read = METHODS.get(method, _in_general)
    return read(method, settings)


def _method(settings: Mapping[str, Json]) -> str:
    named = settings.get("quant_method")
    if isinstance(named, str) and METHOD_NAME.fullmatch(named):
        return named.lower()
    loads = ("load_in_4bit", "load_in_8bit")
    return "bitsandbytes" if any(settings.get(name) is True for name in loads) else "a method without a name"


def _in_general(method: str, settings: Mapping[str, Json]) -> Quantised:
    """Bits and blocks by the names that most methods have for them."""
    inner = [settings, *_tables(settings)]
    bits = next((found for table in inner if (found := _number(table, BITS))), None)
    words = [value for table in inner for name in WORDED if isinstance(value := table.get(name), str)]
    bits = bits or next((int(m[1]) for word in words if (m := BITS_IN_WORDS.search(word.lower()))), None)
    floats = any(ONE_BYTE_FLOATS.search(word.lower()) for word in words)
    floats |= any(table.get("type") == "float" for table in inner[1:])
    return Quantised(
        method=method,
        bits=8 if floats and (bits is None or bits < 4) else bits,
        word=format_of(8 if floats and bits is None else bits),
        block=next((found for table in inner if (found := _number(table, BLOCKS))), None),
        floats=floats,
        head=settings.get("lm_head") is True,
        left_alone=_left_alone(settings),
    )


def _bitsandbytes(method: str, settings: Mapping[str, Json]) -> Quantised:
    four = settings.get("load_in_4bit") is True or settings.get("_load_in_4bit") is True
    eight = settings.get("load_in_8bit") is True or settings.get("_load_in_8bit") is True
    compute = settings.get("bnb_4bit_compute_dtype")
    return Quantised(
        method=method,
        bits=4 if four else 8 if eight else None,
        word="nf4" if four else "int8" if eight else "",
        scales="double" if four and settings.get("bnb_4bit_use_double_quant") is True else "",
        compute=DTYPE_WORDS.get(compute, "") if four and isinstance(compute, str) else "",
        floats=four,
        left_alone=_left_alone(settings),
    )


def _one_byte(method: str, settings: Mapping[str, Json]) -> Quantised:
    """A byte a weight; a scale for a row or for a large square is far below 1 %."""
    return Quantised(
        method=method, bits=8, word="int8", floats="fp8" in method, left_alone=_left_alone(settings)
    )


def _mxfp4(method: str, settings: Mapping[str, Json]) -> Quantised:
    """Four bits, and a byte for each 32 (OCP Microscaling Formats 1.0, 2023): 4.25 bits a weight."""
    return Quantised(
        method=method, bits=4, word="nf4", block=32, scales="double", floats=True,
        left_alone=_left_alone(settings),
    )  # fmt: skip


METHODS: Mapping[str, Callable[[str, Mapping[str, Json]], Quantised]] = FrozenDict(
    {
        "bitsandbytes": _bitsandbytes,
        "fp8": _one_byte,
        "fbgemm_fp8": _one_byte,
        "eetq": _one_byte,
        "mxfp4": _mxfp4,
    }
)
"""Methods whose settings have names of their own; all others are read in general."""

DTYPE_WORDS: Mapping[str, str] = FrozenDict(
    {"float32": "fp32", "float16": "fp16", "half": "fp16", "bfloat16": "bf16"}
    | {"torch.float32": "fp32", "torch.float16": "fp16", "torch.bfloat16": "bf16"}
)
"""Number formats that a workload has, by PyTorch's names."""


def format_of(bits: int | None) -> str:
    """The next larger format that a workload has, empty where there is none."""
    if bits is None or bits > 8:
        return ""
    return "int4" if bits <= 4 else "int8"


def _tables(settings: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    """Tables inside: the weights' of the first group of compressed-tensors, HQQ's parameters."""
    groups = settings.get("config_groups")
    first = next(iter(groups.values()), None) if isinstance(groups, dict) else None
    for table in (first, settings.get("quant_config"), settings.get("quant_type")):
        if isinstance(table, dict):
            yield table
            inner = (table.get("weights"), table.get("weight_quant_params"), table.get("default"))
            yield from (found for found in inner if isinstance(found, dict))


def _number(table: Mapping[str, Json], names: tuple[str, ...]) -> int | None:
    """A whole number above 0 under the first of `names` that has one; -1 is a whole row, as if not said."""
    for name in names:
        value = table.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= QUANTISED_BLOCK:
            return value
    return None


def _left_alone(settings: Mapping[str, Json]) -> tuple[str, ...]:
    """Modules that stay as they were, but for the output layer and the embeddings, which always do."""
    lists = (value for name in LEFT_ALONE if isinstance(value := settings.get(name), list))
    names = (name for listed in lists for name in listed if isinstance(name, str))
    others = dict.fromkeys(re.sub(r"\d+", "*", name)[:60] for name in names if not USUALLY_LEFT.search(name))
    return tuple(others)
