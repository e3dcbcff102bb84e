"""Architectures of llama.cpp as families of configurations, with what their files leave unsaid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cutwise.errors import ModelImportError
from cutwise.frozen import FrozenDict
from cutwise.importers.gguf_format.header import GgufHead, Length, Value
from cutwise.plain import Json

OUTPUT, EMBEDDING, TOKENS = "output.weight", "token_embd.weight", "tokenizer.ggml.tokens"


@dataclass(frozen=True, slots=True)
class GgufSizes:
    """The values of one architecture: `llama.block_count` is `block_count`."""

    file: str
    architecture: str
    head: GgufHead

    def value(self, name: str) -> Value | None:
        """The value called so; None where there is none."""
        return self.head.values.get(f"{self.architecture}.{name}")

    def number(self, name: str) -> Json:
        """A number, or the one that stands for every layer; None where there is none.

        Raises `ModelImportError` for numbers that differ from layer to layer.
        """
        value = self.value(name)
        if isinstance(value, Length | str):
            raise ModelImportError(
                f"{self.file}: {self.architecture}.{name} is no number; download the file again"
            )
        if not isinstance(value, tuple):
            return value
        if len(set(value)) != 1:
            raise ModelImportError(
                f"{self.file}: {self.architecture}.{name} differs from layer to layer, which is not built "
                "from a GGUF file; give the config.json of the original model"
            )
        return value[0]

    def ratio(self, part: str, whole: Json) -> Json:
        """The number `part` over `whole`; None where either is missing."""
        number = self.number(part)
        if not isinstance(number, int) or not isinstance(whole, int) or whole < 1:
            return None
        return number / whole

    def has(self, *tensors: str) -> bool:
        """True when the file has one of `tensors` in its first layer, or outside the layers."""
        return any(f"blk.0.{name}" in self.head.tensors or name in self.head.tensors for name in tensors)


Keys = dict[str, Json]
# Key of a configuration: name of the value in a GGUF file.
COMMON: Mapping[str, str] = FrozenDict(
    {
        "hidden_size": "embedding_length",
        "num_hidden_layers": "block_count",
        "intermediate_size": "feed_forward_length",
        "num_attention_heads": "attention.head_count",
        "num_key_value_heads": "attention.head_count_kv",
        "max_position_embeddings": "context_length",
        "head_dim": "attention.key_length",
        "sliding_window": "attention.sliding_window",
        "num_experts_per_tok": "expert_used_count",
        "moe_intermediate_size": "expert_feed_forward_length",
    }
)
NEEDED = ("hidden_size", "num_hidden_layers", "num_attention_heads")


def common(sizes: GgufSizes) -> Keys:
    """The keys that all families have."""
    return {key: value for key, name in COMMON.items() if (value := sizes.number(name)) is not None}


def _biased(sizes: GgufSizes) -> Keys:
    return {"attention_bias": sizes.has("attn_q.bias"), "mlp_bias": sizes.has("ffn_up.bias")}


def _llama(sizes: GgufSizes) -> Keys:
    experts = sizes.number("expert_count")
    if experts:
        return {"model_type": "mixtral", "num_local_experts": experts}
    return _biased(sizes)


def _qwen2(sizes: GgufSizes) -> Keys:
    return {"sliding_window": None}


def _experts(sizes: GgufSizes) -> Keys:
    shared = sizes.number("expert_shared_feed_forward_length")
    told: Keys = {"num_experts": sizes.number("expert_count"), "decoder_sparse_step": 1}
    return told | ({"shared_expert_intermediate_size": shared} if shared else {})


def _gpt_oss(sizes: GgufSizes) -> Keys:
    wide = sizes.number("expert_feed_forward_length")
    return {
        "num_local_experts": sizes.number("expert_count"),
        "intermediate_size": wide,
        "attention_bias": True,
    }


def _deepseek(sizes: GgufSizes) -> Keys:
    """DeepSeek V3 picks its experts by a sigmoid, V2 by a softmax."""
    rotated = sizes.number("rope.dimension_count")
    width = sizes.number("attention.key_length_mla") or sizes.number("attention.key_length")
    plain = width - rotated if isinstance(width, int) and isinstance(rotated, int) else None
    return {
        "model_type": "deepseek_v3" if sizes.number("expert_gating_func") == SIGMOID else "deepseek_v2",
        "n_routed_experts": sizes.number("expert_count"),
        "n_shared_experts": sizes.number("expert_shared_count"),
        "n_group": sizes.number("expert_group_count"),
        "topk_group": sizes.number("expert_group_used_count"),
        "first_k_dense_replace": sizes.number("leading_dense_block_count"),
        "q_lora_rank": sizes.number("attention.q_lora_rank"),
        "kv_lora_rank": sizes.number("attention.kv_lora_rank"),
        "qk_rope_head_dim": rotated,
        "qk_nope_head_dim": plain,
        "v_head_dim": sizes.number("attention.value_length_mla") or sizes.number("attention.value_length"),
        "num_key_value_heads": sizes.number("attention.head_count"),
        "head_dim": None,
    }


SIGMOID = 2  # llama.cpp's number of that gate


def _phi3(sizes: GgufSizes) -> Keys:
    return {"partial_rotary_factor": _rotated(sizes)}


def _phi2(sizes: GgufSizes) -> Keys:
    return {"partial_rotary_factor": _rotated(sizes), "tie_word_embeddings": False}


def _gpt2(sizes: GgufSizes) -> Keys:
    """Its converter writes the table a second time as output."""
    return {"tie_word_embeddings": True, "n_inner": sizes.number("feed_forward_length")}


def _gpt_neox(sizes: GgufSizes) -> Keys:
    parallel = sizes.number("use_parallel_residual")
    told: Keys = {} if parallel is None else {"use_parallel_residual": parallel}
    return told | {"rotary_pct": _rotated(sizes), "tie_word_embeddings": False}


def _gemma2(sizes: GgufSizes) -> Keys:
    return {"tie_word_embeddings": True}


def _falcon(sizes: GgufSizes) -> Keys:
    """Models with a norm for each branch have several key heads; the first one has one."""
    kv_heads = sizes.number("attention.head_count_kv")
    grouped = sizes.has("attn_norm_2.weight")
    return {
        "new_decoder_architecture": grouped, "multi_query": kv_heads == 1, "num_kv_heads": kv_heads,
        "parallel_attn": True, "bias": False, "alibi": False,
        "ffn_hidden_size": sizes.number("feed_forward_length"),
    }  # fmt: skip


def _bloom(sizes: GgufSizes) -> Keys:
    return {
        "n_layer": sizes.number("block_count"), "n_head": sizes.number("attention.head_count"),
        "tie_word_embeddings": True,
    }  # fmt: skip


def _mpt(sizes: GgufSizes) -> Keys:
    return {
        "d_model": sizes.number("embedding_length"), "n_layers": sizes.number("block_count"),
        "n_heads": sizes.number("attention.head_count"), "max_seq_len": sizes.number("context_length"),
        "tie_word_embeddings": True,
    }  # fmt: skip


def _bert(sizes: GgufSizes) -> Keys:
    types = sizes.head.tensors.get("token_types.weight")
    told: Keys = {"type_vocab_size": types.shape[-1]} if types and types.shape else {}
    return told | {"architectures": ["BertModel"], "tie_word_embeddings": True}


def _rotated(sizes: GgufSizes) -> Json:
    """The share of a head that positions turn."""
    width, heads = sizes.number("embedding_length"), sizes.number("attention.head_count")
    head = sizes.number("attention.key_length")
    if head is None and isinstance(width, int) and isinstance(heads, int) and heads > 0:
        head = width // heads
    return sizes.ratio("rope.dimension_count", head)


def _nothing(sizes: GgufSizes) -> Keys:
    return {}


ARCHITECTURES: Mapping[str, tuple[str, Callable[[GgufSizes], Keys]]] = FrozenDict(
    {
        "llama": ("llama", _llama),
        "qwen2": ("qwen2", _qwen2),
        "qwen3": ("qwen3", _biased),
        "qwen2moe": ("qwen2_moe", _experts),
        "qwen3moe": ("qwen3_moe", _experts),
        "gemma": ("gemma", _gemma2),
        "gemma2": ("gemma2", _gemma2),
        "gemma3": ("gemma3_text", _gemma2),
        "phi2": ("phi", _phi2),
        "phi3": ("phi3", _phi3),
        "gpt2": ("gpt2", _gpt2),
        "gptneox": ("gpt_neox", _gpt_neox),
        "falcon": ("falcon", _falcon),
        "bloom": ("bloom", _bloom),
        "mpt": ("mpt", _mpt),
        "gpt-oss": ("gpt_oss", _gpt_oss),
        "deepseek2": ("deepseek_v2", _deepseek),
        "olmoe": ("olmoe", _experts),
        "bert": ("bert", _bert),
    }
)
"""Architecture in a GGUF file: `model_type` of its configuration, and the keys that are its own."""


def configuration(sizes: GgufSizes) -> Keys:
    """The configuration that the values of a GGUF file amount to, as a config.json would hold it."""
    family, own = ARCHITECTURES[sizes.architecture]
    keys: Keys = {"model_type": family, **common(sizes), "vocab_size": _vocabulary(sizes)}
    if sizes.head.is_whole and sizes.head.tensors:
        keys["tie_word_embeddings"] = OUTPUT not in sizes.head.tensors
    found = keys | own(sizes)
    return {key: value for key, value in found.items() if value is not None}


def _vocabulary(sizes: GgufSizes) -> Json:
    """Rows of the embedding; tokenizers know fewer tokens where the table was padded."""
    table = sizes.head.tensors.get(EMBEDDING)
    if table is not None and len(table.shape) == 2:
        return table.shape[1]
    tokens = sizes.head.values.get(TOKENS)
    if isinstance(tokens, Length):
        return tokens.count
    return sizes.number("vocab_size")
