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
        "d_kv": (1, 2**14),
        "d_ff": (1, 2**20),
        "encoder_ffn_dim": (1, 2**20),
        "decoder_ffn_dim": (1, 2**20),
        "num_decoder_layers": (1, 1000),
        "encoder_layers": (1, 1000),
        "decoder_layers": (1, 1000),
        "encoder_attention_heads": (1, 4096),
        "decoder_attention_heads": (1, 4096),
        "relative_attention_num_buckets": (1, 2**16),
        "decoder_vocab_size": (1, 2**24),
        "max_source_positions": (1, 2**20),
        "max_target_positions": (1, 2**20),
        "num_mel_bins": (1, 4096),
        "num_register_tokens": (1, 4096),
        "embedding_size": WIDTH,
        "projection_dim": WIDTH,
        "classifier_proj_size": WIDTH,
        "projection_size": WIDTH,
        "depths": (1, 1000),
        "hidden_sizes": WIDTH,
        "pad_token_id": (0, 2**24),
        "task_type_vocab_size": (1, 2**16),
        "num_hidden_groups": (1, 1000),
        "inner_group_num": (1, 1000),
        "num_experts": (1, 4096),
        "num_local_experts": (1, 4096),
        "n_routed_experts": (1, 4096),
        "n_shared_experts": (1, 4096),
        "num_experts_per_tok": (1, 4096),
        "moe_topk": (1, 4096),
        "moe_k": (1, 4096),
        "moe_num_experts": (1, 4096),
        "moe_num_shared_experts": (0, 4096),
        "moe_layer_start_index": (0, 1000),
        "moe_layer_end_index": (-1, 1000),
        "moe_layer_interval": (1, 1000),
        "n_group": (1, 4096),
        "topk_group": (1, 4096),
        "moe_intermediate_size": (1, 2**20),
        "shared_expert_intermediate_size": (1, 2**20),
        "first_k_dense_replace": (0, 1000),
        "num_nextn_predict_layers": (0, 1000),
        "decoder_sparse_step": (1, 1000),
        "q_lora_rank": WIDTH,
        "kv_lora_rank": WIDTH,
        "qk_nope_head_dim": (1, 2**14),
        "qk_rope_head_dim": (1, 2**14),
        "v_head_dim": (1, 2**14),
        "local_attention": (1, 2**26),
        "global_attn_every_n_layers": (1, 1000),
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
        "share_encoder_decoder_embeddings",
        "use_swiglu_ffn",
        "use_absolute_embeddings",
        "use_absolute_position_embeddings",
        "use_relative_position_bias",
        "use_shared_relative_position_bias",
        "use_mean_pooling",
        "use_mask_token",
        "downsample_in_first_stage",
        "downsample_in_bottleneck",
        "use_task_id",
        "summary_use_proj",
        "summary_proj_to_labels",
        "norm_topk_prob",
        "lm_head_bias",
        "norm_bias",
        "decoder_bias",
        "classifier_bias",
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
FACTORS = frozenset({"ffn_dim_multiplier", "block_ffn_dim_multiplier", "mlp_ratio", "layer_scale_init_value"})
"""A number above 0."""
WORDS = frozenset(
    {
        "model_type",
        "hidden_act",
        "hidden_activation",
        "activation_function",
        "activation",
        "afn",
        "feed_forward_proj",
        "layer_type",
        "summary_activation",
        "topk_method",
        "classifier_activation",
        "classifier_pooling",
    }
)
"""One of the words that the family knows."""
NULLABLE = frozenset({"q_lora_rank"})
"""Null says something else than a key that is missing."""
LAYER_LISTS = frozenset({"mlp_only_layers", "num_experts", "moe_topk"})
"""A list of numbers of layers, or of one number a layer."""
WORD_LISTS = frozenset({"layer_types", "attention_layers", "mlp_layer_types"})
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
        "dropout_rate",
        "activation_dropout",
        "classifier_dropout",
        "classifier_dropout_prob",
        "seq_classif_dropout",
        "mlp_dropout",
    }
)
"""A share that is dropped in training: from 0 to below 1."""
PARTS = frozenset({"text_config", "vision_config"})
"""A configuration inside the configuration, of one of several towers."""
