"""Encoders: BERT and DistilBERT."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from cutwise.graph.model_graph import Weight
from cutwise.importers.hugging_face.attention import Heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import (
    ACTIVATIONS,
    BARE,
    LAST_LANGUAGE,
    SEQUENCE,
    TOKENS,
    Blueprint,
    ClassicLayer,
    LayerNames,
    activation,
    classic_layers,
    output_kind,
)
from cutwise.importers.hugging_face.net import Net

BERT_NAMES = LayerNames(
    query="attention.self.query", key="attention.self.key", value="attention.self.value",
    out="attention.output.dense", attention_norm="attention.output.LayerNorm",
    up="intermediate.dense", down="output.dense", mlp_norm="output.LayerNorm",
)  # fmt: skip
DISTILBERT_NAMES = LayerNames(
    query="attention.q_lin", key="attention.k_lin", value="attention.v_lin", out="attention.out_lin",
    attention_norm="sa_layer_norm", up="ffn.lin1", down="ffn.lin2", mlp_norm="output_layer_norm",
)  # fmt: skip
MASKED, QUESTION, PRETRAINING = (
    "ForMaskedLM", "ForQuestionAnswering", "ForPreTraining",
)  # fmt: skip
POOLED = frozenset({SEQUENCE, PRETRAINING, BARE})
NEXT_SENTENCE_CLASSES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """Sizes of a text encoder; `kind` is the end of the class name that says which output it has."""

    width: int
    layers: int
    layer: ClassicLayer
    vocabulary: int
    positions: int
    kind: str
    labels: int
    tied: bool
    token_types: int = 0


def bert(keys: Keys) -> Blueprint:
    """Devlin et al. 2019, arXiv 1810.04805."""
    width = keys.count("hidden_size")
    encoder = Encoder(
        width=width,
        layers=keys.count("num_hidden_layers"),
        layer=ClassicLayer(
            names=BERT_NAMES,
            heads=Heads.equal(
                keys,
                causal=keys.flag("is_decoder", False),
                masked=False,
                dropout_ratio=keys.dropout("attention_probs_dropout_prob", 0.1),
            ),
            hidden=keys.count("intermediate_size"),
            act=keys.word("hidden_act", ACTIVATIONS, "gelu"),
            norm_first=False,
            dropout_ratio=keys.dropout("hidden_dropout_prob", 0.1),
        ),
        vocabulary=keys.count("vocab_size"),
        positions=keys.count("max_position_embeddings"),
        kind=output_kind(
            keys, (MASKED, LAST_LANGUAGE, SEQUENCE, TOKENS, QUESTION, PRETRAINING, BARE), MASKED
        ),
        labels=keys.count("num_labels", 2),
        tied=keys.flag("tie_word_embeddings", True),
        token_types=keys.count("type_vocab_size", 2),
    )
    return Blueprint(write=partial(_write_bert, encoder), most_tokens=encoder.positions)


def distilbert(keys: Keys) -> Blueprint:
    """Sanh et al. 2019, arXiv 1910.01108: BERT without token types and pooling."""
    encoder = Encoder(
        width=keys.count_of("dim", "hidden_size"),
        layers=keys.count_of("n_layers", "num_hidden_layers"),
        layer=ClassicLayer(
            names=DISTILBERT_NAMES,
            heads=Heads.equal(
                keys,
                width=("dim", "hidden_size"),
                heads=("n_heads", "num_attention_heads"),
                causal=False,
                masked=False,
                dropout_ratio=keys.dropout("attention_dropout", 0.1),
            ),
            hidden=keys.count("hidden_dim"),
            dropout_ratio=keys.dropout("dropout", 0.1),
            act=keys.word("activation", ACTIVATIONS, "gelu"),
            norm_first=False,
        ),
        vocabulary=keys.count("vocab_size"),
        positions=keys.count("max_position_embeddings"),
        kind=output_kind(keys, (MASKED, SEQUENCE, TOKENS, QUESTION, BARE), MASKED),
        labels=keys.count("num_labels", 2),
        tied=keys.flag("tie_word_embeddings", True),
    )
    return Blueprint(write=partial(_write_distilbert, encoder), most_tokens=encoder.positions)


def _write_bert(model: Encoder, net: Net, tokens: int) -> None:
    x, table = _embedded(model, net, tokens, source="bert.embeddings")
    x = classic_layers(net, x, model.layer, model.layers, source="bert.encoder.layer")
    pooled = _pooled(net, x, "bert.pooler.dense", model.width) if model.kind in POOLED else ""
    if model.kind in {MASKED, LAST_LANGUAGE, PRETRAINING}:
        with net.at("head", "cls.predictions"):
            y = activation(net, model.layer.act, net.linear("transform.dense", x, model.width))
            y = net.layer_norm("transform.LayerNorm", y)
            net.linear("decoder", y, model.vocabulary, tied=table if model.tied else None)
    if model.kind == PRETRAINING:
        net.linear("cls.seq_relationship", pooled, NEXT_SENTENCE_CLASSES)
    _classified(net, x, pooled, model)


def _write_distilbert(model: Encoder, net: Net, tokens: int) -> None:
    x, table = _embedded(model, net, tokens, source="distilbert.embeddings")
    x = classic_layers(net, x, model.layer, model.layers, source="distilbert.transformer.layer")
    pooled = ""
    if model.kind == MASKED:
        with net.at("head", ""):
            y = activation(net, model.layer.act, net.linear("vocab_transform", x, model.width))
            y = net.layer_norm("vocab_layer_norm", y)
            net.linear("vocab_projector", y, model.vocabulary, tied=table if model.tied else None)
    if model.kind == SEQUENCE:
        pooled = net.elementwise(
            "relu", "pre_relu", net.linear("pre_classifier", net.first_token(x), model.width)
        )
    _classified(net, x, pooled, model)


def _embedded(model: Encoder, net: Net, tokens: int, *, source: str) -> tuple[str, Weight]:
    """The normalised sum of embeddings of tokens, their types and their positions; the tokens' table."""
    ids = net.input("input_ids", (tokens,), dtype="int64")
    with net.at("embeddings", source):
        x, table = net.embedding("word_embeddings", ids, model.vocabulary, model.width)
        if model.token_types:
            x = net.plus_weight("token_type_embeddings", x, (model.token_types, model.width))
        x = net.plus_weight("position_embeddings", x, (model.positions, model.width))
        return net.dropped(net.layer_norm("LayerNorm", x), model.layer.dropout_ratio), table


def _pooled(net: Net, x: str, path: str, width: int) -> str:
    return net.elementwise("tanh", "pooler_tanh", net.linear(path, net.first_token(x), width, name="pooler"))


def _classified(net: Net, x: str, pooled: str, model: Encoder) -> None:
    """The output layer of a classifier of whole texts, of tokens, or of where an answer begins and ends."""
    if model.kind == SEQUENCE:
        net.linear("classifier", pooled, model.labels)
    elif model.kind == TOKENS:
        net.linear("classifier", x, model.labels)
    elif model.kind == QUESTION:
        net.linear("qa_outputs", x, model.labels)
