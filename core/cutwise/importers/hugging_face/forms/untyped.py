"""Files without a `model_type`: of 2019, when class or keys told the family, of Meta and of mamba-ssm."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from cutwise.frozen import FrozenDict
from cutwise.importers.hugging_face.keys import Keys
from cutwise.plain import Json

# Touvron et al. 2023, arXiv 2302.13971, 2.2: two thirds of four times the width, rounded up.
MULTIPLE_OF = 256
# Llama 3.1's; the files do not say how long a text may be.
TOKENS = 131_072
# Those of mamba-ssm.
PADDED_WORDS, HEAD_WIDTH = 8, 64
SSM_NAMES: Mapping[str, str] = FrozenDict(
    {
        "d_state": "state_size", "d_conv": "conv_kernel", "expand": "expand", "headdim": "head_dim",
        "ngroups": "n_groups", "chunk_size": "chunk_size", "dt_rank": "time_step_rank",
    }
)  # fmt: skip
UNTIED = (
    "params.json does not say whether the output layer shares the token table; it is counted as a table of "
    "its own, as Meta's program has it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """Keys by which a family is known: all of `needed`, and one of `any_of` if there are any.

    `made` puts them into the family's own words; `note` is what to say of that.
    """

    needed: tuple[str, ...]
    any_of: tuple[str, ...] = ()
    family: str = ""
    made: Callable[[Keys], Keys] | None = None
    note: str = ""

    def fits(self, names: Collection[str]) -> bool:
        """True where these names of keys show the sign."""
        return all(name in names for name in self.needed) and (
            not self.any_of or any(name in names for name in self.any_of)
        )

    def is_in(self, text: bytes) -> bool:
        """True where a JSON text shows the sign, as far as can be told without reading it."""
        names = (*self.needed, *self.any_of)
        return self.fits([name for name in names if re.search(rf'"{name}"\s*:'.encode(), text)])


def typed(keys: Keys, families: Collection[str]) -> tuple[Keys, tuple[str, ...]]:
    """The keys with the `model_type` that their class or they themselves show; unchanged with one."""
    if "model_type" in keys.values:
        return keys, ()
    if family := _family_of_class(keys.architecture, families):
        return keys.with_defaults({"model_type": family}), ()
    sign = next((sign for sign in SIGNS if sign.fits(keys.values)), None)
    if sign is None:
        return keys, ()
    if sign.made is not None:
        return sign.made(keys), (sign.note,) if sign.note else ()
    return keys.with_defaults({"model_type": sign.family}), ()


def _family_of_class(name: str, families: Collection[str]) -> str:
    """The family whose name a class begins with: the longest one."""
    found = [family for family in families if name.lower().startswith(re.sub("[-_]", "", family).lower())]
    return max(found, key=len, default="")


def _from_meta(keys: Keys) -> Keys:
    """Meta's own keys as those of a Llama, or of a Mixtral where they tell of experts."""
    if keys.values.get("vocab_size") == -1:
        keys.refuse(
            "vocab_size is -1, which leaves it to the tokenizer",
            "the number of its words in the file: 32000 for Llama 1 and 2, 128256 for Llama 3",
        )
    heads = keys.count("n_heads")
    renamed: dict[str, Json] = {
        "model_type": "llama",
        "hidden_size": keys.count("dim"),
        "intermediate_size": keys.count("hidden_dim", _inner_width(keys)),
        "num_hidden_layers": keys.count("n_layers"),
        "num_attention_heads": heads,
        "num_key_value_heads": keys.count("n_kv_heads", heads),
        "vocab_size": keys.count("vocab_size"),
        "max_position_embeddings": keys.count("max_seq_len", TOKENS),
        "tie_word_embeddings": False,
    }
    kept = {name: keys.values[name] for name in ("head_dim", "sliding_window") if name in keys.values}
    if "sliding_window" in kept:
        renamed["model_type"] = "mistral"
    if isinstance(experts := keys.values.get("moe"), dict):
        kept |= {
            "num_local_experts": experts.get("num_experts"),
            "num_experts_per_tok": experts.get("num_experts_per_tok"),
        }
        renamed["model_type"] = "mixtral"
    return Keys(keys.file, renamed | kept)


def _from_mamba(keys: Keys) -> Keys:
    """The keys of mamba-ssm as those of a Mamba or a Mamba 2; words are filled up to a whole multiple."""
    table = keys.values["ssm_cfg"]
    said: Mapping[str, Json] = table if isinstance(table, dict) else {}
    if keys.values.get("attn_layer_idx") or keys.values.get("d_intermediate"):
        keys.refuse("attn_layer_idx or d_intermediate adds attention or perceptrons", "a model without them")
    words, multiple = keys.count("vocab_size"), keys.count("pad_vocab_size_multiple", PADDED_WORDS)
    width = keys.count("d_model")
    second = said.get("layer") == "Mamba2"
    named: dict[str, Json] = {
        "model_type": "mamba2" if second else "mamba",
        "hidden_size": width,
        "num_hidden_layers": keys.count("n_layer"),
        "vocab_size": multiple * -(-words // multiple),
        "tie_word_embeddings": keys.flag("tie_embeddings", True),
        "n_groups": 1,
        **{name: said[own] for own, name in SSM_NAMES.items() if own in said},
    }
    sizes = Keys(keys.file, named)
    heads = sizes.count("expand", 2) * width // sizes.count("head_dim", HEAD_WIDTH)
    return sizes.with_defaults({"num_heads": heads})


def _inner_width(keys: Keys) -> int:
    """As Meta's program works it out: two thirds of four widths, times a factor, up to a whole multiple."""
    width = int(2 * 4 * keys.count("dim") / 3)
    width = int(keys.factor("ffn_dim_multiplier", 1.0) * width)
    multiple = keys.count("multiple_of", MULTIPLE_OF)
    return multiple * -(-width // multiple)


SIGNS = (
    Sign(
        needed=("dim", "n_layers", "n_heads"),
        any_of=("norm_eps", "multiple_of", "n_kv_heads", "ffn_dim_multiplier"),
        made=_from_meta,
        note=UNTIED,
    ),
    Sign(needed=("d_model", "n_layer", "ssm_cfg"), made=_from_mamba),
    Sign(needed=("n_embd", "n_layer", "n_head", "afn"), family="openai-gpt"),
    Sign(needed=("n_embd", "n_layer", "n_head"), any_of=("n_ctx", "n_positions"), family="gpt2"),
    Sign(needed=("dim", "n_layers", "n_heads", "sinusoidal_pos_embds"), family="distilbert"),
    Sign(needed=("hidden_size", "num_hidden_layers", "type_vocab_size"), family="bert"),
)
"""The first that fits says what a file without `model_type` is."""


def is_untyped(text: bytes) -> bool:
    """True where a JSON text shows a sign of a configuration without `model_type`."""
    return any(sign.is_in(text) for sign in SIGNS)
