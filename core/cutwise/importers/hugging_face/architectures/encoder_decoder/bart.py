"""Encoders and decoders with layer norm: BART, mBART, PLBART, Pegasus, Marian, Blenderbot, M2M-100 (NLLB)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from cutwise.graph.model_graph import Weight
from cutwise.importers.hugging_face.attention import Heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import (
    ACTIVATIONS,
    BARE,
    DECODER_DIM,
    SEQUENCE,
    Blueprint,
    ClassicLayer,
    LayerNames,
    OpenSize,
    classic_layers,
    output_kind,
)
from cutwise.importers.hugging_face.net import Net

NAMES = LayerNames(
    query="self_attn.q_proj", key="self_attn.k_proj", value="self_attn.v_proj", out="self_attn.out_proj",
    attention_norm="self_attn_layer_norm", up="fc1", down="fc2", mlp_norm="final_layer_norm",
)  # fmt: skip
CROSS_NAMES = replace(
    NAMES,
    query="encoder_attn.q_proj", key="encoder_attn.k_proj", value="encoder_attn.v_proj",
    out="encoder_attn.out_proj", attention_norm="encoder_attn_layer_norm",
)  # fmt: skip
GENERATION, TRANSLATION, QUESTION = "ForConditionalGeneration", "MTModel", "ForQuestionAnswering"
WRITES = frozenset({GENERATION, TRANSLATION, BARE})
LEARNED, FIXED, COMPUTED = "learned", "fixed", "computed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairStyle:
    """How a family differs from BART, and the sizes that its library has where a file gives none.

    `positions` are learned, a table that is fixed, or computed; `spare` rows of the table stand for padding.
    """

    norm_first: bool = False
    embedding_norm: bool = True
    positions: str = LEARNED
    spare: int = 0
    width: int = 1024
    layers: tuple[int, int] = (12, 12)
    heads: int = 16
    hidden: int = 4096
    vocabulary: int = 50_265
    longest: int = 1024
    act: str = "gelu"
    attention_dropout_ratio: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """The encoder or the decoder: its layers, and what files call its table of tokens."""

    name: str
    layer: ClassicLayer
    layers: int
    vocabulary: int
    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An encoder and a decoder that reads its result, `kind` is the end of the class name."""

    style: PairStyle
    width: int
    longest: int
    encoder: Half
    decoder: Half
    kind: str
    labels: int
    tied: bool


def bart(keys: Keys) -> Blueprint:
    """Lewis et al. 2020, arXiv 1910.13461."""
    return _blueprint(keys, PairStyle(spare=2), (GENERATION, SEQUENCE, QUESTION, BARE))


def mbart(keys: Keys) -> Blueprint:
    """Liu et al. 2020, arXiv 2001.08210: norms before each branch and behind all layers."""
    return _blueprint(keys, PairStyle(spare=2, norm_first=True), (GENERATION, SEQUENCE, QUESTION, BARE))


def plbart(keys: Keys) -> Blueprint:
    """Ahmad et al. 2021, arXiv 2103.06333."""
    style = PairStyle(
        spare=2,
        width=768,
        layers=(6, 6),
        heads=12,
        hidden=3072,
        vocabulary=50_005,
        attention_dropout_ratio=0.1,
    )
    return _blueprint(keys, style, (GENERATION, SEQUENCE, BARE))


def pegasus(keys: Keys) -> Blueprint:
    """Zhang et al. 2020, arXiv 1912.08777: sines as positions."""
    style = PairStyle(norm_first=True, embedding_norm=False, positions=FIXED)
    return _blueprint(keys, style, (GENERATION, BARE))


def marian(keys: Keys) -> Blueprint:
    """Junczys-Dowmunt et al. 2018, arXiv 1804.00344, as Opus-MT uses it: sines as positions."""
    style = PairStyle(embedding_norm=False, positions=FIXED, vocabulary=58_101)
    return _blueprint(keys, style, (TRANSLATION, BARE))


def blenderbot(keys: Keys) -> Blueprint:
    """Roller et al. 2021, arXiv 2004.13637."""
    style = PairStyle(
        norm_first=True, embedding_norm=False, width=2560, layers=(2, 24), heads=32, hidden=10_240,
        vocabulary=8008, longest=128,
    )  # fmt: skip
    return _blueprint(keys, style, (GENERATION, BARE))


def blenderbot_small(keys: Keys) -> Blueprint:
    """Roller et al. 2021, arXiv 2004.13637: the model of 90 million parameters."""
    style = PairStyle(width=512, layers=(8, 8), hidden=2048, longest=512)
    return _blueprint(keys, style, (GENERATION, BARE))


def m2m_100(keys: Keys) -> Blueprint:
    """Fan et al. 2021, arXiv 2010.11125, and NLLB: positions are computed and no part of the model."""
    style = PairStyle(
        norm_first=True, embedding_norm=False, positions=COMPUTED, vocabulary=128_112, act="relu",
        attention_dropout_ratio=0.1,
    )  # fmt: skip
    return _blueprint(keys, style, (GENERATION, BARE))


