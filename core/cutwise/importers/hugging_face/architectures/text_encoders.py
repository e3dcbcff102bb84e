"""Encoders of text: BERT and its kin, RoBERTa's group, ELECTRA, ALBERT, DistilBERT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from cutwise.graph.model_graph import Weight
from cutwise.importers.hugging_face.activations import ACTIVATIONS
from cutwise.importers.hugging_face.architectures.text_heads import (
    ALBERT_HEADS,
    BERT_HEADS,
    CHOICE,
    DISTILBERT_HEADS,
    ELECTRA_HEADS,
    MASKED,
    ONE_CHOICE,
    ROBERTA_HEADS,
    Encoder,
    Head,
    WordLayers,
)
from cutwise.importers.hugging_face.attention import Heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import (
    Blueprint,
    ClassicLayer,
    LayerNames,
    layers_called,
    output_kind,
)
from cutwise.importers.hugging_face.net import Net

PROJECTIONS = {
    "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
    "out": "attention.output.dense", "up": "intermediate.dense", "down": "output.dense",
}  # fmt: skip
BERT_NAMES = LayerNames(
    **PROJECTIONS, attention_norm="attention.output.LayerNorm", mlp_norm="output.LayerNorm"
)
PRE_NORM_NAMES = LayerNames(
    **PROJECTIONS, attention_norm="attention.LayerNorm", mlp_norm="intermediate.LayerNorm"
)
LARGE_NAMES = LayerNames(**PROJECTIONS, attention_norm="attention.self_attn_layer_norm", mlp_norm="LayerNorm")
MEGATRON_NAMES = LayerNames(**PROJECTIONS, attention_norm="attention.ln", mlp_norm="ln")
ALBERT_NAMES = LayerNames(
    query="attention.query", key="attention.key", value="attention.value", out="attention.dense",
    attention_norm="attention.LayerNorm", up="ffn", down="ffn_output", mlp_norm="full_layer_layer_norm",
)  # fmt: skip
DISTILBERT_NAMES = LayerNames(
    query="attention.q_lin", key="attention.k_lin", value="attention.v_lin", out="attention.out_lin",
    attention_norm="sa_layer_norm", up="ffn.lin1", down="ffn.lin2", mlp_norm="output_layer_norm",
)  # fmt: skip

BERT_WORDS = WordLayers(
    source="cls.predictions", dense="transform.dense", norm="transform.LayerNorm", decoder="decoder"
)
ROBERTA_WORDS = WordLayers(source="lm_head", dense="dense", norm="layer_norm", decoder="decoder", act="gelu")
ELECTRA_WORDS = WordLayers(
    source="", dense="generator_predictions.dense", norm="generator_predictions.LayerNorm",
    decoder="generator_lm_head", act="gelu",
)  # fmt: skip
ALBERT_WORDS = WordLayers(source="predictions", dense="dense", norm="LayerNorm", decoder="decoder")
DISTILBERT_WORDS = WordLayers(
    source="", dense="vocab_transform", norm="vocab_layer_norm", decoder="vocab_projector"
)


def bert(keys: Keys) -> Blueprint:
    """Devlin et al. 2019, arXiv 1810.04805."""
    return _bert_like(keys, base="bert")


def ernie(keys: Keys) -> Blueprint:
    """Sun et al. 2020, arXiv 1907.12412: BERT, with an embedding of the task where the keys say so."""
    tasks = keys.count("task_type_vocab_size", 3) if keys.flag("use_task_id", False) else 0
    return _bert_like(keys, base="ernie", task_types=tasks)


def megatron_bert(keys: Keys) -> Blueprint:
    """Shoeybi et al. 2019, arXiv 1909.08053: BERT with norms before each branch and one behind all."""
    return _bert_like(
        keys, base="bert", names=MEGATRON_NAMES, norm_first=True, written_out=True, embedding_norm=False,
        last_norm="encoder.ln",
    )  # fmt: skip


def roberta(keys: Keys) -> Blueprint:
    """Liu et al. 2019, arXiv 1907.11692; XLM-R (arXiv 1911.02116) and CamemBERT (arXiv 1911.03894) too.

    Places are counted from behind the padding's: 514 rows are 512 tokens.
    """
    return _roberta_like(keys, base="roberta")


def roberta_prelayernorm(keys: Keys) -> Blueprint:
    """Ott et al. 2019, arXiv 1904.01038 (fairseq's norm-first models)."""
    return _roberta_like(
        keys, base="roberta_prelayernorm", names=PRE_NORM_NAMES, norm_first=True, last_norm="LayerNorm"
    )


def xlm_roberta_xl(keys: Keys) -> Blueprint:
    """Goyal et al. 2021, arXiv 2105.00572: norms before each branch, none behind the embeddings."""
    return _roberta_like(
        keys, base="roberta", names=LARGE_NAMES, norm_first=True, embedding_norm=False,
        last_norm="encoder.LayerNorm", token_types=keys.count("type_vocab_size", 1),
    )  # fmt: skip


def electra(keys: Keys) -> Blueprint:
    """Clark et al. 2020, arXiv 2003.10555: embeddings may be narrower than the layers."""
    embedded = keys.count("embedding_size", 128)
    summary = keys.word("summary_activation", ACTIVATIONS, "gelu")
    return _bert_like(
        keys, base="electra", words=ELECTRA_WORDS, heads=ELECTRA_HEADS, embedded=embedded,
        projection="" if embedded == keys.count("hidden_size") else "embeddings_project",
        summary_act=summary if keys.flag("summary_use_proj", True) else "",
    )  # fmt: skip


def albert(keys: Keys) -> Blueprint:
    """Lan et al. 2020, arXiv 1909.11942: groups of layers share their weights."""
    layers, groups = keys.count("num_hidden_layers"), keys.count("num_hidden_groups", 1)
    if groups > layers:
        keys.refuse(f"num_hidden_groups is {groups}, more than num_hidden_layers = {layers}", "fewer groups")
    stored = tuple(
        f"encoder.albert_layer_groups.{number * groups // layers}.albert_layers.{inner}"
        for number in range(layers)
        for inner in range(keys.count("inner_group_num", 1))
    )
    return _bert_like(
        keys, base="albert", names=ALBERT_NAMES, words=ALBERT_WORDS, heads=ALBERT_HEADS, act="gelu_new",
        stored=stored, embedded=keys.count("embedding_size", 128), pooler="pooler",
        projection="encoder.embedding_hidden_mapping_in", dropout_ratio=0.0,
        head_dropout_ratio=keys.dropout("classifier_dropout_prob", 0.1),
    )  # fmt: skip


def distilbert(keys: Keys) -> Blueprint:
    """Sanh et al. 2019, arXiv 1910.01108: BERT without token types and pooling."""
    width, dropout_ratio = keys.count_of("dim", "hidden_size"), keys.dropout("dropout", 0.1)
    heads = Heads.equal(
        keys,
        width=("dim", "hidden_size"),
        heads=("n_heads", "num_attention_heads"),
        causal=False,
        masked=False,
        dropout_ratio=keys.dropout("attention_dropout", 0.1),
    )
    layer = ClassicLayer(
        names=DISTILBERT_NAMES,
        heads=heads,
        hidden=keys.count("hidden_dim"),
        act=keys.word("activation", ACTIVATIONS, "gelu"),
        norm_first=False,
        dropout_ratio=dropout_ratio,
    )
    count = keys.count_of("n_layers", "num_hidden_layers")
    return _encoder(
        keys, layer, base="distilbert", words=DISTILBERT_WORDS, heads=DISTILBERT_HEADS, width=width,
        embedded=width, stored=tuple(f"transformer.layer.{number}" for number in range(count)),
        head_dropout_ratio=keys.dropout("seq_classif_dropout", 0.2),
    )  # fmt: skip


def _roberta_like(keys: Keys, **differences: Any) -> Blueprint:
    rows, padding = keys.count("max_position_embeddings"), keys.count("pad_token_id", 1)
    if rows <= padding + 1:
        keys.refuse(f"max_position_embeddings is {rows}", f"more than pad_token_id + 1 = {padding + 1}")
    return _bert_like(
        keys, words=ROBERTA_WORDS, heads=ROBERTA_HEADS, most_tokens=rows - padding - 1, **differences
    )


def _bert_like(
    keys: Keys,
    *,
    names: LayerNames = BERT_NAMES,
    act: str = "gelu",
    norm_first: bool = False,
    written_out: bool = False,
    dropout_ratio: float = 0.1,
    **differences: Any,
) -> Blueprint:
    """An encoder whose keys are BERT's; `differences` are fields of `Encoder`."""
    width, count = keys.count("hidden_size"), keys.count("num_hidden_layers")
    dropped = keys.dropout("hidden_dropout_prob", dropout_ratio)
    heads = Heads.equal(
        keys,
        causal=keys.flag("is_decoder", False),
        masked=False,
        dropout_ratio=keys.dropout("attention_probs_dropout_prob", dropout_ratio),
    )
    layer = ClassicLayer(
        names=names,
        heads=replace(heads, written_out=written_out),
        hidden=keys.count("intermediate_size"),
        act=keys.word("hidden_act", ACTIVATIONS, act),
        norm_first=norm_first,
        dropout_ratio=dropped,
    )
    usual = {
        "words": BERT_WORDS, "heads": BERT_HEADS, "width": width, "embedded": width,
        "stored": tuple(f"encoder.layer.{number}" for number in range(count)),
        "token_types": keys.count("type_vocab_size", 2),
        "head_dropout_ratio": keys.dropout("classifier_dropout", dropped),
    }  # fmt: skip
    return _encoder(keys, layer, **{**usual, **differences})


def _encoder(
    keys: Keys,
    layer: ClassicLayer,
    *,
    heads: Mapping[str, Head],
    most_tokens: int | None = None,
    **differences: Any,
) -> Blueprint:
    model = Encoder(
        layer=layer,
        heads=heads,
        vocabulary=keys.count("vocab_size"),
        positions=keys.count("max_position_embeddings"),
        kind=output_kind(keys, tuple(heads), MASKED),
        labels=keys.count("num_labels", 2),
        tied=keys.flag("tie_word_embeddings", True),
        **differences,
    )
    return Blueprint(
        write=partial(_write, model),
        most_tokens=most_tokens or model.positions,
        notes=(ONE_CHOICE,) if model.kind == CHOICE else (),
    )


def _write(model: Encoder, net: Net, tokens: int) -> None:
    x, table = _embedded(model, net, tokens)
    x = layers_called(net, x, model.layer, [f"{model.base}.{name}" for name in model.stored])
    if model.last_norm:
        x = net.layer_norm(f"{model.base}.{model.last_norm}", x)
    model.heads[model.kind](model, net, x, table)


def _embedded(model: Encoder, net: Net, tokens: int) -> tuple[str, Weight]:
    """The normalised sum of embeddings of tokens, their types and their positions; the tokens' table."""
    ids = net.input("input_ids", (tokens,), dtype="int64")
    tables = (
        ("token_type_embeddings", model.token_types),
        ("position_embeddings", model.positions),
        ("task_type_embeddings", model.task_types),
    )
    with net.at("embeddings", f"{model.base}.embeddings"):
        x, table = net.embedding("word_embeddings", ids, model.vocabulary, model.embedded)
        for name, rows in tables:
            x = net.plus_weight(name, x, (rows, model.embedded)) if rows else x
        x = net.layer_norm("LayerNorm", x) if model.embedding_norm else x
        x = net.dropped(x, model.layer.dropout_ratio)
    if model.projection:
        with net.at("embeddings", model.base):
            x = net.linear(model.projection, x, model.width)
    return x, table
