"""OLMo 1 to 3 and EXAONE 4: norms without weights, or behind the branches."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from cutwise.importers.hugging_face.architectures.decoders.decoder_branches import AttentionBranch
from cutwise.importers.hugging_face.architectures.decoders.decoder_sizes import patterned_windows
from cutwise.importers.hugging_face.architectures.decoders.text_decoder import Names
from cutwise.importers.hugging_face.architectures.decoders.usual_decoder import usual, usual_attention
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import Blueprint
from cutwise.importers.hugging_face.net import Net

BEHIND = Names(
    before_attention="",
    behind_attention="post_attention_layernorm",
    before_mlp="",
    behind_mlp="post_feedforward_layernorm",
)
PATTERN = 4


def olmo(keys: Keys) -> Blueprint:
    """Groeneveld et al. 2024, arXiv 2402.00838: layer norms without weights."""
    attention = replace(usual_attention(keys), clipped=keys.cap("clip_qkv", False))
    decoder = usual(keys, attention=attention, norm=partial(Net.layer_norm, affine=False))
    return decoder.blueprint(keys.count("max_position_embeddings"))


def olmo2(keys: Keys) -> Blueprint:
    """OLMo Team 2024, arXiv 2501.00656: norms of all queries and all keys, and behind the branches."""
    decoder = usual(keys, attention=_normed(keys, wide=True), names=BEHIND)
    return decoder.blueprint(keys.count("max_position_embeddings"))


def olmo3(keys: Keys) -> Blueprint:
    """Ai2 2025, "Olmo 3": as `olmo2`, three of four layers see a window."""
    decoder = usual(
        keys, attention=_normed(keys, wide=True), names=BEHIND, windows=patterned_windows(keys, PATTERN)
    )
    return decoder.blueprint(keys.count("max_position_embeddings"))


def exaone4(keys: Keys) -> Blueprint:
    """LG AI Research 2025, arXiv 2507.11407: layers that see all tokens turn nothing by its position."""
    seen = patterned_windows(keys, PATTERN)
    decoder = usual(keys, attention=_normed(keys, wide=False), names=BEHIND, windows=seen)
    if "sliding_window" in keys.values:
        decoder = replace(decoder, attentions=tuple(map(turned_in_windows, decoder.attentions)))
    return decoder.blueprint(keys.count("max_position_embeddings"))


def turned_in_windows(branch: AttentionBranch) -> AttentionBranch:
    """`branch`, which turns nothing by its position where it sees all tokens."""
    return branch if branch.heads.window else replace(branch, heads=replace(branch.heads, rotated=0))


def _normed(keys: Keys, *, wide: bool) -> AttentionBranch:
    return replace(usual_attention(keys), head_norm=Net.rms_norm, wide_norm=wide)
