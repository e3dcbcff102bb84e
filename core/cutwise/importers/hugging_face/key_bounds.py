"""The keys that are read of a Hugging Face configuration, one line each, with kind and range."""

from __future__ import annotations

from collections.abc import Mapping

from cutwise.frozen import FrozenDict

WIDTH = (1, 2**18)
COUNTS: Mapping[str, tuple[int, int]] = FrozenDict(
    {
        "hidden_size": WIDTH,
        "n_embd": WIDTH,
        "dim": WIDTH,
        "word_embed_proj_dim": WIDTH,
        "intermediate_size": (1, 2**20),
        "n_inner": (1, 2**20),
        "ffn_dim": (1, 2**20),
        "hidden_dim": (1, 2**20),
        "num_hidden_layers": (1, 1000),
        "n_layer": (1, 1000),
        "n_layers": (1, 1000),
        "num_attention_heads": (1, 4096),
        "n_head": (1, 4096),
        "n_heads": (1, 4096),
        "num_key_value_heads": (1, 4096),
        "head_dim": (1, 2**14),
        "vocab_size": (1, 2**24),
        "type_vocab_size": (1, 2**16),
        "num_labels": (1, 2**20),
        "max_position_embeddings": (1, 2**26),
        "n_positions": (1, 2**26),
        "sliding_window": (1, 2**26),
        "max_window_layers": (0, 2**26),
        "sliding_window_pattern": (1, 1000),
        "image_size": (1, 2**14),
        "patch_size": (1, 2**14),
        "num_channels": (1, 4096),
        "pooler_output_size": WIDTH,
        "n_embed": WIDTH,
        "d_model": WIDTH,
        "ffn_hidden_size": (1, 2**20),
        "num_kv_heads": (1, 4096),
        "n_head_kv": (1, 4096),
        "num_ln_in_parallel_attn": (1, 2),
        "seq_length": (1, 2**26),
        "n_ctx": (1, 2**26),
        "num_layers": (1, 1000),
        "state_size": (1, 2**14),
        "conv_L_cache": (1, 1024),
        "kv_channels": (1, 2**14),
        "model_max_length": (1, 2**26),
        "padded_vocab_size": (1, 2**24),
        "multi_query_group_num": (1, 4096),
        "block_ff_dim": (1, 2**20),
        "block_multiple_of": (1, 2**20),
        "pad_vocab_size_multiple": (1, 2**16),
        "conv_kernel": (1, 1024),
        "expand": (1, 64),
        "time_step_rank": (1, 2**14),
        "n_groups": (1, 4096),
        "chunk_size": (1, 2**16),
        "num_heads": (1, 4096),
        "window_size": (1, 2**26),
        "rotary_dim": (1, 2**14),
        "no_rope_layer_interval": (1, 1000),
        "n_kv_heads": (1, 4096),
        "multiple_of": (1, 2**20),
        "embed_dim": WIDTH,
        "out_hidden_size": WIDTH,
        "depth": (1, 1000),
        "mlp_ratio": (1, 64),
        "max_seq_len": (1, 2**26),
    }
)
"""Key → smallest and largest whole number; the largest published models stay a factor of ten below."""
FLAGS = frozenset(
    {
        "tie_word_embeddings",
        "attention_bias",
        "mlp_bias",
        "qkv_bias",
        "enable_bias",
        "do_layer_norm_before",
        "layer_norm_elementwise_affine",
        "_remove_final_layer_norm",
        "use_parallel_residual",
        "use_sliding_window",
        "vision_use_head",
        "use_bias",
        "use_conv_bias",
        "tie_embeddings",
        "tie_embedding",
        "scale_embedding",
        "conv_bias",
        "add_bias_linear",
        "add_qkv_bias",
        "multi_query_attention",
        "block_auto_adjust_ff_dim",
        "use_qkv_bias",
        "use_qk_norm",
        "attention_out_bias",
        "qk_layernorm",
        "new_decoder_architecture",
        "parallel_attn",
        "multi_query",
        "alibi",
        "bias",
        "apply_residual_connection_post_layernorm",
        "is_decoder",
        "add_cross_attention",
    }
)
"""True or false."""
RATIOS = frozenset(
    {
        "rotary_pct",
        "partial_rotary_factor",
    }
)
"""A number from 0 to 1."""
CAPS = frozenset(
    {
        "final_logit_softcapping",
        "attn_logit_softcapping",
        "clip_qkv",
    }
)
"""A number above 0, or null."""
FACTORS = frozenset({"ffn_dim_multiplier", "block_ffn_dim_multiplier"})
"""A number above 0."""
WORDS = frozenset(
    {
        "model_type",
        "hidden_act",
        "hidden_activation",
        "activation_function",
        "activation",
        "afn",
    }
)
"""One of the words that the family knows."""
WORD_LISTS = frozenset({"layer_types", "attention_layers"})
"""One of the words that the family knows for each layer."""
SWITCHES = frozenset({"no_rope_layers"})
"""0 or 1 for each layer."""
DROPOUTS = frozenset(
    {
        "resid_pdrop",
        "resid_dropout",
        "embed_dropout",
        "residual_dropout",
        "embedding_dropout",
        "embd_pdrop",
        "attn_pdrop",
        "dropout",
        "attention_dropout",
        "hidden_dropout",
        "hidden_dropout_prob",
        "attention_probs_dropout_prob",
    }
)
"""A share that is dropped in training: from 0 to below 1."""
