"""Command R (Cohere) and its successors: branches side by side behind one norm that is written out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from cutwise.importers.hugging_face.architectures.decoders.decoder_branches import AttentionBranch
from cutwise.importers.hugging_face.architectures.decoders.decoder_sizes import patterned_windows
from cutwise.importers.hugging_face.architectures.decoders.olmo import turned_in_windows
from cutwise.importers.hugging_face.architectures.decoders.text_decoder import Names, TextDecoder
from cutwise.importers.hugging_face.architectures.decoders.usual_decoder import usual, usual_attention
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import Blueprint, language_output
from cutwise.importers.hugging_face.net import Net

ONE_NORM = Names(before_mlp="")
PATTERN = 4


def cohere(keys: Keys) -> Blueprint:
    """Cohere 2024, "Command R": queries and keys of each head may be normalised."""
    norm = partial(written_norm, by_head=True) if keys.flag("use_qk_norm", False) else None
    attention = replace(usual_attention(keys), head_norm=norm)
    return _decoder(keys, attention).blueprint(keys.count("max_position_embeddings"))


def cohere2(keys: Keys) -> Blueprint:
    """Cohere 2024, "Command R7B": three of four layers see a window, the others turn nothing."""
    decoder = _decoder(keys, usual_attention(keys), patterned_windows(keys, PATTERN))
    decoder = replace(decoder, attentions=tuple(map(turned_in_windows, decoder.attentions)))
    return decoder.blueprint(keys.count("max_position_embeddings"))


def written_norm(net: Net, path: str, x: str, *, by_head: bool = False) -> str:
    """A layer norm without bias, operation by operation: the centred tensor is made and kept twice."""
    name = path.rpartition(".")[2]
    rows = (*net.shape(x)[:-1], 1)
    mean = net.op("reduce_mean", f"{name}_mean", [x], rows)
    centred = net.elementwise("sub", f"{name}_centred", x, mean)
    variance = net.op(
        "reduce_mean", f"{name}_variance", [net.elementwise("pow", f"{name}_square", centred)], rows
    )
    root = net.elementwise("sqrt", f"{name}_root", variance)
    again = net.elementwise("sub", f"{name}_centred_again", x, mean)
    normed = net.elementwise("mul", f"{name}_unscaled", again, root)
    scale = net.weight(path, net.shape(x)[-2:] if by_head else net.shape(x)[-1:])
    return net.op("mul", name, [normed], net.shape(x), weights=[scale])


def _decoder(keys: Keys, attention: AttentionBranch, windows: tuple[int | None, ...] = ()) -> TextDecoder:
    return usual(
        keys,
        attention=attention,
        windows=windows,
        norm=written_norm,
        names=ONE_NORM,
        output=language_output(keys, "lm_head", tied=True, scaled=True),
        parallel=True,
    )
