"""What the configuration of a PEFT adapter says of its training, in the words of a workload's tuning."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import NoReturn

from cutwise.errors import ModelImportError
from cutwise.frozen import FrozenDict
from cutwise.importers.hugging_face.stated.stated_format import stated_text
from cutwise.importers.json_formats.document import shown
from cutwise.plain import Json
from cutwise.read_limits import (
    ADAPTER_LAYERS,
    ADAPTER_RANK,
    ADAPTER_TARGETS,
    IN_PROCESS_BYTES,
    WORD_CHARACTERS,
)

ADAPTER_NAME, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
OWN_KEY = "peft_type"
LAYER_NAME = re.compile(rf"[\w.]{{1,{WORD_CHARACTERS}}}", re.ASCII)
BASE_NAME = re.compile(r"[\w./-]{1,100}", re.ASCII)
# Of regular expressions those are read that end in names side by side: ".*\.(q_proj|v_proj)".
NAMES_AT_END = re.compile(r"[^()]*\.?\(([\w.|]{1,400})\)\$?", re.ASCII)
ALL_LINEAR = "all-linear"
NOT_COUNTED: Mapping[str, str] = FrozenDict(
    {
        "modules_to_save": "modules that are trained whole",
        "use_dora": "DoRA's magnitudes",
        "rank_pattern": "ranks that differ by layer",
        "exclude_modules": "layers that are left out",
        "target_parameters": "adapters of parameters",
        "trainable_token_indices": "trained tokens",
        "lora_bias": "biases of adapters",
    }
)
"""Keys of an adapter that a workload has no field for, and what they mean."""


def is_adapter(content: bytes) -> bool:
    """True for the content of an adapter's configuration, bounded as every JSON that is read in a process."""
    if len(content) > IN_PROCESS_BYTES or OWN_KEY.encode() not in content:
        return False
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and OWN_KEY in document and "model_type" not in document


def adapter_options(config: Mapping[str, Json]) -> dict[str, Json]:
    """Fields of `[workload.tuning]` that make the same adapters: rank, alpha, targets, dropout.

    Layers are patterns of their names: "q_proj" is "*/q_proj". With `use_rslora` alpha is such that
    alpha / rank is α / √r (Kalajdzievski 2023, arXiv 2312.03732). Raises `ModelImportError` for an adapter
    that is no low-rank one and for values out of range.

    >>> adapter_options({"peft_type": "LORA", "r": 16, "lora_alpha": 32, "target_modules": ["q_proj"]})
    {'kind': 'lora', 'rank': 16, 'alpha': 32, 'targets': ['*/q_proj'], 'dropout_ratio': 0.0}
    """
    if config.get(OWN_KEY) != "LORA":
        _refuse(OWN_KEY, config.get(OWN_KEY), "'LORA', the only kind that is priced")
    rank, alpha, dropout = config.get("r", 8), config.get("lora_alpha", 8), config.get("lora_dropout", 0.0)
    if isinstance(rank, bool) or not isinstance(rank, int) or not 1 <= rank <= ADAPTER_RANK:
        _refuse("r", rank, f"a whole number from 1 to {ADAPTER_RANK}")
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not 0 < alpha <= 1e6:
        _refuse("lora_alpha", alpha, "a number above 0 and up to 1e6")
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        _refuse("lora_dropout", dropout, "a number from 0 to below 1")
    if config.get("use_rslora") is True:
        alpha = alpha * math.sqrt(rank)
    targets = _targets(config)
    return {"kind": "lora", "rank": rank, "alpha": alpha, "targets": targets, "dropout_ratio": dropout}


def not_counted(config: Mapping[str, Json]) -> str:
    """What an adapter trains beside its matrices, in words; empty where that is nothing."""
    found = [what for name, what in NOT_COUNTED.items() if config.get(name)]
    if config.get("bias", "none") != "none":
        found.append("trained biases")
    return f"not counted of the adapter: {', '.join(found)}" if found else ""


def adapter_refusal(config: Mapping[str, Json]) -> str:
    """The rest of the sentence that refuses an adapter given without the model under it."""
    base = config.get("base_model_name_or_path")
    of = f" (of {base})" if isinstance(base, str) and BASE_NAME.fullmatch(base) else ""
    if config.get(OWN_KEY) != "LORA":
        return (
            f"is the configuration of a PEFT adapter{of} of the kind {shown(config.get(OWN_KEY))}, which is "
            "not priced: only low-rank adapters are; give the config.json of the model under it, and plan it "
            'with tuning = { kind = "lora" }, or export the adapted module with cutwise.from_torch'
        )
    fields = {name: value for name, value in adapter_options(config).items() if name != "kind"}
    told = "; ".join(filter(None, (stated_text(fields), not_counted(config))))
    return (
        f"is a PEFT adapter's configuration{of}, {told}; it does not say what model lies under it: put it "
        "into the folder of that model's config.json, or write these under [workload.tuning] with kind = "
        '"lora"'
    )


def _targets(config: Mapping[str, Json]) -> list[Json]:
    value = config.get("target_modules")
    if value == ALL_LINEAR:
        return ["all_linear"]
    names = list(_names(value))
    if not 0 < len(names) <= ADAPTER_TARGETS:
        _refuse("target_modules", value, f"a list of 1 to {ADAPTER_TARGETS} names of layers")
    layers = list(_layers(config.get("layers_to_transform")))
    paths = [name.replace(".", "/") for name in names]
    if layers:
        return [f"*/{number}/*{path}" for number in layers for path in paths]
    return [f"*/{path}" for path in paths]


def _names(value: Json) -> Iterator[str]:
    """Names of layers: a list, one name, or the names at the end of a regular expression."""
    if isinstance(value, str) and not LAYER_NAME.fullmatch(value):
        at_end = NAMES_AT_END.fullmatch(value)
        value = list(at_end[1].split("|")) if at_end else value
    for name in value if isinstance(value, list) else [value]:
        if not isinstance(name, str) or not LAYER_NAME.fullmatch(name):
            _refuse("target_modules", value, "a list of names of layers")
        yield name


def _layers(value: Json) -> Iterator[int]:
    for number in [] if value is None else value if isinstance(value, list) else [value]:
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < ADAPTER_LAYERS:
            _refuse("layers_to_transform", value, f"whole numbers below {ADAPTER_LAYERS}")
        yield number


def _refuse(key: str, value: Json, wanted: str) -> NoReturn:
    raise ModelImportError(f"{ADAPTER_NAME}: {key} is {shown(value)}; give {wanted}")
