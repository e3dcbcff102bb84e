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
        "image_size": (1, 2**14),
        "patch_size": (1, 2**14),
        "num_channels": (1, 4096),
        "pooler_output_size": WIDTH,
        "embedding_size": WIDTH,
        "pad_token_id": (0, 2**24),
        "task_type_vocab_size": (1, 2**16),
        "num_hidden_groups": (1, 1000),
        "inner_group_num": (1, 1000),
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
        "is_decoder",
        "add_cross_attention",
        "use_task_id",
        "summary_use_proj",
        "summary_proj_to_labels",
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
    }
)
"""A number above 0, or null."""
WORDS = frozenset(
    {
        "model_type",
        "hidden_act",
        "hidden_activation",
        "activation_function",
        "activation",
        "summary_activation",
        "classifier_activation",
        "classifier_pooling",
    }
)
"""One of the words that the family knows."""
DROPOUTS = frozenset(
    {
        "resid_pdrop",
        "embd_pdrop",
        "attn_pdrop",
        "dropout",
        "attention_dropout",
        "hidden_dropout",
        "hidden_dropout_prob",
        "attention_probs_dropout_prob",
        "classifier_dropout",
        "classifier_dropout_prob",
        "seq_classif_dropout",
        "mlp_dropout",
        "embedding_dropout",
    }
)
"""A share that is dropped in training: from 0 to below 1."""
