"""Parameters of the towers that see images, by the formulas of their layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from cutwise.errors import ModelImportError
from cutwise.frozen import FrozenDict
from cutwise.importers.hugging_face.keys import Keys
from cutwise.plain import Json

QWEN2_MERGED = 4  # patches of two by two become one token


def tower_parameters(file: str, table: Json) -> int | None:
    """Parameters of the tower that `table` describes, None where it is not known or does not say enough."""
    if not isinstance(table, dict):
        return None
    keys = Keys(file, {name: value for name, value in table.items() if name != "architectures"})
    count = TOWERS.get(str(keys.values.get("model_type")))
    try:
        return count(keys) if count else None
    except ModelImportError:
        return None


def _clip(keys: Keys) -> int:
    """Radford et al. 2021, arXiv 2103.00020: a class token, norms before and behind all layers."""
    width, patches = keys.count("hidden_size", 768), _patches(keys, 224, 32)
    patch = _patch_inputs(keys, 32) * width
    return patch + width + (patches + 1) * width + 4 * width + _layers(keys, width, 12, 3072)


def _siglip(keys: Keys, *, headed: bool = True) -> int:
    """Zhai et al. 2023, arXiv 2303.15343: no class token; a head that attends over patches, unless none."""
    width, patches = keys.count("hidden_size", 768), _patches(keys, 224, 16)
    hidden = keys.count("intermediate_size", 3072)
    patch = _patch_inputs(keys, 16) * width + width
    head = width + 4 * (width * width + width) + 2 * width + _perceptron(width, hidden)
    pooled = head if headed and keys.flag("vision_use_head", True) else 0
    return patch + patches * width + 2 * width + _layers(keys, width, 12, 3072) + pooled


def _qwen2_vl(keys: Keys) -> int:
    """Wang et al. 2024, arXiv 2409.12191: patches of two images in time, merged four to one token."""
    width, text = keys.count("embed_dim", 1280), keys.count("hidden_size", 3584)
    patch = 2 * _patch_inputs(keys, 14) * width
    inner = keys.count("mlp_ratio", 4) * width
    layer = 4 * width * width + 4 * width + _perceptron(width, inner) + 4 * width
    merged = QWEN2_MERGED * width
    merger = 2 * width + merged * merged + merged + merged * text + text
    return patch + keys.count("depth", 32) * layer + merger


def _qwen2_5_vl(keys: Keys) -> int:
    """Bai et al. 2025, arXiv 2502.13923: gated perceptrons and root-mean-square norms."""
    width, text = keys.count("hidden_size", 3584), keys.count("out_hidden_size", 3584)
    inner = keys.count("intermediate_size", 3420)
    patch = 2 * _patch_inputs(keys, 14) * width
    layer = 4 * width * width + 4 * width + 3 * width * inner + 2 * inner + width + 2 * width
    merged = QWEN2_MERGED * width
    merger = width + merged * merged + merged + merged * text + text
    return patch + keys.count("depth", 32) * layer + merger


def _pixtral(keys: Keys) -> int:
    """Agrawal et al. 2024, arXiv 2410.07073: gated perceptrons, no biases."""
    width, inner = keys.count("hidden_size", 1024), keys.count("intermediate_size", 4096)
    layer = 4 * width * width + 3 * width * inner + 2 * width
    return _patch_inputs(keys, 16) * width + width + keys.count("num_hidden_layers", 24) * layer


def _layers(keys: Keys, width: int, layers: int, hidden: int) -> int:
    inner = keys.count("intermediate_size", hidden)
    layer = 4 * (width * width + width) + _perceptron(width, inner) + 4 * width
    return keys.count("num_hidden_layers", layers) * layer


def _perceptron(width: int, inner: int) -> int:
    return 2 * width * inner + inner + width


def _patch_inputs(keys: Keys, side: int) -> int:
    return keys.count("num_channels", 3) * keys.count("patch_size", side) ** 2


def _patches(keys: Keys, image: int, side: int) -> int:
    return int(keys.count("image_size", image) // keys.count("patch_size", side)) ** 2


TOWERS: Mapping[str, Callable[[Keys], int]] = FrozenDict(
    {
        "clip_vision_model": _clip,
        "siglip_vision_model": _siglip,
        **dict.fromkeys(("idefics3", "idefics3_vision", "smolvlm_vision"), partial(_siglip, headed=False)),
        "qwen2_vl": _qwen2_vl,
        "qwen2_vl_vision": _qwen2_vl,
        "qwen2_5_vl": _qwen2_5_vl,
        "qwen2_5_vl_vision": _qwen2_5_vl,
        "pixtral": _pixtral,
    }
)
"""`model_type` of a tower → its parameters."""
