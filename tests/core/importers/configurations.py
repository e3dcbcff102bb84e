"""Public configurations of well-known models: the sizes in their config.json, and nothing else of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Config = dict[str, Any]


def gpt2(width: int, layers: int, heads: int) -> Config:
    return {
        "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "activation_function": "gelu_new",
        "vocab_size": 50_257, "n_embd": width, "n_layer": layers, "n_head": heads, "n_positions": 1024,
        "n_ctx": 1024, "n_inner": None, "resid_pdrop": 0.1,
    }  # fmt: skip


def llama_like(family: str, sizes: tuple[int, ...], **more: Any) -> Config:
    """Vocabulary, width, inner width, layers, heads, key heads, longest sequence."""
    names = (
        "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "num_key_value_heads", "max_position_embeddings",
    )  # fmt: skip
    return {
        "model_type": family,
        **dict(zip(names, sizes, strict=True)),
        "tie_word_embeddings": False,
        **more,
    }


BERT = {
    "model_type": "bert", "architectures": ["BertForMaskedLM"], "vocab_size": 30_522, "hidden_size": 768,
    "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072, "hidden_act": "gelu",
    "max_position_embeddings": 512, "type_vocab_size": 2, "hidden_dropout_prob": 0.1,
}  # fmt: skip
ROBERTA = {
    **BERT, "model_type": "roberta", "architectures": ["RobertaForMaskedLM"], "vocab_size": 50_265,
    "max_position_embeddings": 514, "type_vocab_size": 1, "pad_token_id": 1,
}  # fmt: skip
ALBERT = {
    **BERT, "model_type": "albert", "architectures": ["AlbertForMaskedLM"], "vocab_size": 30_000,
    "embedding_size": 128, "hidden_act": "gelu_new", "num_hidden_groups": 1, "hidden_dropout_prob": 0,
}  # fmt: skip
VIT = {
    "model_type": "vit", "architectures": ["ViTForImageClassification"], "hidden_size": 768,
    "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072, "image_size": 224,
    "patch_size": 16, "num_channels": 3, "qkv_bias": True,
    "id2label": {str(label): f"label {label}" for label in range(1000)},
}  # fmt: skip
OPT = {
    "model_type": "opt", "vocab_size": 50_272, "hidden_size": 2048, "num_hidden_layers": 24, "ffn_dim": 8192,
    "num_attention_heads": 32, "word_embed_proj_dim": 2048, "max_position_embeddings": 2048, "dropout": 0.1,
}  # fmt: skip
OPT_350M = {
    **OPT, "hidden_size": 1024, "ffn_dim": 4096, "num_attention_heads": 16, "word_embed_proj_dim": 512,
    "do_layer_norm_before": False,
}  # fmt: skip

CONFIGS: dict[str, Config] = {
    "GPT-2": gpt2(768, 12, 12),
    "GPT-2 medium": gpt2(1024, 24, 16),
    "GPT-2 XL": gpt2(1600, 48, 25),
    "Llama-3.2-1B": llama_like(
        "llama", (128_256, 2048, 8192, 16, 32, 8, 131_072), head_dim=64, tie_word_embeddings=True
    ),
    "Llama-3.2-3B": llama_like(
        "llama", (128_256, 3072, 8192, 28, 24, 8, 131_072), head_dim=128, tie_word_embeddings=True
    ),
    "Llama-2-7B": llama_like("llama", (32_000, 4096, 11_008, 32, 32, 32, 4096)),
    "Llama-3-70B": llama_like("llama", (128_256, 8192, 28_672, 80, 64, 8, 8192)),
    "Qwen2.5-0.5B": llama_like("qwen2", (151_936, 896, 4864, 24, 14, 2, 32_768), tie_word_embeddings=True),
    "Qwen3-0.6B": llama_like(
        "qwen3", (151_936, 1024, 3072, 28, 16, 8, 40_960), head_dim=128, tie_word_embeddings=True
    ),
    "Mistral-7B": llama_like("mistral", (32_000, 4096, 14_336, 32, 32, 8, 32_768), sliding_window=4096),
    "Gemma-2-2B": llama_like(
        "gemma2", (256_000, 2304, 9216, 26, 8, 4, 8192), head_dim=256, sliding_window=4096,
        tie_word_embeddings=True,
    ),
    "Phi-3-mini": llama_like("phi3", (32_064, 3072, 8192, 32, 32, 32, 4096)),
    "OPT-1.3B": OPT,
    "OPT-350M": OPT_350M,
    "Pythia-1B": {
        "model_type": "gpt_neox", "vocab_size": 50_304, "hidden_size": 2048, "num_hidden_layers": 16,
        "num_attention_heads": 8, "intermediate_size": 8192, "max_position_embeddings": 2048,
        "rotary_pct": 0.25, "use_parallel_residual": True, "tie_word_embeddings": False,
    },
    "BERT base": BERT,
    "RoBERTa": ROBERTA,
    "ALBERT": ALBERT,
    "DistilBERT": {
        "model_type": "distilbert", "vocab_size": 30_522, "dim": 768, "hidden_dim": 3072, "n_layers": 6,
        "n_heads": 12, "max_position_embeddings": 512,
    },
    "ViT-B/16": VIT,
    "Falcon-7B at first": {
        "model_type": "RefinedWebModel", "architectures": ["RWForCausalLM"], "hidden_size": 4544,
        "n_layer": 32, "n_head": 71, "multi_query": True, "parallel_attn": True, "bias": False,
        "alibi": False, "vocab_size": 65_024,
    },
    "Falcon-40B at first": {
        "model_type": "RefinedWeb", "architectures": ["RWForCausalLM"], "hidden_size": 8192, "n_layer": 60,
        "n_head": 128, "n_head_kv": 8, "parallel_attn": True, "bias": False, "alibi": False,
        "vocab_size": 65_024,
    },
}  # fmt: skip


def of_family(family: str) -> Config:
    """A configuration of `family`: one of the above, or one that was counted with the library."""
    held = [json.loads(path.read_text()) for path in sorted(Path(__file__).parent.glob("published/*.json"))]
    counted = [entry["config"] for file in held for entry in (*file.get("models", ()), *file["runs"])]
    return next(found for found in (*CONFIGS.values(), *counted) if found["model_type"] == family)
