"""Models that also see or hear: their language model stands in a table of its own and is read alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cutwise.frozen import FrozenDict
from cutwise.importers.hugging_face.forms.towers import tower_parameters
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.json_formats.document import shown
from cutwise.plain import Json

TEXT_TABLES = ("text_config", "llm_config", "language_config")
# Each table that is left out, and what it describes.
OTHER_TABLES: Mapping[str, str] = FrozenDict(
    {
        "vision_config": "a vision tower",
        "audio_config": "an audio tower",
        "encoder_config": "an encoder",
        "perceiver_config": "a perceiver",
        "qformer_config": "a query transformer",
    }
)
# What a family calls its language model, and what that is built as.
SAME_AS: Mapping[str, str] = FrozenDict(
    {
        "qwen2_vl": "qwen2", "qwen2_vl_text": "qwen2", "qwen2_5_vl": "qwen2", "qwen2_5_vl_text": "qwen2",
        "qwen3_vl_text": "qwen3", "qwen3_vl_moe_text": "qwen3_moe", "glm4v_text": "glm4",
        "mllama_text_model": "llama", "gemma3": "gemma3_text",
    }
)  # fmt: skip
# What a table without a type of its own describes.
TEXT_FAMILIES: Mapping[str, str] = FrozenDict(
    {
        "paligemma": "gemma", "gemma3": "gemma3_text", "idefics2": "mistral", "mistral3": "mistral",
        "aya_vision": "cohere2", "internvl": "qwen2", "qwen2_vl": "qwen2", "qwen2_5_vl": "qwen2",
        "llava": "llama", "llava_next": "llama", "llava_next_video": "llama", "vipllava": "llama",
        "video_llava": "llama", "idefics3": "llama", "smolvlm": "llama", "mllama": "llama",
    }
)  # fmt: skip
# The library's own sizes, which files of such models leave out.
DEFAULTS: Mapping[str, Mapping[str, Json]] = FrozenDict(
    {
        "llama": {
            "vocab_size": 32_000, "hidden_size": 4096, "intermediate_size": 11_008, "num_hidden_layers": 32,
            "num_attention_heads": 32, "max_position_embeddings": 2048,
        },
        "mistral": {
            "vocab_size": 32_000, "hidden_size": 4096, "intermediate_size": 14_336, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 131_072,
        },
        "qwen2": {
            "vocab_size": 151_936, "hidden_size": 4096, "intermediate_size": 22_016, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 32, "max_position_embeddings": 32_768,
        },
        "gemma": {"max_position_embeddings": 8192},
        "gemma2": {
            "vocab_size": 256_000, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
            "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "sliding_window": 4096,
            "max_position_embeddings": 8192, "tie_word_embeddings": True,
        },
        "opt": {
            "vocab_size": 50_272, "hidden_size": 768, "ffn_dim": 3072, "num_hidden_layers": 12,
            "num_attention_heads": 12, "max_position_embeddings": 2048,
        },
    }
)  # fmt: skip


def text_part(keys: Keys, families: Collection[str]) -> tuple[Keys, tuple[str, ...]]:
    """The language model of a configuration with parts for images or sound; unchanged without one."""
    outer = str(keys.values.get("model_type"))
    nested = next((table for name in TEXT_TABLES if isinstance(table := keys.values.get(name), dict)), None)
    others = [name for name in OTHER_TABLES if isinstance(keys.values.get(name), dict)]
    if outer in families or (nested is None and not (others and outer in SAME_AS)):
        return keys, ()
    inside = keys.values if nested is None else nested
    named = inside.get("model_type") or TEXT_FAMILIES.get(outer)
    if named is None:
        return keys, ()
    family = SAME_AS.get(str(named), str(named))
    if family not in families:
        return keys, ()
    said = dict(inside) | _tied(keys.values, inside)
    text = Keys(keys.file, {**said, "model_type": family, "architectures": [], **_read_alone(inside)})
    return text.with_defaults(DEFAULTS.get(family, {})), (_left_out(keys, others, inside),)


def left_out(keys: Keys) -> dict[str, int]:
    """What `ModelGraph.uncounted` says of a model whose language part is read alone.

    "parameters" of the towers that are known, and how many "parts" are not.
    """
    tables = [keys.values[name] for name in OTHER_TABLES if isinstance(keys.values.get(name), dict)]
    counts = [tower_parameters(keys.file, table) for table in tables]
    found = {"parameters": sum(filter(None, counts)), "parts": 1 + sum(count is None for count in counts)}
    return {name: count for name, count in found.items() if count}


def _tied(outer: Mapping[str, Json], inside: Mapping[str, Json]) -> dict[str, Json]:
    """Whether the output layer shares the token table, which either level may say."""
    said = [level["tie_word_embeddings"] for level in (outer, inside) if "tie_word_embeddings" in level]
    return {"tie_word_embeddings": max(said, key=_weight)} if said else {}


def _weight(word: Json) -> int:
    """What is neither true nor false comes first: it is refused where it is read."""
    return 2 if not isinstance(word, bool) else int(word)


def _read_alone(inside: Mapping[str, Json]) -> dict[str, Json]:
    """Without images a Mllama passes over the layers that read them."""
    layers, reading = inside.get("num_hidden_layers"), inside.get("cross_attention_layers")
    if not isinstance(layers, int) or not isinstance(reading, list):
        return {}
    return {"num_hidden_layers": layers - len(reading)}


def _left_out(keys: Keys, others: Collection[str], inside: Mapping[str, Json]) -> str:
    parts = [
        f"{OTHER_TABLES[name]} ({count:,} parameters)"
        if (count := tower_parameters(keys.file, keys.values[name]))
        else OTHER_TABLES[name]
        for name in others
    ]
    reading = inside.get("cross_attention_layers")
    layers = [f"{len(reading)} layers that read images"] if isinstance(reading, list) else []
    missing = ", ".join([*parts, *layers])
    return (
        f"the language model of {shown(keys.values.get('model_type'))} is read alone, without {missing} and "
        "what joins them to the text; "
        "count images and sound as tokens in dims={'sequence': …}, or export the whole model with "
        "cutwise.from_torch(model, example)"
    )
