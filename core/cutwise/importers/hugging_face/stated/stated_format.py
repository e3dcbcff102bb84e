"""How a configuration and the headers beside it say that weights are held, as a workload has it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cutwise.frozen import Frozen
from cutwise.importers.hugging_face.packed_tensors import packed_bits
from cutwise.importers.hugging_face.safetensors_header import ParameterTable
from cutwise.importers.hugging_face.stated.quantised_formats import (
    DTYPE_WORDS,
    SHOWN_LEFT,
    Quantised,
    format_of,
    quantised,
)
from cutwise.plain import Json

DTYPE_KEYS = ("dtype", "torch_dtype")
PLAIN = "fp32"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedFormat(Frozen):
    """`dtype` of activations and of weights that are not quantised, and what a workload is proposed."""

    dtype: str
    workload: Mapping[str, Json]
    quantised: Quantised | None

    @property
    def provenance(self) -> dict[str, str]:
        """What a graph keeps of it: the proposed fields as JSON, and the quantisation in words."""
        found = {"workload": json.dumps(self.workload, sort_keys=True)} if self.workload else {}
        return found | ({"quantisation": self.quantised.said} if self.quantised else {})

    def warnings(self) -> Iterator[str]:
        """What is to be said of weights that are quantised."""
        if not self.quantised:
            return
        what = (
            f"plan with {stated_text(self.workload)}"
            if self.quantised.word
            else "give the next larger weights_dtype"
        )
        yield (
            f"{self.quantised.said}: {what} under [workload], for inference or with adapters "
            '(tuning = { kind = "lora" }), for quantised weights are not trained'
        )
        if self.quantised.left_alone:
            names = self.quantised.left_alone
            more = ", …" if len(names) > SHOWN_LEFT else ""
            yield (
                f"quantization_config leaves {', '.join(names[:SHOWN_LEFT])}{more} alone; these are counted "
                "as quantised too, with too few bytes"
            )


def stated_format(config: Mapping[str, Json], table: ParameterTable | None) -> StatedFormat:
    """What `config` and the headers say; where both name a number format the headers are right.

    >>> dict(stated_format({"torch_dtype": "bfloat16"}, None).workload)
    {'weights_dtype': 'bf16'}
    """
    found = quantised(config)
    stated = _stated_dtype(config)
    held = table.dtype if table else stated
    if table and (found or held not in DTYPE_WORDS.values()):
        held = stated or (held if held in DTYPE_WORDS.values() else PLAIN)
    dtype = held or PLAIN
    if found is None and table and (bits := packed_bits(table.weights)):
        found = Quantised(method=table.file, bits=bits, word=format_of(bits))
    workload: dict[str, Json] = {} if dtype == PLAIN else {"weights_dtype": dtype}
    if found and found.word:
        compute = found.compute or (dtype if stated or table else "")
        workload = {**found.workload} | ({"compute_dtype": compute} if compute else {})
    return StatedFormat(dtype=dtype, workload=workload, quantised=found)


def _stated_dtype(config: Mapping[str, Json]) -> str:
    """The format under `dtype` or `torch_dtype`, the model's own or that of its language part."""
    inner = config.get("text_config")
    for table in (config, inner if isinstance(inner, dict) else {}):
        for name in DTYPE_KEYS:
            word = table.get(name)
            if isinstance(word, str) and word in DTYPE_WORDS:
                return DTYPE_WORDS[word]
    return ""


def stated_text(fields: Mapping[str, Json]) -> str:
    """Fields of a workload as a scenario file writes them, side by side.

    >>> stated_text({"weights_dtype": "int4", "quantisation": {"block": 32}})
    'weights_dtype = "int4", quantisation = { block = 32 }'
    """
    return ", ".join(f"{name} = {_toml(value)}" for name, value in fields.items())


def _toml(value: Json) -> str:
    return f"{{ {stated_text(value)} }}" if isinstance(value, dict) else json.dumps(value)
