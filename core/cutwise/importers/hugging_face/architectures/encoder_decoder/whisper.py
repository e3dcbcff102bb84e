"""Whisper: an encoder of sound, of a fixed length, and a decoder that writes text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from cutwise.importers.hugging_face.architectures.encoder_decoder.bart import (
    GENERATION,
    PairStyle,
    half_layer,
)
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import (
    BARE,
    DECODER_DIM,
    Blueprint,
    ClassicLayer,
    OpenSize,
    classic_layers,
    output_kind,
)
from cutwise.importers.hugging_face.net import BATCH, Net

STYLE = PairStyle(norm_first=True, width=384, layers=(4, 4), heads=6, hidden=1536, vocabulary=51_865)
AUDIO = "ForAudioClassification"
KERNEL = 3
# The second convolution halves the frames of the sound.
STRIDE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisper:
    """Sizes of a Whisper model: `frames` of the encoder, `longest` text of the decoder."""

    width: int
    mels: int
    frames: int
    encoder: ClassicLayer
    encoder_layers: int
    decoder: ClassicLayer
    decoder_layers: int
    vocabulary: int
    longest: int
    kind: str
    tied: bool
    labels: int
    pooled: int


def whisper(keys: Keys) -> Blueprint:
    """Radford et al. 2023, arXiv 2212.04356: keys have no bias, and heads are laid out one by one."""
    encoder, decoder = (
        replace(
            half_layer(keys, STYLE, name),
            key_bias=False,
            scales_queries=True,
            lays_out_heads=True,
            dropout_ratio=keys.dropout("dropout", 0.0),
        )
        for name in ("encoder", "decoder")
    )
    model = Whisper(
        width=keys.count("d_model", STYLE.width),
        mels=keys.count("num_mel_bins", 80),
        frames=keys.count("max_source_positions", 1500),
        encoder=encoder,
        encoder_layers=keys.count("encoder_layers", STYLE.layers[0]),
        decoder=decoder,
        decoder_layers=keys.count("decoder_layers", STYLE.layers[1]),
        vocabulary=keys.count("vocab_size", STYLE.vocabulary),
        longest=keys.count("max_target_positions", 448),
        kind=output_kind(keys, (GENERATION, AUDIO, BARE), GENERATION),
        tied=keys.flag("tie_word_embeddings", True),
        labels=keys.count("num_labels", 2),
        pooled=keys.count("classifier_proj_size", 256),
    )
    others = {} if model.kind == AUDIO else {DECODER_DIM: OpenSize(most=model.longest)}
    return Blueprint(write=partial(_write, model), others=others)


def _write(model: Whisper, net: Net, tokens: int, decoder_sequence: int = 0) -> None:
    memory = _encoded(net, model)
    if model.kind == AUDIO:
        x = net.linear("projector", memory, model.pooled)
        mean = net.op("reduce_mean", "mean", [x], (BATCH, model.pooled), attrs={"axis": 1})
        net.linear("classifier", mean, model.labels)
        return
    ids = net.input("decoder_input_ids", (decoder_sequence,), dtype="int64")
    with net.at("decoder/embeddings", "model.decoder"):
        x, table = net.embedding("embed_tokens", ids, model.vocabulary, model.width)
        x = net.plus_weight("embed_positions", x, (model.longest, model.width))
        x = net.dropped(x, model.decoder.dropout_ratio)
    x = classic_layers(
        net, x, model.decoder, model.decoder_layers,
        source="model.decoder.layers", block="decoder/layers", memory=memory,
    )  # fmt: skip
    with net.at("head", "model.decoder"):
        x = net.layer_norm("layer_norm", x)
    if model.kind == GENERATION:
        with net.at("head", ""):
            net.linear("proj_out", x, model.vocabulary, bias=False, tied=table if model.tied else None)


def _encoded(net: Net, model: Whisper) -> str:
    """The encoder's result for the mel features of one piece of sound."""
    x = net.input("input_features", (model.mels, model.frames * STRIDE))
    with net.at("encoder/embeddings", "model.encoder"):
        x = _convolved(net, "conv1", x, model.width, 1)
        x = _convolved(net, "conv2", x, model.width, STRIDE)
        x = net.transpose("frames", x, 0, 2, 1)
        shape = (model.frames, model.width)
        x = net.elementwise("add", "placed", x, net.looked_up("embed_positions", *shape, shape, fixed=True))
        x = net.dropped(x, model.encoder.dropout_ratio)
    x = classic_layers(
        net, x, model.encoder, model.encoder_layers, source="model.encoder.layers", block="encoder/layers"
    )
    with net.at("encoder/layer_norm", "model.encoder"):
        return net.layer_norm("layer_norm", x)


def _convolved(net: Net, path: str, x: str, width: int, stride: int) -> str:
    _, channels, frames = net.shape(x)
    weights = [net.weight(path, (width, channels, KERNEL)), net.weight(path, (width,), part="bias")]
    y = net.op(
        "conv1d", path, [x], (BATCH, width, frames // stride),
        weights=weights, attrs={"kernel": (KERNEL,), "stride": (stride,), "groups": 1},
    )  # fmt: skip
    return net.elementwise("gelu", f"{path}_gelu", y)