def _blueprint(keys: Keys, style: PairStyle, kinds: tuple[str, ...]) -> Blueprint:
    words = keys.count("vocab_size", style.vocabulary)
    shared = keys.flag("share_encoder_decoder_embeddings", True)
    model = Pair(
        style=style,
        width=keys.count("d_model", style.width),
        longest=keys.count("max_position_embeddings", style.longest),
        encoder=_half(keys, style, "encoder", words, shared=shared),
        decoder=_half(keys, style, "decoder", keys.count("decoder_vocab_size", words), shared=shared),
        kind=output_kind(keys, kinds, kinds[0]),
        labels=keys.count("num_labels", 3),
        tied=keys.flag("tie_word_embeddings", True),
    )
    return Blueprint(
        write=partial(_write, model),
        most_tokens=model.longest,
        others={DECODER_DIM: OpenSize(most=model.longest)} if model.kind in WRITES else {},
    )


def _half(keys: Keys, style: PairStyle, name: str, vocabulary: int, *, shared: bool) -> Half:
    """Encoder or decoder, by the keys that begin with its name."""
    reads = name == "decoder"
    return Half(
        name=name,
        layer=half_layer(keys, style, name),
        layers=keys.count(f"{name}_layers", style.layers[reads]),
        vocabulary=vocabulary,
        table="shared" if shared else f"{name}.embed_tokens",
    )


def half_layer(keys: Keys, style: PairStyle, name: str) -> ClassicLayer:
    """A layer of the encoder, or of the decoder with its second attention, to the encoder's result."""
    width, heads = keys.count("d_model", style.width), keys.count(f"{name}_attention_heads", style.heads)
    return ClassicLayer(
        names=NAMES,
        cross=CROSS_NAMES if name == "decoder" else None,
        heads=Heads(
            count=heads,
            width=keys.divided("d_model", f"{name}_attention_heads", size=width, count=heads),
            kv_heads=heads,
            causal=name == "decoder",
            masked=False,
            dropout_ratio=keys.dropout("attention_dropout", style.attention_dropout_ratio),
        ),
        hidden=keys.count(f"{name}_ffn_dim", style.hidden),
        act=keys.word("activation_function", ACTIVATIONS, style.act),
        norm_first=style.norm_first,
        dropout_ratio=keys.dropout("dropout", 0.1),
        activation_dropout_ratio=keys.dropout("activation_dropout", 0.0),
    )


def _write(model: Pair, net: Net, tokens: int, decoder_sequence: int = 0) -> None:
    ids = net.input("input_ids", (tokens,), dtype="int64")
    memory, _ = _half_written(net, ids, model, model.encoder)
    if model.kind in WRITES:
        ids = net.input("decoder_input_ids", (decoder_sequence,), dtype="int64")
    x, table = _half_written(net, ids, model, model.decoder, memory)
    if model.kind in {GENERATION, TRANSLATION}:
        with net.at("head", ""):
            _words(net, x, model, table)
    elif model.kind == SEQUENCE:
        with net.at("head", "classification_head"):
            x = net.linear("dense", net.first_token(x, name="last_token"), model.width)
            net.linear("out_proj", net.elementwise("tanh", "tanh", x), model.labels)
    elif model.kind == QUESTION:
        net.linear("qa_outputs", x, 2)


def _words(net: Net, x: str, model: Pair, table: Weight) -> None:
    """Scores of all words, and what is added to each that is not trained."""
    rows = model.decoder.vocabulary
    logits = net.linear("lm_head", x, rows, bias=False, tied=table if model.tied else None)
    if model.style.positions != COMPUTED:
        bias = replace(net.weight("final_logits_bias", (1, rows), part=""), role="buffer")
        net.op("add", "final_logits_bias", [logits], net.shape(logits), weights=[bias])


def _half_written(net: Net, ids: str, model: Pair, half: Half, memory: str = "") -> tuple[str, Weight]:
    """The result of the encoder or the decoder, and its table of tokens."""
    style, source = model.style, f"model.{half.name}"
    with net.at(f"{half.name}/embeddings", "model"):
        x, table = net.embedding(half.table, ids, half.vocabulary, model.width)
        x = net.elementwise("mul", "scaled", x)
    with net.at(f"{half.name}/embeddings", source):
        x = _placed(net, x, model)
        if style.embedding_norm:
            x = net.layer_norm("layernorm_embedding", x)
        x = net.dropped(x, half.layer.dropout_ratio)
    block = f"{half.name}/layers"
    x = classic_layers(net, x, half.layer, half.layers, source=f"{source}.layers", block=block, memory=memory)
    if style.norm_first:
        with net.at("head" if memory else f"{half.name}/layer_norm", source):
            x = net.layer_norm("layer_norm", x)
    return x, table


def _placed(net: Net, x: str, model: Pair) -> str:
    """The sum of the tokens and their places, by the family's kind of positions."""
    path, shape = "embed_positions", net.shape(x)
    rows = model.longest + model.style.spare
    if model.style.positions == LEARNED:
        return net.plus_weight(path, x, (rows, model.width))
    if model.style.positions == FIXED:
        return net.elementwise(
            "add", "placed", x, net.looked_up(path, rows, model.width, shape[1:], fixed=True)
        )
    return net.elementwise("add", "placed", x)
