"""What the configuration of a PEFT adapter says of its training, in the words of a workload's tuning."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cutwise.errors import ModelImportError
from cutwise.importers.json_formats.document import shown
from cutwise.plain import Json
from cutwise.read_limits import WORD_CHARACTERS

ADAPTER_NAME, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
LAYER_NAME = re.compile(rf"[\w.]{{1,{WORD_CHARACTERS}}}", re.ASCII)
MOST_RANK, MOST_TARGETS = 65_536, 64


def adapter_options(config: Mapping[str, Json]) -> dict[str, Json]:
    """Fields of `[workload.tuning]` that make the same adapters: rank, alpha, targets, dropout.

    Layers are patterns of op ids: "q_proj" is "*/q_proj". Raises `ModelImportError` for an adapter that is
    no low-rank one and for values out of range.

    >>> adapter_options({"peft_type": "LORA", "r": 16, "lora_alpha": 32, "target_modules": ["q_proj"]})
    {'kind': 'lora', 'rank': 16, 'alpha': 32, 'targets': ['*/q_proj'], 'dropout_ratio': 0.0}
    """
    if config.get("peft_type") != "LORA":
        _refuse("peft_type", config.get("peft_type"), "'LORA', the only kind that is priced")
    rank, alpha, dropout = config.get("r", 8), config.get("lora_alpha", 8), config.get("lora_dropout", 0.0)
    if isinstance(rank, bool) or not isinstance(rank, int) or not 1 <= rank <= MOST_RANK:
        _refuse("r", rank, f"a whole number from 1 to {MOST_RANK}")
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not 0 < alpha <= 1e9:
        _refuse("lora_alpha", alpha, "a number above 0")
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        _refuse("lora_dropout", dropout, "a number from 0 to below 1")
    targets = _targets(config.get("target_modules"))
    return {"kind": "lora", "rank": rank, "alpha": alpha, "targets": targets, "dropout_ratio": dropout}


def _targets(value: Json) -> list[Json]:
    if value == "all-linear":
        return ["all_linear"]
    names = value if isinstance(value, list) else [value]
    if not 0 < len(names) <= MOST_TARGETS:
        _refuse("target_modules", value, f"a list of 1 to {MOST_TARGETS} names of layers")
    for name in names:
        if not isinstance(name, str) or not LAYER_NAME.fullmatch(name):
            _refuse("target_modules", value, "a list of names of layers")
    return [f"*/{str(name).rpartition('.')[2]}" for name in names]


def _refuse(key: str, value: Json, wanted: str) -> None:
    raise ModelImportError(f"{ADAPTER_NAME}: {key} is {shown(value)}; give {wanted}")
